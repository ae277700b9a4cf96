// What bounds a launch, and what would help most, found by timing it again with one thing changed.
#include "Launch.h"
#include <cmath>

namespace tessera::machine {
using namespace mlir;

static std::string percent(double share) {
  return std::to_string(int(std::lround(100 * share))) + " %";
}

std::string describeBound(const KernelTime &time, const tile::ChipSpec &chip, int64_t coresOfChip) {
  const double fixed = chip.launchUs + chip.rampUs + chip.firstLoadUs;
  if (time.us > 0 && fixed > 0.5 * time.us)
    return "launch and ramp, " + percent(fixed / time.us) + " of the time";
  for (const LevelUse &level : time.levels)
    if (level.share > 0.9)
      return level.name + ", which all cores share, " + percent(level.share) + " busy";
  if (time.pipes.empty())
    return "nothing";
  const PipeUse &top = time.pipes.front();
  const std::string busy = top.name + ", " + percent(top.share) + " busy";
  if (2 * time.coresUsed <= coresOfChip)
    return "too few blocks: " + std::to_string(time.coresUsed) + " of " +
           std::to_string(coresOfChip) + " cores work; there " + busy;
  return top.share >= 0.75 ? busy : "pipes waiting for each other; the busiest is " + busy;
}

/// What a programmer would do about a pipe: by what it mostly carries.
static std::string remedy(const tile::ChipSpec &chip, const KernelTime &time, StringRef pipe) {
  StringRef core, name = pipe;
  if (size_t dot = pipe.find('.'); dot != StringRef::npos)
    std::tie(core, name) = pipe.split('.');
  core = core.rtrim("0123456789");
  const PathUse *most = nullptr;
  for (const PathUse &use : time.paths)
    if (const tile::Path *path = chip.path(use.from, use.to))
      if (path->pipe == name && (core.empty() || path->core == core) &&
          (!most || use.bytes > most->bytes))
        most = &use;
  const StringRef global = chip.global().name;
  for (const tile::Mma &unit : chip.mma)
    if (unit.pipe == name && !(most && chip.vectorFor() && chip.vectorFor()->pipe == name))
      return "the matrix unit: whole fractals and longer steps of k waste less of it";
  if (!most)
    return "the vector unit: fewer or narrower operations";
  const std::string path = most->from + " to " + most->to;
  if (most->from == global)
    return path + ": larger tiles load the same bytes less often";
  if (most->to == global)
    return path + ": narrower results, or fewer round trips through " + global.str();
  return path + ": larger tiles reuse what is there";
}

void describeSavings(KernelTime &time, const tile::ChipSpec &chip, int64_t coresOfChip) {
  const double whole = time.us;
  if (whole <= 0)
    return;
  for (Saving &saving : time.savings) {
    saving.share /= whole;
    if (!saving.pipe.empty())
      saving.text = saving.pipe + " twice as fast would save " + percent(saving.share) + " (" +
                    remedy(chip, time, saving.pipe) + ")";
    else
      saving.text = saving.text + " would save " + percent(saving.share);
  }
  const double fixed = (chip.launchUs + chip.rampUs + chip.firstLoadUs) / whole;
  if (time.coresUsed < coresOfChip) {
    const double share = (1 - fixed) * (1 - double(time.coresUsed) / double(coresOfChip));
    time.savings.push_back({"",
                            "blocks for all " + std::to_string(coresOfChip) +
                                " cores would save up to " + percent(share),
                            share});
  }
  if (fixed > 0.25)
    time.savings.push_back(
        {"", "one launch less (fusing it with a neighbour) would save up to " + percent(fixed),
         fixed});
  llvm::erase_if(time.savings, [](const Saving &saving) { return saving.share < 0.01; });
  llvm::sort(time.savings, [](const Saving &a, const Saving &b) {
    return std::tie(b.share, a.text) < std::tie(a.share, b.text);
  });
}

} // namespace tessera::machine
