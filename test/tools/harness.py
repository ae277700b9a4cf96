"""What the tests of the programs share: where things are, and running them."""
import os
import subprocess
import sys
import tempfile
import unittest

SOURCE = os.environ.get("TESSERA_SOURCE", os.path.abspath(f"{__file__}/../../.."))
BUILD = os.environ.get("TESSERA_BUILD", os.path.join(SOURCE, "build"))
TESSERA = os.path.join(BUILD, "bin", "tessera")
MODELS = os.path.join(SOURCE, "test", "tools", "models")
sys.path.insert(0, os.path.join(SOURCE, "examples"))

# Reads and writes .npy files of floats without NumPy.
from blazeface import read_npy, write_npy  # noqa: E402,F401


def run(*arguments, env=None, program=TESSERA, seconds=300):
    """Runs the program; the result has returncode, stdout and stderr."""
    return subprocess.run([program, *map(str, arguments)], capture_output=True, text=True,
                          timeout=seconds, env={**os.environ, **(env or {})}, check=False)


class ToolTest(unittest.TestCase):
    """A test with a folder of its own."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def path(self, name):
        return os.path.join(self.folder, name)

    def model(self, name):
        return os.path.join(MODELS, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        return self.path(name)

    def succeeds(self, *arguments, **options):
        result = run(*arguments, **options)
        self.assertEqual(result.returncode, 0, result.stderr + result.stdout)
        return result

    def fails(self, code, *arguments, says, **options):
        """Expects the exit code, each of the phrases on stderr, and nothing on stdout."""
        result = run(*arguments, **options)
        self.assertEqual(result.returncode, code, result.stderr + result.stdout)
        for phrase in [says] if isinstance(says, str) else says:
            self.assertIn(phrase, result.stderr)
        self.assertEqual(result.stdout, "")
        return result
