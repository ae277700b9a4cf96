"""Counts how many of ONNX's own node tests (Debian's libonnx-testdata) `tessera run` passes.

Prints one line per test that fails, with the reason, then the count. It reports and does not
judge: the exit code is 0 unless the tests or the tool are missing (3), or a test made the tool
crash or hang (1). Needs python3-onnx to read what the tests expect."""
import argparse
import collections
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

try:
    import numpy
    import onnx
    from onnx import numpy_helper
except ImportError:
    sys.exit("node-tests: needs python3-onnx and python3-numpy")

NODE_TESTS = "/usr/share/libonnx-testdata/data/node"
RELATIVE, ABSOLUTE = 1e-3, 1e-5


def numbered(folder, stem):
    files = []
    while os.path.exists(path := os.path.join(folder, f"{stem}_{len(files)}.pb")):
        files.append(path)
    return files


def read(path):
    tensor = onnx.TensorProto()
    with open(path, "rb") as source:
        tensor.ParseFromString(source.read())
    return numpy_helper.to_array(tensor)


def difference(got, want):
    if got.shape != want.shape:
        return f"expected shape {want.shape}, but got {got.shape}"
    if got.dtype != want.dtype:
        return f"expected {want.dtype}, but got {got.dtype}"
    if want.dtype.kind == "f":
        same = numpy.allclose(got, want, rtol=RELATIVE, atol=ABSOLUTE, equal_nan=True)
    else:
        same = numpy.array_equal(got, want)
    return None if same else "the numbers differ"


def run_test(tool, extra, name):
    folder = os.path.join(NODE_TESTS, name)
    data = os.path.join(folder, "test_data_set_0")
    with tempfile.TemporaryDirectory() as out:
        command = [tool, "run", os.path.join(folder, "model.onnx"), "--threads", "1",
                   "--output-dir", out, "--output-format", "pb", *extra]
        for path in numbered(data, "input"):
            command += ["--input", path]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        except subprocess.TimeoutExpired:
            return name, "hang", "took more than 120 s"
        if done.returncode < 0 or done.returncode > 2:
            return name, "crash", f"exit code {done.returncode}"
        if done.returncode:
            lines = [line for line in done.stderr.splitlines() if "error" in line]
            text = (lines or done.stderr.splitlines() or ["no message"])[0]
            return name, "refused", text.replace(folder + "/", "")
        try:
            expected = [read(path) for path in numbered(data, "output")]
        except Exception as problem:  # sequences, optionals and strings have no array
            return name, "refused", f"cannot read what is expected: {problem}"
        got = numbered(out, "output")
        if len(got) < len(expected):
            return name, "wrong", f"expected {len(expected)} outputs, but got {len(got)}"
        for index, (file, want) in enumerate(zip(got, expected)):
            if problem := difference(read(file), want):
                return name, "wrong", f"output {index}: {problem}"
    return name, "passed", ""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tool", help="the tessera program")
    parser.add_argument("--filter", default="", help="only tests whose name contains this")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--quiet", action="store_true", help="print only what crashed or is wrong")
    parser.epilog = "Arguments after -- are given to tessera run, such as -- --reference."
    own, rest = sys.argv[1:], []
    if "--" in own:
        own, rest = own[:own.index("--")], own[own.index("--") + 1:]
    arguments = parser.parse_args(own)
    if not os.path.isdir(NODE_TESTS) or not os.access(arguments.tool, os.X_OK):
        print("node-tests: needs libonnx-testdata and a built tessera", file=sys.stderr)
        return 3
    names = sorted(n for n in os.listdir(NODE_TESTS) if arguments.filter in n)
    counts = collections.Counter()
    with ThreadPoolExecutor(arguments.jobs) as pool:
        for name, verdict, reason in pool.map(
                lambda n: run_test(arguments.tool, rest, n), names):
            counts[verdict] += 1
            if verdict in ("wrong", "crash", "hang") or (verdict == "refused"
                                                         and not arguments.quiet):
                print(f"{verdict}: {name}: {reason}", flush=True)
    print(f"{counts['passed']} of {len(names)} passed; {counts['refused']} refused, "
          f"{counts['wrong']} wrong, {counts['crash']} crashed, {counts['hang']} hung")
    return 1 if counts["crash"] or counts["hang"] else 0


if __name__ == "__main__":
    sys.exit(main())
