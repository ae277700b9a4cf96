#!/usr/bin/env python3
"""Installs the project into a temporary folder, then builds and runs the examples against it.

    install.py SOURCE_ROOT BUILD_FOLDER CXX_COMPILER
"""
import os
import subprocess
import sys
import tempfile


def step(*command, **options):
    print("+", *command, flush=True)
    subprocess.run(command, check=True, **options)


def build(source, folder, prefix, compiler):
    name = os.path.basename(source)
    out = os.path.join(folder, name)
    step("cmake", "-S", source, "-B", out, "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={prefix}",
         f"-DCMAKE_CXX_COMPILER={compiler}", stdout=subprocess.DEVNULL)
    step("ninja", "-C", out, "--quiet")
    return os.path.join(out, name)


def main(source, binary, compiler):
    examples = os.path.join(source, "examples")
    with tempfile.TemporaryDirectory() as folder:
        prefix = os.path.join(folder, "prefix")
        step("cmake", "--install", binary, "--prefix", prefix, stdout=subprocess.DEVNULL)
        kernels = build(os.path.join(examples, "link-kernels"), folder, prefix, compiler)
        step(kernels)
        with open(os.path.join(folder, "link-kernels", "CMakeCache.txt"), encoding="utf-8") as file:
            if "MLIR_DIR" in file.read():
                sys.exit("link-kernels looked for MLIR, which kernels do without")
        program = build(os.path.join(examples, "link-compiler"), folder, prefix, compiler)
        step(program)
        # The installed program finds its chips beside itself.
        step(os.path.join(prefix, "bin", "tessera"), "chips", "cpu-avx2", stdout=subprocess.DEVNULL)


main(*sys.argv[1:])
