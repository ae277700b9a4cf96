"""`tessera sim`: times of small tile programs, computed by hand, and the command as people use it."""
import json
import os
import sys
import unittest

SOURCE = os.environ["TESSERA_SOURCE"]
sys.path.insert(0, os.path.join(SOURCE, "test", "tools"))
from harness import ToolTest  # noqa: E402

CHIP = os.path.join(SOURCE, "test", "machine", "inputs", "sim", "round.yaml")
ENCODER = os.path.join(SOURCE, "examples", "encoder.mlir")

# On the chip of round numbers, 1024 floats take these cycles:
LOAD = 100 + 4096 / 16
STORE = 50 + 4096 / 8
ADD = 10 + 2 * 4096 / 256 + 20
GAP = 30
RAMP = 2000

PROGRAM = """module attributes {{tile.arena_bytes = 0 : i64}} {{
  func.func @main(%a: memref<{gm}xf32>, %b: memref<{gm}xf32>) {{
    {launches}
    return
  }}
  func.func private @k(%a: memref<{gm}xf32>, %b: memref<{gm}xf32>) attributes {{tile.kernel}} {{
    {body}
    return
  }}
}}
"""
LAUNCH = "tile.launch @k(%a, %b) blocks 1 cores = mix : memref<{gm}xf32>, memref<{gm}xf32>\n"


def buffer(name, space="ub", offset=0, size="1024"):
    return (f'%{name} = memref.alloc() {{tile.offset = {offset} : i64}} : '
            f'memref<{size}xf32, #tile.space<"{space}">>\n')


def copy(source, target, spaces):
    types = [f'memref<1024xf32{f""", #tile.space<"{s}">""" if s != "gm" else ""}>' for s in spaces]
    return f"tile.copy nd2nd %{source} to %{target} : {types[0]} to {types[1]}\n"


def load(target, space="ub"):
    return copy("a", target, ("gm", space))


def store(source):
    return copy(source, "b", ("ub", "gm"))


def add(source, target):
    ub = 'memref<1024xf32, #tile.space<"ub">>'
    return f"""tile.vector ins(%{source} : {ub}) outs(%{target} : {ub})
      maps [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>] {{
    ^bb0(%x: f32, %old: f32):
      %r = arith.addf %x, %x : f32
      tile.yield %r : f32
    }}
"""


def grid(blocks, body, extent="1024", size=None):
    """Each block has `extent` floats of the arguments as %x and %y."""
    total = size or blocks * 1024
    part = "memref<1024xf32, strided<[1], offset: ?>>"
    parts = "".join(f"%{to} = memref.subview %{of}[%i] [1024] [1] : memref<{total}xf32> to {part}\n"
                    for of, to in (("a", "x"), ("b", "y")))
    return f"scf.forall (%i) = (0) to ({total}) step (1024) {{\n{parts}{body}}}\n"


def part_load(target):
    return (f'tile.copy nd2nd %x to %{target} : memref<1024xf32, strided<[1], offset: ?>> to '
            'memref<1024xf32, #tile.space<"ub">>\n')


def part_store(source):
    return (f'tile.copy nd2nd %{source} to %y : memref<1024xf32, #tile.space<"ub">> to '
            'memref<1024xf32, strided<[1], offset: ?>>\n')


class SimTest(ToolTest):
    def sim(self, body, gm=1024, chip=CHIP, launches=1):
        text = PROGRAM.format(gm=gm, body=body, launches=LAUNCH.format(gm=gm) * launches)
        result = self.succeeds("sim", self.write("p.mlir", text), "--chip", chip, "--json")
        return json.loads(result.stdout)

    def cycles(self, body, gm=1024, chip=CHIP):
        """Of the launch's core, without the ramp."""
        time = self.sim(body, gm, chip)
        self.assertEqual(len(time["kernels"]), 1)
        return time["kernels"][0]["cycles"] - RAMP

    def chip_with(self, old, new):
        with open(CHIP, encoding="utf-8") as file:
            text = file.read()
        self.assertIn(old, text)
        return self.write("chip.yaml", text.replace(old, new))


class Pipes(SimTest):
    def test_one_copy(self):
        time = self.sim(buffer("u") + load("u"))
        kernel = time["kernels"][0]
        self.assertAlmostEqual(kernel["cycles"], RAMP + LOAD)
        # 1 us of launch, and cycles at 1 GHz.
        self.assertAlmostEqual(time["us"], 1 + (RAMP + LOAD) / 1000)
        self.assertAlmostEqual(kernel["busy"]["MTE2"], LOAD / (RAMP + LOAD))
        self.assertEqual(kernel["paths"],
                         [{"from": "gm", "to": "ub", "operations": 1, "bytes": 4096}])

    def test_independent_pipes_overlap(self):
        body = buffer("u") + buffer("l", "l1") + load("u") + load("l", "l1")
        self.assertAlmostEqual(self.cycles(body), LOAD)

    def test_one_pipe_does_not_overlap_itself(self):
        body = buffer("u") + buffer("v", offset=4096) + load("u") + load("v")
        self.assertAlmostEqual(self.cycles(body), 2 * LOAD)

    def test_dependent_pipes_wait_and_pay_the_gap(self):
        self.assertAlmostEqual(self.cycles(buffer("u") + load("u") + store("u")),
                               LOAD + GAP + STORE)
        body = buffer("u") + buffer("v", offset=4096) + load("u") + add("u", "v") + store("v")
        self.assertAlmostEqual(self.cycles(body), LOAD + GAP + ADD + GAP + STORE)

    def test_a_buffer_is_not_overwritten_before_it_is_read(self):
        body = buffer("u") + load("u") + store("u") + load("u")
        self.assertAlmostEqual(self.cycles(body), LOAD + GAP + STORE + GAP + LOAD)

    def test_addresses_decide_not_names(self):
        one = buffer("u") + buffer("v") + load("u") + store("u") + load("v")
        self.assertAlmostEqual(self.cycles(one), LOAD + GAP + STORE + GAP + LOAD)
        two = buffer("u") + buffer("v", offset=4096) + load("u") + store("u") + load("v")
        self.assertAlmostEqual(self.cycles(two), max(2 * LOAD, LOAD + GAP + STORE))

    def test_what_a_wait_implies_is_not_waited_for_again(self):
        # The store waits for V, which has waited for the load of the buffer it overwrites.
        body = (buffer("u") + buffer("v", offset=4096) + load("u") + add("u", "v") + store("v") +
                store("u"))
        self.assertAlmostEqual(self.cycles(body), LOAD + GAP + ADD + GAP + 2 * STORE)


class Transfers(SimTest):
    def rows(self, count, length, stride):
        source = f"memref<{count}x{length}xf32, strided<[{stride}, 1]>>"
        target = f'memref<{count}x{length}xf32, #tile.space<"l1">>'
        size = count * stride
        whole = f"memref<{count}x{stride}xf32>"
        return (buffer("l", "l1", size=f"{count}x{length}") +
                f"%w = memref.expand_shape %a [[0, 1]] output_shape [{count}, {stride}] : "
                f"memref<{size}xf32> into {whole}\n"
                f"%x = memref.subview %w[0, 0] [{count}, {length}] [1, 1] : {whole} to {source}\n"
                f"tile.copy nd2nd %x to %l : {source} to {target}\n"), size

    def cold(self, chip=CHIP):
        """The same with a slow main memory."""
        with open(chip, encoding="utf-8") as file:
            before, after = file.read().split("- name: dram\n")
        rate = "read_B_per_cycle_per_core: {value: "
        self.assertIn(rate + "100,", after)
        return self.write("cold-" + os.path.basename(chip), before + "- name: dram\n" +
                          after.replace(rate + "100,", rate + "4,"))

    def test_small_rows_cost_whole_requests(self):
        # 16 rows of 64 bytes: each is one request, and none takes less than 20 cycles.
        body, size = self.rows(16, 16, 128)
        self.assertAlmostEqual(self.cycles(body, size), 100 + 16 * 20)

    def test_requests_are_cut_at_their_alignment(self):
        # Rows of 512 bytes every 576 bytes start at 0, 64, 128 .. 448 past a multiple of 512.
        body, size = self.rows(8, 128, 144)

        def pieces(at, left):
            while left:
                size = next((s for s in (512, 256, 128) if at % s == 0 and s <= left),
                            min(left, 128 - at % 128))
                yield size
                at, left = at + size, left - size

        cycles = sum(max(20, piece / 16) for row in range(8) for piece in pieces(64 * row, 512))
        self.assertAlmostEqual(self.cycles(body, size), 100 + cycles)
        aligned, size = self.rows(8, 128, 256)
        self.assertAlmostEqual(self.cycles(aligned, size), 100 + 8 * 512 / 16)

    def test_whole_ranges_end_with_the_row_of_a_block(self):
        # 16 rows of 32 floats, one after the other, become two columns of blocks with rows of 16.
        body = (buffer("l", "l1", size="2x1x16x16") +
                "%w = memref.expand_shape %a [[0, 1]] output_shape [16, 32] : "
                "memref<512xf32> into memref<16x32xf32>\n"
                "tile.copy nd2nz %w to %l : memref<16x32xf32> to "
                'memref<2x1x16x16xf32, #tile.space<"l1">>\n')
        layouts = "layouts: [row->row]\n    request_sizes"
        joined = self.chip_with(layouts, layouts.replace("]", ", row->zN]"))
        self.assertAlmostEqual(self.cycles(body, 512, joined), 100 + 2048 / 16)
        whole = self.chip_with(layouts, "whole_ranges: true\n    " +
                               layouts.replace("]", ", row->zN]"))
        self.assertAlmostEqual(self.cycles(body, 512, whole), 100 + 32 * 20)

    def test_a_multicast_brings_each_byte_once_per_launch_and_keeps_none(self):
        both = "scf.forall (%i) = (0) to (2) step (1) {\n" + buffer("u") + load("u") + "}\n"
        network = self.chip_with("- name: l2\n    bytes: {value: 16 MiB,",
                                 "- name: l2\n    multicast: true\n    bytes: {value: 0,")
        for chip in (CHIP, network):
            moved = self.sim(both, chip=chip)["energy_estimate"]["bytes"]
            self.assertEqual(moved, {"l2": 8192, "dram": 4096})
        cached, passed = (self.sim(buffer("u") + load("u"), chip=chip, launches=2)["cycles"]
                          for chip in (self.cold(), self.cold(network)))
        self.assertAlmostEqual(cached, 2 * RAMP + 100 + 4096 / 4 + LOAD)
        self.assertAlmostEqual(passed, 2 * (RAMP + 100 + 4096 / 4))
        # What is written goes on to the main memory.
        written = self.sim(buffer("u") + load("u") + store("u"), chip=network)
        self.assertEqual(written["energy_estimate"]["bytes"]["dram"], 8192)

    def test_cores_share_the_cache(self):
        slow = self.chip_with("total_B_per_cycle: {value: 200,", "total_B_per_cycle: {value: 16,")
        body = buffer("u") + part_load("u")
        # Alone a core has its path's rate; two share 16 bytes per cycle.
        self.assertAlmostEqual(self.cycles(grid(1, body), 1024, slow), LOAD)
        self.assertAlmostEqual(self.cycles(grid(2, body), 2048, slow), 100 + 4096 / 8)

    def test_a_first_touch_runs_at_the_rate_of_the_main_memory(self):
        cold = self.cold()
        time = self.sim(buffer("u") + load("u"), chip=cold, launches=2)
        self.assertAlmostEqual(time["cycles"], 2 * RAMP + 100 + 4096 / 4 + LOAD)
        # The second launch finds it in the cache.
        self.assertEqual(time["energy_estimate"]["bytes"], {"l2": 8192, "dram": 4096})
        # Read twice in one launch, it comes from the main memory once.
        twice = buffer("u") + buffer("v", offset=4096) + load("u") + load("v")
        self.assertAlmostEqual(self.cycles(twice, chip=cold), 200 + 4096 / 4 + 4096 / 16)


class Blocks(SimTest):
    def test_more_blocks_than_cores_run_in_waves(self):
        time = self.sim(grid(5, buffer("u") + part_load("u")), 5 * 1024)
        kernel = time["kernels"][0]
        self.assertAlmostEqual(kernel["cycles"], RAMP + 3 * LOAD)
        self.assertEqual([kernel["blocks"], kernel["cores_used"], kernel["waves"]], [5, 2, 3])
        self.assertEqual(kernel["block_classes"], 1)
        self.assertAlmostEqual(kernel["busy"]["MTE2"], 5 * LOAD / (2 * kernel["cycles"]))

    def test_blocks_of_one_core_share_its_buffers(self):
        # Far more blocks than are walked: the rest goes on at the same pace.
        for each in (1, 3, 10, 1000):
            body = grid(2 * each, buffer("u") + part_load("u") + part_store("u"))
            first = LOAD + GAP + STORE
            self.assertAlmostEqual(self.cycles(body, 2 * each * 1024),
                                   first + (each - 1) * (GAP + first))

    def test_blocks_at_the_edge_are_a_class_of_their_own(self):
        body = """scf.forall (%i) = (0) to (2560) step (1024) {
          %n = affine.min affine_map<(i) -> (1024, 2560 - i)>(%i)
          %u = memref.alloc() : memref<1024xf32, #tile.space<"ub">>
          %x = memref.subview %a[%i] [%n] [1] : memref<2560xf32> to memref<?xf32, strided<[1], offset: ?>>
          %v = memref.subview %u[0] [%n] [1] : memref<1024xf32, #tile.space<"ub">>
            to memref<?xf32, strided<[1]>, #tile.space<"ub">>
          tile.copy nd2nd %x to %v : memref<?xf32, strided<[1], offset: ?>>
            to memref<?xf32, strided<[1]>, #tile.space<"ub">>
        }
"""
        kernel = self.sim(body, 2560)["kernels"][0]
        self.assertEqual(kernel["block_classes"], 2)
        self.assertAlmostEqual(kernel["cycles"], RAMP + LOAD + 100 + 2048 / 16)
        self.assertEqual(kernel["paths"][0]["bytes"], 2560 * 4)


class Errors(SimTest):
    def rejects(self, body, says, gm=1024):
        text = PROGRAM.format(gm=gm, body=body, launches=LAUNCH.format(gm=gm))
        self.fails(1, "sim", self.write("p.mlir", text), "--chip", CHIP, says=says)

    def test_a_path_that_the_chip_lacks(self):
        # The verifier may see it first; either way it is said.
        self.rejects(buffer("u") + buffer("l", "l1") + copy("u", "l", ("ub", "l1")), "error")

    def test_a_bound_that_only_data_tells(self):
        self.rejects("""%z = arith.constant 0 : index
          %o = arith.constant 1 : index
          %f = memref.load %a[%z] : memref<1024xf32>
          %w = arith.fptosi %f : f32 to i64
          %n = arith.index_cast %w : i64 to index
          scf.for %j = %z to %n step %o {
          }
""", "needs a value that is not known before the program runs")

    def test_a_loop_without_end(self):
        self.rejects("""%z = arith.constant 0 : index
          %o = arith.constant 1 : index
          %n = arith.constant 4611686018427387904 : index
          scf.for %j = %z to %n step %o {
          }
""", "expected at most 67108864 iterations")

    def test_extents_that_are_open(self):
        self.fails(1, "sim", self.write("p.mlir", """module attributes {tile.arena_bytes = 0 : i64} {
  func.func @main(%a: memref<8xf32>) {
    %d = memref.cast %a : memref<8xf32> to memref<?xf32>
    tile.launch @k(%d) blocks 1 cores = mix : memref<?xf32>
    return
  }
  func.func private @k(%a: memref<?xf32>) attributes {tile.kernel} {
    return
  }
}
"""), "--chip", CHIP, says="kernel 'k' has argument 0 of type 'memref<?xf32>'")

    def test_a_chip_without_rates(self):
        self.fails(1, "sim", ENCODER, "--chip", "ascend-910a",
                   says=["chip ascend-910a is described in structure only", "ascend-910b2"])

    def test_a_chip_that_is_not_there(self):
        self.fails(1, "sim", ENCODER, "--chip", "ascend-0", says="ascend-0")


class Models(SimTest):
    def test_encoder_on_every_timed_npu(self):
        for chip, precision in (("ascend-910b2", "f32"), ("ascend-950", "f32"),
                                ("ascend-910_93", "f16"), ("ascend-310p", "f16")):
            out = self.succeeds("sim", ENCODER, "--chip", chip, "--precision", precision, "--json")
            time = json.loads(out.stdout)
            self.assertEqual(time["chip"], chip)
            self.assertGreater(time["us"], 12 * time["launches"])
            self.assertAlmostEqual(time["us"], sum(k["total_us"] for k in time["kernels"]))
            self.assertEqual(time["launches"], sum(k["launches"] for k in time["kernels"]))
            for kernel in time["kernels"]:
                self.assertTrue(kernel["bound"])
                self.assertTrue(kernel["busy"])
                for share in kernel["busy"].values():
                    self.assertTrue(0 <= share <= 1.0, kernel)
                self.assertLessEqual(kernel["matrix_share_of_peak"], 1.0)
            # 128 rows: four products of 768 x 768, two with 3072, and the two of attention.
            macs = sum(k["macs"] * k["launches"] for k in time["kernels"])
            self.assertEqual(macs, 128 * (4 * 768 * 768 + 2 * 768 * 3072 + 2 * 768 * 128))

    def test_structure_shows_in_the_paths(self):
        def paths(chip, precision):
            out = self.succeeds("sim", ENCODER, "--chip", chip, "--precision", precision, "--json")
            kernels = json.loads(out.stdout)["kernels"]
            return ({(p["from"], p["to"]) for k in kernels for p in k["paths"]},
                    {name for k in kernels for name in k["busy"]})
        moved, pipes = paths("ascend-910b2", "f32")
        self.assertIn(("l0c", "gm"), moved)
        self.assertNotIn(("l0c", "ub"), moved)
        moved, pipes = paths("ascend-950", "f32")
        self.assertIn(("l0c", "ub"), moved)
        moved, pipes = paths("ascend-310p", "f16")
        self.assertNotIn("FIX", pipes)

    def test_a_cpu_chip(self):
        time = json.loads(self.succeeds("sim", ENCODER, "--chip", "cpu-avx2", "--json").stdout)
        for kernel in time["kernels"]:
            self.assertEqual(list(kernel["busy"]), ["CORE"])

    def test_text_names_what_bounds_each_kernel(self):
        text = self.succeeds("sim", ENCODER, "--chip", "ascend-910b2").stdout
        for phrase in ("on ascend-910b2", "launch and ramp", "bound by", "busy:", "gm->l1"):
            self.assertIn(phrase, text)

    def test_a_written_program_gives_the_same_time(self):
        program = self.path("p.mlirbc")
        self.succeeds("compile", ENCODER, "--chip", "ascend-910b2", "-o", program)
        self.assertEqual(self.succeeds("sim", program, "--json").stdout,
                         self.succeeds("sim", ENCODER, "--chip", "ascend-910b2", "--json").stdout)


if __name__ == "__main__":
    unittest.main()
