//===- Passes.td - the passes of Tessera's pipeline, in pipeline order ----===//
//
// Each entry states what holds before, what holds after, and when it fails.
//
//===----------------------------------------------------------------------===//
#ifndef TESSERA_PASSES
#define TESSERA_PASSES

include "mlir/Pass/PassBase.td"

//===----------------------------------------------------------------------===//
// Graph passes: npu operators on tensors
//===----------------------------------------------------------------------===//

def NpuCanonicalizeGraph : Pass<"npu-canonicalize-graph", "func::FuncOp"> {
  let summary = "Simplify a graph of npu operators: fold constants, move layouts, name idioms";
  let description = [{
    Folds constants (resources too), per-channel scales into weights, decomposed norms and
    activations into their operators, 1x1 convolutions into matmul, depthwise and other grouped
    convolutions into what the chips have, and moves transposes and reshapes until they cancel.

    *Before*: npu operators on tensors, static or dynamic. *After*: the same function with the same
    meaning up to rounding; no transpose between operators of one layout. *Fails when*: never.
  }];
  let options = [
    Option<"foldWeights", "fold-weights", "bool", "true",
           "Multiply per-channel scales into constant weights">
  ];
  let dependentDialects = ["::tessera::npu::NpuDialect"];
}

def NpuAssignLayouts : Pass<"npu-assign-layouts", "func::FuncOp"> {
  let summary = "Lay out contraction operands as the chip's matrix unit reads them";
  let description = [{
    Where the chip's matrix unit reads its b operand in panels, right operands of matmul and filters
    of conv2d take packed form: constants at compile time, once for equal weights; others by
    npu.pack_rhs. Chips that lay out operands while copying are left as they are.

    *Before*: the module names a chip (`tile.chip`). *After*: `packed_n` on every matmul and conv2d
    that the matrix unit takes. *Fails when*: the module names no chip, or a malformed one.
  }];
  let dependentDialects = ["::tessera::npu::NpuDialect"];
}

def NpuFuse : Pass<"npu-fuse", "func::FuncOp"> {
  let summary = "Group operators into npu.kernel, each one launch";
  let description = [{
    A kernel is one contraction or window operator with elementwise operators after it; or row
    operators (norms, reductions) with elementwise operators of the same rows before and after; or
    elementwise operators alone; or one operator of any other kind. Views and constants stay
    outside; splats and tiny constants are cloned into the kernel. Remarks of category `fuse` say
    what was joined, and why the rest was not.

    *Before*: npu operators on tensors. *After*: every npu operator but views and constants is in a
    kernel that can be tiled from its last operator. *Fails when*: never.
  }];
  let options = [
    Option<"enable", "enable", "bool", "true",
           "Join operators; when false each becomes a kernel of its own">,
    Option<"maxGroupOps", "max-group-ops", "unsigned", "32",
           "The most operators one kernel may hold">
  ];
  let dependentDialects = ["::tessera::npu::NpuDialect"];
}

def NpuExternalizeConstants : Pass<"npu-externalize-constants", "ModuleOp"> {
  let summary = "Turn big constants into arguments of the entry function";
  let description = [{
    Each npu.constant above `min-bytes` in a public function becomes a last argument with attribute
    `npu.weight`, which holds its value. Equal constants share one argument.

    *Before*: entry functions are public and not called. *After*: no constant in them is above the
    limit. *Fails when*: an entry function is called.
  }];
  let options = [
    Option<"minBytes", "min-bytes", "int64_t", "4096", "Constants of more bytes than this move">
  ];
}

#endif // TESSERA_PASSES
