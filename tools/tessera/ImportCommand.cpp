// `tessera import`: a model as MLIR.
#include "CommandLine.h"
#include "Commands.h"
#include "Diagnostics.h"
#include "ModuleFile.h"
#include "Progress.h"
#include "ShapeArguments.h"
#include "mlir/IR/MLIRContext.h"
#include "tessera/compiler/LoadModel.h"
#include "tessera/import/Onnx.h"

namespace tessera::tool {

int importCommand(llvm::ArrayRef<std::string> arguments) {
  std::string model, output;
  bool list = false;
  std::vector<std::string> shapes;
  CommandLine line("import",
                   "Reads a model and gives it as npu operators on tensors. Without -o it prints "
                   "them without the weights, to be read; with -o it writes everything.");
  line.positional("MODEL",
                  "The model's file: ONNX (.onnx), MLIR text (.mlir) or bytecode (.mlirbc).", model,
                  /*required=*/false);
  line.flag("--list-operators", "Instead, prints the ONNX operators that are imported.", list);
  line.list("--shape", "[NAME=]DIMS",
            "Fixes the dimensions of one input, such as x=1x3x224x224, where the model leaves them "
            "open.",
            shapes);
  line.text("-o", "FILE",
            "Where to write the module: bytecode if the name ends in .mlirbc, which is smaller and "
            "quicker to read, else text.",
            output);
  if (std::optional<int> code = line.parse(arguments))
    return *code;
  if (model.empty() != list)
    return line.wrongUsage(list ? "expected a model or --list-operators, but got both"
                                : "expected MODEL, but got nothing");
  if (list) {
    for (const std::string &name : import_::importedOperators())
      llvm::outs() << name << "\n";
    return kOk;
  }
  std::vector<import_::OnnxInput> bindings;
  if (std::optional<int> code = readShapes(line, shapes, bindings))
    return *code;

  const auto context = contextFor(model);
  Progress progress("importing " + model);
  std::string error;
  auto module = loadModel(*context, model, bindings, error);
  if (!module)
    return fail(error);
  if (!output.empty())
    return writeModule(*module, output);
  printForPeople(*module);
  return kOk;
}

} // namespace tessera::tool
