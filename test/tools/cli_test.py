"""The `tessera` program as people use it: arguments, files, numbers and messages."""
import json
import os
import re
import struct
import unittest

from harness import MODELS, SOURCE, ToolTest, read_npy, run, write_npy

X = [1.0, -2.0, 3.0, -4.0, 5.0, -6.0]
B = [0.5, 0.5, 0.5, 0.5]
# relu(x * w + b) of affine.mlir, by hand.
Y = (1.5, 0.0, 3.5, 2.5, 0.0, 5.5, 0.0, 0.0)


def affine_outputs(x, b):
    rows = [x[0:3], x[3:6]]
    return tuple(max(0.0, value) for row in rows
                 for value in (row[0] + b[0], row[1] + b[1], row[2] + b[2], sum(row) + b[3]))


class Usage(ToolTest):
    def test_no_command_is_wrong_usage(self):
        self.fails(2, says="usage: tessera COMMAND")

    def test_unknown_command_names_the_commands(self):
        self.fails(2, "rum", says=["tessera: error: unknown command 'rum'", "run", "bench"])

    def test_every_command_explains_itself(self):
        for command in ("run", "bench", "compile", "sim", "import", "chips", "kernels", "tune"):
            self.assertIn(command, self.succeeds("--help").stdout)
            text = self.succeeds(command, "--help").stdout
            self.assertIn(f"usage: tessera {command}", text)
            # Every option has a sentence of its own, which ends as sentences do.
            for block in re.split(r"\n\n", text.strip())[1:]:
                self.assertTrue(block.endswith("."), block)
            self.assertLessEqual(max(map(len, text.splitlines())), 80)

    def test_unknown_option_suggests_one(self):
        self.fails(2, "run", "m.mlir", "--inptu", says="unknown option '--inptu'; did you mean '--input'?")

    def test_wrong_values_are_named(self):
        model = self.model("affine.mlir")
        for arguments, says in (
                (["--threads", "0"], "option '--threads': expected a whole number from 1"),
                (["--threads", "two"], "but got 'two'"),
                (["--precision=f8"], "expected f32|f16|bf16, but got 'f8'"),
                (["--shape", "x=1y2"], "expected dimensions such as 1x3x224x224, but got '1y2'"),
                (["--json=yes"], "takes no value"),
                (["--input"], "option '--input' expects a value"),
                (["--check", "--reference"], "goes neither with"),
                (["--output-format", "npy"], "needs --output-dir"),
                (["--tolerance", "0.1"], "needs --check or --expect"),
                (["more.mlir"], "unexpected argument 'more.mlir'")):
            self.fails(2, "run", model, *arguments, says=says)
        self.fails(2, "run", says="expected MODEL, but got nothing")
        for more in ([model], ["--validate", "cpu"]):
            self.fails(2, "sim", *more, "--program", "x", says="so it needs --validate with a file")
        self.fails(2, "compile", model, "--emit", "asm", "-o", self.path("x.mlirbc"),
                   says="--emit asm writes no MLIR, but")
        self.fails(2, "import", says="expected MODEL, but got nothing")

    def test_a_misspelt_chip_is_nobodys_line(self):
        result = self.fails(1, "run", self.model("affine.mlir"), "--chip", "ascend910b2",
                            says="unknown chip 'ascend910b2'; did you mean 'ascend-910b2'? there are")
        self.assertTrue(result.stderr.startswith("tessera: error: unknown chip"), result.stderr)

    def test_the_kind_of_a_file_goes_by_its_name(self):
        for name, says in (("m.onnyx", ".onnx is ONNX, all else MLIR"), ("m.mlir", "valid MLIR")):
            self.fails(1, "run", self.write(name, "?"), says=says)

    def test_the_page_of_operators_lists_what_is_imported(self):
        with open(os.path.join(SOURCE, "docs", "onnx.md"), encoding="utf-8") as file:
            rows = re.findall(r"^\| [A-Z8].*? \| (.*) \|$", file.read(), re.M)
        names = self.succeeds("import", "--list-operators").stdout.split()
        self.assertEqual(sorted(", ".join(rows).split(", ")), sorted(names))


class Run(ToolTest):
    def inputs(self, x=X, b=B):
        write_npy(self.path("x.npy"), (2, 3), x)
        write_npy(self.path("b.npy"), (4,), b)
        return self.path("x.npy"), self.path("b.npy")

    def outputs(self, *arguments, **options):
        out = self.path("out")
        self.succeeds("run", self.model("affine.mlir"), *arguments, "--output-dir", out,
                      "--output-format", "npy", **options)
        return read_npy(os.path.join(out, "output_0.npy"))

    def test_numbers_are_right(self):
        x, b = self.inputs()
        self.assertEqual(affine_outputs(X, B), Y)
        self.assertEqual(self.outputs("--input", x, "--input", b), Y)
        self.assertEqual(self.outputs("--input", x, "--input", b, "--reference"), Y)

    def test_names_choose_the_input(self):
        x, b = self.inputs()
        self.assertEqual(self.outputs("--input", f"b={b}", "--input", f"x={x}"), Y)
        # The unnamed one goes to the input that is left.
        self.assertEqual(self.outputs("--input", f"b={b}", "--input", x), Y)

    def test_every_isa_and_number_of_threads_gives_the_same(self):
        x, b = self.inputs()
        isas = json.loads(self.succeeds("kernels", "--json").stdout)
        present = {row["isa"] for row in isas["kernels"] if row["present"]}
        self.assertIn("sse2", present)
        for isa in present:
            for threads in (1, 2):
                self.assertEqual(self.outputs("--input", x, "--input", b, "--threads", threads,
                                              env={"TESSERA_ISA": isa}), Y)

    def test_pb_holds_the_same_bytes(self):
        x, b = self.inputs()
        out = self.path("pb")
        self.succeeds("run", self.model("affine.mlir"), "--input", x, "--input", b,
                      "--output-dir", out)
        with open(os.path.join(out, "output_0.pb"), "rb") as file:
            self.assertIn(struct.pack("<8f", *Y), file.read())
        # A .pb is an input too.
        back = self.succeeds("run", self.model("dynamic.mlir"), "--json", "--input",
                             os.path.join(out, "output_0.pb"))
        self.assertEqual(json.loads(back.stdout)["outputs"][1]["min"], -max(Y))

    def test_json_says_what_the_text_says(self):
        x, b = self.inputs()
        report = json.loads(self.succeeds("run", self.model("affine.mlir"), "--input", x, "--input",
                                          b, "--json", "--check", "--profile").stdout)
        (output,) = report["outputs"]
        self.assertEqual((output["name"], output["type"], output["shape"]), ("y", "float", [2, 4]))
        self.assertEqual((output["min"], output["max"]), (min(Y), max(Y)))
        self.assertEqual(report["relative_errors"], [0])
        self.assertEqual(report["weight_bytes"], {"mapped": 0, "made": 0})
        self.assertGreaterEqual(len(report["kernels"]), 1)
        text = self.succeeds("run", self.model("affine.mlir"), "--input", x, "--input", b).stdout
        self.assertIn("y: float 2x4, from 0 to 5.5", text)

    def test_the_reference_takes_weights_and_names_without_a_word(self):
        model = self.write("weights.mlir", """
func.func @main(%x: tensor<2x3xf32> {npu.name = "x"}) -> (tensor<2x3xf32> {npu.name = "y"}) {
  %w = npu.constant dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32>
  %y = npu.mul %x, %w : tensor<2x3xf32>, tensor<2x3xf32> -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}
""")
        for option in ("--check", "--reference"):
            self.assertEqual(self.succeeds("run", model, "--random-inputs", option).stderr, "")

    def test_what_was_written_can_be_expected(self):
        model, out = self.model("affine.mlir"), self.path("out")
        for form in ("pb", "npy"):
            self.succeeds("run", model, "--random-inputs", "--output-dir", out,
                          "--output-format", form)
            self.succeeds("run", model, "--random-inputs", "--expect", out)
            result = run("run", model, "--random-inputs", "--seed", 2, "--expect", out)
            self.assertEqual(result.returncode, 1)
            self.assertIn("output 'y' differs from what is expected by", result.stderr)
            os.remove(os.path.join(out, f"output_0.{form}"))
        self.fails(1, "run", model, "--random-inputs", "--expect", out, says="output_0.npy")
        wide = ["run", self.model("dynamic.mlir"), "--random-inputs"]
        self.succeeds(*wide, "--shape", "2x3", "--output-dir", out)
        self.fails(1, *wide, "--shape", "4x3", "--expect", out,
                   says="output 'sums' is float 4, but float 2 is expected")

    def test_unfused_operators_are_kernels_of_their_own(self):
        def kernels(*options):
            report = self.succeeds("run", self.model("affine.mlir"), "--random-inputs", "--json",
                                   "--profile", *options)
            return len(json.loads(report.stdout)["kernels"])
        self.assertEqual(kernels(), 1)
        self.assertEqual(kernels("--unfused"), 3)

    def test_random_inputs_follow_the_seed(self):
        def values(seed):
            result = self.succeeds("run", self.model("affine.mlir"), "--random-inputs", "--json",
                                   "--seed", seed)
            return json.loads(result.stdout)["outputs"]
        self.assertEqual(values(7), values(7))
        self.assertNotEqual(values(7), values(8))

    def test_dynamic_dims_are_pinned(self):
        model = self.model("dynamic.mlir")
        by_shape = json.loads(self.succeeds("run", model, "--shape", "x=5x7", "--random-inputs",
                                            "--json", "--check").stdout)
        self.assertEqual([out["shape"] for out in by_shape["outputs"]], [[5], [5, 7]])
        write_npy(self.path("x.npy"), (2, 3), X)
        by_file = json.loads(self.succeeds("run", model, "--input", self.path("x.npy"),
                                           "--json").stdout)
        self.assertEqual([out["shape"] for out in by_file["outputs"]], [[2], [2, 3]])
        self.assertEqual((by_file["outputs"][0]["min"], by_file["outputs"][0]["max"]), (-5, 2))


class Mistakes(ToolTest):
    def test_missing_input_says_how_to_give_it(self):
        self.fails(1, "run", self.model("affine.mlir"),
                   says=["no value for input 'x' (f32 2x3)", "--input x=FILE, or --random-inputs"])

    def test_wrong_shape_and_type(self):
        write_npy(self.path("x.npy"), (3, 2), X)
        self.fails(1, "run", self.model("affine.mlir"), "--input", self.path("x.npy"),
                   says="input 'x': expected shape 2x3, but got 3x2")
        with open(self.path("x.npy"), "r+b") as file:
            data = file.read().replace(b"<f4", b"<i4")
            file.seek(0)
            file.write(data)
        self.fails(1, "run", self.model("affine.mlir"), "--shape", "x=2x3", "--input",
                   f"x={self.path('x.npy')}", says="input 'x'")

    def test_unknown_input_name(self):
        write_npy(self.path("x.npy"), (2, 3), X)
        self.fails(1, "run", self.model("affine.mlir"), "--input", f"z={self.path('x.npy')}",
                   says="the model has no input 'z'; it has x, b")

    def test_too_many_inputs(self):
        write_npy(self.path("x.npy"), (2, 3), X)
        write_npy(self.path("b.npy"), (4,), B)
        files = [self.path("x.npy"), self.path("b.npy"), self.path("x.npy")]
        self.fails(1, "run", self.model("affine.mlir"),
                   *[word for file in files for word in ("--input", file)],
                   says="more inputs were given than the model has")

    def test_files_that_are_not_models(self):
        missing = self.path("missing.onnx")
        self.fails(1, "run", missing, "--random-inputs", says=missing)
        self.fails(1, "run", self.path("missing.mlir"), "--random-inputs", says="missing.mlir")
        for name in ("junk.onnx", "junk.mlir", "junk.mlirbc"):
            self.fails(1, "run", self.write(name, "this is not a model\n"), "--random-inputs",
                       says=name)
        self.fails(1, "run", self.write("empty.onnx", ""), "--random-inputs", says="empty.onnx")
        self.fails(1, "run", self.write("none.mlir", "module {}\n"), "--random-inputs",
                   says="expected a function @main")
        self.fails(1, "run", self.folder, "--random-inputs", says=self.folder)

    def test_junk_tensors(self):
        for name in ("junk.npy", "junk.pb", "junk.txt"):
            self.fails(1, "run", self.model("affine.mlir"), "--input", self.write(name, "junk"),
                       says=name)

    def test_a_verifier_error_shows_the_place(self):
        with open(os.path.join(MODELS, "affine.mlir"), encoding="utf-8") as file:
            text = file.read().replace("tensor<2x3xf32>, tensor<3x4xf32>",
                                       "tensor<2x3xf32>, tensor<4x3xf32>")
        result = self.fails(1, "run", self.write("bad.mlir", text), "--random-inputs",
                            says="tensor<4x3xf32>")
        place = r"^tessera: error: .*/bad\.mlir:(\d+):(\d+): .*\n  (.*)\n  ( *)\^"
        match = re.search(place, result.stderr, re.MULTILINE)
        self.assertTrue(match, result.stderr)
        line, column, shown, indent = match.groups()
        self.assertEqual(text.splitlines()[int(line) - 1], shown)
        self.assertEqual(len(indent), int(column) - 1)

    def test_an_error_in_the_compiler_names_the_place(self):
        self.fails(1, "run", self.write("big.mlir", """
            func.func @main(%x: tensor<4x4xf32>) -> tensor<4x4xf32> {
              %y = npu.matmul %x, %x : tensor<4x4xf32>, tensor<4x4xf32> -> tensor<4x4xf32>
              return %y : tensor<4x4xf32>
            }"""), "--random-inputs", "--chip", "ascend-310p",
                   says=["tessera: error: ", "big.mlir", "precision f32", "--precision"])

    def test_unknown_chip_names_those_there_are(self):
        for arguments in (["run", self.model("affine.mlir"), "--random-inputs", "--chip", "ascend-0"],
                          ["chips", "ascend-0"]):
            self.fails(1, *arguments, says=["ascend-0", "cpu-avx2"])

    def test_unknown_isa_names_those_there_are(self):
        for arguments in (["run", self.model("affine.mlir"), "--random-inputs"], ["kernels"]):
            self.fails(1, *arguments, says=["unknown isa 'avx3'", "sse2"],
                       env={"TESSERA_ISA": "avx3"})

    def test_an_output_folder_that_cannot_be(self):
        blocker = self.write("file", "")
        self.fails(1, "run", self.model("affine.mlir"), "--random-inputs", "--output-dir",
                   os.path.join(blocker, "sub"), says="cannot make the folder")


class Import(ToolTest):
    def test_what_is_written_runs_again(self):
        text = self.path("copy.mlir")
        binary = self.path("copy.mlirbc")
        self.succeeds("import", self.model("affine.mlir"), "-o", text)
        self.succeeds("import", text, "-o", binary)
        reports = [json.loads(self.succeeds("run", model, "--random-inputs", "--json").stdout)
                   for model in (self.model("affine.mlir"), text, binary)]
        self.assertEqual(reports[0]["outputs"], reports[1]["outputs"])
        self.assertEqual(reports[0]["outputs"], reports[2]["outputs"])

    def test_shapes_are_pinned(self):
        text = self.succeeds("import", self.model("dynamic.mlir"), "--shape", "4x6").stdout
        self.assertIn("tensor<4x6xf32>", text)
        self.assertNotIn("?", text)

    def test_a_path_that_cannot_be_written(self):
        self.fails(1, "import", self.model("affine.mlir"), "-o", self.path("no/such/folder.mlir"),
                   says="folder.mlir")


class Lists(ToolTest):
    def test_chips(self):
        table = self.succeeds("chips").stdout
        for chip in ("cpu-avx512", "cpu-avx2", "ascend-910b2"):
            self.assertIn(chip, table)
            self.assertIn(chip, self.succeeds("chips", chip).stdout)
            json.loads(self.succeeds("chips", chip, "--json").stdout)
        json.loads(self.succeeds("chips", "--json").stdout)

    def test_kernels(self):
        self.assertRegex(self.succeeds("kernels").stdout, r"(?m)^gelu +f32 +sse2 avx2 avx512$")


class Tune(ToolTest):
    def test_what_was_tuned_is_written_and_used(self):
        record = self.path("folder/tuning.txt")
        env = {"TESSERA_TUNING": record}
        rule = self.succeeds("tune", "--show", env=env).stdout
        self.assertRegex(rule, r"(?m)^gemm-wide +\d+[KM]? \d+[KM]? \d+[KM]?$")
        said = self.succeeds("tune", "--rounds", 1, env=env).stdout
        for shape in ("gemm-thin", "gemm-deep", "gemm-wide"):
            self.assertRegex(said, rf"(?m)^{shape} +\d\.\d+ times as fast as by the rule")
        with open(record, encoding="utf-8") as file:
            written = file.read()
        self.assertTrue(written.endswith(self.succeeds("tune", "--show", env=env).stdout), written)

    def test_a_broken_record_is_named_and_left_aside(self):
        env = {"TESSERA_TUNING": self.write("tuning.txt", "gemm-wide 1K\n")}
        result = self.succeeds("tune", "--show", env=env)
        self.assertIn("is ignored: ", result.stderr)
        self.assertIn("line 1: expected a class and three sizes", result.stderr)
        self.assertEqual(result.stdout,
                         self.succeeds("tune", "--show",
                                       env={"TESSERA_TUNING": self.path("none.txt")}).stdout)

    MODEL = """func.func @main(%x: tensor<640x96xf32>, %w: tensor<96x800xf32>) -> tensor<640x800xf32> {
  %0 = npu.matmul %x, %w : tensor<640x96xf32>, tensor<96x800xf32> -> tensor<640x800xf32>
  %1 = npu.exp %0 : tensor<640x800xf32>
  return %1 : tensor<640x800xf32>
}
"""
    KERNEL = "matmul+exp:640x96xf32,96x800xf32,640x800xf32"

    def test_tiles_of_a_model_are_tried_and_used(self):
        model, record = self.write("model.mlir", self.MODEL), self.path("tuning.txt")
        budgets = "gemm-wide 16K 340K 8M"
        self.write("tuning.txt", budgets + "\n")
        said = self.succeeds("tune", model, "--chip", "ascend-910b2", "--tuning", record).stdout
        self.assertRegex(said, r"(?m)^matmul_exp +[0-9.]+ us in tiles of .* of 12$")
        here = self.succeeds("tune", model, "--tuning", record, "--tiles", 10, "--seconds",
                             0.01).stdout
        self.assertRegex(here, r"(?m)^matmul_exp +[0-9.]+ us in tiles of .* of 10$")
        with open(record, encoding="utf-8") as file:
            written = file.read()
        self.assertIn(budgets, written)
        self.assertRegex(written, r"(?m)^tile ascend-910b2 matmul\+exp:640x96xf32\S* \d+x\d+$")
        self.assertRegex(written, r"(?m)^tile cpu-\w+ \S+ \d+x\d+$")
        used = self.succeeds("sim", model, "--chip", "ascend-910b2", "--remarks", "tile", "--tuning",
                             record)
        self.assertIn("as the record of tuning says", used.stderr)
        self.succeeds("run", model, "--random-inputs", "--check", "--tuning", record)

    def test_a_record_is_obeyed_where_its_tile_fits(self):
        model = self.write("model.mlir", self.MODEL)
        line = f"tile ascend-910b2 {self.KERNEL} "
        record = self.write("tuning.txt", line + "32x48\n")
        remarks = ("sim", model, "--chip", "ascend-910b2", "--remarks", "tile", "--tuning")
        self.assertIn("matmul_exp in tiles of 32x48 as the record of tuning says",
                      self.succeeds(*remarks, record).stderr)
        record = self.write("tuning.txt", line + "640x800\n")
        said = self.succeeds(*remarks, record).stderr
        self.assertIn("is not cut into 640x800 as the record of tuning says: it needs", said)
        self.assertIn("by the cost function", said)
        self.fails(1, "sim", model, "--chip", "ascend-910b2", "--tuning", self.path("none.txt"),
                   says="cannot read the record of tuning")

    def test_a_place_that_cannot_be_written(self):
        self.fails(1, "tune", "--rounds", 1, "--tuning", self.write("file", "") + "/below.txt",
                   says="cannot make the folder")


class Bench(ToolTest):
    def test_percentiles_are_in_order(self):
        report = json.loads(self.succeeds("bench", self.model("affine.mlir"), "--repeat", 30,
                                          "--json", "--threads", 1).stdout)
        self.assertEqual(report["runs"], 30)
        self.assertLessEqual(report["min_ms"], report["median_ms"])
        self.assertLessEqual(report["median_ms"], report["p90_ms"])
        self.assertLessEqual(report["p90_ms"], report["p99_ms"])
        # 2 x 2 x 4 x 3 operations in the product, and whatever the rest counts.
        self.assertGreaterEqual(report["gflop"] * 1e9, 48)
        self.assertAlmostEqual(sum(row["share"] for row in report["kernels"]), 1, places=6)

    def test_the_table_is_for_people(self):
        text = self.succeeds("bench", self.model("affine.mlir"), "--repeat", 5).stdout
        self.assertRegex(text, r"^median \d+\.\d+ ms")
        self.assertIn("GFLOP/s", text)


if __name__ == "__main__":
    assert run("--help").returncode == 0
    unittest.main()
