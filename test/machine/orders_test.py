"""`tessera check --run`: programs run in orders that their chip could take, and held against their
compiled code; what a missing event, a wrong address or memory that was never written does to it."""
import json
import os
import re
import sys
import unittest

SOURCE = os.environ["TESSERA_SOURCE"]
sys.path.insert(0, os.path.join(SOURCE, "test", "tools"))
from harness import ToolTest, run  # noqa: E402

ROUND = os.path.join(SOURCE, "test", "machine", "inputs", "sim", "round.yaml")
MODELS = os.path.join(SOURCE, "test", "machine", "check", "inputs")
SYNC = """
sync:
  event_ids: {value: 4, source: none, status: assumed}
  event_cycles: {value: 0, source: none, status: assumed}
  cross_ids: {value: 4, source: none, status: assumed}
  max_count: {value: 4, source: none, status: assumed}
  modes: [all_of_kind]
"""
PROGRAM = """module attributes {{tile.arena_bytes = 0 : i64}} {{
  func.func @main(%a: memref<1024xf32>, %c: memref<1024xf32>,
                  %b: memref<1024xf32> {{npu.output}}) {{
    tile.launch @k(%a, %c, %b) blocks 1 cores = mix
      : memref<1024xf32>, memref<1024xf32>, memref<1024xf32>
    return
  }}
  func.func private @k(%a: memref<1024xf32>, %c: memref<1024xf32>, %b: memref<1024xf32>)
      attributes {{tile.kernel}} {{
{body}
    return
  }}
}}
"""
UB = 'memref<1024xf32, #tile.space<"ub">>'


def buffer(name, offset=0):
    return f"%{name} = memref.alloc() {{tile.offset = {offset} : i64, tile.space = \"ub\"}} : {UB}"


def load(source, target):
    return f"tile.copy nd2nd %{source} to %{target} : memref<1024xf32> to {UB}"


def store(name):
    return f"tile.copy nd2nd %{name} to %b : {UB} to memref<1024xf32>"


def add(left, right, target):
    return f"""tile.vector ins(%{left}, %{right} : {UB}, {UB}) outs(%{target} : {UB})
      maps [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>, affine_map<(i) -> (i)>] {{
    ^bb0(%x: f32, %y: f32, %old: f32):
      %r = arith.addf %x, %y : f32
      tile.yield %r : f32
    }}"""


def order(source, target):
    return [f'tile.{kind}_event "{source}" to "{target}" id 0' for kind in ("set", "wait")]


RIGHT = ["%size = arith.constant 49152 : i64", buffer("u"), buffer("v", 4096), buffer("w", 8192),
         load("a", "u"), load("c", "v"), *order("MTE2", "V"), add("u", "v", "w"),
         *order("V", "MTE3"), store("w")]


class OrdersTest(ToolTest):
    def program(self, lines):
        with open(ROUND, encoding="utf-8") as file:
            chip = self.write("chip.yaml", file.read() + SYNC)
        body = "\n".join("    " + line for line in lines)
        text = PROGRAM.format(body=body).replace(
            "attributes {tile.kernel}", "attributes {tile.kernel, tile.space_bytes = {ub = 16384}}")
        return self.write("p.mlir", text), "--chip", chip

    def ran(self, lines, orders=20, seed=1):
        result = run("check", *self.program(lines), "--run", orders, "--seed", seed, "--json")
        self.assertIn(result.returncode, (0, 1), result.stderr)
        self.assertEqual(result.stderr, "")
        answer = json.loads(result.stdout)
        wrong = answer["findings"] or answer["run"]["differences"]
        self.assertEqual(result.returncode, 1 if wrong else 0)
        return answer["run"]


class Models(ToolTest):
    def same(self, chip, *options):
        for name in ("fused", "operators", "attention"):
            model = os.path.join(MODELS if name != "attention" else
                                 os.path.join(SOURCE, "test", "machine", "inputs"), name + ".mlir")
            answer = json.loads(self.succeeds("check", model, "--chip", chip, *options, "--run", 6,
                                              "--json").stdout)["run"]
            self.assertEqual(answer["differences"], [])
            self.assertEqual(answer["orders"], 6)
            yield answer

    def overtakes(self, chip, *options):
        for answer in self.same(chip, *options):
            self.assertGreater(answer["overtakings"], answer["operations"] // 50)
            self.assertGreater(answer["syncs"], answer["operations"])

    def test_cores_apart_give_the_bits_of_the_compiled_program(self):
        self.overtakes("ascend-910b2", "--precision", "f32")

    def test_half_precision_on_cores_apart(self):
        self.overtakes("ascend-910b2", "--precision", "f16")

    def test_joint_cores(self):
        self.overtakes("ascend-310p", "--precision", "f16")

    def test_cores_joined_by_paths_on_the_chip(self):
        self.overtakes("ascend-950", "--precision", "f32")

    def test_constants_of_a_kernel_lie_where_its_code_has_them(self):
        model = self.write("constants.mlir", """
func.func @main(%x: tensor<3x5xf32>, %y: tensor<6x40xf32>) -> (tensor<3x5xf32>, tensor<6x7xf32>) {
  %c = npu.constant dense<[1.0, 2.0, 3.5, 4.0, 5.0]> : tensor<5xf32>
  %0 = npu.add %x, %c : tensor<3x5xf32>, tensor<5xf32> -> tensor<3x5xf32>
  %w = npu.constant dense<0.25> : tensor<40x7xf32>
  %1 = npu.matmul %y, %w : tensor<6x40xf32>, tensor<40x7xf32> -> tensor<6x7xf32>
  return %0, %1 : tensor<3x5xf32>, tensor<6x7xf32>
}
""")
        for chip in ("ascend-910b2", "cpu-avx2"):
            self.assertIn("memref.get_global",
                          self.succeeds("compile", model, "--chip", "ascend-910b2").stdout)
            self.assertIn("all 2 outputs have the bits", self.succeeds(
                "check", model, "--chip", chip, "--run", "3").stdout)

    def test_a_cpu_goes_on_in_the_order_of_the_text(self):
        for answer in self.same("cpu-avx2"):
            self.assertGreater(answer["operations"], 0)
            self.assertEqual((answer["overtakings"], answer["syncs"]), (0, 0))


class Compiled(ToolTest):
    """Mistakes in what the compiler has made for the 910B2."""

    def kernel(self, name):
        """The lines of the program, and those of them that are the kernel's."""
        model, program = os.path.join(MODELS, "fused.mlir"), self.path("fused.mlir")
        self.succeeds("compile", model, "--chip", "ascend-910b2", "-o", program)
        with open(program, encoding="utf-8") as file:
            lines = file.read().split("\n")
        begin = next(i for i, line in enumerate(lines) if f"func.func private @{name}(" in line)
        return lines, range(begin, lines.index("    return", begin))

    def differ(self, lines):
        result = run("check", self.write("m.mlir", "\n".join(lines)), "--run", "10", "--json")
        self.assertEqual((result.returncode, result.stderr), (1, ""))
        answer = json.loads(result.stdout)
        self.assertTrue(any(f["kind"] == "race" for f in answer["findings"]), answer)
        return answer["run"]["differences"]

    def test_a_missing_event_between_any_two_pipes(self):
        lines, kernel = self.kernel("add_gelu")
        event = re.compile(r'_event ("\S+" to "\S+" id \d+)')
        events = {found.group(1) for i in kernel if (found := event.search(lines[i]))}
        self.assertGreaterEqual(len(events), 4)
        for dropped in events:
            left = ["" if i in kernel and "_event " + dropped in line else line
                    for i, line in enumerate(lines)]
            self.assertRegex("\n".join(self.differ(left)), "output 'output_0' in order ")

    def test_two_loads_to_one_address(self):
        lines, kernel = self.kernel("matmul")
        offset = re.compile(r"tile\.offset = (\d+)")
        buffers = [i for i in kernel if "memref.alloc" in lines[i] and '"l1"' in lines[i]]
        self.assertEqual(len(buffers), 2)
        for i in buffers:
            lines[i] = offset.sub("tile.offset = 0", lines[i])
        self.assertRegex("\n".join(self.differ(lines)), "output 'output_0' in order ")


class Mistakes(OrdersTest):
    def test_none_in_a_right_program(self):
        answer = self.ran(RIGHT)
        self.assertEqual(answer["differences"], [])
        self.assertEqual(answer["operations"], 4 * 20)
        self.assertGreater(answer["overtakings"], 0)  # the two loads go on in either order

    def test_a_missing_event_gives_other_bits(self):
        for pipe in ("V", "MTE3"):
            lines = [line for line in RIGHT if f'to "{pipe}" id' not in line]
            wrong = self.ran(lines)["differences"]
            self.assertEqual(len(wrong), 1)
            # Nothing had been written there.
            self.assertRegex(wrong[0], r"^output 'output_0' in order \d+: element \d+ of 1024 is "
                                       r"nan, but -?\d\.\d+E[+-]\d+ is expected$")
            number = int(wrong[0].split("order ")[1].split(":")[0])
            self.assertEqual(self.ran(lines, orders=1, seed=number)["differences"], wrong)

    def test_a_missing_barrier_gives_other_bits(self):
        lines = RIGHT[:9] + [add("w", "u", "w")] + RIGHT[9:]
        self.assertEqual(len(self.ran(lines)["differences"]), 1)
        lines.insert(9, 'tile.pipe_barrier "V"')
        self.assertEqual(self.ran(lines)["differences"], [])

    def test_a_shifted_address_gives_other_bits(self):
        # Half of %v lies in %u, so the sum depends on which load is the last.
        lines = [buffer("v", 2048) if line.startswith("%v") else line for line in RIGHT]
        self.assertEqual(len(self.ran(lines)["differences"]), 1)

    def test_memory_that_nothing_has_written_is_no_number(self):
        lines = [line for line in RIGHT if line != load("c", "v")]
        self.assertIn("is nan", self.ran(lines)["differences"][0])

    def test_what_is_made_outside_of_an_operation_is_known_in_it(self):
        # An integer is passed, a real number made again.
        lines = RIGHT[:9] + ['tile.pipe_barrier "V"',
                             "%n = arith.addi %size, %size : i64", "%f = arith.sitofp %n : i64 to f32",
                             add("w", "u", "w").replace("arith.addf %x, %y", "arith.mulf %x, %f")]
        self.assertEqual(self.ran(lines + RIGHT[9:])["differences"], [])

    def test_a_view_of_other_extents_lies_where_it_should(self):
        part = f'memref<512xf32, strided<[1], offset: 512>, #tile.space<"ub">>'
        lines = RIGHT[:9] + [
            'tile.pipe_barrier "V"',
            f"%half = memref.reinterpret_cast %w to offset: [512], sizes: [512], strides: [1] : {UB}"
            f" to {part}", "%one = arith.constant 1.0 : f32",
            f"tile.fill %one to %half : f32 to {part}"] + RIGHT[9:]
        self.assertEqual(self.ran(lines)["differences"], [])

    def test_the_text_says_what_differs_and_how_much_was_run(self):
        lines = [line for line in RIGHT if 'to "MTE3" id' not in line]
        result = run("check", *self.program(lines), "--run", "20")
        self.assertEqual(result.returncode, 1)
        self.assertIn("output 'output_0' in order ", result.stdout)
        self.assertIn("run in 20 orders from number 1: 80 operations, ", result.stdout)
        self.assertIn("it differs from the compiled program", result.stdout)
        self.assertIn("all 1 outputs have the bits of the compiled program",
                      self.succeeds("check", *self.program(RIGHT), "--run", "3").stdout)


class Errors(OrdersTest):
    def stops(self, lines, says):
        result = run("check", *self.program(lines), "--run", "2")
        self.assertEqual(result.returncode, 1, result.stdout)
        self.assertIn(says, result.stderr)

    def test_a_pipe_that_waits_for_ever(self):
        self.stops([line for line in RIGHT if 'set_event "V"' not in line],
                   "holds pipe MTE3 for ever: nothing that is still to be done sets what it waits")

    def test_an_access_beyond_its_buffer(self):
        part = 'memref<1024xf32, strided<[1], offset: 512>, #tile.space<"ub">>'
        self.stops([*RIGHT[:-1],
                    f"%s = memref.reinterpret_cast %w to offset: [512], sizes: [1024], strides: [1]"
                    f" : {UB} to {part}",
                    f"tile.copy nd2nd %s to %b : {part} to memref<1024xf32>"],
                   "reaches from byte 2048 to 6144 of a buffer of 4096")

    def test_a_buffer_without_an_address(self):
        self.stops([f"%w = memref.alloc() : {UB}" if line.startswith("%w") else line
                    for line in RIGHT],
                   "is used, but has no place: expected tile.space and tile.offset")

    def test_a_buffer_beyond_its_memory(self):
        self.stops([buffer("w", 16000) if line.startswith("%w") else line for line in RIGHT],
                   'takes bytes 16000 to 20096 of "ub", of which the kernel\'s tile.space_bytes has '
                   '16384')

    def test_a_flag_of_all_cores(self):
        self.stops([*RIGHT, 'tile.cross_set "MTE3" mode 0 id 0'],
                   "joins all cores of a kind, but each is run by itself")

    def test_a_seed_without_a_run(self):
        self.fails(2, "check", "p.mlir", "--seed", "3",
                   says="--seed says which orders to take, so it needs --run")


if __name__ == "__main__":
    unittest.main()
