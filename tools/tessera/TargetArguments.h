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

  /// Refuses options that say how to lower a model, for one that has been lowered. Returns the exit
  /// code when there are any.
  std::optional<int> refuseLate(const std::string &model, mlir::ModuleOp module) const;

  /// A context that prints diagnostics, and the remarks that were asked for.
  std::unique_ptr<mlir::MLIRContext> context(const std::string &model) const;

  CompileOptions options;
  std::vector<import_::OnnxInput> bindings;

private:
  std::vector<std::string> shapes;
  std::string remarks;
  llvm::SmallVector<std::string> early; ///< Options given that say what is decided on the way.
  bool unfused = false;
};

} // namespace tessera::tool
