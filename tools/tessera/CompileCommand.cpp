// `tessera compile`: a model part of the way down, or as code.
#include "CommandLine.h"
#include "Commands.h"
#include "ModuleFile.h"
#include "Progress.h"
#include "TargetArguments.h"
#include "mlir/IR/MLIRContext.h"
#include "tessera/compiler/Compiler.h"
#include "tessera/compiler/LoadModel.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/ToolOutputFile.h"

namespace tessera::tool {
namespace {

struct Arguments {
  std::string model, output, what = "tile";
  TargetArguments target;
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
  if (!emitCode(module, arguments.target.options, format, memory))
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

int compileWith(const Arguments &arguments) {
  const auto context = arguments.target.context(arguments.model);
  Progress progress("compiling " + arguments.model);
  std::string error;
  auto module = loadModel(*context, arguments.model, arguments.target.bindings, error);
  if (!module)
    return fail(error);
  if (std::optional<int> code = arguments.target.refuseLate(arguments.model, *module))
    return *code;
  const auto level = levelNamed(arguments.what);
  if (!level)
    return writeCode(*module, arguments);
  if (!lowerModule(*module, arguments.target.options, *level))
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
  arguments.target.addTo(line);
  line.text("-o", "FILE",
            "Where to write; MLIR goes there as bytecode if the name ends in .mlirbc, else as "
            "text.",
            arguments.output);
  if (std::optional<int> code = line.parse(words))
    return *code;
  if (arguments.what == "object" && arguments.output.empty())
    return line.wrongUsage("--emit object writes no text, so it needs -o");
  if (const llvm::StringRef output = arguments.output;
      !levelNamed(arguments.what) && (output.ends_with(".mlir") || output.ends_with(".mlirbc")))
    return line.wrongUsage("--emit " + arguments.what + " writes no MLIR, but '" + output +
                           "' is the name of an MLIR file");
  if (std::optional<int> code = arguments.target.read(line))
    return *code;
  return compileWith(arguments);
}

} // namespace tessera::tool
