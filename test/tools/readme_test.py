"""Runs the shell snippets of the README, and finds its other snippets in the examples."""
import os
import re
import subprocess
import unittest

from harness import BUILD, SOURCE, ToolTest


class Readme(ToolTest):
    def setUp(self):
        super().setUp()
        with open(os.path.join(SOURCE, "README.md"), encoding="utf-8") as file:
            self.text = file.read()
        self.blocks = re.findall(r"```(\w+)\n(.*?)```", self.text, re.S)

    def test_shell_snippets_run(self):
        # As if in the source tree, but writing elsewhere.
        os.symlink(BUILD, self.path("build"))
        os.symlink(os.path.join(SOURCE, "examples"), self.path("examples"))
        snippets = [code for language, code in self.blocks if language == "sh"]
        self.assertGreaterEqual(len(snippets), 3)
        for code in snippets:
            result = subprocess.run(["bash", "-euo", "pipefail", "-c", code], cwd=self.folder,
                                    capture_output=True, text=True, timeout=600, check=False)
            self.assertEqual(result.returncode, 0, code + result.stdout + result.stderr)
            self.assertTrue(result.stdout.strip(), code)

    def test_code_snippets_are_from_the_examples(self):
        examples = ""
        for folder, _, names in os.walk(os.path.join(SOURCE, "examples")):
            for name in names:
                if name.endswith(".cpp"):
                    with open(os.path.join(folder, name), encoding="utf-8") as file:
                        examples += file.read()
        for language, code in self.blocks:
            if language == "cpp":
                for line in code.strip().splitlines():
                    self.assertIn(line.strip(), examples)

    def test_links_lead_somewhere(self):
        for folder in ("", "docs"):
            for name in os.listdir(os.path.join(SOURCE, folder)):
                if not name.endswith(".md"):
                    continue
                with open(os.path.join(SOURCE, folder, name), encoding="utf-8") as file:
                    text = re.sub(r"```.*?```", "", file.read(), flags=re.S)
                    for link in re.findall(r"\]\(([^)#:]+)\)", text):
                        self.assertTrue(os.path.exists(os.path.join(SOURCE, folder, link)),
                                        f"{name} links to {link}")

    def test_the_two_commands_are_on_the_first_screen(self):
        head = self.text.splitlines()[:15]
        for command in ("tools/demo", "tools/test"):
            self.assertTrue(any(line.startswith(f"$ {command}") for line in head))


if __name__ == "__main__":
    unittest.main()
