// The whole way from a module of npu operators to code that the runtime runs.
#pragma once
#include "mlir/IR/BuiltinOps.h"
#include "tessera/runtime/Model.h"
#include "tessera/support/Export.h"
#include "llvm/Support/raw_ostream.h"
#include <memory>
#include <string>

namespace tessera {

struct CompileOptions {
  /// The name or file of a chip description; empty stands for hostChip().
  std::string chip;
  /// Element type of the operands of matrix products and convolutions: f32, f16 or bf16.
  std::string precision = "f32";
  /// Only the operators' decompositions, compiled by upstream passes.
  bool reference = false;
  /// Join operators into kernels; false makes each a launch of its own, to see what joining gains.
  bool fuse = true;
  /// File of the record of tuning, whose tiles go before the cost function's; none when empty.
  std::string tuning;
};

/// How far down a module is: what it holds, and which named pipeline makes that.
enum class Level {
  Graph,   ///< Operators on tensors, in the groups that npu-graph makes of them.
  Kernels, ///< Kernel functions on tensors (npu-kernels).
  Buffers, ///< The same on buffers (npu-buffers).
  Program, ///< Tile programs with planned memory (npu-tile-program).
};

/// The level of a module that comes in, by the stage that left it.
TESSERA_API Level levelOf(mlir::ModuleOp module);

/// What code can be written as.
enum class CodeFormat { Llvm, Assembly, Object };

/// The chip description of this machine, within the ceiling that TESSERA_ISA sets.
TESSERA_API std::string hostChip();

/// Compiles @main of the module, which must have static shapes, and may leave the module changed.
/// A module that has been lowered in part goes on from there. On failure returns null and has
/// emitted diagnostics.
TESSERA_API std::shared_ptr<const runtime::CompiledModel>
compileModule(mlir::ModuleOp module, const CompileOptions &options);

/// Takes the module down to a level, unless it is below already; what is printed then can be
/// compiled later. Returns false, with diagnostics emitted, on failure.
TESSERA_API bool lowerModule(mlir::ModuleOp module, const CompileOptions &options, Level level);

/// Writes the optimised code of the module for the chip's instruction set (that of this machine, if
/// the chip is no CPU), which need not be present here. Its entry is `tessera_main`, a MainFn. It
/// calls memory functions of kernels/DeviceAbi.h, which stay undefined. Returns false, with
/// diagnostics emitted, on failure.
TESSERA_API bool emitCode(mlir::ModuleOp module, const CompileOptions &options, CodeFormat format,
                          llvm::raw_pwrite_stream &out);

} // namespace tessera
