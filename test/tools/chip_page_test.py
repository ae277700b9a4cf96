"""The chip of docs/adding-a-chip.md multiplies, and without one of its paths says which it lacks."""
import os
import re
import unittest

from harness import SOURCE, ToolTest

PRODUCT = """func.func @main(%x: tensor<16x16xf16>, %w: tensor<16x16xf16>) -> tensor<16x16xf16> {
  %0 = npu.matmul %x, %w : tensor<16x16xf16>, tensor<16x16xf16> -> tensor<16x16xf16>
  return %0 : tensor<16x16xf16>
}
"""
LAYER = """func.func @main(%x: tensor<72x100xf16>, %w: tensor<130x72xf16>, %b: tensor<130xf16>)
    -> tensor<100x130xf16> {
  %0 = npu.matmul %x, %w {transpose_lhs, transpose_rhs}
    : tensor<72x100xf16>, tensor<130x72xf16> -> tensor<100x130xf16>
  %1 = npu.add %0, %b : tensor<100x130xf16>, tensor<130xf16> -> tensor<100x130xf16>
  %y = npu.softmax %1 axis = 1 : tensor<100x130xf16>
  return %y : tensor<100x130xf16>
}
"""


class ChipPage(ToolTest):
    def setUp(self):
        super().setUp()
        with open(os.path.join(SOURCE, "docs", "adding-a-chip.md"), encoding="utf-8") as file:
            self.chip = re.search(r"```yaml\n(.*?)```", file.read(), re.S).group(1)
        self.model = self.write("product.mlir", PRODUCT)

    def test_models_run_and_pass_the_check(self):
        chip = self.write("my-chip.yaml", self.chip)
        for model in (self.model, self.write("layer.mlir", LAYER)):
            self.succeeds("run", model, "--random-inputs", "--check", "--tolerance", "1e-3", "--chip",
                          chip)
            self.assertIn("nothing found", self.succeeds("check", model, "--chip", chip).stdout)
            self.succeeds("sim", model, "--chip", chip)

    def without(self, pattern, replacement, says):
        text, count = re.subn(pattern, replacement, self.chip)
        self.assertGreater(count, 0, pattern)
        self.fails(1, "check", self.model, "--chip", self.write("my-chip.yaml", text),
                   says=["product.mlir:2:8", says])

    def test_what_is_missing_is_named(self):
        self.without(r"\bl1\b", "buf",
                     "needs a path from gm to l1, but chip my-chip lists none; l1 must be the name")
        self.without(r".*from: l1, to: l0b.*\n", "",
                     "needs a path from l1 to l0b, but chip my-chip lists none; the matrix unit")
        self.without("row->zN", "row->nZ", "choose a chip whose file lists row->zN there")
        self.without("zN->zZ, ", "", "from l1 to l0a of chip my-chip takes (nZ->zZ), but got nz2zz")
        self.without(r".*from: ub, to: ub.*\n", "", "it has none from ub to ub")
        self.without(r".*from: l0c.*\n", "", "needs a path from l0c to gm")
        self.without("bytes: 64 KiB", "bytes: 512",
                     "has no block that fits the memories of chip my-chip: the smallest needs 1024 "
                     "bytes of l0c for its accumulator, but chip my-chip has 512")
        self.without("bytes: 32 KiB", "bytes: 512",
                     "the smallest needs 1024 bytes of l0a for two steps of its left operand, but chip "
                     "my-chip has 512")


if __name__ == "__main__":
    unittest.main()
