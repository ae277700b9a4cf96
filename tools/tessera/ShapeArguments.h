// The values of --shape.
#pragma once
#include "CommandLine.h"
#include "tessera/import/Onnx.h"
#include <optional>
#include <utility>

namespace tessera::tool {

/// "NAME=REST" or "REST": the name is empty when there is none.
std::pair<llvm::StringRef, llvm::StringRef> splitName(llvm::StringRef text);

/// Adds a binding for each "[NAME=]1x3x224x224". Returns the exit code when one is not a shape.
std::optional<int> readShapes(const CommandLine &line, const std::vector<std::string> &texts,
                              std::vector<import_::OnnxInput> &bindings);

} // namespace tessera::tool
