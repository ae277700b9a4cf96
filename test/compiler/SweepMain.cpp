// Computes every case twice, through the chip's program and through the reference, and compares.
// Several cases share a module, since most of the time goes into making code.
#include "SweepRun.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/Parser/Parser.h"
#include "tessera/compiler/Compiler.h"
#include "tessera/compiler/LoadModel.h"
#include <cstring>
#include <iostream>
#include <map>

using namespace tessera;
using import_::Tensor;
using sweep::Case;

namespace {

/// What errors are relative to at least. Operands near 1 are rounded to the type that the matrix
/// unit takes, and a sum of theirs that happens to be near 0 shows all of that.
double least(const std::string &precision) {
  return precision == "f32" ? 1e-3 : 0.1;
}

struct Options {
  std::string chip, precision = "f32", filter;
  uint64_t seed = 1;
  int64_t random = 60;
  size_t batch = 12;
  bool print = false;
};

class Sweep {
public:
  explicit Sweep(Options options) : options(std::move(options)) {}

  void runAll(const std::vector<Case> &cases) {
    for (size_t at = 0; at < cases.size(); at += options.batch)
      run({cases.begin() + static_cast<ptrdiff_t>(at),
           cases.begin() + static_cast<ptrdiff_t>(std::min(at + options.batch, cases.size()))});
  }

  int passed = 0, failed = 0;
  std::map<std::string, int> declined; ///< What the chip cannot do, by message.

private:
  std::shared_ptr<const runtime::CompiledModel> compile(const std::vector<Case> &cases,
                                                        bool reference, std::string &error) {
    auto context = makeContext();
    mlir::ScopedDiagnosticHandler handler(context.get(), [&](mlir::Diagnostic &diagnostic) {
      if (diagnostic.getSeverity() == mlir::DiagnosticSeverity::Error && error.empty())
        error = diagnostic.str();
      return mlir::success();
    });
    auto module = mlir::parseSourceString<mlir::ModuleOp>(sweep::moduleOf(cases), context.get());
    if (!module)
      return nullptr;
    CompileOptions how;
    how.chip = options.chip;
    how.precision = options.precision;
    how.reference = reference;
    return compileModule(*module, how);
  }

  void report(const Case &one, const std::string &what) {
    ++failed;
    std::cerr << "FAILED " << one.name << ": " << what << "\n"
              << "  replay: TESSERA_SWEEP_SEED=" << options.seed << " compiler-sweep --chip "
              << (options.chip.empty() ? hostChip() : options.chip) << " --precision "
              << options.precision << " --filter '" << one.name << "' --print\n";
  }

  /// A batch; when it cannot be compiled, its cases one by one.
  void run(const std::vector<Case> &cases) {
    if (options.print)
      std::cout << sweep::moduleOf(cases);
    std::string error;
    auto reference = compile(cases, true, error);
    auto model = reference ? compile(cases, false, error) : nullptr;
    if (!model) {
      if (cases.size() > 1) {
        for (const Case &one : cases)
          run({one});
      } else if (error.find("has no matrix unit for") != std::string::npos ||
                 error.find("has no CPU kernel for") != std::string::npos) {
        ++declined[error];
      } else {
        report(cases.front(), (reference ? "" : "reference: ") + error);
      }
      return;
    }
    compare(cases, model, reference);
  }

  void compare(const std::vector<Case> &cases,
               const std::shared_ptr<const runtime::CompiledModel> &model,
               const std::shared_ptr<const runtime::CompiledModel> &reference) {
    std::vector<Tensor> inputs;
    for (const Case &one : cases)
      for (const sweep::Input &input : one.inputs)
        inputs.push_back(sweep::fill(input, options.seed + 7919 * (inputs.size() + 1)));
    const sweep::Outputs want = sweep::runModel(reference, inputs, 1),
                         got = sweep::runModel(model, inputs, 1);
    const sweep::Outputs two = sweep::runModel(model, inputs, 2);
    size_t at = 0;
    for (const Case &one : cases) {
      std::string wrong;
      for (size_t i = 0; i < one.results.size(); ++i, ++at) {
        const runtime::TensorInfo &info = model->outputs[at];
        if (wrong.empty())
          wrong = sweep::difference(info, got[at]->data(), want[at]->data(), options.precision,
                                    least(options.precision));
        if (wrong.empty() && std::memcmp(got[at]->data(), two[at]->data(), info.byteCount()) != 0)
          wrong = "two threads give other bits than one";
        if (!got[at]->intact() || !two[at]->intact())
          wrong = "wrote beyond the output";
      }
      if (wrong.empty())
        ++passed;
      else
        report(one, wrong);
    }
  }

  Options options;
};

std::optional<Options> readOptions(int argc, char **argv) {
  Options options;
  if (const char *seed = std::getenv("TESSERA_SWEEP_SEED"))
    options.seed = std::strtoull(seed, nullptr, 10);
  if (const char *count = std::getenv("TESSERA_SWEEP_COUNT"))
    options.random = std::atoll(count);
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--print")
      options.print = true;
    else if (word == "--chip" && i + 1 < argc)
      options.chip = argv[++i];
    else if (word == "--precision" && i + 1 < argc)
      options.precision = argv[++i];
    else if (word == "--filter" && i + 1 < argc)
      options.filter = argv[++i];
    else
      return std::nullopt;
  }
  return options;
}

} // namespace

int main(int argc, char **argv) {
  const auto options = readOptions(argc, argv);
  if (!options) {
    std::cerr
        << "usage: compiler-sweep [--chip NAME] [--precision TYPE] [--filter TEXT] [--print]\n"
           "TESSERA_SWEEP_SEED and TESSERA_SWEEP_COUNT choose the random cases.\n";
    return 2;
  }
  std::vector<Case> cases = sweep::fixedCases();
  std::mt19937_64 random(options->seed);
  for (int64_t i = 0; i < options->random; ++i)
    cases.push_back(sweep::randomCase(random));
  std::erase_if(
      cases, [&](const Case &one) { return one.name.find(options->filter) == std::string::npos; });
  Sweep sweep(*options);
  sweep.runAll(cases);
  for (const auto &[message, count] : sweep.declined)
    std::cout << count << " declined: " << message << "\n";
  std::cout << sweep.passed << " cases agree with the reference, " << sweep.failed << " do not\n";
  return sweep.failed == 0 && sweep.passed > 0 ? 0 : 1;
}
