// Random programs for several chips: each tile program has to be free of races, its memory plan
// sound, and its numbers those of the reference. A program that fails is made as short as it goes.
#include "Evidence.h"
#include "Interpreted.h"
#include "RandomTiles.h"
#include "SweepRun.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/Parser/Parser.h"
#include "tessera/compiler/Compiler.h"
#include "tessera/compiler/LoadModel.h"
#include "tessera/machine/Check.h"
#include <algorithm>
#include <cstring>
#include <iostream>

using namespace tessera;
using namespace tessera::test;
using sweep::Case;

namespace {

/// Errors are relative to at least this: what is left of larger numbers has no more digits. Numbers
/// of size 1 to 4 are everywhere, and in f16 their rounding shows whole where they cancel.
double least(const std::string &precision) {
  return precision == "f32" ? 0.2 : 1.0;
}
/// Where what is fed to products is rounded, errors may also be so many times what rounding the
/// inputs alone makes of the reference's results: a program whose steps cancel enlarges both.
constexpr double kRoundings = 4;
/// Programs have 2 to this many steps.
constexpr int64_t kMostSteps = 14;

struct Target {
  std::string chip, precision;
};

struct Options {
  uint64_t from = 1;
  int64_t count = 20, steps = 0;
  size_t batch = 6;
  bool print = false;
  std::vector<Target> targets = {{"", "f32"}, {"ascend-910b2", "f32"}, {"ascend-310p", "f16"}};
};

using Model = std::shared_ptr<const runtime::CompiledModel>;

Case programOf(uint64_t seed, int64_t steps) {
  std::mt19937_64 random(seed);
  const int64_t own = 2 + int64_t(random() % (kMostSteps - 1));
  Case made = sweep::randomProgram(random, steps > 0 ? steps : own);
  made.name = std::to_string(seed);
  return made;
}

class Fuzz {
public:
  explicit Fuzz(Options options)
      : options(std::move(options)), evidence(this->options.targets.size()) {}

  void runAll() {
    for (int64_t at = 0; at < options.count; at += int64_t(options.batch)) {
      std::vector<uint64_t> seeds;
      for (int64_t i = at; i < std::min(at + int64_t(options.batch), options.count); ++i)
        seeds.push_back(options.from + uint64_t(i));
      const std::string wrong = run(seeds, options.steps, evidence);
      if (wrong.empty()) {
        passed += int(seeds.size());
        continue;
      }
      const int before = failed;
      for (uint64_t seed : seeds) {
        std::vector<Evidence> unused(options.targets.size());
        const std::string alone = run({seed}, options.steps, unused);
        if (alone.empty())
          ++passed;
        else
          report(seed, alone);
      }
      if (failed == before) {
        ++failed;
        std::cerr << "FAILED programs " << seeds.front() << " to " << seeds.back()
                  << " in one module, and none alone: " << wrong
                  << "\n  replay: tessera-fuzz --from " << seeds.front() << " --count "
                  << seeds.size() << " --batch " << options.batch << "\n";
      }
    }
  }

  int passed = 0, failed = 0;

  void print() const;
  bool trivial() const;

private:
  mlir::OwningOpRef<mlir::ModuleOp> parse(mlir::MLIRContext &context,
                                          const std::vector<Case> &cases) {
    return mlir::parseSourceString<mlir::ModuleOp>(sweep::moduleOf(cases), &context);
  }
  std::string run(const std::vector<uint64_t> &seeds, int64_t steps, std::vector<Evidence> &into);
  Model compile(const std::vector<Case> &cases, const Target &target,
                const std::vector<import_::Tensor> &inputs, Evidence &into, std::string &error);
  std::string compare(const std::vector<Case> &cases, const Model &model,
                      const sweep::Outputs &want, const sweep::Outputs &rounded,
                      const std::vector<import_::Tensor> &inputs, const std::string &precision);
  void report(uint64_t seed, const std::string &wrong);

  Options options;
  std::vector<Evidence> evidence; ///< By target.
};

/// The tile program of the chip, looked at; then its code, which has to give the interpreter's
/// bits.
Model Fuzz::compile(const std::vector<Case> &cases, const Target &target,
                    const std::vector<import_::Tensor> &inputs, Evidence &into,
                    std::string &error) {
  const auto context = makeContext();
  mlir::ScopedDiagnosticHandler handler(context.get(), [&](mlir::Diagnostic &diagnostic) {
    if (diagnostic.getSeverity() == mlir::DiagnosticSeverity::Error && error.empty())
      error = diagnostic.str();
    return mlir::success();
  });
  auto module = parse(*context, cases);
  CompileOptions how;
  how.chip = target.chip;
  how.precision = target.precision;
  how.reference = target.precision == "reference";
  if (how.reference)
    return module ? compileModule(*module, how) : nullptr;
  const auto tiles = module ? randomTiles(*module, how) : std::nullopt;
  if (!tiles)
    return nullptr;
  const TuningFile record(*tiles);
  how.tuning = record.path();
  if (how.tuning.empty()) {
    error = "no temporary file can be written";
    return nullptr;
  }
  if (!lowerModule(*module, how, Level::Buffers))
    return nullptr;
  const TileCounts counts = tileCounts(*module);
  if (!lowerModule(*module, how, Level::Program))
    return nullptr;
  into.tiles += int64_t(tiles->tiles.size());
  const auto chip = tile::ChipSpec::of(*module);
  error = examine(*module, *chip, counts, into);
  if (!error.empty())
    return nullptr;
  if (!chip->isCpu()) {
    auto checked = machine::checkProgram(*module, *chip);
    if (mlir::failed(checked))
      return nullptr;
    if (!checked->findings.empty()) {
      llvm::raw_string_ostream out(error);
      machine::printCheck(*checked, out);
      return nullptr;
    }
  }
  mlir::OwningOpRef<mlir::ModuleOp> copy = module->clone();
  Model model = compileModule(*module, how);
  if (!model)
    return nullptr;
  const std::string wrong =
      interpretedDiffers(*copy, how, model, inputs, std::stoull(cases.front().name), into);
  if (!wrong.empty())
    error = wrong + (error.empty() ? "" : ": " + error);
  return wrong.empty() ? model : nullptr;
}

std::string Fuzz::compare(const std::vector<Case> &cases, const Model &model,
                          const sweep::Outputs &want, const sweep::Outputs &rounded,
                          const std::vector<import_::Tensor> &inputs,
                          const std::string &precision) {
  const sweep::Outputs got = sweep::runModel(model, inputs, 1);
  const sweep::Outputs two = sweep::runModel(model, inputs, 2);
  size_t at = 0;
  for (const Case &one : cases)
    for (const auto &[name, type] : one.results) {
      const runtime::TensorInfo &info = model->outputs[at];
      const double moved = precision == "f32" ? 0
                                              : sweep::greatestDifference(info, rounded[at]->data(),
                                                                          want[at]->data());
      std::string wrong = sweep::difference(info, got[at]->data(), want[at]->data(), precision,
                                            least(precision), kRoundings * moved);
      if (wrong.empty() && std::memcmp(got[at]->data(), two[at]->data(), info.byteCount()) != 0)
        wrong = "two threads give other bits than one";
      if (!got[at]->intact() || !two[at]->intact())
        wrong = "wrote beyond the output";
      if (!wrong.empty())
        return "%" + name + ": " + wrong;
      ++at;
    }
  return "";
}

/// What is wrong with these programs in one module, or nothing.
std::string Fuzz::run(const std::vector<uint64_t> &seeds, int64_t steps,
                      std::vector<Evidence> &into) {
  std::vector<Case> cases;
  for (uint64_t seed : seeds)
    cases.push_back(programOf(seed, steps));
  if (options.print)
    std::cout << sweep::moduleOf(cases) << std::flush;
  std::vector<import_::Tensor> inputs;
  for (size_t i = 0; i < cases.size(); ++i) // the same numbers alone and in company
    for (size_t j = 0; j < cases[i].inputs.size(); ++j)
      inputs.push_back(sweep::fill(cases[i].inputs[j], 7919 * (100 * seeds[i] + j)));
  std::string error;
  Evidence none;
  const Model reference = compile(cases, {"", "reference"}, inputs, none, error);
  if (!reference)
    return "reference: " + error;
  const sweep::Outputs want = sweep::runModel(reference, inputs, 1);
  const sweep::Outputs rounded = sweep::runModel(reference, sweep::roundedToF16(inputs), 1);
  for (size_t i = 0; i < options.targets.size(); ++i) {
    const Target &target = options.targets[i];
    const std::string name = target.chip.empty() ? hostChip() : target.chip;
    const Model model = compile(cases, target, inputs, into[i], error);
    if (!model)
      return name + ": " + (error.empty() ? "no model, and no message" : error);
    const std::string wrong = compare(cases, model, want, rounded, inputs, target.precision);
    if (!wrong.empty())
      return name + ": " + wrong;
  }
  return "";
}

void Fuzz::report(uint64_t seed, const std::string &wrong) {
  ++failed;
  std::string shortest = wrong;
  int64_t steps = options.steps > 0 ? options.steps : kMostSteps;
  for (int64_t fewer = 1; fewer < steps; ++fewer) {
    std::vector<Evidence> unused(options.targets.size());
    const std::string same = run({seed}, fewer, unused);
    if (!same.empty()) {
      shortest = same;
      steps = fewer;
    }
  }
  std::cerr << "FAILED program " << seed << ": " << shortest << "\n  replay: tessera-fuzz --from "
            << seed << " --count 1 --steps " << steps << "\n"
            << sweep::moduleOf({programOf(seed, steps)}) << std::flush;
}

void Fuzz::print() const {
  for (size_t i = 0; i < options.targets.size(); ++i) {
    const Evidence &e = evidence[i];
    const std::string &chip = options.targets[i].chip;
    std::cout << (chip.empty() ? hostChip() : chip) << " " << options.targets[i].precision << ": "
              << e.launches << " launches (" << e.waves << " in several waves) of " << e.kernels
              << " kernels, " << e.buffers << " buffers, " << e.operations << " operations, "
              << e.events << " events, " << e.barriers << " barriers, " << e.flags << " flags, "
              << e.workspaces << " workspaces; " << e.interpreted << " operations interpreted, "
              << e.overtakings << " before one that precedes them\n ";
    for (const auto &[name, count] : e.operators)
      std::cout << " " << name << " " << count;
    std::vector<double> gaps = e.gaps;
    std::sort(gaps.begin(), gaps.end());
    const auto near =
        std::count_if(gaps.begin(), gaps.end(), [](double gap) { return gap <= 1.03; });
    std::cout << "\n  arenas with 16 buffers live at once: " << gaps.size() << ", " << near
              << " within 3 % of what is live";
    if (!gaps.empty())
      std::cout << ", the worst " << 100 * (gaps.back() - 1) << " % above";
    std::cout << "\n";
  }
}

/// Whether the programs are too simple to show anything.
bool Fuzz::trivial() const {
  for (size_t i = 0; i < options.targets.size(); ++i) {
    const Evidence &e = evidence[i];
    const int64_t each = passed;
    if (e.launches < 2 * each || e.operations < 10 * each)
      return true;
    if (e.tiles < each || e.waves < each / 4)
      return true;
    const std::string &chip = options.targets[i].chip;
    if (chip.empty())
      continue;
    if (e.events < 20 * each || e.barriers < each || e.overtakings < 5 * each)
      return true;
    if (chip.find("910b") != std::string::npos && (e.workspaces < each / 4 || e.flags < each))
      return true;
  }
  return false;
}

std::optional<std::vector<Target>> readTargets(const std::string &text) {
  std::vector<Target> targets;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find(',', at), text.size());
    const std::string word = text.substr(at, end - at);
    const size_t colon = word.find(':');
    if (colon == std::string::npos)
      return std::nullopt;
    const std::string chip = word.substr(0, colon);
    targets.push_back({chip == "host" ? "" : chip, word.substr(colon + 1)});
    at = end + 1;
  }
  return targets;
}

std::optional<Options> readOptions(int argc, char **argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--print") {
      options.print = true;
      continue;
    }
    if (i + 1 == argc)
      return std::nullopt;
    const char *value = argv[++i];
    if (word == "--from")
      options.from = std::strtoull(value, nullptr, 10);
    else if (word == "--count")
      options.count = std::atoll(value);
    else if (word == "--steps")
      options.steps = std::atoll(value);
    else if (word == "--batch")
      options.batch = std::max(std::strtoull(value, nullptr, 10), 1ull);
    else if (const auto targets = readTargets(value); word == "--targets" && targets)
      options.targets = *targets;
    else
      return std::nullopt;
  }
  return options;
}

} // namespace

int main(int argc, char **argv) {
  const auto options = readOptions(argc, argv);
  if (!options) {
    std::cerr << "usage: tessera-fuzz [--from SEED] [--count N] [--batch N] [--steps N] [--print]\n"
                 "                    [--targets CHIP:PRECISION,...]\n"
                 "Makes N random programs, from SEED on, and runs each for every target (host is\n"
                 "this machine), several in one module. --steps makes all of one length.\n";
    return 2;
  }
  Fuzz fuzz(*options);
  fuzz.runAll();
  fuzz.print();
  std::cout << fuzz.passed << " programs passed, " << fuzz.failed << " failed\n";
  if (fuzz.failed > 0 || fuzz.passed == 0)
    return 1;
  if (options->count >= 100 && fuzz.trivial()) {
    std::cerr << "the programs are too simple to show anything\n";
    return 1;
  }
  return 0;
}
