// What the compiler says, in the form of all other messages of `tessera`.
#pragma once
#include "mlir/IR/MLIRContext.h"
#include <memory>
#include <string>

namespace tessera::tool {

/// A context with all dialects that prints diagnostics as "tessera: error: PLACE: MESSAGE". PLACE
/// is a line of a file, followed by that line, or the name of an ONNX node, or `model` alone.
std::unique_ptr<mlir::MLIRContext> contextFor(const std::string &model);

} // namespace tessera::tool
