// The shapes of CpuCases, compiled for this CPU, timed by the machine and run there and then on one
// thread. Of many runs the fastest counts: other programs can only slow one down.
#include "CpuValidation.h"
#include "Calibrate.h"
#include "CommandLine.h"
#include "CpuCases.h"
#include "Diagnostics.h"
#include "Progress.h"
#include "mlir/Parser/Parser.h"
#include "tessera/compiler/Compiler.h"
#include "tessera/dialect/tile/ChipSpec.h"
#include "tessera/machine/Timing.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"
#include <cmath>

namespace tessera::tool {
namespace {

struct Case : CpuCase {
  double predictedUs = 0, measuredUs = 0;
  double relativeError() const { return predictedUs / measuredUs - 1; }
};

std::optional<double> predict(const Case &one, const CompileOptions &options) {
  const auto context = contextFor(one.name);
  auto module = mlir::parseSourceString<mlir::ModuleOp>(one.text, context.get());
  if (!module || !lowerModule(*module, options, Level::Program))
    return std::nullopt;
  const auto chip = tile::ChipSpec::of(*module);
  if (!chip)
    return std::nullopt;
  // Run after run finds its data where the last one left it.
  const auto time = machine::timeProgram(*module, *chip, {.warm = true});
  return failed(time) ? std::nullopt : std::optional(time->us);
}

/// Spearman's: of the ranks of predicted and measured rates.
double rankCorrelation(llvm::ArrayRef<const Case *> cases) {
  auto ranks = [&](auto rate) {
    std::vector<size_t> order(cases.size());
    for (size_t i = 0; i < order.size(); ++i)
      order[i] = i;
    llvm::sort(order, [&](size_t a, size_t b) { return rate(*cases[a]) < rate(*cases[b]); });
    std::vector<double> rank(cases.size());
    for (size_t i = 0; i < order.size(); ++i)
      rank[order[i]] = double(i);
    return rank;
  };
  const auto a = ranks([](const Case &c) { return c.work / c.predictedUs; }),
             b = ranks([](const Case &c) { return c.work / c.measuredUs; });
  double sum = 0;
  const double n = double(cases.size());
  for (size_t i = 0; i < cases.size(); ++i)
    sum += (a[i] - b[i]) * (a[i] - b[i]);
  return n < 2 ? 0 : 1 - 6 * sum / (n * (n * n - 1));
}

struct Family {
  std::string name;
  std::vector<const Case *> cases;
  double correlation = 0, medianError = 0;
};

std::vector<Family> summarise(const std::vector<Case> &cases) {
  std::vector<Family> families;
  for (const Case &one : cases) {
    if (families.empty() || families.back().name != one.family)
      families.push_back({one.family, {}});
    families.back().cases.push_back(&one);
  }
  for (Family &family : families) {
    std::vector<double> errors;
    for (const Case *one : family.cases)
      errors.push_back(std::abs(one->relativeError()));
    llvm::sort(errors);
    family.medianError = errors[errors.size() / 2];
    family.correlation = rankCorrelation(family.cases);
  }
  return families;
}

void print(const std::vector<Family> &families) {
  llvm::outs() << "this machine on one thread, predicted beside measured there and then (the "
                  "fastest of many runs)\n";
  for (const Family &family : families) {
    llvm::outs() << llvm::formatv(
        "\n{0}: rank correlation of rates {1:F2}, median time error {2:F1} %, of {3} shapes\n",
        family.name, family.correlation, 100 * family.medianError, family.cases.size());
    for (const Case *one : family.cases)
      llvm::outs() << llvm::formatv("  {0,-26} {1,9:F1} us, measured {2,9:F1} ({3}{4:F0} %)\n",
                                    one->name, one->predictedUs, one->measuredUs,
                                    one->relativeError() < 0 ? "-" : "+",
                                    100 * std::abs(one->relativeError()));
  }
}

void printJson(const std::vector<Family> &families) {
  llvm::json::OStream json(llvm::outs(), 2);
  json.object([&] {
    json.attributeArray("families", [&] {
      for (const Family &family : families)
        json.object([&] {
          json.attribute("family", family.name);
          json.attribute("rank_correlation", family.correlation);
          json.attribute("median_error", family.medianError);
          json.attributeArray("points", [&] {
            for (const Case *one : family.cases)
              json.object([&] {
                json.attribute("shape", one->name);
                json.attribute("us", one->predictedUs);
                json.attribute("measured_us", one->measuredUs);
              });
          });
        });
    });
  });
  llvm::outs() << "\n";
}

} // namespace

int validateCpu(const std::string &chip, bool json) {
  CompileOptions options;
  options.chip = chip;
  llvm::SmallString<128> path;
  std::string error;
  if (chip.empty()) {
    Progress progress("measuring this machine");
    const auto text = calibratedChip("this-machine", /*cores=*/1, error);
    int file = 0;
    if (!text)
      return fail(error);
    if (llvm::sys::fs::createTemporaryFile("tessera-chip", "yaml", file, path))
      return fail("cannot write a temporary chip file");
    llvm::raw_fd_ostream(file, /*shouldClose=*/true) << *text;
    options.chip = path.str().str();
  }
  llvm::FileRemover remover(path, /*deleteIt=*/!path.empty());
  std::vector<Case> cases;
  for (CpuCase &one : cpuCases())
    cases.push_back({std::move(one)});
  for (Case &one : cases) {
    const auto predicted = predict(one, options),
               measured = fastestRunUs(one.name, one.text, options.chip, /*threads=*/1);
    if (!predicted || !measured)
      return fail("cannot time " + one.family + " " + one.name);
    one.predictedUs = *predicted;
    one.measuredUs = *measured;
  }
  const std::vector<Family> families = summarise(cases);
  if (json)
    printJson(families);
  else
    print(families);
  return kOk;
}

} // namespace tessera::tool
