"""Takes the encoder layer down to a chip's tile program stage by stage, and runs it from each.

    stages_test.py CHIP
"""
import json
import os
import sys
import tempfile

from harness import BUILD, SOURCE, run

ENCODER = os.path.join(SOURCE, "examples", "encoder.mlir")
OPT = os.path.join(BUILD, "bin", "tessera-opt")
SKIPPED = 77
STAGES = ("npu-graph", "npu-kernels", "npu-buffers", "npu-tile-program")


def succeed(*arguments, **options):
    result = run(*arguments, **options)
    if result.returncode != 0:
        sys.exit(f"{arguments}: {result.stderr}{result.stdout}")
    return result.stdout


def main(chip):
    rows = json.loads(succeed("kernels", "--json"))["kernels"]
    if chip.startswith("cpu-") and chip[4:] not in {row["isa"] for row in rows if row["present"]}:
        print(f"skipped: this machine does not run the code of {chip}")
        sys.exit(SKIPPED)
    with tempfile.TemporaryDirectory() as folder:
        def path(name):
            return os.path.join(folder, name)

        def compare(model, *options):
            report = json.loads(succeed("run", model, "--random-inputs", "--json", "--expect",
                                        path("expected"), *options))
            return max(report["relative_errors"])

        succeed("run", ENCODER, "--random-inputs", "--reference", "--output-dir", path("expected"))
        print(f"straight: {compare(ENCODER, '--chip', chip):.1e}")
        if not chip.startswith("cpu-"):
            # What the chip is made for; the difference is what rounding to it costs.
            print(f"in f16: {compare(ENCODER, '--chip', chip, '--precision', 'f16'):.1e}")

        module = path("module.mlirbc")
        succeed("import", ENCODER, "--chip", chip, "-o", module)
        for stage in STAGES:
            lowered = path(f"{stage}.mlirbc")
            succeed(module, f"--{stage}", "-emit-bytecode", "-o", lowered, program=OPT)
            print(f"from {stage}: {compare(lowered):.1e}")
            module = lowered
        # Text with its resources holds as much as bytecode does.
        text = path("program.mlir")
        succeed(module, "-o", text, program=OPT)
        print(f"from text: {compare(text):.1e}")


main(sys.argv[1])
