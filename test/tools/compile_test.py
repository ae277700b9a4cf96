"""`tessera compile`: what it writes of every stage gives the bits of the direct run."""
import json
import os
import sys
import unittest

from harness import BUILD, SOURCE, ToolTest, run

OPT = os.path.join(BUILD, "bin", "tessera-opt")
ENCODER = os.path.join(SOURCE, "examples", "encoder.mlir")
PIPELINES = {"graph": "--npu-graph", "kernels": "--npu-kernels", "buffers": "--npu-buffers",
             "tile": "--npu-tile-program"}


def present_isas():
    rows = json.loads(run("kernels", "--json").stdout)["kernels"]
    return {row["isa"] for row in rows if row["present"]}


class Stages(ToolTest):
    def output(self, model, *arguments):
        """The bytes of the model's first output."""
        self.succeeds("run", model, "--random-inputs", "--output-dir", self.path("out"), *arguments)
        path = os.path.join(self.path("out"), "output_0.pb")
        with open(path, "rb") as file:
            data = file.read()
        os.remove(path)
        return data

    def enters_every_stage(self, chip):
        direct = self.output(ENCODER, "--chip", chip)
        # With the weights, as text and as bytecode ...
        for stage in PIPELINES:
            for extension in ("mlir", "mlirbc"):
                printed = self.path(f"{stage}.{extension}")
                self.succeeds("compile", ENCODER, "--chip", chip, "--emit", stage, "-o", printed)
                self.assertEqual(self.output(printed), direct, f"{stage} as {extension}")
                os.remove(printed)
        # ... and with seeds in their place, as tessera-opt prints them one after another.
        last, attach = ENCODER, [f"--tile-attach-chip=chip={chip}"]
        for number, (stage, pipeline) in enumerate(PIPELINES.items()):
            printed = self.path(f"opt-{stage}.mlir" + ("bc" if number % 2 else ""))
            more = ["--emit-bytecode"] if number % 2 else []
            self.succeeds(last, *attach, pipeline, "-o", printed, *more, program=OPT)
            self.assertEqual(self.output(printed), direct, f"{pipeline} of tessera-opt")
            last, attach = printed, []

    def test_avx512(self):
        if "avx512" not in present_isas():
            self.skipTest("this machine has no AVX-512")
        self.enters_every_stage("cpu-avx512")

    def test_avx2(self):
        if "avx2" not in present_isas():
            self.skipTest("this machine has no AVX2")
        self.enters_every_stage("cpu-avx2")

    def test_ascend_910b2(self):
        self.enters_every_stage("ascend-910b2")


class Compile(ToolTest):
    def lowered(self, stage, chip="cpu-sse2"):
        path = self.path(f"{stage}.mlir")
        self.succeeds("compile", self.model("affine.mlir"), "--chip", chip, "--emit", stage, "-o",
                      path)
        return path

    def outputs(self, model):
        result = self.succeeds("run", model, "--random-inputs", "--json")
        return [output["name"] for output in json.loads(result.stdout)["outputs"]]

    def test_names_of_outputs_stay(self):
        names = self.outputs(self.model("affine.mlir"))
        for stage in PIPELINES:
            self.assertEqual(self.outputs(self.lowered(stage)), names)

    def test_a_lowered_module_takes_no_options_of_its_making(self):
        for stage in ("kernels", "buffers", "tile"):
            lowered = self.lowered(stage)
            for arguments in (["run", lowered, "--random-inputs", "--precision", "f32"],
                              ["check", lowered, "--unfused"], ["bench", lowered, "--unfused"],
                              ["compile", lowered, "--unfused"],
                              ["check", lowered, "--remarks", "fuse"],
                              ["sim", lowered, "--tuning", self.path("none.txt")]):
                self.fails(1, *arguments, says=[f"tessera: error: {lowered}: has been lowered",
                                                arguments[-2 + (arguments[-1] == "--unfused")]])
        self.fails(1, "check", self.lowered("tile"), "--remarks", "all", says="--remarks all can do")
        self.succeeds("check", self.lowered("kernels"), "--remarks", "all")

    def test_a_lowered_module_keeps_its_chip(self):
        for stage in PIPELINES:
            self.fails(1, "run", self.lowered(stage), "--random-inputs", "--chip", "ascend-910b2",
                       says="expected chip 'cpu-sse2', which this module has been lowered for, "
                            "but got 'ascend-910b2'")

    def test_the_reference_needs_operators(self):
        self.succeeds("run", self.lowered("graph"), "--random-inputs", "--reference")
        self.fails(1, "run", self.lowered("tile"), "--random-inputs", "--reference",
                   says="expected npu operators for the reference, but got a module that "
                        "npu-tile-program has lowered")

    def test_code(self):
        model = self.model("affine.mlir")
        self.assertIn("define void @tessera_main(",
                      self.succeeds("compile", model, "--emit", "llvm", "--shape",
                                    "2x3").stdout)
        self.assertIn("tessera_main:", self.succeeds("compile", model, "--emit", "asm").stdout)
        self.succeeds("compile", model, "--emit", "object", "-o", self.path("m.o"))
        with open(self.path("m.o"), "rb") as file:
            self.assertEqual(file.read(4), b"\x7fELF")
        # For a processor that need not be here.
        self.assertIn("tessera_main:", self.succeeds("compile", model, "--emit", "asm", "--chip",
                                                     "cpu-avx512").stdout)

    def test_wrong_use(self):
        model = self.model("affine.mlir")
        self.fails(2, "compile", model, "--emit", "object", says="needs -o")
        self.fails(2, "compile", model, "--emit", "wasm",
                   says="expected graph|kernels|buffers|tile|llvm|asm|object, but got 'wasm'")
        self.fails(1, "compile", model, "--chip", "nope", says="nope")
        self.fails(1, "compile", model, "-o", self.path("no/folder"), says="no/folder")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
