"""`tessera sim --validate`: published times, the schedules they were measured with, and the limits."""
import json
import os
import sys
import unittest

SOURCE = os.environ["TESSERA_SOURCE"]
sys.path.insert(0, os.path.join(SOURCE, "test", "tools"))
from harness import ToolTest, run  # noqa: E402

POINT = """- id: one
  family: gemm
  source: none
  chip: ascend-910_93
  operator: matmul
  shape: {m: 256, n: 512, k: 512}
  types: {a: f16, b: f16, acc: f32, out: f32}
  layouts: {a: row, b: row, out: row}
  schedule: {builder: gemm, grid: [1, 1], base_tile: [128, 256, 64], l1_step: 4, slots_l1: 2, slots_l0: 2}
  time_us: 20
  clock: task
  cache: cold
"""


class Validate(ToolTest):
    def times(self, text):
        out = self.succeeds("sim", "--validate", self.write("points.yaml", text), "--json").stdout
        return [point["us"] for point in json.loads(out)["points"]]

    def test_every_family_is_within_its_limits(self):
        out = json.loads(self.succeeds("sim", "--validate", "ascend", "--json").stdout)
        for family in out["families"]:
            self.assertEqual(family["not_timed"], 0, family)
            # Schedules that nobody states are held to less.
            mean, worst = (.10, .25) if family["schedule_published"] else (.15, .35)
            self.assertLessEqual(family["mean_error"], mean, family)
            self.assertLessEqual(family["worst_error"], worst, family)
        # More than half of them have fitted nothing.
        self.assertGreater(sum(not p["fitted"] for p in out["points"]), len(out["points"]) / 2)
        for point in out["points"]:
            for pipe, share in point["published_busy"].items():
                limit = .10 if point["published_us"] > 100 else .20
                # Windows of images go from L1 to L0 faster than the one rate of the file.
                if pipe == "MTE1" and point["family"] == "conv":
                    limit = max(limit, .15)
                self.assertAlmostEqual(point["busy"][pipe], share, delta=limit, msg=point["id"])

    def test_another_kind_of_chip_is_near_on_points_it_was_not_fitted_to(self):
        out = json.loads(self.succeeds("sim", "--validate", "wormhole", "--json").stdout)
        free = [abs(p["relative_error"]) for p in out["points"] if not p["fitted"]]
        self.assertEqual((len(out["points"]), len(free)), (6, 5))
        self.assertLessEqual(sum(free) / len(free), .05)
        self.assertLessEqual(max(free), .12)
        self.assertFalse(any(p["schedule_published"] for p in out["points"]))

    def test_the_cores_own_clock_leaves_the_launch_out(self):
        [task], [core] = (self.times(POINT.replace("clock: task", f"clock: {clock}"))
                          for clock in ("task", "core"))
        self.assertGreater(task - core, 1)

    def test_operands_in_tiles_are_cut_into_whole_ones(self):
        tiles = (POINT.replace("ascend-910_93", "tenstorrent-wormhole").replace("a: f16, b: f16", "a: bf16, b: bf16")
                 .replace("a: row, b: row", "a: zZ, b: zZ").replace("[128, 256, 64]", "[64, 128, 32]"))
        self.times(tiles)
        points = self.write("points.yaml", tiles.replace("m: 256", "m: 250"))
        said = run("sim", "--validate", points)
        self.assertEqual(said.returncode, 1)
        self.assertIn("not timed: expected operands of 16 bits in layout zZ", said.stdout)

    def test_the_table_says_what_was_fitted_and_what_assumed(self):
        text = self.succeeds("sim", "--validate", "ascend").stdout
        for phrase in ("gemm: mean error", "fitted", "schedules that nobody states", "top-k"):
            self.assertIn(phrase, text)

    def test_a_point_s_program_can_be_seen_and_timed_alone(self):
        for point, chip in (("gemm-1536", "ascend-910_93"), ("attention-1024", "ascend-910b2"),
                            ("conv-1536x1152x1536", "ascend-910_93"),
                            ("topk-4800x1024", "ascend-910_93")):
            text = self.succeeds("sim", "--validate", "ascend", "--program", point).stdout
            alone = json.loads(self.succeeds("sim", self.write("p.mlir", text), "--chip", chip,
                                             "--json").stdout)
            points = json.loads(self.succeeds("sim", "--validate", "ascend", "--json").stdout)
            together = next(p for p in points["points"] if p["id"] == point)
            self.assertAlmostEqual(alone["us"], together["us"])

    def test_the_schedule_is_what_is_timed(self):
        one_slot = POINT.replace("slots_l1: 2, slots_l0: 2", "slots_l1: 1, slots_l0: 1")
        grid = POINT.replace("grid: [1, 1]", "grid: [2, 2]")
        small = POINT.replace("[128, 256, 64]", "[64, 128, 64]")
        [base], [slow], [fast], [short] = map(self.times, (POINT, one_slot, grid, small))
        self.assertGreater(slow, base)
        self.assertLess(fast, base)
        self.assertGreater(short, base)

    def test_extents_need_not_divide(self):
        odd = POINT.replace("{m: 256, n: 512, k: 512}", "{m: 250, n: 500, k: 500}")
        for layout in ("row", "col"):
            [whole], [part] = (self.times(text.replace("b: row", "b: " + layout))
                               for text in (POINT, odd))
            self.assertAlmostEqual(part / whole, 1, delta=.25)

    def test_a_program_may_stand_in_a_file(self):
        text = self.succeeds("sim", "--validate", self.write("points.yaml", POINT), "--program",
                             "one").stdout
        self.write("one.mlir", text)
        start, end = POINT.index("{builder"), POINT.index("  time_us")
        written = POINT[:start] + "{program: one.mlir}\n" + POINT[end:]
        self.assertEqual(self.times(written), self.times(POINT))

    def rejects(self, old, new, says):
        self.assertIn(old, POINT)
        name = self.write("points.yaml", POINT.replace(old, new))
        self.fails(1, "sim", "--validate", name, says=says)

    def test_what_is_wrong_with_a_file_is_said(self):
        self.rejects("time_us: 20", "time_us: 0", "expected a positive time_us")
        self.rejects("clock: task", "clock: sun", "expected clock task, core, host or step")
        self.rejects("m: 256", "m: 0", "expected extent m from 1")
        self.rejects("  cache: cold\n", "  cash: cold\n", "points.yaml")
        self.rejects("slots_l1: 2", "slots_l1: 0", "expected slots")
        self.fails(1, "sim", "--validate", "nowhere", says="cannot read nowhere")
        self.fails(1, "sim", "--validate", "ascend", "--program", "none", says="expected the id")
        self.fails(2, "sim", says="expected a model, or --validate")

    def test_a_point_that_cannot_be_built_is_listed(self):
        for old, new, says in (("builder: gemm", "builder: magic", "expected builder"),
                               ("base_tile: [128, 256, 64]", "base_tile: [100, 256, 64]", "whole"),
                               ("{builder: gemm, grid", "{grid", "its schedule is not known")):
            name = self.write("points.yaml", POINT.replace(old, new))
            out = run("sim", "--validate", name)
            self.assertEqual(out.returncode, 1)
            self.assertIn("not timed", out.stdout)
            self.assertIn(says, out.stdout)


if __name__ == "__main__":
    unittest.main()
