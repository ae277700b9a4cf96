"""The CPU's chip: measured on this machine, and predicted beside measured; and a chip of one's own."""
import json
import os
import re
import sys
import unittest

SOURCE = os.environ["TESSERA_SOURCE"]
sys.path.insert(0, os.path.join(SOURCE, "test", "tools"))
from harness import ToolTest  # noqa: E402

CHIPS = os.path.join(SOURCE, "share", "tessera", "chips")
ENCODER = os.path.join(SOURCE, "examples", "encoder.mlir")


class Calibration(ToolTest):
    def test_this_machine_becomes_a_chip_file(self):
        chip = self.path("mine.yaml")
        self.succeeds("chips", "--calibrate", "-o", chip)
        said = json.loads(self.succeeds("chips", chip, "--json").stdout)
        self.assertEqual(said["name"], "mine")
        with open(chip, encoding="utf-8") as file:
            text = file.read()
        self.assertGreater(text.count("source: here, status: measured"), 20)
        clock = float(re.search(r"clock_MHz: {value: ([0-9.]+)", text).group(1))
        self.assertTrue(300 < clock < 10000, clock)
        time = json.loads(self.succeeds("sim", ENCODER, "--chip", chip, "--json").stdout)
        self.assertGreater(time["us"], 0)

    def test_wrong_usage(self):
        self.fails(2, "chips", "--calibrate", says="expected -o FILE")
        self.fails(2, "chips", "-o", "x.yaml", says="expected --calibrate")

    def test_tiles_are_tried_and_the_chosen_one_is_among_them(self):
        # In the machine, whose times are the same everywhere and every time.
        rows = json.loads(self.succeeds("sim", "--validate", "tiles", "--chip", "ascend-910b2",
                                        "--json").stdout)
        self.assertEqual({row["family"] for row in rows},
                         {"gemm", "conv", "attention", "row operators", "elementwise"})
        for row in rows:
            self.assertLessEqual(row["best_us"], row["chosen_us"], row)
            self.assertGreaterEqual(row["tried"], 2, row)
        near = [row for row in rows if row["chosen_us"] <= 1.1 * row["best_us"]]
        self.assertGreaterEqual(len(near), 0.9 * len(rows))

    def test_predicted_beside_measured(self):
        # How near they are depends on what else runs here; that they are of one order does not.
        out = json.loads(self.succeeds("sim", "--validate", "cpu", "--json").stdout)
        names = {family["family"] for family in out["families"]}
        self.assertEqual(names, {"gemm", "conv", "attention", "row operators", "elementwise"})
        for family in out["families"]:
            self.assertGreaterEqual(len(family["points"]), 8)
            self.assertLess(family["median_error"], 1.0, family)


class OwnChip(ToolTest):
    """A new chip is one new file: no code knows its name, its numbers or how many cores it has."""

    def setUp(self):
        super().setUp()
        with open(os.path.join(CHIPS, "ascend-310p.yaml"), encoding="utf-8") as file:
            text = file.read()
        for old, new in (("name: ascend-310p", "name: fiction"),
                         ("clock_MHz: {value: 1060", "clock_MHz: {value: 2120"),
                         ("bytes: 1 MiB", "bytes: 768 KiB")):
            self.assertIn(old, text)
            text = text.replace(old, new)
        self.write("fiction.yaml", text)
        self.env = {"TESSERA_CHIP_PATH": self.folder}

    def test_it_is_listed_timed_and_run(self):
        self.assertIn("fiction", self.succeeds("chips", env=self.env).stdout)

        def us(chip):
            time = json.loads(self.succeeds("sim", ENCODER, "--chip", chip, "--precision", "f16",
                                            "--json", env=self.env).stdout)
            return time["us"] - 12 * time["launches"]
        # Twice the clock, hardly anything else.
        self.assertLess(us("fiction"), 0.8 * us("ascend-310p"))
        self.succeeds("run", ENCODER, "--chip", "fiction", "--precision", "f16",
                      "--random-inputs", env=self.env)


if __name__ == "__main__":
    unittest.main()
