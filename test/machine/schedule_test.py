"""The compiler's own schedules, timed: how much of the chip's matrix peak its products reach."""
import json
import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.environ["TESSERA_SOURCE"], "test", "tools"))
from harness import ToolTest  # noqa: E402

PRODUCT = """func.func @main(%a: tensor<{m}x{k}xf16>, %b: tensor<{k}x{n}xf16>) -> tensor<{m}x{n}xf16> {{
  %0 = npu.matmul %a, %b : tensor<{m}x{k}xf16>, tensor<{k}x{n}xf16> -> tensor<{m}x{n}xf16>
  return %0 : tensor<{m}x{n}xf16>
}}
"""


class ScheduleTest(ToolTest):
    def kernel(self, text, chip):
        """The one kernel of a model, as `tessera sim --json` reports it."""
        model = self.write("model.mlir", text)
        out = self.succeeds("sim", model, "--chip", chip, "--json").stdout
        (kernel,) = json.loads(out)["kernels"]
        return kernel

    def share(self, m, k, n):
        text = PRODUCT.format(m=m, k=k, n=n)
        return self.kernel(text, "ascend-910_93")["matrix_share_of_peak"]

    def test_a_large_product_keeps_the_matrix_unit_busy(self):
        self.assertGreaterEqual(self.share(6144, 6144, 6144), .85)

    def test_a_product_of_1536_reaches_half_of_the_peak_launch_included(self):
        self.assertGreaterEqual(self.share(1536, 1536, 1536), .50)


if __name__ == "__main__":
    unittest.main()
