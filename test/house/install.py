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


def build(source, folder, prefix, compiler, *options):
    name = os.path.basename(source)
    out = os.path.join(folder, name)
    step("cmake", "-S", source, "-B", out, "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={prefix}",
         f"-DCMAKE_CXX_COMPILER={compiler}", *options, stdout=subprocess.DEVNULL)
    step("ninja", "-C", out, "--quiet")
    return os.path.join(out, name)


def main(source, binary, compiler):
    examples = os.path.join(source, "examples")
    with tempfile.TemporaryDirectory() as folder:
        prefix = os.path.join(folder, "prefix")
        step("cmake", "--install", binary, "--prefix", prefix, stdout=subprocess.DEVNULL)
        # Without any way to find MLIR: kernels and runtime must do without.
        step(build(os.path.join(examples, "link-kernels"), folder, prefix, compiler,
                   "-DCMAKE_DISABLE_FIND_PACKAGE_MLIR=ON", "-DCMAKE_DISABLE_FIND_PACKAGE_LLVM=ON"))
        program = build(os.path.join(examples, "link-compiler"), folder, prefix, compiler)
        step(program, os.path.join(examples, "encoder.mlir"))
        # The installed program finds its chips beside itself.
        step(os.path.join(prefix, "bin", "tessera"), "chips", "cpu-avx2", stdout=subprocess.DEVNULL)


main(*sys.argv[1:])
