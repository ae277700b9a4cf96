"""The programs of one model for each Ascend generation that is timed pass `tessera check`.

    models_test.py MODEL [CHECK_OPTION...]
"""
import os
import sys

SOURCE = os.environ["TESSERA_SOURCE"]
sys.path.insert(0, os.path.join(SOURCE, "test", "tools"))
from harness import run  # noqa: E402

SKIPPED = 77


def main(model, options):
    if not os.path.exists(model):
        print(f"skipped: {model} is not here; tools/models/get-model gets it")
        sys.exit(SKIPPED)
    for chip in ("ascend-910b2", "ascend-310p", "ascend-950"):
        result = run("check", model, "--chip", chip, "--precision", "f16", *options)
        print(f"{chip}: {result.stdout}")
        if result.returncode != 0:
            sys.exit(f"{chip}: {result.stderr}")


main(sys.argv[1], sys.argv[2:])
