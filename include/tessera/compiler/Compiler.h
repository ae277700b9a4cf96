// The whole way from a module of npu operators to code that the runtime runs.
#pragma once
#include "mlir/IR/BuiltinOps.h"
#include "tessera/runtime/Model.h"
#include "tessera/support/Export.h"
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
};

/// The chip description of this machine, within the ceiling that TESSERA_ISA sets.
TESSERA_API std::string hostChip();

/// Compiles @main of the module, which must have static shapes, and may leave the module changed.
/// On failure returns null and has emitted diagnostics.
TESSERA_API std::shared_ptr<const runtime::CompiledModel>
compileModule(mlir::ModuleOp module, const CompileOptions &options);

} // namespace tessera
