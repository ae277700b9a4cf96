// `tessera`: finds the subcommand.
#include "CommandLine.h"
#include "Commands.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/PrettyStackTrace.h"
#include "llvm/Support/raw_ostream.h"

namespace {

struct Command {
  llvm::StringRef name;
  int (*run)(llvm::ArrayRef<std::string>);
  llvm::StringRef summary;
};

constexpr Command kCommands[] = {
    {"run", tessera::tool::runCommand, "Compile a model and compute its outputs."},
    {"bench", tessera::tool::benchCommand, "Measure how fast a model runs, kernel by kernel."},
    {"compile", tessera::tool::compileCommand, "Write a model as a tile program or as code."},
    {"sim", tessera::tool::simCommand, "Estimate how long a model takes on a chip."},
    {"check", tessera::tool::checkCommand, "Prove that a tile program has no race."},
    {"import", tessera::tool::importCommand, "Turn an ONNX model into MLIR."},
    {"chips", tessera::tool::chipsCommand, "List the chip descriptions, or explain one."},
    {"kernels", tessera::tool::kernelsCommand, "List the hand-vectorised kernels."},
    {"tune", tessera::tool::tuneCommand, "Find the fastest block sizes on this machine."},
};

void printHelp(llvm::raw_ostream &out) {
  out << "usage: tessera COMMAND [ARGUMENT]...\n\n"
         "Compiles operators and models for NPUs and runs them on this machine.\n\n";
  for (const Command &command : kCommands)
    out << "  " << llvm::left_justify(command.name, 10) << command.summary << "\n";
  out << "\n'tessera COMMAND --help' explains one.\n";
}

} // namespace

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  llvm::setBugReportMsg("tessera has crashed, which is never the model's fault. Please report it "
                        "with the command, the model and what follows.\n");
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (arguments.empty()) {
    printHelp(llvm::errs());
    return tessera::tool::kWrongUsage;
  }
  const llvm::StringRef name = arguments.front();
  if (name == "--help" || name == "-h" || name == "help") {
    printHelp(llvm::outs());
    return tessera::tool::kOk;
  }
  for (const Command &command : kCommands)
    if (command.name == name)
      return command.run(llvm::ArrayRef(arguments).drop_front());
  std::string names;
  for (const Command &command : kCommands)
    names += (names.empty() ? "" : ", ") + command.name.str();
  return tessera::tool::fail("unknown command '" + name + "'; expected one of " + names,
                             tessera::tool::kWrongUsage);
}
