"""Products and convolutions of bytes: right, proved free of races, and timed by the matrix unit's
form for bytes, on every chip."""
import json
import os
import sys
import unittest

SOURCE = os.environ["TESSERA_SOURCE"]
sys.path.insert(0, os.path.join(SOURCE, "test", "tools"))
from harness import ToolTest, run  # noqa: E402

NPUS = ("ascend-910b2", "ascend-910_93", "ascend-310p", "ascend-950")


def product(m, n, k, operand="i8", result="i32", turn=""):
    """`turn`: "{transpose_lhs}", "{transpose_rhs}" or none."""
    a = f"tensor<{k}x{m}x{operand}>" if "lhs" in turn else f"tensor<{m}x{k}x{operand}>"
    b = f"tensor<{n}x{k}x{operand}>" if "rhs" in turn else f"tensor<{k}x{n}x{operand}>"
    c = f"tensor<{m}x{n}x{result}>"
    return (f"func.func @main(%a: {a}, %b: {b}) -> {c} {{\n"
            f"  %0 = npu.matmul %a, %b {turn} : {a}, {b} -> {c}\n  return %0 : {c}\n}}\n")


# A quantised layer as a model has it: sums brought to floats, scaled and shifted by column.
LAYER = """func.func @main(%x: tensor<1x9x11x5xi8>, %f: tensor<3x3x5x37xi8>, %s: tensor<37xf32>,
    %t: tensor<37xf32>) -> tensor<1x9x11x37xf32> {
  %0 = npu.conv2d %x, %f strides = [1, 1] dilations = [1, 1] pads = [1, 1, 1, 1] groups = 1
    : tensor<1x9x11x5xi8>, tensor<3x3x5x37xi8> -> tensor<1x9x11x37xi32>
  %1 = npu.cast %0 : tensor<1x9x11x37xi32> to tensor<1x9x11x37xf32>
  %2 = npu.mul %1, %s : tensor<1x9x11x37xf32>, tensor<37xf32> -> tensor<1x9x11x37xf32>
  %3 = npu.add %2, %t : tensor<1x9x11x37xf32>, tensor<37xf32> -> tensor<1x9x11x37xf32>
  %4 = npu.relu %3 : tensor<1x9x11x37xf32>
  return %4 : tensor<1x9x11x37xf32>
}
"""


class Int8Test(ToolTest):
    def models(self):
        for turn in ("", "{transpose_lhs}", "{transpose_rhs}"):
            yield self.write(f"product{len(turn)}.mlir", product(45, 50, 70, turn=turn))
        yield self.write("layer.mlir", LAYER)

    def test_npus_compute_what_the_reference_does_and_have_no_race(self):
        for model in self.models():
            for chip in NPUS:
                self.succeeds("run", model, "--chip", chip, "--random-inputs", "--check")
                said = self.succeeds("check", model, "--chip", chip)
                self.assertIn("nothing found", said.stdout)

    def test_a_cpu_does_with_and_without_instructions_for_bytes(self):
        done = 0
        for model in self.models():
            for isa in ("sse2", "avx2", "avx512", "avx512vnni", "amx", "neon"):
                result = run("run", model, "--random-inputs", "--check", env={"TESSERA_ISA": isa})
                if "this machine has" in result.stderr:  # another set of instructions
                    continue
                self.assertEqual(result.returncode, 0, result.stderr)
                done += 1
        self.assertGreater(done, 0)

    def test_a_layer_is_one_kernel(self):
        layer = self.write("layer.mlir", LAYER)
        for chip in NPUS:
            timed = json.loads(self.succeeds("sim", layer, "--chip", chip, "--json").stdout)
            self.assertEqual(len(timed["kernels"]), 1, chip)

    def test_bytes_take_the_matrix_unit_half_as_long(self):
        for chip in NPUS:
            busy = []
            for operand, result in (("i8", "i32"), ("f16", "f16")):
                model = self.write(f"{operand}.mlir", product(1536, 1536, 1536, operand, result))
                timed = json.loads(self.succeeds("sim", model, "--chip", chip, "--json").stdout)
                kernel = timed["kernels"][0]
                busy.append(kernel["busy"]["M"] * kernel["cycles"])
            # 32 of k a step where f16 has 16.
            self.assertAlmostEqual(busy[0] / busy[1], 0.5, delta=0.03, msg=chip)


if __name__ == "__main__":
    unittest.main()
