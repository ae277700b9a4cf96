// `tessera bench`: a model's speed, with its spread, and each kernel's part in it.
#include "Commands.h"
#include "KernelTable.h"
#include "ModelArguments.h"
#include "Progress.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Format.h"
#include <cmath>

namespace tessera::tool {
namespace {

constexpr int64_t kWarmUpRuns = 3;
/// Enough for a 99th percentile that is not simply the slowest run.
constexpr int64_t kFewestRuns = 20;
constexpr int64_t kMostRuns = 100000;

struct Speed {
  std::vector<double> ms;
  double gflop = 0;

  /// The smallest time that the given share of the runs did not exceed.
  double percentile(double share) const {
    const auto rank = static_cast<size_t>(std::ceil(share * static_cast<double>(ms.size())));
    return ms[std::clamp<size_t>(rank, 1, ms.size()) - 1];
  }
  double median() const { return percentile(0.5); }
};

/// Times whole runs first, then profiles as many again: reading the clock around every launch
/// would not be part of the model's speed.
Speed measure(runtime::Session &session, const std::vector<Tensor> &inputs,
              std::vector<Tensor> &outputs, int64_t repeat, double seconds) {
  Progress progress("measuring");
  for (int64_t i = 0; i < kWarmUpRuns; ++i)
    runOnce(session, inputs, outputs);
  Speed speed;
  const double begin = progress.elapsedMs();
  const auto enough = [&](double now) {
    const auto runs = static_cast<int64_t>(speed.ms.size());
    if (repeat)
      return runs >= repeat;
    return runs >= kMostRuns || (runs >= kFewestRuns && now - begin > seconds * 1000);
  };
  for (double now = begin; !enough(now);) {
    runOnce(session, inputs, outputs);
    const double after = progress.elapsedMs();
    speed.ms.push_back(after - now);
    now = after;
  }
  session.setProfiling(true);
  const size_t profiled = speed.ms.size();
  for (size_t i = 0; i < profiled; ++i)
    runOnce(session, inputs, outputs);
  for (auto [kernel, time] : llvm::zip(session.model().kernels, session.kernelTimes()))
    speed.gflop +=
        kernel.flops * static_cast<double>(time.launches) / static_cast<double>(profiled) / 1e9;
  llvm::sort(speed.ms);
  return speed;
}

void printText(const ModelArguments &arguments, const runtime::Session &session, const Speed &speed,
               size_t rows) {
  llvm::raw_ostream &out = llvm::outs();
  out << llvm::format("median %.3f ms (fastest %.3f, 90%% within %.3f, 99%% within %.3f), ",
                      speed.median(), speed.ms.front(), speed.percentile(0.9),
                      speed.percentile(0.99))
      << speed.ms.size() << " runs on " << session.threads()
      << (session.threads() == 1 ? " thread" : " threads") << ", chip "
      << (arguments.target.options.chip.empty() ? hostChip() : arguments.target.options.chip)
      << "\n";
  out << llvm::format("%.4g GFLOP per run, %.1f GFLOP/s; compiled in %.0f ms\n", speed.gflop,
                      speed.gflop / speed.median() * 1000, arguments.compileMs);
  printKernelTable(out, session, static_cast<int64_t>(speed.ms.size()), rows);
}

void printJson(const ModelArguments &arguments, const runtime::Session &session,
               const Speed &speed) {
  llvm::json::OStream json(llvm::outs(), 2);
  json.object([&] {
    json.attribute("model", arguments.model);
    json.attribute("chip", arguments.target.options.chip.empty() ? hostChip()
                                                                 : arguments.target.options.chip);
    json.attribute("precision", arguments.target.options.precision);
    json.attribute("threads", session.threads());
    json.attribute("compile_ms", arguments.compileMs);
    json.attribute("runs", static_cast<int64_t>(speed.ms.size()));
    json.attribute("min_ms", speed.ms.front());
    json.attribute("median_ms", speed.median());
    json.attribute("p90_ms", speed.percentile(0.9));
    json.attribute("p99_ms", speed.percentile(0.99));
    json.attribute("gflop", speed.gflop);
    json.attribute("gflop_per_s", speed.gflop / speed.median() * 1000);
    writeKernelTable(json, session, static_cast<int64_t>(speed.ms.size()));
  });
  llvm::outs() << "\n";
}

} // namespace

int benchCommand(llvm::ArrayRef<std::string> arguments) {
  ModelArguments model;
  int64_t repeat = 0, rows = 20;
  double seconds = 2;
  CommandLine line("bench", "Compiles a model and measures how long a run takes, and which kernels "
                            "take it. Inputs that no file gives are random.");
  model.addTo(line);
  line.integer("--repeat", "N", "Measures exactly N runs.", repeat, 1, kMostRuns);
  line.number("--seconds", "S",
              "Measures for this long, and for twenty runs at least; 2 unless given.", seconds);
  line.integer("--rows", "N", "Shows the N slowest kernels; 20 unless given.", rows, 0, 100000);
  if (std::optional<int> code = line.parse(arguments))
    return *code;
  if (std::optional<int> code = model.readBindings(line))
    return *code;
  // Speed hardly depends on the values, so a bench does not insist on them.
  model.randomInputs = true;
  auto compiled = model.compile(/*reference=*/false);
  if (!compiled)
    return kRejected;
  auto inputs = model.inputValues(*compiled);
  auto outputs = inputs ? allocateOutputs(*compiled) : std::nullopt;
  if (!outputs)
    return kRejected;
  runtime::Session session(compiled, static_cast<int>(model.threads));
  const Speed speed = measure(session, *inputs, *outputs, repeat, seconds);
  if (model.json)
    printJson(model, session, speed);
  else
    printText(model, session, speed, static_cast<size_t>(rows));
  return kOk;
}

} // namespace tessera::tool
