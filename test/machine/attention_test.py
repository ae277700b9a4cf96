"""Attention: what its kernels move, that they are right and ordered, and how near the
schedule comes to the bound that docs/machine.md derives from a chip's file."""
import json
import math
import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.environ["TESSERA_SOURCE"], "test", "tools"))
from harness import ToolTest  # noqa: E402


def attention(queries, keys, depth, width=None, heads=1, element="f16", mask=None):
    """One layer's attention, `heads` heads; `mask` is the mask's shape."""
    width = width or depth

    def t(*shape):
        return f"tensor<{'x'.join(map(str, shape))}x{element}>"
    scores, out = t(heads, queries, keys), t(heads, queries, width)
    q, k, v = t(heads, queries, depth), t(heads, keys, depth), t(heads, keys, width)
    inputs = f"%q: {q}, %k: {k}, %v: {v}" + (f", %m: {t(*mask)}" if mask else "")
    masked = f"%x = npu.add %s1, %m : {scores}, {t(*mask)} -> {scores}" if mask else ""
    if mask == (heads, queries, keys):
        masked = f"%x = npu.add %s1, %m : {scores}"
    return f"""func.func @main({inputs}) -> {out} {{
  %c = npu.constant dense<{1 / math.sqrt(depth):.6f}> : tensor<{element}>
  %s0 = npu.matmul %q, %k {{transpose_rhs}} : {q}, {k} -> {scores}
  %s1 = npu.mul %s0, %c : {scores}, tensor<{element}> -> {scores}
  {masked}
  %p = npu.softmax {"%x" if mask else "%s1"} axis = 2 : {scores}
  %o = npu.matmul %p, %v : {scores}, {v} -> {out}
  return %o : {out}
}}
"""


def causal(queries, keys, depth, heads, element):
    """Attention whose last query sees all keys, each query before it one fewer."""
    hidden = "-1.0e38" if element == "f32" else "-65504.0"
    rows = ", ".join(f"[{i + keys - queries}.0]" for i in range(queries))
    columns = ", ".join(f"{i}.0" for i in range(keys))
    mask = f"""
  %row = npu.constant dense<[{rows}]> : tensor<{queries}x1xf32>
  %column = npu.constant dense<[[{columns}]]> : tensor<1x{keys}xf32>
  %future = npu.compare lt, %row, %column
    : tensor<{queries}x1xf32>, tensor<1x{keys}xf32> -> tensor<{queries}x{keys}xi1>
  %hidden = npu.constant dense<{hidden}> : tensor<{element}>
  %zero = npu.constant dense<0.0> : tensor<{element}>
  %m = npu.select %future, %hidden, %zero : tensor<{queries}x{keys}xi1>, tensor<{element}>,
    tensor<{element}> -> tensor<{queries}x{keys}x{element}>
"""
    text = attention(queries, keys, depth, heads=heads, element=element, mask=(queries, keys))
    head, body = text.replace(f", %m: tensor<{queries}x{keys}x{element}>", "").split("{\n", 1)
    return head + "{" + mask + body


class Bound:
    """The least time of attention in f16 on a chip whose cores meet in global memory, for any block
    of queries that fits: the longest of what each unit must do, and the launch."""

    def __init__(self, chip):
        self.chip = chip
        self.value = lambda entry: entry["value"] if isinstance(entry, dict) else entry
        self.cube = self.named("cores", "kind", "cube")
        self.level = self.named("shared", "name", "l2")
        self.unit = next(u for u in chip["mma"] if u["types"]["a"] == "f16")
        self.vector = chip["vector"][0]

    def named(self, table, key, name):
        return next(entry for entry in self.chip[table] if entry[key] == name)

    def number(self, entry, key):
        return self.value(entry[key])

    def room(self, memory):
        return self.number(self.named("memories", "name", memory), "bytes")

    def rate(self, start, end):
        return next(self.number(p, "B_per_cycle") for p in self.chip["paths"]
                    if (p["from"], p["to"]) == (start, end))

    def instruction(self, name):
        own = [op for op in self.vector["ops"] if op["name"] == name]
        return self.number(own[0] if own else self.vector, "cycles_per_repeat")

    def cycles(self, rows, queries, keys, d):
        """Core cycles in blocks of so many queries."""
        count = self.number(self.cube, "count")
        blocks = math.ceil(queries / rows)
        working, waves = min(blocks, count), math.ceil(blocks / count)
        steps = math.ceil(rows / 16) * math.ceil(keys / 16) * math.ceil(d / 16)
        matrix = 2 * steps * self.number(self.unit, "cycles")
        # In f32: the greatest, minus it, exp, cast, sum. Each vector core has a share of the rows.
        registers = math.ceil(rows / self.number(self.cube, "ratio")) * math.ceil(
            4 * keys / self.number(self.vector, "bytes"))
        vector = registers * sum(map(self.instruction, ("max", "sub", "exp", "cast", "add")))
        scores, matrix_bytes = 2 * rows * keys, 2 * rows * d
        fixpipe = (scores + matrix_bytes) / self.rate("l0c", "gm")
        # Keys and values once; scores and weights out and in; queries in, the product out and in to
        # be divided, the result out.
        moved = 2 * 2 * keys * d + 4 * scores + 4 * matrix_bytes
        level = moved / min(self.number(self.level, "read_B_per_cycle_per_core"),
                            self.number(self.level, "total_B_per_cycle") / working)
        return waves * max(matrix, vector, fixpipe, level)

    def us(self, queries, keys, d):
        def fits(rows):
            return 4 * rows * (d + 16) <= self.room("l0c")
        rows = [r for r in range(16, queries + 16, 16) if fits(r)]
        best = min(self.cycles(r, queries, keys, d) for r in rows)
        launch = sum(self.value(self.chip[key])
                     for key in ("launch_us", "ramp_us", "first_load_us"))
        return best / self.number(self.cube, "clock_MHz") + launch


class AttentionTest(ToolTest):
    def sim(self, text, chip):
        out = self.succeeds("sim", self.write("m.mlir", text), "--chip", chip, "--json").stdout
        return json.loads(out)["kernels"]

    def test_it_comes_near_to_its_bound(self):
        chip = json.loads(self.succeeds("chips", "ascend-910b2", "--json").stdout)
        (kernel,) = self.sim(attention(4096, 4096, 128), "ascend-910b2")
        bound = Bound(chip).us(4096, 4096, 128)
        text = self.succeeds("sim", "--validate", "ascend", "--json").stdout
        published = next(p for p in json.loads(text)["points"] if p["id"] == "attention-4096")
        share = bound / kernel["us"]
        print(f"attention, 4096 queries and keys of 128, ascend-910b2: {kernel['us']:.1f} us, "
              f"bound {bound:.1f} us, share {share:.0%}; the published schedule takes "
              f"{published['us']:.1f} us")
        self.assertLessEqual(kernel["us"], 90)
        self.assertLessEqual(kernel["us"], published["us"])
        self.assertGreaterEqual(share, .75)
        self.assertLess(share, 1)

    def test_structure(self):
        def moved(kernel):
            return {(p["from"], p["to"]): p["bytes"] for p in kernel["paths"]}
        (kernel,) = self.sim(attention(1024, 1024, 64), "ascend-950")
        paths, result = moved(kernel), 1024 * 64 * 2
        self.assertLessEqual({("l0c", "ub"), ("ub", "l1")}, set(paths))
        # Nothing but the result leaves the cores.
        self.assertNotIn(("l0c", "gm"), paths)
        self.assertAlmostEqual(paths[("ub", "gm")] / result, 1, delta=.05)
        (kernel,) = self.sim(attention(1024, 1024, 64), "ascend-910b2")
        paths = moved(kernel)
        self.assertLessEqual({("l0c", "gm"), ("gm", "ub"), ("ub", "gm")}, set(paths))
        self.assertGreaterEqual(paths[("l0c", "gm")], 2 * 1024 * 1024)

    def test_one_kernel_on_chip_takes_half_the_time_of_three(self):
        text = attention(4096, 4096, 128)
        apart = self.succeeds("sim", self.write("m.mlir", text), "--chip", "ascend-950",
                              "--unfused", "--json").stdout
        (kernel,) = self.sim(text, "ascend-950")
        self.assertLess(kernel["us"], json.loads(apart)["us"] / 2)

    def test_any_extents_and_masks_agree_with_the_reference_and_are_ordered(self):
        cases = (attention(32, 64, 64), attention(200, 333, 64, 80, heads=3),
                 attention(50, 50, 64, heads=2, element="f32"), attention(1, 77, 64),
                 attention(100, 100, 33, 47, heads=4, element="f32"), attention(16, 513, 256),
                 attention(40, 3001, 64), attention(40, 700, 64, element="f32"),
                 attention(70, 300, 64, heads=2, mask=(70, 300)),
                 attention(70, 300, 64, heads=2, mask=(2, 1, 300)),
                 attention(70, 130, 40, heads=2, element="f32", mask=(2, 70, 130)),
                 # The last part has fewer keys than one product takes.
                 attention(17, 132, 64, heads=50, element="f32"))
        wide = [text for text in cases if "xf32" in text]
        for chip, some in (("ascend-910b2", cases), ("ascend-950", cases), ("cpu-avx2", wide)):
            for text in some:
                with self.subTest(chip=chip, text=text):
                    model = self.write("m.mlir", text)
                    (kernel,) = self.sim(text, chip)
                    # The reference rounds scores and probabilities to f16, each by itself.
                    self.succeeds("run", model, "--chip", chip, "--random-inputs", "--check",
                                  "--tolerance", "1e-5" if "xf32" in text else "5e-3")
                    self.succeeds("check", model, "--chip", chip)

    def test_few_queries_leave_a_vector_core_without_work(self):
        cases = (attention(1, 64, 32, heads=8, element="f32", mask=(1, 64)),
                 attention(3, 12, 32, heads=2, mask=(3, 12)), attention(16, 12, 32, heads=16),
                 causal(20, 20, 32, 2, "f32"), causal(9, 40, 32, 3, "f32"))
        for chip in ("ascend-910b2", "ascend-950"):
            for text in cases:
                with self.subTest(chip=chip, text=text):
                    model = self.write("m.mlir", text)
                    self.succeeds("run", model, "--chip", chip, "--random-inputs", "--check",
                                  "--tolerance", "1e-5" if "xf32" in text else "5e-3")
                    self.succeeds("check", model, "--chip", chip)

    def test_heads_too_wide_for_one_kernel_take_several(self):
        for chip in ("ascend-910b2", "ascend-950"):
            text = attention(7, 7, 561, element="f32")
            self.assertGreater(len(self.sim(text, chip)), 1)
            self.succeeds("run", self.write("m.mlir", text), "--chip", chip, "--random-inputs",
                          "--check")

    def test_causal_masks_leave_out_what_is_hidden(self):
        for chip in ("ascend-910b2", "ascend-950"):
            shape = (2048, 2048, 128)
            (masked,) = self.sim(attention(*shape, heads=8, mask=(2048, 2048)), chip)
            (kernel,) = [k for k in self.sim(causal(*shape, 8, "f16"), chip)
                         if k["name"].startswith("matmul")]
            print(f"causal attention, 8 heads of 2048 queries and keys of 128, {chip}: "
                  f"{kernel['us']:.0f} us, {masked['us']:.0f} us with any mask")
            self.assertLess(kernel["macs"], .65 * masked["macs"])
            self.assertLess(kernel["us"], .75 * masked["us"])
        for shape in ((200, 200, 64, 3, "f32"), (130, 300, 40, 2, "f32"), (400, 400, 32, 1, "f16")):
            for chip in ("ascend-910b2", "ascend-950") + ("cpu-avx2",) * ("f32" in shape):
                with self.subTest(chip=chip, shape=shape):
                    model = self.write("m.mlir", causal(*shape))
                    self.succeeds("run", model, "--chip", chip, "--random-inputs", "--check",
                                  "--tolerance", "1e-5" if "f32" in shape else "5e-3")
                    self.succeeds("check", model, "--chip", chip)

    def test_threads_change_nothing_on_a_cpu(self):
        model = self.write("m.mlir", attention(200, 150, 64, heads=2, element="f32"))
        outputs = []
        for threads in ("1", "2"):
            folder = self.path(threads)
            self.succeeds("run", model, "--random-inputs", "--threads", threads, "--output-dir",
                          folder)
            with open(os.path.join(folder, "output_0.pb"), "rb") as file:
                outputs.append(file.read())
        self.assertEqual(*outputs)


if __name__ == "__main__":
    unittest.main()
