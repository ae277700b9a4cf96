// `tessera check`: whether a model's tile program, or one in a file, is free of races.
#include "CommandLine.h"
#include "Commands.h"
#include "Progress.h"
#include "TargetArguments.h"
#include "mlir/IR/MLIRContext.h"
#include "tessera/compiler/Compiler.h"
#include "tessera/compiler/LoadModel.h"
#include "tessera/dialect/tile/ChipSpec.h"
#include "tessera/machine/Check.h"

namespace tessera::tool {
namespace {

int check(const std::string &model, const TargetArguments &target, bool json) {
  std::string error;
  // Said before the model is compiled for it.
  if (!target.options.chip.empty() && !tile::loadChip(target.options.chip, error))
    return fail(error);
  const auto context = target.context(model);
  Progress progress("checking " + model);
  auto module = loadModel(*context, model, target.bindings, error);
  if (!module)
    return fail(error);
  if (!lowerModule(*module, target.options, Level::Program))
    return kRejected;
  const auto chip = tile::ChipSpec::of(*module);
  if (!chip)
    return kRejected;
  const auto result = machine::checkProgram(*module, *chip);
  if (failed(result))
    return kRejected;
  if (json)
    machine::printCheckJson(*result, llvm::outs());
  else
    machine::printCheck(*result, llvm::outs());
  return result->findings.empty() ? kOk : kRejected;
}

} // namespace

int checkCommand(llvm::ArrayRef<std::string> words) {
  std::string model;
  TargetArguments target;
  bool json = false;
  CommandLine line("check", "Proves that a model's tile program has no race, no event set twice or "
                            "left set and no deadlock, and that it reads only what it has written, "
                            "by walking it with shadow memory and vector clocks. The exit code is "
                            "1 when something is found.");
  line.positional("MODEL",
                  "The model's file: ONNX (.onnx), MLIR text (.mlir) or bytecode (.mlirbc), or a "
                  "program that 'tessera compile -o' has written.",
                  model);
  target.addTo(line);
  line.flag("--json", "Prints JSON instead of text.", json);
  if (std::optional<int> code = line.parse(words))
    return *code;
  if (std::optional<int> code = target.read(line))
    return *code;
  return check(model, target, json);
}

} // namespace tessera::tool
