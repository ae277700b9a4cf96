// `tessera sim`: how long a model or a tile program would take on a chip.
#include "CommandLine.h"
#include "Commands.h"
#include "CpuValidation.h"
#include "Diagnostics.h"
#include "ModuleFile.h"
#include "Progress.h"
#include "TargetArguments.h"
#include "TileValidation.h"
#include "mlir/IR/MLIRContext.h"
#include "tessera/compiler/Compiler.h"
#include "tessera/compiler/LoadModel.h"
#include "tessera/dialect/tile/ChipSpec.h"
#include "tessera/dialect/tile/ShippedFiles.h"
#include "tessera/machine/Report.h"
#include "tessera/machine/Validation.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

namespace tessera::tool {
namespace {

/// The chips whose rates are good enough to time with: "ascend-310p, ascend-910b2".
std::string timedChips() {
  std::string names, error;
  for (const tile::ChipFile &file : tile::listChips())
    if (const auto chip = tile::loadChip(file.path, error); chip && chip->timed)
      names += (names.empty() ? "" : ", ") + file.name;
  return names;
}

/// Times the points of a file, the shipped one's by its name alone.
int validateFile(const std::string &name, const std::string &program, bool json) {
  const std::string path = tile::shippedFile("validation", name).value_or(name);
  auto text = llvm::MemoryBuffer::getFile(path, /*IsText=*/true);
  if (!text)
    return fail("cannot read " + path + ": " + text.getError().message());
  std::string error;
  const auto points = machine::readPoints((*text)->getBuffer(), path, error);
  if (!points)
    return fail(error);
  if (!program.empty()) {
    for (const machine::Point &point : *points)
      if (point.id == program) {
        const auto built = machine::buildProgram(point, error);
        if (!built)
          return fail("point '" + program + "': " + error);
        llvm::outs() << *built;
        return kOk;
      }
    return fail("expected the id of a point of " + path + ", but got '" + program + "'");
  }
  const auto context = contextFor(path);
  Progress progress("timing the points of " + name);
  const auto outcomes = machine::validate(*points, llvm::sys::path::parent_path(path), *context);
  llvm::outs() << (json ? machine::outcomeJson(outcomes) : machine::outcomeTable(outcomes));
  const bool all = llvm::all_of(outcomes, [](const auto &o) { return o.error.empty(); });
  return all ? kOk : kRejected;
}

struct SimOutputs {
  bool json = false;
  std::string trace, page;
};

int simulate(const std::string &model, const TargetArguments &target, const SimOutputs &outputs) {
  const CompileOptions &options = target.options;
  std::string error;
  // Said before the model is compiled for it.
  if (!options.chip.empty()) {
    const auto chip = tile::loadChip(options.chip, error);
    if (!chip)
      return fail(error);
    if (!chip->timed)
      return fail("chip " + chip->name + " is described in structure only, not well enough to " +
                  "time with; timed chips are " + timedChips());
  }
  const auto context = target.context(model);
  Progress progress("timing " + model);
  auto module = loadModel(*context, model, target.bindings, error);
  if (!module)
    return fail(error);
  if (std::optional<int> code = target.refuseLate(model, *module))
    return *code;
  if (!lowerModule(*module, options, Level::Program))
    return kRejected;
  const auto chip = tile::ChipSpec::of(*module);
  if (!chip)
    return kRejected;
  if (!chip->timed)
    return fail("chip " + chip->name + " is described in structure only, not well enough to time " +
                "with; timed chips are " + timedChips());
  const bool page = !outputs.page.empty();
  const auto time = machine::timeProgram(
      *module, *chip, {.timeline = page || !outputs.trace.empty(), .savings = true});
  if (failed(time))
    return kRejected;
  const machine::EnergyEstimate energy = machine::estimateEnergy(*time, *chip);
  if (!outputs.trace.empty())
    if (int code = writeFile(outputs.trace, [&](llvm::raw_ostream &out) {
          machine::writeTrace(*time, *chip, out);
          return true;
        }))
      return code;
  if (page)
    if (int code = writeFile(outputs.page, [&](llvm::raw_ostream &out) {
          machine::writePage(*time, energy, *chip, llvm::sys::path::filename(model), out);
          return true;
        }))
      return code;
  if (outputs.json)
    machine::printTimingJson(*time, energy, llvm::outs());
  else
    machine::printTiming(*time, energy, llvm::outs());
  return kOk;
}

} // namespace

int simCommand(llvm::ArrayRef<std::string> words) {
  std::string model, points, program;
  TargetArguments target;
  SimOutputs outputs;
  CommandLine line("sim", "Estimates how long a model takes on a chip, by walking its tile program "
                          "on the chip's description: time, what bounds each kernel, how busy "
                          "each pipe is, and what moves between the memories.");
  line.positional("MODEL",
                  "The model's file: ONNX (.onnx), MLIR text (.mlir) or bytecode (.mlirbc), or a "
                  "program that 'tessera compile -o' has written.",
                  model, /*required=*/false);
  line.text("--validate", "FILE",
            "Instead of a model, times published schedules and prints predicted beside published "
            "times: a YAML file of points, or 'ascend' or 'wormhole' for those that come with the "
            "program. With 'cpu', runs operators on this machine and prints predicted beside "
            "measured; with "
            "'tiles', tries tiles for them and prints the chosen one's time beside the best's.",
            points);
  line.text("--program", "ID",
            "With --validate, prints the tile program that one point's schedule is built into, "
            "instead of timing.",
            program);
  target.addTo(line);
  line.flag("--json", "Prints JSON instead of text.", outputs.json);
  line.text("--trace", "FILE",
            "Also writes what each pipe of the slowest core does as a trace for Chrome's or "
            "Perfetto's viewer.",
            outputs.trace);
  line.text("--report", "FILE.html",
            "Also writes one page with timelines, memory over time, a roofline and the hottest "
            "kernels.",
            outputs.page);
  if (std::optional<int> code = line.parse(words))
    return *code;
  if (model.empty() == points.empty())
    return line.wrongUsage(model.empty() ? "expected a model, or --validate"
                                         : "expected a model or --validate, but got both");
  if (!program.empty() && (points.empty() || points == "cpu" || points == "tiles"))
    return line.wrongUsage("--program prints the program of a published schedule, so it needs "
                           "--validate with a file of them, such as 'ascend'");
  if (points == "cpu")
    return validateCpu(target.options.chip, outputs.json);
  if (points == "tiles")
    return validateTiles(target.options.chip, {}, outputs.json);
  if (!points.empty())
    return validateFile(points, program, outputs.json);
  if (std::optional<int> code = target.read(line))
    return *code;
  return simulate(model, target, outputs);
}

} // namespace tessera::tool
