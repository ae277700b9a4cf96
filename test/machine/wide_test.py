"""Windows over lines that no tile can hold: in strips, or as one column, they are right and have
no race on every chip, and whatever npu-tile takes fits when memory is planned."""
import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.environ["TESSERA_SOURCE"], "test", "tools"))
from harness import ToolTest  # noqa: E402

NPUS = ("ascend-910b2", "ascend-950")
EVERY = ("", *NPUS)
HALVES = (*NPUS, "ascend-310p")


def tensor(*shape, of):
    return f"tensor<{'x'.join(map(str, shape))}x{of}>"


def window(name, image, kernel, strides=(1, 1), dilations=(1, 1), pads=(0, 0, 0, 0), features=None,
           of="f32", to=None, after=False, extra=""):
    """One operator on an NHWC image; with `after`, a bias, a relu and a sum follow it."""
    n, h, w, c = image
    out = [(extent + pads[d] + pads[d + 2] - (kernel[d] - 1) * dilations[d] - 1) // strides[d] + 1
           for d, extent in enumerate((h, w))]
    f, to = features or c, to or of
    x, y, b = tensor(*image, of=of), tensor(n, *out, f, of=to), tensor(f, of=to)
    weights = {"conv2d": (*kernel, c, f), "depthwise_conv2d": (*kernel, c)}.get(name)
    t = tensor(*weights, of=of) if weights else ""
    lines = [f"%0 = npu.{name} %x{', %w' if weights else f' kernel = {list(kernel)}'} "
             f"strides = {list(strides)} dilations = {list(dilations)} pads = {list(pads)} "
             f"{'groups = 1' if name == 'conv2d' else extra} : {x}{f', {t}' if t else ''} -> {y}"]
    inputs = f"%x: {x}" + (f", %w: {t}" if weights else "")
    if after:
        inputs += f", %b: {b}, %z: {y}"
        lines += [f"%1 = npu.add %0, %b : {y}, {b} -> {y}", f"%2 = npu.relu %1 : {y}",
                  f"%3 = npu.add %2, %z : {y}"]
    body = "\n  ".join([*lines, f"return %{len(lines) - 1} : {y}"])
    return f"func.func @main({inputs}) -> {y} {{\n  {body}\n}}\n"


class WideTest(ToolTest):
    def right(self, text, chips, how):
        """`how`: what the remark says of each chip; None where the kernel is not cut."""
        model = self.write("wide.mlir", text)
        for chip, cut in zip(chips, how, strict=True):
            with self.subTest(chip=chip):
                on = ("--chip", chip) if chip else ()
                said = self.succeeds("run", model, *on, "--random-inputs", "--check", "--remarks",
                                     "tile").stderr
                if cut:
                    self.assertIn(cut, said)
                else:
                    self.assertNotIn("since no tile of", said)
                if chip:
                    self.assertIn("nothing found",
                                  self.succeeds("check", model, *on).stdout)

    def test_one_line_becomes_one_column(self):
        column = "as one column of 2998 rows"
        text = window("conv2d", (1, 1, 3000, 80), (1, 3), features=32)
        self.right(text, NPUS, [column] * 2)
        text = window("conv2d", (1, 1, 3000, 80), (1, 3), features=384)
        self.right(text, [""], [column])
        text = window("conv2d", (1, 1, 3000, 80), (1, 3), features=32, of="f16", after=True)
        self.right(text, HALVES, [column] * 3)
        text = window("conv2d", (1, 1, 16000, 1), (1, 10), (1, 5), features=64)
        self.right(text, EVERY, ["as one column of 3199 rows"] * 3)

    def test_strips_of_convolutions(self):
        pads = (1, 1, 1, 1)
        text = window("conv2d", (1, 5, 2601, 16), (3, 3), (2, 2), (2, 2), pads, 16)
        self.right(text, NPUS, ["in 3 strips of 434 columns"] * 2)
        text = window("conv2d", (1, 5, 2601, 16), (3, 3), (2, 2), (2, 2), pads, 16, "f16")
        self.right(text, HALVES, ["in 2 strips of 650"] * 2 + ["in 3 strips of 434 columns"])
        text = window("conv2d", (1, 3, 900, 16), (3, 3), pads=pads, features=16, after=True)
        self.right(text, NPUS, ["in 2 strips of 450", "in 3 strips of 300"])
        text = window("conv2d", (1, 4, 3000, 3), (3, 3), pads=pads, features=8)
        self.right(text, EVERY, ["in 3 strips of 1000"] + ["in 6 strips of 500"] * 2)
        text = window("conv2d", (1, 3, 3000, 16), (3, 3), pads=pads, features=16, of="i8", to="i32")
        self.right(text, (*EVERY, "ascend-310p"),
                   ["in 3 strips of 1000"] * 3 + ["in 7 strips of 429"])

    def test_many_strips_are_concatenated_in_steps(self):
        text = window("conv2d", (1, 2, 12000, 16), (3, 3), pads=(1, 1, 1, 1), features=16)
        self.right(text, NPUS, ["in 24 strips of 500 columns"] * 2)

    def test_strips_on_the_vector_unit(self):
        pads = (1, 1, 1, 1)
        text = window("depthwise_conv2d", (1, 3, 20001, 8), (3, 3), pads=pads)
        self.right(text, EVERY, [None] + ["in 2 strips of 10001 columns"] * 2)
        text = window("max_pool2d", (1, 4, 16000, 8), (3, 3), pads=pads)
        self.right(text, EVERY, [None] + ["in 2 strips of 8000 columns"] * 2)
        text = window("avg_pool2d", (1, 4, 16000, 8), (3, 3), pads=pads)
        self.right(text, EVERY, [None] + ["in 2 strips of 8000 columns"] * 2)
        text = window("avg_pool2d", (1, 4, 16001, 8), (3, 3), (2, 2), pads=pads,
                      extra="{count_include_pad}")
        self.right(text, EVERY, [None] + ["in 2 strips of 4001 columns"] * 2)

    def test_a_tile_of_a_pool_counts_the_lines_that_it_reads(self):
        text = window("max_pool2d", (1, 4, 9000, 32), (3, 3), pads=(1, 1, 1, 1))
        self.right(text, EVERY, [None] * 3)


if __name__ == "__main__":
    unittest.main()
