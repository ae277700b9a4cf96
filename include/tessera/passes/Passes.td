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

def NpuIntegerProducts : Pass<"npu-integer-products", "func::FuncOp"> {
  let summary = "Multiply dequantised operands as the 8-bit integers they were made of";
  let description = [{
    A matmul or conv2d whose operands are both (x - zero point) * scale of an i8 tensor x, as
    QuantizeLinear and DequantizeLinear leave them, becomes a product of i8 with an i32 result, less
    what the zero points make of the columns of the weights, cast to f32, times both scales: one
    number, or one for each column. The integers are exact; only the scaling rounds. A product of i32
    whose operands are x - zero point (MatMulInteger, ConvInteger) becomes the same without scales.
    Images are padded with their zero point.

    What stays as it was, with a remark that says why: f32 products with zero points whose right
    operand is no constant, scales along what is summed up, convolutions in groups, sums that 32
    bits may not hold, and everything on a chip whose matrix unit takes no i8.

    *Before*: npu operators on tensors as they were imported, and a chip in the module; afterwards
    weights may have been folded to floats. *After*: the same function; exact where it was a product
    of integers, else nearer to what the scales and integers mean. *Fails when*: the chip is
    malformed.
  }];
  let dependentDialects = ["::tessera::npu::NpuDialect"];
}

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

def NpuSetPrecision : Pass<"npu-set-precision", "func::FuncOp"> {
  let summary = "Feed the matrix unit operands of a type that it takes";
  let description = [{
    Casts the f32 operands of matmul and conv2d to `type`; they still accumulate into and give f32.
    Operands of f16 or bf16 that the matrix unit does not take become `type`, or f32 where it does
    not take that either; the result, f32, is rounded once. Then simplifies the graph, so that
    weights are cast when the model is compiled.

    *Before*: npu operators on tensors, and a chip in the module. *After*: no contraction of f32
    operands, unless `type` is f32. *Fails when*: there are f32 operands and the chip's matrix unit
    takes no operands of the type; the message lists those it takes.
  }];
  let options = [Option<"type", "type", "std::string", "\"f32\"", "f32, f16 or bf16">];
  let dependentDialects = ["::tessera::npu::NpuDialect"];
}

def NpuAssignLayouts : Pass<"npu-assign-layouts", "func::FuncOp"> {
  let summary = "Lay out contraction operands as the chip's matrix unit reads them";
  let description = [{
    Where the chip's matrix unit reads its b operand in panels, right operands of matmul and filters
    of conv2d take packed form: constants at compile time, once for equal weights; others by
    npu.pack_rhs, or by npu.reshape where they are as wide as a panel. Chips that lay out operands
    while copying are left as they are, and so are operands of f32 products on a CPU which npu-tile
    will leave whole: those with whose tiles nothing is computed. Where a schedule follows, it may
    ask for tiles, and all are packed.

    *Before*: the module names a chip (`tile.chip`). *After*: `packed_n` on every other matmul and
    conv2d that the matrix unit takes. *Fails when*: the module names no chip, or a malformed one.
  }];
  let dependentDialects = ["::tessera::npu::NpuDialect"];
}

def NpuApplySchedule : Pass<"npu-apply-schedule", "ModuleOp"> {
  let summary = "Run the transform-dialect schedule that the module holds, and take it out";
  let description = [{
    The schedule is a named sequence `@__transform_main`; it sees the module as npu-fuse will. With
    upstream's transform operations alone it chooses fusion and tiles, by annotating operators:

    - `npu.group`, any attribute: operators of one group become one kernel, without others;
    - `npu.tile`, an array of i64: the tile of the kernel that the operator becomes part of, one size
      per dim of the kernel's result, 0 for a whole dim.

    ```mlir
    module attributes {transform.with_named_sequence} {
      transform.named_sequence @__transform_main(%module: !transform.any_op {transform.readonly}) {
        %products = transform.structured.match ops{["npu.matmul"]} in %module
          : (!transform.any_op) -> !transform.any_op
        %tile = transform.param.constant array<i64: 32, 64> -> !transform.any_param
        transform.annotate %products "npu.tile" = %tile : !transform.any_op, !transform.any_param
        transform.yield
      }
    }
    ```

    *Before*: npu operators on tensors. *After*: the same, without named sequences; npu-fuse and
    npu-tile obey what the operators carry. *Fails when*: the sequence does.
  }];
}

def NpuFuse : Pass<"npu-fuse", "func::FuncOp"> {
  let summary = "Group operators into npu.kernel, each one launch";
  let description = [{
    A kernel is one contraction or window operator with elementwise operators after it; or row
    operators (norms, reductions) with elementwise operators of the same rows before and after; or
    elementwise operators alone; or attention (matmul, scale, softmax, matmul), where the chip in
    the module has a way for it; or one operator of any other kind. Views and constants stay
    outside; splats and tiny constants are cloned into the kernel. Operators that a schedule has given
    one `npu.group` become one kernel. Remarks of category `fuse` say what was joined and what it
    would have cost apart, and why the rest was not.

    *Before*: npu operators on tensors. *After*: every npu operator but views and constants is in a
    kernel that can be tiled from its last operator. *Fails when*: the operators of a group cannot be
    one kernel; the message says why.
  }];
  let options = [
    Option<"enable", "enable", "bool", "true",
           "Join operators; when false each becomes a kernel of its own">,
    Option<"maxGroupOps", "max-group-ops", "unsigned", "32",
           "The most operators one kernel may hold">
  ];
  let dependentDialects = ["::tessera::npu::NpuDialect"];
}

def NpuCutWindows : Pass<"npu-cut-windows", "func::FuncOp"> {
  let summary = "Cut kernels of windows over lines that no tile can hold into strips";
  let description = [{
    A tile of a window operator takes whole lines of its image. Where no tile of the kernel fits the
    chip (npu-tile asks the same), the kernel is computed in strips along the columns of its result,
    the fewest that fit and as wide as each other but for the last: each a kernel of its own on a
    slice of the image, as far as its windows reach, and of every other operand that has columns.
    The strips are concatenated. Pads of the left and right stay with the outer strips. Where image
    and window are one line high, lines become columns instead, by reshapes that move nothing, if
    the kernel then fits: rows are cut into tiles. Kernels that fit, and those with a tile of a
    schedule, stay as they are. A remark of category `tile` says what was cut.

    *Before*: npu.kernel groups, as npu-fuse leaves them, and a chip in the module. *After*: the
    same results; slices and concatenations are kernels too. *Fails when*: the chip is malformed, or
    not even one column fits; the message says which memory lacks how much.
  }];
  let dependentDialects = ["::tessera::npu::NpuDialect"];
}

def NpuDecompose : Pass<"npu-decompose", "func::FuncOp"> {
  let summary = "Replace npu operators by their meaning in linalg, tensor, arith and math";
  let description = [{
    Applies each operator's own decomposition. The bodies of npu.kernel are inlined first, unless
    only some families are asked for.

    *Before*: npu operators on tensors. *After*: none of them, or none of the given families.
    *Fails when*: an operator gives no decomposition, or a family has no such name.
  }];
  let options = [
    ListOption<"families", "families", "std::string",
               "Only operators of these families: elementwise, contraction, window, normalization, "
               "reduction, movement, view, constant">
  ];
  let dependentDialects = [
    "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::math::MathDialect", "::mlir::tensor::TensorDialect"];
}

def NpuOutlineOperators : Pass<"npu-outline-operators", "ModuleOp"> {
  let summary = "Make each operator a function; equal operators become one";
  let description = [{
    Each npu operator of static shape that computes or moves anything becomes a call of a private
    function around it. Operators of equal attributes and types share one. The reference lowering
    does this so that LLVM sees many small functions: it takes more than linear time over large
    ones.

    *Before*: npu operators on tensors. *After*: the same function with the same meaning. *Fails
    when*: never.
  }];
  let dependentDialects = ["::mlir::func::FuncDialect", "::mlir::LLVM::LLVMDialect"];
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

def TileAttachChip : Pass<"tile-attach-chip", "ModuleOp"> {
  let summary = "Put a chip description into the module";
  let description = [{
    *Before*: any module. *After*: the attribute `tile.chip` holds the description, which every
    later pass and verifier asks. *Fails when*: there is no such chip, or its file is wrong; the
    message lists the chips there are.
  }];
  let options = [Option<"chip", "chip", "std::string", "\"cpu-avx512\"",
                        "Name of a shipped chip description, or a file">];
  let dependentDialects = ["::mlir::DLTIDialect", "::tessera::tile::TileDialect"];
}

//===----------------------------------------------------------------------===//
// Kernel passes: from groups of operators to tile programs
//===----------------------------------------------------------------------===//

def NpuOutlineKernels : Pass<"npu-outline-kernels", "ModuleOp"> {
  let summary = "Make each npu.kernel a function; structurally equal kernels become one";
  let description = [{
    A kernel function takes the kernel's operands and then one tensor per result, which it writes
    and returns: the caller owns every buffer. It carries the unit attribute `tile.kernel`.

    *Before*: npu.kernel groups in the entry functions. *After*: no npu.kernel; each is a call of a
    private function, one for all kernels of equal body and types. *Fails when*: never.
  }];
  let dependentDialects = [
    "::mlir::func::FuncDialect", "::mlir::bufferization::BufferizationDialect"];
}

def NpuTile : Pass<"npu-tile", "func::FuncOp"> {
  let summary = "Tile each kernel function for the chip and fuse its operators into the tile";
  let description = [{
    Tiles the last operator of a kernel into an scf.forall over blocks, one block a unit of work
    of a core, and computes its producers inside, by upstream's tile-and-fuse. The tile is the one
    that a schedule has put on an operator (`npu.tile`); else the one that the record of tuning has
    for the chip and the kernel's operators, shapes and types; else the best by a cost function on
    the chip description, under the capacity of its memories. Remarks of category `tile` give its
    estimated cycles and those of the runner-up.

    A CPU's library has a kernel for a product of plain f32 operands, which packs what it uses often
    and shares itself out to threads: such a product becomes one block, `tile.matmul` with `whole`.

    *Before*: a function with `tile.kernel` whose body is npu operators. *After*: one scf.forall of
    operators on tiles. *Fails when*: the chip has no unit for the operator's types, or no tile of
    the kernel fits its memories, or the schedule's does not; the message says what it needs and the
    capacity.
  }];
  let options = [Option<"tuning", "tuning", "std::string", "\"\"",
                        "File of the record of tuning, as tessera tune writes it">];
  let dependentDialects = [
    "::mlir::affine::AffineDialect", "::mlir::scf::SCFDialect", "::mlir::tensor::TensorDialect",
    "::mlir::linalg::LinalgDialect", "::tessera::tile::TileDialect"];
}

def NpuToBlocks : Pass<"npu-to-blocks", "func::FuncOp"> {
  let summary = "Turn what is left of the operators on tiles into scalar regions";
  let description = [{
    Elementwise operators become linalg.generic regions, fused with each other, whose bodies call
    the hand-written kernels by name (`tile.apply`); rows, reductions and movement become the
    linalg and tensor operations of their decomposition.

    *Before*: tiled kernels, and entry functions of calls, views and constants. *After*: no npu
    operator. *Fails when*: an operator has no decomposition.
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect", "::mlir::math::MathDialect",
    "::mlir::tensor::TensorDialect", "::tessera::tile::TileDialect"];
}

def NpuToTile : Pass<"npu-to-tile", "ModuleOp"> {
  let summary = "Place each block's buffers in the chip's memories and make its tile program";
  let description = [{
    Every block operator is given buffers in memories its unit can reach, with copies along the
    paths the chip lists: contractions walk k in steps that fit, vector work goes in rows that fit.
    A chip whose units reach global memory gets no copies.

    *Before*: bufferised kernel functions and their calls. *After*: only tile, scf, arith, affine
    and memref operations; every buffer but those in gm names its memory; calls are tile.launch. *Fails when*: the chip has no path
    between two memories, or a block does not fit; the message names buffers and sizes.
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::affine::AffineDialect", "::mlir::memref::MemRefDialect",
    "::mlir::scf::SCFDialect", "::tessera::tile::TileDialect"];
}

def TilePipeline : Pass<"tile-pipeline", "ModuleOp"> {
  let summary = "Let a core's pipes work at once: loops over its blocks, and buffers with slots";
  let description = [{
    A grid of more blocks than the chip has cores becomes a grid of cores, each with a loop over
    consecutive blocks. A buffer that one pipe fills and another reads, and that each iteration of
    its innermost loop overwrites first, gets a leading dim of two slots; iteration i uses slot
    i mod 2. Where a memory is too small for that, buffers that change once a block lose the second
    slot first. What room is then left in a memory keeps the first parts of an operand that
    consecutive blocks share: such a part has a slot of its own, its load moves nothing while the
    block's place does not change, and the order of the blocks is the one that changes it least.

    *Before*: tile programs without addresses. *After*: the same results in textual order, which is
    also the order of each accumulation; `tile.blocks` and launches count cores. A CPU's programs,
    and kernels with `tile.pipelined`, are left alone. *Fails when*: never.
  }];
  let dependentDialects = [
    "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect", "::mlir::memref::MemRefDialect",
    "::mlir::scf::SCFDialect", "::tessera::tile::TileDialect"];
}

def TilePlanMemory : Pass<"tile-plan-memory", "ModuleOp"> {
  let summary = "Give every buffer an address: in its scratchpad, or in the model's one arena";
  let description = [{
    Buffers whose lifetimes do not overlap share addresses; of a memory that a group has several
    of, `tile.core` of the allocation says which. The arena is the last argument of the
    entry function; scratchpad offsets are attributes of the allocations (`tile.offset`).

    *Before*: static allocations. *After*: `tile.arena_bytes` on the module, `tile.scratch_bytes`
    on each kernel. *Fails when*: the buffers live at once in a memory exceed its capacity; the
    message lists them with their sizes.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::memref::MemRefDialect"];
}

def TileInsertEvents : Pass<"tile-insert-events", "func::FuncOp"> {
  let summary = "Order the pipes of a core, and the cores of a group, by events";
  let description = [{
    Sets and waits between pipes, barriers within a pipe that does not wait for itself, and flags
    between a cube core and its vector cores, wherever two operations touch the same bytes and one
    writes. What other events imply is left out. An order that a loop carries is a credit: set once
    before the grid, waited for before the use, set again after it, and taken back after the grid;
    so a loop of no iterations leaves nothing set. A buffer whose leading dimension is a slot
    (a subview of one, at an index that is known where both uses are) has one event per slot.

    *Before*: a kernel with planned memory. *After*: textual order is still right, and `tessera
    check` finds nothing unordered; nothing changes on a chip without events, or in a kernel that
    has some. *Fails when*: a kernel needs more events between two pipes, or flags between cores,
    than the chip has.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::tessera::tile::TileDialect"];
}

def TileOutlineSteps : Pass<"tile-outline-steps", "ModuleOp"> {
  let summary = "Give each tile operation a function of its own";
  let description = [{
    The function does one operation, on the buffers and integers that it is given. It is named by
    the operation's attribute `tile.step`, and marked with that attribute itself; equal operations
    on buffers of equal types share one, copies and fills those of equal rank. Kernels stay as they
    are. `tessera check --run` calls these functions in the order in which a chip's pipes could go
    on; what they are given is read from one list of words, as `tile-to-llvm` makes them
    `void step(ptr words)`; the context of the launch is the word behind them.

    *Before*: a placed tile program. *After*: as said. *Fails when*: an operation depends on a real
    number that is computed outside of it from something other than constants and integers.
  }];
  let dependentDialects = ["::mlir::func::FuncDialect"];
}

def TileToLLVM : Pass<"tile-to-llvm", "ModuleOp"> {
  let summary = "Lower a placed tile program to LLVM for the CPU it runs on";
  let description = [{
    Kernel functions become `void core(ptr args, i64 block, ptr scratch)`; vector regions become
    loops over the ISA's natural vector, matrix work calls of the device library; the entry
    function becomes a sequence of calls of the launch callback. The arguments of a core are the
    addresses of its buffers and that of the launch's context. A function of `tile-outline-steps`
    becomes `void step(ptr words)`.

    *Before*: planned memory. *After*: LLVM dialect with the ISA's target attributes on every
    function; `tile.products` has m, n and k of the products that stay whole. *Fails when*: an operation has no lowering.
  }];
  let options = [Option<"target", "isa", "std::string", "\"\"",
                        "Instruction set: sse2, avx2 or avx512; the chip's own when empty">];
  let dependentDialects = [
    "::mlir::LLVM::LLVMDialect", "::mlir::vector::VectorDialect", "::mlir::scf::SCFDialect",
    "::mlir::cf::ControlFlowDialect", "::mlir::arith::ArithDialect", "::mlir::math::MathDialect",
    "::mlir::memref::MemRefDialect", "::mlir::func::FuncDialect"];
}

#endif // TESSERA_PASSES
