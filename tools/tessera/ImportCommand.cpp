// `tessera import`: a model as MLIR.
#include "CommandLine.h"
#include "Commands.h"
#include "Progress.h"
#include "ShapeArguments.h"
#include "mlir/Bytecode/BytecodeWriter.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Support/FileUtilities.h"
#include "tessera/compiler/LoadModel.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/ToolOutputFile.h"
#include "llvm/Support/raw_ostream.h"

namespace tessera::tool {
namespace {

/// Values longer than this many hexadecimal digits are left out of text for people.
constexpr int64_t kShownDigits = 128;

/// Text without the weights, to read; such text cannot be compiled again.
void printForPeople(mlir::ModuleOp module) {
  mlir::OpPrintingFlags flags;
  flags.elideLargeElementsAttrs(64);
  flags.elideLargeResourceString(kShownDigits);
  module.print(llvm::outs(), flags);
}

int writeModule(mlir::ModuleOp module, llvm::StringRef path) {
  std::string error;
  auto file = mlir::openOutputFile(path, &error);
  if (!file)
    return fail(error);
  if (path.ends_with(".mlirbc")) {
    if (failed(mlir::writeBytecodeToFile(module, file->os())))
      return fail("cannot write " + path);
  } else {
    module.print(file->os());
  }
  file->os().flush();
  if (file->os().has_error()) {
    const std::string reason = file->os().error().message();
    file->os().clear_error();
    return fail("cannot write " + path + ": " + reason);
  }
  file->keep();
  return kOk;
}

} // namespace

int importCommand(llvm::ArrayRef<std::string> arguments) {
  std::string model, output;
  std::vector<std::string> shapes;
  CommandLine line("import",
                   "Reads an ONNX model and gives it as npu operators on tensors. Without -o it "
                   "prints them without the weights, to be read; with -o it writes everything.");
  line.positional("MODEL", "The ONNX file.", model);
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
  std::vector<import_::OnnxInput> bindings;
  if (std::optional<int> code = readShapes(line, shapes, bindings))
    return *code;

  const auto context = makeContext();
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
