// What @main takes and gives, as the runtime needs to know it.
#pragma once
#include "Weights.h"
#include "mlir/IR/BuiltinOps.h"
#include "tessera/runtime/Model.h"
#include <optional>
#include <vector>

namespace tessera {

/// One argument of @main after npu-externalize-constants: an input, or a weight.
struct Argument {
  bool isWeight = false;
  /// Which of the inputs, or which of the weights.
  size_t index = 0;
  std::vector<int64_t> dims;
};

struct Signature {
  std::vector<Argument> arguments;
  std::vector<runtime::TensorInfo> inputs, outputs;
  Weights weights;
};

/// Reads it from @main, on tensors or on buffers, where outputs are arguments. On failure (no
/// @main, dynamic dims, types that a model cannot have, a weight without its bytes) returns nothing
/// and has emitted the error.
std::optional<Signature> readSignature(mlir::ModuleOp module);

/// Gives the model its inputs, outputs and weights, and makes it keep these and the code.
void giveSignature(runtime::CompiledModel &model, Signature signature, std::shared_ptr<void> code);

} // namespace tessera
