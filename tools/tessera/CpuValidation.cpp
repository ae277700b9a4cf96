// Small models of one operator each, compiled for this CPU, timed by the machine and run there and
// then on one thread. Of many runs the fastest counts: other programs can only slow one down.
#include "CpuValidation.h"
#include "Calibrate.h"
#include "CommandLine.h"
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

struct Case {
  std::string family, name, text;
  double work = 0; ///< Floating-point operations, or bytes moved.
  double predictedUs = 0, measuredUs = 0;
  double relativeError() const { return predictedUs / measuredUs - 1; }
};

std::string tensor(std::initializer_list<int64_t> dims) {
  std::string text = "tensor<";
  for (int64_t dim : dims)
    text += std::to_string(dim) + "x";
  return text + "f32>";
}

/// @main with such inputs, of these lines; the last value is %y of type `out`.
std::string model(llvm::ArrayRef<std::string> inputs, const std::string &body,
                  const std::string &out) {
  std::string text = "func.func @main(";
  for (auto [i, type] : llvm::enumerate(inputs))
    text += (i ? ", %" : "%") + std::string(1, char('a' + i)) + ": " + type;
  return text + ") -> " + out + " {\n" + body + "  return %y : " + out + "\n}\n";
}

void addGemm(std::vector<Case> &cases) {
  const int64_t shapes[][3] = {{16, 16, 16},    {64, 64, 64},    {128, 128, 128}, {256, 256, 256},
                               {512, 512, 512}, {64, 512, 256},  {512, 64, 512},  {32, 768, 768},
                               {8, 1024, 512},  {1, 1024, 1024}, {256, 16, 256}};
  for (auto [m, n, k] : shapes) {
    const std::string a = tensor({m, k}), b = tensor({k, n}), y = tensor({m, n});
    cases.push_back(
        {"gemm", llvm::formatv("{0}x{1}x{2}", m, n, k).str(),
         model({a, b}, "  %y = npu.matmul %a, %b : " + a + ", " + b + " -> " + y + "\n", y),
         2.0 * double(m) * double(n) * double(k)});
  }
}

void addConv(std::vector<Case> &cases) {
  const int64_t shapes[][4] = {{28, 32, 32, 3},   {28, 64, 64, 3}, {14, 128, 128, 3},
                               {7, 256, 256, 3},  {56, 16, 32, 3}, {28, 64, 128, 1},
                               {14, 256, 256, 1}, {112, 3, 16, 3}, {56, 8, 8, 3},
                               {4, 64, 64, 3},    {56, 24, 72, 1}};
  for (auto [h, c, f, kernel] : shapes) {
    const std::string x = tensor({1, h, h, c}), w = tensor({kernel, kernel, c, f}),
                      y = tensor({1, h, h, f});
    const std::string pad = std::to_string(kernel / 2);
    cases.push_back({"conv", llvm::formatv("{0}x{0}x{1} to {2}, {3}x{3}", h, c, f, kernel).str(),
                     model({x, w},
                           "  %y = npu.conv2d %a, %b strides = [1, 1] dilations = [1, 1] pads = [" +
                               pad + ", " + pad + ", " + pad + ", " + pad + "] groups = 1 : " + x +
                               ", " + w + " -> " + y + "\n",
                           y),
                     2.0 * double(h * h * c * f * kernel * kernel)});
  }
}

void addAttention(std::vector<Case> &cases) {
  const int64_t shapes[][2] = {{64, 64},  {128, 64},  {192, 64},  {256, 64}, {384, 64},
                               {512, 64}, {128, 128}, {256, 128}, {384, 32}};
  for (auto [s, d] : shapes) {
    const std::string q = tensor({s, d}), k = tensor({d, s}), p = tensor({s, s});
    cases.push_back({"attention", llvm::formatv("{0} tokens, d {1}", s, d).str(),
                     model({q, k, q},
                           "  %s = npu.matmul %a, %b : " + q + ", " + k + " -> " + p +
                               "\n  %p = npu.softmax %s axis = 1 : " + p +
                               "\n  %y = npu.matmul %p, %c : " + p + ", " + q + " -> " + q + "\n",
                           q),
                     4.0 * double(s) * double(s) * double(d)});
  }
}

void addRows(std::vector<Case> &cases) {
  const int64_t shapes[][2] = {{4, 16},    {16, 64},   {1024, 16}, {1024, 64},  {64, 256},
                               {32, 2048}, {512, 512}, {64, 8192}, {1024, 1024}};
  for (auto [rows, columns] : shapes) {
    const std::string x = tensor({rows, columns});
    cases.push_back({"row operators", llvm::formatv("softmax {0}x{1}", rows, columns).str(),
                     model({x}, "  %y = npu.softmax %a axis = 1 : " + x + "\n", x),
                     8.0 * double(rows * columns)});
  }
}

void addElementwise(std::vector<Case> &cases) {
  const std::pair<const char *, int64_t> unary[] = {
      {"relu", 4096},  {"exp", 4096},    {"gelu", 16384},   {"tanh", 65536},
      {"exp", 262144}, {"gelu", 262144}, {"relu", 1048576}, {"sigmoid", 1048576}};
  for (auto [op, count] : unary) {
    const std::string x = tensor({count});
    cases.push_back({"elementwise", llvm::formatv("{0} {1}", op, count).str(),
                     model({x}, "  %y = npu." + std::string(op) + " %a : " + x + "\n", x),
                     8.0 * double(count)});
  }
  for (int64_t count : {16384, 524288, 2097152}) {
    const std::string x = tensor({count});
    cases.push_back({"elementwise", llvm::formatv("add {0}", count).str(),
                     model({x, x}, "  %y = npu.add %a, %b : " + x + "\n", x),
                     12.0 * double(count)});
  }
}

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
  addGemm(cases);
  addConv(cases);
  addAttention(cases);
  addRows(cases);
  addElementwise(cases);
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
