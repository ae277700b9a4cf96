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
    for isa in sorted({row["isa"] for row in rows if row["present"]}):
        with tempfile.TemporaryDirectory() as folder:
            env = {"TESSERA_ISA": isa}
            folders = [os.path.join(folder, str(threads)) for threads in (1, 2)]
            arguments = ["run", model, "--random-inputs", "--json", *options]
            one = run(*arguments, "--threads", 1, "--check", "--output-dir", folders[0], env=env)
            check(one.returncode == 0, f"{isa}: {one.stderr}{one.stdout}")
            two = run(*arguments, "--threads", 2, "--output-dir", folders[1], env=env)
            check(two.returncode == 0, f"{isa}: {two.stderr}{two.stdout}")
            report = json.loads(one.stdout)
            for output in report["outputs"]:
                # An output that is the same everywhere would agree with anything.
                check(output["not_finite"] == 0, f"{isa}: {output['name']} is not finite")
                check(output["min"] < output["max"] or output["shape"] in ([], [1], [1, 1]),
                      f"{isa}: {output['name']} is constant")
            names = sorted(os.listdir(folders[0]))
            check(len(names) == len(report["outputs"]), f"{isa}: outputs are missing")
            _, different, odd = filecmp.cmpfiles(*folders, names, shallow=False)
            check(not different and not odd, f"{isa}: two threads give other bits than one")
            worst = max(report["relative_errors"])
            print(f"{isa}: relative error {worst:.1e}, {report['run_ms']:.2f} ms on one thread")


main(sys.argv[1], sys.argv[2:])
