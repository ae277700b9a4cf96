# How lit runs the .mlir tests of every room: which tools they name, and what this machine can do.
import os

import lit.formats

config.name = "tessera-" + config.suite_name
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir"]
config.excludes = ["inputs"]
config.test_source_root = config.suite_source
config.test_exec_root = config.suite_binary

config.environment["PATH"] = os.pathsep.join(
    [config.tessera_tools, config.llvm_tools, config.environment.get("PATH", "")])

# Executes @main of a module in the LLVM dialect; print with the functions of MLIR's runner library.
runner = [os.path.join(config.llvm_tools, "mlir-runner"), "-O1", "-e", "main",
          "-entry-point-result=void"]
for library in ("mlir_runner_utils", "mlir_c_runner_utils"):
    path = os.path.join(config.llvm_libraries, "lib" + library + ".so")
    runner.append("-shared-libs=" + path)
config.substitutions.append(("%runner", " ".join(runner)))

# A test that executes code of an instruction set says REQUIRES: avx2 or avx512.
try:
    with open("/proc/cpuinfo", encoding="utf-8") as cpuinfo:
        flags = next(line for line in cpuinfo if line.startswith(("flags", "Features"))).split()
except (OSError, StopIteration):
    flags = []
if "sse2" in flags:
    config.available_features.add("sse2")
if "avx2" in flags and "fma" in flags:
    config.available_features.add("avx2")
if all("avx512" + part in flags for part in ("f", "bw", "dq", "vl")):
    config.available_features.add("avx512")
