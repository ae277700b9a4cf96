// `tessera check`: whether a model's tile program, or one in a file, is free of races.
#include "CheckRun.h"
#include "CommandLine.h"
#include "Commands.h"
#include "Progress.h"
#include "TargetArguments.h"
#include "mlir/IR/MLIRContext.h"
#include "tessera/compiler/Compiler.h"
#include "tessera/compiler/LoadModel.h"
#include "tessera/dialect/tile/ChipSpec.h"
#include "tessera/machine/Check.h"
#include "llvm/Support/JSON.h"

namespace tessera::tool {
namespace {

struct CheckOptions {
  std::string model;
  TargetArguments target;
  int64_t orders = 0, seed = 1;
  bool json = false;
};

void printRun(const RunResult &run, const CheckOptions &options) {
  llvm::raw_ostream &out = llvm::outs();
  for (const std::string &difference : run.differences)
    out << difference << "\n";
  out << "run in " << run.orders << " orders from number " << options.seed << ": "
      << run.counts.operations << " operations, " << run.counts.overtakings
      << " of them before one that precedes them, " << run.counts.syncs << " events and barriers: ";
  if (run.differences.empty())
    out << "all " << run.outputs << " outputs have the bits of the compiled program\n";
  else
    out << "it differs from the compiled program\n";
}

void writeRun(const RunResult &run, const CheckOptions &options, llvm::json::OStream &json) {
  json.attributeObject("run", [&] {
    json.attribute("orders", run.orders);
    json.attribute("seed", options.seed);
    json.attribute("operations", run.counts.operations);
    json.attribute("overtakings", run.counts.overtakings);
    json.attribute("syncs", run.counts.syncs);
    json.attribute("outputs", run.outputs);
    json.attributeArray("differences", [&] {
      for (const std::string &difference : run.differences)
        json.value(difference);
    });
  });
}

int check(const CheckOptions &options) {
  const auto &[model, target, orders, seed, json] = options;
  std::string error;
  const auto context = target.context(model);
  Progress progress("checking " + model);
  auto module = loadModel(*context, model, target.bindings, error);
  if (!module)
    return fail(error);
  if (std::optional<int> code = target.refuseLate(model, *module))
    return *code;
  if (!lowerModule(*module, target.options, Level::Program))
    return kRejected;
  const auto chip = tile::ChipSpec::of(*module);
  if (!chip)
    return kRejected;
  const auto result = machine::checkProgram(*module, *chip);
  if (failed(result))
    return kRejected;
  std::optional<RunResult> run;
  if (orders > 0)
    run = runInOrders(*module, target.options, orders, seed);
  if (json) {
    machine::printCheckJson(*result, llvm::outs(), [&](llvm::json::OStream &out) {
      if (run)
        writeRun(*run, options, out);
    });
  } else {
    machine::printCheck(*result, llvm::outs());
    if (run)
      printRun(*run, options);
  }
  const bool same = orders == 0 || (run && run->differences.empty());
  return result->findings.empty() && same ? kOk : kRejected;
}

} // namespace

int checkCommand(llvm::ArrayRef<std::string> words) {
  CheckOptions options;
  CommandLine line("check", "Proves that a model's tile program has no race, no event set twice or "
                            "left set and no deadlock, and that it reads only what it has written, "
                            "by walking it with shadow memory and vector clocks. The exit code is "
                            "1 when something is found.");
  line.positional("MODEL",
                  "The model's file: ONNX (.onnx), MLIR text (.mlir) or bytecode (.mlirbc), or a "
                  "program that 'tessera compile -o' has written.",
                  options.model);
  options.target.addTo(line);
  line.integer("--run", "N",
               "Also runs the program on random inputs in N orders that the chip's pipes could "
               "take, operation by operation, in memories that hold NaN where nothing was written. "
               "The exit code is 1 when an output has other bits than the compiled program gives.",
               options.orders, 1, 1000000);
  line.integer("--seed", "N", "The number of the first order of --run; 1 unless given.",
               options.seed, 0, INT64_MAX / 2);
  line.flag("--json", "Prints JSON instead of text.", options.json);
  if (std::optional<int> code = line.parse(words))
    return *code;
  if (line.given("--seed") && options.orders == 0)
    return line.wrongUsage("--seed says which orders to take, so it needs --run");
  if (std::optional<int> code = options.target.read(line))
    return *code;
  return check(options);
}

} // namespace tessera::tool
