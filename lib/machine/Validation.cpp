// Each point's program, timed on its chip, beside what was published of it.
#include "tessera/machine/Validation.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Parser/Parser.h"
#include "schedules/Writer.h"
#include "tessera/dialect/tile/ChipSpec.h"
#include "tessera/machine/Timing.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include <cmath>

namespace tessera::machine {

std::optional<std::string> buildProgram(const Point &point, std::string &error) {
  const std::string &builder = point.schedule.builder;
  if (builder == "gemm")
    return gemmProgram(point, error);
  if (builder == "conv")
    return convProgram(point, error);
  if (builder == "attention")
    return attentionProgram(point, error);
  if (builder == "topk")
    return topkProgram(point, error);
  error = builder.empty()
              ? "its schedule is not known"
              : "expected builder gemm, conv, attention or topk, but got '" + builder + "'";
  return std::nullopt;
}

namespace {

/// Times a program's text on a chip.
std::optional<ProgramTime> timeText(const std::string &text, const tile::ChipSpec &chip,
                                    mlir::MLIRContext &context, std::string &error) {
  mlir::ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic &diagnostic) {
    if (error.empty())
      error = diagnostic.str();
    return mlir::success();
  });
  auto module = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
  if (!module) {
    error = error.empty() ? "its program cannot be read" : error;
    return std::nullopt;
  }
  chip.attach(*module);
  mlir::FailureOr<ProgramTime> time = timeProgram(*module, chip);
  if (failed(time)) {
    error = error.empty() ? "its program cannot be timed" : error;
    return std::nullopt;
  }
  return *time;
}

std::optional<std::string> programText(const Point &point, llvm::StringRef folder,
                                       std::string &error) {
  if (point.schedule.program.empty())
    return buildProgram(point, error);
  llvm::SmallString<128> path(folder);
  llvm::sys::path::append(path, point.schedule.program);
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/true);
  if (!buffer) {
    error = (path + ": " + buffer.getError().message()).str();
    return std::nullopt;
  }
  return (*buffer)->getBuffer().str();
}

/// One step of the inner loop: what twice as many keys take more.
double stepUs(const Point &point, const ProgramTime &once, const tile::ChipSpec &chip,
              mlir::MLIRContext &context, std::string &error) {
  Point twice = point;
  twice.shape["keys"] *= 2;
  const auto text = buildProgram(twice, error);
  const auto time = text ? timeText(*text, chip, context, error) : std::nullopt;
  if (!time)
    return 0;
  const double steps =
      double(point.extent("keys")) / double(point.schedule.baseTile[1] * point.schedule.split);
  return (time->us - once.us) / steps;
}

Outcome outcomeOf(const Point &point, llvm::StringRef folder, mlir::MLIRContext &context) {
  Outcome outcome;
  outcome.point = &point;
  const auto chip = tile::loadChip(point.chip, outcome.error);
  if (!chip)
    return outcome;
  const auto text = programText(point, folder, outcome.error);
  if (!text)
    return outcome;
  const auto time = timeText(*text, *chip, context, outcome.error);
  if (!time)
    return outcome;
  // A task begins with the launch, the cores' own count behind it; a host's clock is taken to be
  // the task's.
  outcome.us = point.clock == "step"   ? stepUs(point, *time, *chip, context, outcome.error)
               : point.clock == "core" ? time->us - chip->launchUs * double(time->kernels.size())
                                       : time->us;
  for (const auto &[pipe, share] : point.busy)
    for (const PipeUse &use : time->kernels.front().pipes)
      if (use.name == pipe)
        outcome.busy[pipe] = use.share;
  return outcome;
}

/// Mean and worst error of a family's outcomes.
struct Summary {
  size_t count = 0, failures = 0;
  double mean = 0, worst = 0;
};

Summary summarise(llvm::ArrayRef<const Outcome *> outcomes) {
  Summary summary;
  for (const Outcome *outcome : outcomes) {
    if (!outcome->error.empty()) {
      ++summary.failures;
      continue;
    }
    const double error = std::abs(outcome->relativeError());
    ++summary.count;
    summary.mean += error;
    summary.worst = std::max(summary.worst, error);
  }
  if (summary.count)
    summary.mean /= double(summary.count);
  return summary;
}

/// Families in the file's order, those whose schedule is assumed apart.
std::vector<std::pair<std::string, std::vector<const Outcome *>>>
byFamily(const std::vector<Outcome> &outcomes, bool published) {
  std::vector<std::pair<std::string, std::vector<const Outcome *>>> families;
  for (const Outcome &outcome : outcomes) {
    if (outcome.point->schedule.published != published)
      continue;
    auto found = llvm::find_if(
        families, [&](const auto &family) { return family.first == outcome.point->family; });
    if (found == families.end())
      found = families.insert(found, {outcome.point->family, {}});
    found->second.push_back(&outcome);
  }
  return families;
}

void printOutcome(llvm::raw_ostream &out, const Outcome &outcome) {
  const Point &point = *outcome.point;
  out << llvm::formatv("  {0,-26} ", point.id);
  if (!outcome.error.empty()) {
    out << "not timed: " << outcome.error << "\n";
    return;
  }
  out << llvm::formatv("{0,9:F2} us, published {1,9:F2} ({2}{3:F1} %){4}", outcome.us, point.timeUs,
                       outcome.relativeError() < 0 ? "-" : "+",
                       100 * std::abs(outcome.relativeError()),
                       point.fits.empty() ? "" : " fitted");
  const char *between = "; busy ";
  for (const auto &[pipe, share] : point.busy) {
    auto found = outcome.busy.find(pipe);
    out << between << pipe << " "
        << (found == outcome.busy.end() ? std::string("none")
                                        : llvm::formatv("{0:F1}", 100 * found->second).str())
        << " (" << llvm::formatv("{0:F1}", 100 * share) << ") %";
    between = ", ";
  }
  out << "\n";
}

} // namespace

std::vector<Outcome> validate(const std::vector<Point> &points, llvm::StringRef folder,
                              mlir::MLIRContext &context) {
  std::vector<Outcome> outcomes;
  for (const Point &point : points)
    outcomes.push_back(outcomeOf(point, folder, context));
  return outcomes;
}

std::string outcomeTable(const std::vector<Outcome> &outcomes) {
  std::string text;
  llvm::raw_string_ostream out(text);
  out << "predicted beside published; 'fitted' marks points that a number of the chip's file was "
         "fitted to\n";
  for (bool published : {true, false}) {
    const auto families = byFamily(outcomes, published);
    if (!published && !families.empty())
      out << "\nschedules that nobody states, assumed here:\n";
    for (const auto &[family, list] : families) {
      const Summary summary = summarise(list);
      out << "\n"
          << family << ": mean error "
          << llvm::formatv("{0:F1} %, worst {1:F1} %, of {2}", 100 * summary.mean,
                           100 * summary.worst, summary.count)
          << (summary.count == 1 ? " point" : " points");
      if (summary.failures)
        out << "; " << summary.failures << " not timed";
      out << "\n";
      for (const Outcome *outcome : list)
        printOutcome(out, *outcome);
    }
  }
  return text;
}

std::string outcomeJson(const std::vector<Outcome> &outcomes) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  llvm::json::OStream json(stream, 2);
  json.object([&] {
    json.attributeArray("points", [&] {
      for (const Outcome &outcome : outcomes)
        json.object([&] {
          const Point &point = *outcome.point;
          json.attribute("id", point.id);
          json.attribute("family", point.family);
          json.attribute("chip", point.chip);
          json.attribute("source", point.source);
          json.attribute("schedule_published", point.schedule.published);
          json.attribute("fitted", !point.fits.empty());
          json.attribute("published_us", point.timeUs);
          if (!outcome.error.empty()) {
            json.attribute("error", outcome.error);
            return;
          }
          json.attribute("us", outcome.us);
          json.attribute("relative_error", outcome.relativeError());
          json.attributeObject("busy", [&] {
            for (const auto &[pipe, share] : outcome.busy)
              json.attribute(pipe, share);
          });
          json.attributeObject("published_busy", [&] {
            for (const auto &[pipe, share] : point.busy)
              json.attribute(pipe, share);
          });
        });
    });
    json.attributeArray("families", [&] {
      for (bool published : {true, false})
        for (const auto &[family, list] : byFamily(outcomes, published)) {
          const Summary summary = summarise(list);
          json.object([&, name = family] {
            json.attribute("family", name);
            json.attribute("schedule_published", published);
            json.attribute("points", int64_t(summary.count));
            json.attribute("not_timed", int64_t(summary.failures));
            json.attribute("mean_error", summary.mean);
            json.attribute("worst_error", summary.worst);
          });
        }
    });
  });
  return text + "\n";
}

} // namespace tessera::machine
