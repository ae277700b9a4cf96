"""One model, made into the program of each timed Ascend generation and timed on its description.

    models_sim_test.py MODEL [SIM_OPTION...]
"""
import json
import os
import sys

from harness import run

CHIPS = ("ascend-910b2", "ascend-310p", "ascend-950")
SKIPPED = 77


def main(model, options):
    if not os.path.exists(model):
        print(f"skipped: {model} is not here; tools/models/get-model gets it")
        sys.exit(SKIPPED)
    for chip in CHIPS:
        result = run("sim", model, "--chip", chip, "--precision", "f16", "--json", *options)
        if result.returncode != 0:
            sys.exit(f"{chip}: {result.stderr}{result.stdout}")
        json.loads(result.stdout)
        print(f"{chip}: timed")


main(sys.argv[1], sys.argv[2:])
