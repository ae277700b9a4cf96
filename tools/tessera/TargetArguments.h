// What every command that compiles a model has on its command line: the chip, and the way there.
#pragma once
#include "CommandLine.h"
#include "mlir/IR/MLIRContext.h"
#include "tessera/compiler/Compiler.h"
#include "tessera/import/Onnx.h"
#include <memory>
#include <optional>

namespace tessera::tool {

class TargetArguments {
public:
  void addTo(CommandLine &line);

  /// Makes `options` and `bindings` of the words. Returns the exit code when one is wrong.
  std::optional<int> read(const CommandLine &line);

  /// A context that prints diagnostics, and the remarks that were asked for.
  std::unique_ptr<mlir::MLIRContext> context(const std::string &model) const;

  CompileOptions options;
  std::vector<import_::OnnxInput> bindings;

private:
  std::vector<std::string> shapes;
  std::string remarks;
  bool unfused = false;
};

} // namespace tessera::tool
