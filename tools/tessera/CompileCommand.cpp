// `tessera compile`: a model part of the way down, or as code.
#include "CommandLine.h"
#include "Commands.h"
#include "Diagnostics.h"
#include "ModuleFile.h"
#include "Progress.h"
#include "ShapeArguments.h"
#include "mlir/IR/MLIRContext.h"
#include "tessera/compiler/Compiler.h"
#include "tessera/compiler/LoadModel.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/ToolOutputFile.h"

namespace tessera::tool {
namespace {

struct Arguments {
  std::string model, output, what = "tile";
  std::vector<std::string> shapes;
  CompileOptions options;
  bool unfused = false;
};

std::optional<Level> levelNamed(llvm::StringRef name) {
  return llvm::StringSwitch<std::optional<Level>>(name)
      .Case("graph", Level::Graph)
      .Case("kernels", Level::Kernels)
      .Case("buffers", Level::Buffers)
      .Case("tile", Level::Program)
      .Default(std::nullopt);
}

int writeCode(mlir::ModuleOp module, const Arguments &arguments) {
  const CodeFormat format = arguments.what == "llvm"  ? CodeFormat::Llvm
                            : arguments.what == "asm" ? CodeFormat::Assembly
                                                      : CodeFormat::Object;
  llvm::SmallVector<char> code;
  llvm::raw_svector_ostream memory(code);
  if (!emitCode(module, arguments.options, format, memory))
    return kRejected;
  if (arguments.output.empty()) {
    llvm::outs() << memory.str();
    return kOk;
  }
  return writeFile(arguments.output, [&](llvm::raw_ostream &out) {
    out << memory.str();
    return true;
  });
}

int compileWith(const Arguments &arguments, const std::vector<import_::OnnxInput> &bindings) {
  const auto context = contextFor(arguments.model);
  Progress progress("compiling " + arguments.model);
  std::string error;
  auto module = loadModel(*context, arguments.model, bindings, error);
  if (!module)
    return fail(error);
  const auto level = levelNamed(arguments.what);
  if (!level)
    return writeCode(*module, arguments);
  if (!lowerModule(*module, arguments.options, *level))
    return kRejected;
  if (!arguments.output.empty())
    return writeModule(*module, arguments.output);
  printForPeople(*module);
  return kOk;
}

} // namespace

int compileCommand(llvm::ArrayRef<std::string> words) {
  Arguments arguments;
  CommandLine line("compile",
                   "Takes a model down towards a chip and writes what it has become. MLIR that "
                   "-o has written can be given to 'tessera run' and 'tessera compile' again, "
                   "which go on from there; without -o it is printed without the weights, to be "
                   "read.");
  line.positional("MODEL",
                  "The model's file: ONNX (.onnx), MLIR text (.mlir) or bytecode (.mlirbc).",
                  arguments.model);
  line.choice(
      "--emit", {"graph", "kernels", "buffers", "tile", "llvm", "asm", "object"},
      "What to write: the operators grouped into kernels, the kernels' functions on tensors "
      "or on buffers, the tile program (unless said otherwise), optimised LLVM IR, "
      "assembly or an object file.",
      arguments.what);
  line.list("--shape", "[NAME=]DIMS",
            "Fixes the dimensions of one input, such as x=1x3x224x224, where the model leaves them "
            "open.",
            arguments.shapes);
  line.text("--chip", "NAME|FILE",
            "The chip whose program is made: a name that 'tessera chips' lists, or a YAML file. "
            "Without it, this machine's own. A CPU that is not this one will do.",
            arguments.options.chip);
  line.choice("--precision", {"f32", "f16", "bf16"},
              "The element type that matrix products and convolutions take their operands in.",
              arguments.options.precision);
  line.flag("--unfused", "Makes every operator a kernel of its own.", arguments.unfused);
  line.text("-o", "FILE",
            "Where to write; MLIR goes there as bytecode if the name ends in .mlirbc, else as "
            "text.",
            arguments.output);
  if (std::optional<int> code = line.parse(words))
    return *code;
  if (arguments.what == "object" && arguments.output.empty())
    return line.wrongUsage("--emit object writes no text, so it needs -o");
  std::vector<import_::OnnxInput> bindings;
  if (std::optional<int> code = readShapes(line, arguments.shapes, bindings))
    return *code;
  arguments.options.fuse = !arguments.unfused;
  return compileWith(arguments, bindings);
}

} // namespace tessera::tool
