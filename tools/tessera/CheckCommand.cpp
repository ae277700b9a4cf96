// `tessera check`: whether a model's tile program, or one in a file, is free of races.
#include "CommandLine.h"
#include "Commands.h"
#include "Diagnostics.h"
#include "Progress.h"
#include "ShapeArguments.h"
#include "mlir/IR/MLIRContext.h"
#include "tessera/compiler/Compiler.h"
#include "tessera/compiler/LoadModel.h"
#include "tessera/dialect/tile/ChipSpec.h"
#include "tessera/machine/Check.h"

namespace tessera::tool {
namespace {

int check(const std::string &model, const CompileOptions &options, bool json,
          const std::vector<import_::OnnxInput> &bindings) {
  std::string error;
  // Said before the model is compiled for it.
  if (!options.chip.empty() && !tile::loadChip(options.chip, error))
    return fail(error);
  const auto context = contextFor(model);
  Progress progress("checking " + model);
  auto module = loadModel(*context, model, bindings, error);
  if (!module)
    return fail(error);
  if (!lowerModule(*module, options, Level::Program))
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
  std::vector<std::string> shapes;
  CompileOptions options;
  bool json = false, unfused = false;
  CommandLine line("check", "Proves that a model's tile program has no race, no event set twice or "
                            "left set and no deadlock, and that it reads only what it has written, "
                            "by walking it with shadow memory and vector clocks. The exit code is "
                            "1 when something is found.");
  line.positional("MODEL",
                  "The model's file: ONNX (.onnx), MLIR text (.mlir) or bytecode (.mlirbc), or a "
                  "program that 'tessera compile -o' has written.",
                  model);
  line.text("--chip", "NAME|FILE",
            "The chip: a name that 'tessera chips' lists, or a YAML file. Without it, the chip "
            "that the program was made for, or this machine's own.",
            options.chip);
  line.list("--shape", "[NAME=]DIMS",
            "Fixes the dimensions of one input, such as x=1x3x224x224, where the model leaves them "
            "open.",
            shapes);
  line.choice("--precision", {"f32", "f16", "bf16"},
              "The element type that matrix products and convolutions take their operands in.",
              options.precision);
  line.flag("--unfused", "Makes every operator a kernel of its own.", unfused);
  line.flag("--json", "Prints JSON instead of text.", json);
  if (std::optional<int> code = line.parse(words))
    return *code;
  std::vector<import_::OnnxInput> bindings;
  if (std::optional<int> code = readShapes(line, shapes, bindings))
    return *code;
  options.fuse = !unfused;
  return check(model, options, json, bindings);
}

} // namespace tessera::tool
