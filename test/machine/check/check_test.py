"""`tessera check`: what it finds in small tile programs, and how it says so."""
import json
import os
import sys
import unittest

SOURCE = os.environ["TESSERA_SOURCE"]
sys.path.insert(0, os.path.join(SOURCE, "test", "tools"))
from harness import ToolTest, run  # noqa: E402

ROUND = os.path.join(SOURCE, "test", "machine", "inputs", "sim", "round.yaml")
ENCODER = os.path.join(SOURCE, "examples", "encoder.mlir")
SYNC = """
sync:
  event_ids: {value: 2, source: none, status: assumed}
  event_cycles: {value: 0, source: none, status: assumed}
"""
PROGRAM = """module attributes {{tile.arena_bytes = 0 : i64}} {{
  func.func @main(%a: memref<{n}xf32>, %b: memref<{n}xf32>) {{
    tile.launch @k(%a, %b) blocks 1 cores = mix : memref<{n}xf32>, memref<{n}xf32>
    return
  }}
  func.func private @k(%a: memref<{n}xf32>, %b: memref<{n}xf32>) attributes {{tile.kernel}} {{
{body}
    return
  }}
}}
"""
UB = 'memref<1024xf32, #tile.space<"ub">>'


def buffer(name, offset=0):
    return f"%{name} = memref.alloc() {{tile.offset = {offset} : i64}} : {UB}"


def load(name, source="a"):
    return f"tile.copy nd2nd %{source} to %{name} : memref<1024xf32> to {UB}"


def store(name):
    return f"tile.copy nd2nd %{name} to %b : {UB} to memref<1024xf32>"


def add(source, target):
    return f"""tile.vector ins(%{source} : {UB}) outs(%{target} : {UB})
      maps [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>] {{
    ^bb0(%x: f32, %old: f32):
      %r = arith.addf %x, %x : f32
      tile.yield %r : f32
    }}"""


def slots(number):
    """A buffer with slots, and those seen one by one."""
    whole = f'memref<{number}x1024xf32, #tile.space<"ub">>'
    lines = [f"%ring = memref.alloc() {{tile.offset = 0 : i64}} : {whole}"]
    for i in range(number):
        lines.append(f"%s{i} = memref.subview %ring[{i}, 0] [1, 1024] [1, 1] : {whole} to {slot(i)}")
    return lines


def slot(i):
    return f'memref<1024xf32, strided<[1], offset: {1024 * i}>, #tile.space<"ub">>'


def put(i):
    return f"tile.copy nd2nd %a to %s{i} : memref<1024xf32> to {slot(i)}"


def take(i):
    return f"tile.copy nd2nd %s{i} to %b : {slot(i)} to memref<1024xf32>"


def event(kind, source, target, number=0):
    return f'tile.{kind}_event "{source}" to "{target}" id {number}'


def order(source, target, number=0):
    return [event("set", source, target, number), event("wait", source, target, number)]


RIGHT = [buffer("u"), buffer("v", 4096), load("u"), *order("MTE2", "V"), add("u", "v"),
         *order("V", "MTE3"), store("v")]


class CheckTest(ToolTest):
    def chip(self):
        with open(ROUND, encoding="utf-8") as file:
            return self.write("chip.yaml", file.read() + SYNC)

    def findings(self, lines, n=1024):
        body = "\n".join("    " + line for line in lines)
        program = self.write("p.mlir", PROGRAM.format(n=n, body=body))
        result = run("check", program, "--chip", self.chip(), "--json")
        self.assertIn(result.returncode, (0, 1), result.stderr)
        self.assertEqual(result.stderr, "")
        found = json.loads(result.stdout)["findings"]
        self.assertEqual(result.returncode, 1 if found else 0)
        return found

    def finds(self, kind, lines, says="", n=1024):
        found = self.findings(lines, n)
        fitting = [f for f in found if f["kind"] == kind and says in f["message"]]
        self.assertTrue(fitting, found)
        return fitting[0]


class Findings(CheckTest):
    def test_nothing_in_a_right_program(self):
        self.assertEqual(self.findings(RIGHT), [])

    def test_packing_on_a_cpu_has_a_pipe(self):
        product = self.write("product.mlir", """
func.func @main(%a: tensor<2x1x64xf32>, %b: tensor<2x128x64xf32>) -> tensor<2x1x128xf32> {
  %c = npu.matmul %a, %b {transpose_rhs}
    : tensor<2x1x64xf32>, tensor<2x128x64xf32> -> tensor<2x1x128xf32>
  %d = npu.relu %c : tensor<2x1x128xf32>
  return %d : tensor<2x1x128xf32>
}
""")
        self.succeeds("check", product, "--chip", "cpu-avx512")
        tiles = self.succeeds("compile", product, "--chip", "cpu-avx512").stdout
        self.assertIn("tile.pack", tiles)

    def test_a_whole_product_on_a_cpu_has_a_pipe(self):
        product = self.write("product.mlir", """
func.func @main(%a: tensor<2x1x64xf32>, %b: tensor<2x64x128xf32>) -> tensor<2x1x128xf32> {
  %c = npu.matmul %a, %b : tensor<2x1x64xf32>, tensor<2x64x128xf32> -> tensor<2x1x128xf32>
  return %c : tensor<2x1x128xf32>
}
""")
        self.succeeds("check", product, "--chip", "cpu-avx512")

    def test_a_missing_event_between_pipes(self):
        lines = [line for line in RIGHT if 'to "V" id' not in line]
        finding = self.finds("race", lines, "missing is an event from MTE2 to V")
        first, second = finding["places"]
        self.assertIn("tile.copy on MTE2 writes bytes 0 to 4096 of ub", first["operation"])
        self.assertIn("tile.vector on V reads bytes 0 to 4096 of ub", second["operation"])
        # The lines of the file: the module and @main take seven.
        self.assertRegex(first["where"], r"p\.mlir:9:")
        self.assertRegex(second["where"], r"p\.mlir:10:")

    def test_a_missing_barrier_on_one_pipe(self):
        lines = RIGHT[:5] + [add("u", "u")] + RIGHT[5:]
        self.finds("race", lines, "missing is a barrier of V")
        lines.insert(6, 'tile.pipe_barrier "V"')
        self.assertEqual(self.findings(lines), [])

    def test_a_set_before_the_wait(self):
        self.finds("double-set", RIGHT[:3] + [event("set", "MTE2", "V")] + RIGHT[3:],
                   "set again before it is waited for")

    def test_a_set_that_may_come_before_the_wait(self):
        # Textual order is right, but nothing keeps MTE2 from setting the event again at once.
        lines = [buffer("u"), buffer("v", 4096), load("u"), *order("MTE2", "V"), load("v"),
                 *order("MTE2", "V")]
        self.finds("double-set", lines, "nothing orders them")

    def test_a_wait_for_nothing(self):
        self.finds("no-set", [line for line in RIGHT if "set_event" not in line], "hangs")

    def test_an_event_left_set(self):
        self.finds("left-set", RIGHT + [event("set", "MTE3", "V")], "still set")

    def test_an_event_the_chip_has_not(self):
        lines = [line.replace("id 0", "id 0 slot(%s)") if 'to "V"' in line else line
                 for line in RIGHT]
        self.finds("event-id", ["%s = arith.constant 2 : index"] + lines, "event 2 is not one")

    def test_what_nothing_has_written(self):
        lines = [buffer("u"), buffer("v", 4096), add("u", "v"), *order("V", "MTE3"), store("v")]
        self.finds("uninitialised", lines, "which nothing has written")

    def test_what_another_buffer_has_replaced(self):
        lines = [buffer("u"), buffer("v", 4096), buffer("w"), load("u"), *order("MTE2", "V"),
                 add("u", "v"), *order("V", "MTE2"), load("w"), *order("MTE2", "V"),
                 'tile.pipe_barrier "V"', add("u", "v"), *order("V", "MTE3"), store("v")]
        self.finds("reuse", lines, "another buffer's value has replaced")

    def test_a_buffer_beyond_its_memory(self):
        result = run("check", self.write("p.mlir", PROGRAM.format(
            n=1024, body="\n".join([buffer("u", 258048 + 2048), load("u")]))), "--chip", self.chip())
        self.assertEqual(result.returncode, 1)
        self.assertIn("beyond a memory of 262144 bytes", result.stdout)

    def test_a_part_beyond_its_buffer(self):
        part = 'memref<1024xf32, strided<[1], offset: ?>, #tile.space<"ub">>'
        lines = [buffer("u"), "%c = arith.constant 64 : index",
                 f"%p = memref.subview %u[%c] [1024] [1] : {UB} to {part}",
                 f"tile.copy nd2nd %a to %p : memref<1024xf32> to {part}"]
        self.finds("bounds", lines, "beyond its buffer of 4096 bytes")

    def test_an_operation_that_writes_over_what_it_has_not_read(self):
        def placed(offset):
            return [buffer("u"), buffer("v", offset), *RIGHT[2:]]
        self.finds("overlap", placed(512), "reads and writes bytes 512 to 4096 of ub")
        # Element on element it may: each is read before it is written.
        self.assertEqual(self.findings(placed(0)), [])
        self.assertEqual(self.findings(placed(4096)), [])

    def test_what_is_written_again_before_it_is_read(self):
        again = ['tile.pipe_barrier "MTE2"', load("u")]
        finding = self.finds("lost", RIGHT[:3] + again + RIGHT[3:], "before they are written again")
        first, second = finding["places"]
        self.assertIn("tile.copy on MTE2 writes bytes 0 to 4096 of ub", first["operation"])
        self.assertIn("writes there again", second["operation"])
        self.assertRegex(first["where"], r"p\.mlir:9:")
        self.assertRegex(second["where"], r"p\.mlir:11:")

    def test_what_nothing_reads(self):
        self.finds("lost", RIGHT + ['tile.pipe_barrier "V"', *order("MTE3", "V"), add("u", "v")],
                   "once they are written")

    def test_padding_of_which_a_part_is_read(self):
        part = 'memref<512xf32, strided<[1]>, #tile.space<"ub">>'
        half = "memref<512xf32, strided<[1]>>"
        lines = RIGHT[:2] + [
            "%zero = arith.constant 0.0 : f32", f"tile.fill %zero to %u : f32 to {UB}",
            *order("V", "MTE2"),
            f"%p = memref.subview %a[0] [512] [1] : memref<1024xf32> to {half}",
            f"%q = memref.subview %u[0] [512] [1] : {UB} to {part}",
            f"tile.copy nd2nd %p to %q : {half} to {part}"] + RIGHT[3:]
        lines.insert(lines.index(add("u", "v")), 'tile.pipe_barrier "V"')
        self.assertEqual(self.findings(lines), [])

    def test_slots_that_are_read_out_of_turn(self):
        def taken(first, second):
            return [*slots(2), put(0), put(1), *order("MTE2", "MTE3"), take(first),
                    'tile.pipe_barrier "MTE3"', take(second)]
        self.assertEqual(self.findings(taken(0, 1)), [])
        finding = self.finds("stale", taken(1, 0), "reads bytes 0 to 4096 of ub after bytes 4096")
        self.assertEqual([place["where"].split(":")[-2] for place in finding["places"]],
                         ["10", "11", "16"])

    def test_a_slot_that_is_read_again_instead_of_the_next(self):
        def taken(second):
            return [*slots(2), put(0), *order("MTE2", "MTE3"), take(0), put(1),
                    *order("MTE2", "MTE3", 1), 'tile.pipe_barrier "MTE3"', take(second)]
        self.assertEqual(self.findings(taken(1)), [])
        finding = self.finds("stale", taken(0), "again, and never bytes 4096 to 8192 of ub")
        self.assertEqual([place["where"].split(":")[-2] for place in finding["places"]],
                         ["14", "18"])

    def test_blocks_that_share_what_they_write(self):
        part = "memref<1024xf32, strided<[1], offset: ?>>"
        lines = ["scf.forall (%i) = (0) to (2048) step (512) {",
                 f"%x = memref.subview %a[%i] [1024] [1] : memref<4096xf32> to {part}",
                 f"%y = memref.subview %b[%i] [1024] [1] : memref<4096xf32> to {part}",
                 buffer("u"), *order("MTE3", "MTE2", 1),
                 f"tile.copy nd2nd %x to %u : {part} to {UB}", *order("MTE2", "MTE3"),
                 f"tile.copy nd2nd %u to %y : {UB} to {part}", "}"]
        self.finds("blocks", lines, "two blocks of the grid touch argument 1", n=4096)

    def test_a_pipe_that_comes_to_its_buffer_again(self):
        """A core runs blocks one after another, so the next load waits for the last store."""
        part = "memref<1024xf32, strided<[1], offset: ?>>"
        grid = ["scf.forall (%i) = (0) to (4096) step (1024) {",
                f"%x = memref.subview %a[%i] [1024] [1] : memref<4096xf32> to {part}",
                f"%y = memref.subview %b[%i] [1024] [1] : memref<4096xf32> to {part}",
                buffer("u"), "WAIT", f"tile.copy nd2nd %x to %u : {part} to {UB}",
                *order("MTE2", "MTE3"), f"tile.copy nd2nd %u to %y : {UB} to {part}", "SET", "}"]
        bare = [line for line in grid if line not in ("WAIT", "SET")]
        self.finds("race", bare, "missing is an event from MTE3 to MTE2", n=4096)
        credit = {"WAIT": event("wait", "MTE3", "MTE2"), "SET": event("set", "MTE3", "MTE2")}
        right = [credit["SET"]] + [credit.get(line, line) for line in grid] + [credit["WAIT"]]
        self.assertEqual(self.findings(right, n=4096), [])


class Command(CheckTest):
    def test_a_model_is_compiled_and_proved(self):
        for chip, precision in (("ascend-910b2", "f32"), ("ascend-310p", "f16")):
            result = self.succeeds("check", ENCODER, "--chip", chip, "--precision", precision)
            self.assertIn("nothing found", result.stdout)

    def test_columns_of_many_rows_are_told_apart(self):
        model = self.write("m.mlir", """func.func @main(%x: tensor<5376x7xf32>, %y: tensor<1x7xf32>) -> tensor<5376x7xf32> {
  %0 = npu.sub %x, %y : tensor<5376x7xf32>, tensor<1x7xf32> -> tensor<5376x7xf32>
  %1 = npu.log_softmax %0 axis = 0 {npu.tile = array<i64: 5376, 3>} : tensor<5376x7xf32>
  return %1 : tensor<5376x7xf32>
}
""")
        # The last tile has one column of three, of which nothing else is written or read.
        self.succeeds("check", model, "--chip", "ascend-910b2")

    def test_a_finding_names_the_lines_of_the_model(self):
        """Without events, the program of a model races; its lines are those of the model's file."""
        program = self.path("p.mlir")
        self.succeeds("compile", ENCODER, "--chip", "ascend-910b2", "-o", program)
        with open(program, encoding="utf-8") as file:
            lines = file.readlines()
        events = ("tile.set_event", "tile.wait_event", "tile.cross_", "tile.pipe_barrier")
        self.assertTrue(any(line.lstrip().startswith(events) for line in lines))
        bare = self.write("bare.mlir",
                          "".join(l for l in lines if not l.lstrip().startswith(events)))
        result = run("check", bare)
        self.assertEqual(result.returncode, 1)
        self.assertIn("missing is a flag from FIX of the cube core to", result.stdout)

    def test_sim_times_events_as_it_times_the_order_they_give(self):
        program = self.path("p.mlir")
        self.succeeds("compile", ENCODER, "--chip", "ascend-910b2", "-o", program)
        with open(program, encoding="utf-8") as file:
            lines = file.readlines()
        events = ("tile.set_event", "tile.wait_event", "tile.cross_", "tile.pipe_barrier")
        bare = self.write("bare.mlir",
                          "".join(l for l in lines if not l.lstrip().startswith(events)))
        times = [json.loads(self.succeeds("sim", p, "--json").stdout)["us"] for p in (program, bare)]
        self.assertLess(abs(times[0] / times[1] - 1), 0.05)

    def test_a_kernel_of_open_extents_is_refused(self):
        text = PROGRAM.format(n=1024, body="").replace("memref<1024xf32>", "memref<?xf32>")
        self.fails(1, "check", self.write("p.mlir", text), "--chip", self.chip(),
                   says="has dimensions that are not fixed")


if __name__ == "__main__":
    unittest.main()
