// Replaces dynamic dimensions of a model's inputs by known ones.
#pragma once
#include "mlir/IR/BuiltinOps.h"
#include "tessera/import/Onnx.h"
#include <string>
#include <vector>

namespace tessera {

/// Gives the arguments of @main the shapes of `inputs`, one per input, in
/// order (an empty shape and a dim of -1 leave it alone), and works out the types of everything
/// that depends on them. Returns false and sets `error` when a shape contradicts an operator.
bool pinShapes(mlir::ModuleOp module, const std::vector<import_::OnnxInput> &inputs,
               std::string &error);

} // namespace tessera
