"""One model, compiled for every instruction set of this machine: right, and the same on two threads.

    models_test.py MODEL [RUN_OPTION...]
"""
import filecmp
import json
import os
import sys
import tempfile

from harness import run

SKIPPED = 77


def check(condition, message):
    if not condition:
        sys.exit(message)


def main(model, options):
    if not os.path.exists(model):
        print(f"skipped: {model} is not here; tools/models/get-model gets it")
        sys.exit(SKIPPED)
    rows = json.loads(run("kernels", "--json").stdout)["kernels"]
    with tempfile.TemporaryDirectory() as folder:
        def outputs(name):
            return os.path.join(folder, name)

        def infer(name, *more, env=None):
            result = run("run", model, "--random-inputs", "--json", "--output-dir", outputs(name),
                         *options, *more, env=env)
            check(result.returncode == 0, f"{name}: {result.stderr}{result.stdout}")
            return json.loads(result.stdout)

        # The oracle first, and that it says something: a constant would agree with anything.
        for output in infer("reference", "--reference")["outputs"]:
            check(output["not_finite"] == 0, f"{output['name']} is not finite")
            check(output["min"] < output["max"] or output["shape"] in ([], [1], [1, 1]),
                  f"{output['name']} is constant")
        names = sorted(os.listdir(outputs("reference")))
        for isa in sorted({row["isa"] for row in rows if row["present"]}):
            env = {"TESSERA_ISA": isa}
            one = infer(f"{isa}-1", "--threads", 1, "--expect", outputs("reference"), env=env)
            infer(f"{isa}-2", "--threads", 2, env=env)
            _, different, odd = filecmp.cmpfiles(outputs(f"{isa}-1"), outputs(f"{isa}-2"), names,
                                                 shallow=False)
            check(not different and not odd, f"{isa}: two threads give other bits than one")
            worst = max(one["relative_errors"])
            print(f"{isa}: relative error {worst:.1e}, {one['run_ms']:.2f} ms on one thread")


main(sys.argv[1], sys.argv[2:])
