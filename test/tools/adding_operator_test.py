"""Follows docs/adding-an-operator.md in a copy of the tree, builds it and uses the new operator.

    adding_operator_test.py C_COMPILER CXX_COMPILER
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile

from harness import SOURCE

# Where each snippet goes: the file that its paragraph names, and the line it follows there.
AFTER = {
    "include/tessera/dialect/npu/NpuElementwise.td": "def Npu_MishOp",
    "lib/dialect/npu/NpuScalars.cpp": "TESSERA_UNARY(MishOp",
    "include/tessera/kernels/softsign.h": None,
    "include/tessera/kernels/kernels.def": "TESSERA_UNARY(sin,",
    "test/kernels/oracles.h": '    {"sin"',
}
MODEL = """
func.func @main(%x: tensor<3x37xf32>) -> tensor<3x37xf32> {
  %0 = npu.softsign %x : tensor<3x37xf32>
  %y = npu.relu %0 : tensor<3x37xf32>
  return %y : tensor<3x37xf32>
}
"""


def step(*command, cwd):
    print("+", *command, flush=True)
    subprocess.run(command, check=True, cwd=cwd)


def follow(page, tree):
    """Applies the five edits."""
    edits = re.findall(r"\*\*\d\. .*?`([\w./]+\.\w+)`.*?```\w+\n(.*?)```", page, re.S)
    assert [path for path, _ in edits] == list(AFTER), edits
    for path, code in edits:
        target = os.path.join(tree, path)
        if AFTER[path] is None:
            with open(target, "x", encoding="utf-8") as file:
                file.write(code)
            continue
        with open(target, encoding="utf-8") as file:
            lines = file.read().splitlines(keepends=True)
        (at,) = [i for i, line in enumerate(lines) if line.startswith(AFTER[path])]
        lines.insert(at + 1, code)
        with open(target, "w", encoding="utf-8") as file:
            file.writelines(lines)


def main(cc, cxx):
    with tempfile.TemporaryDirectory() as folder:
        tree = os.path.join(folder, "tree")
        shutil.copytree(SOURCE, tree, symlinks=True,
                        ignore=shutil.ignore_patterns("build*", ".git", "__pycache__"))
        with open(os.path.join(tree, "docs", "adding-an-operator.md"), encoding="utf-8") as file:
            follow(file.read(), tree)
        step("cmake", "-S", tree, "-B", "build", "-G", "Ninja", f"-DCMAKE_C_COMPILER={cc}",
             f"-DCMAKE_CXX_COMPILER={cxx}", "-DTESSERA_BUILD_BENCHMARKS=OFF", cwd=folder)
        step("ninja", "-C", "build", "--quiet", "tessera", "tessera-kernels-test", cwd=folder)
        step("build/bin/tessera-kernels-test", cwd=folder)
        with open(os.path.join(folder, "model.mlir"), "w", encoding="utf-8") as file:
            file.write(MODEL)
        step("build/bin/tessera", "run", "model.mlir", "--random-inputs", "--check", cwd=folder)
        listed = subprocess.run(["build/bin/tessera", "kernels"], cwd=folder, check=True,
                                capture_output=True, text=True).stdout
        assert re.search(r"(?m)^softsign +f32 +sse2 avx2 avx512$", listed), listed


main(*sys.argv[1:])
