// Names for the spans, and lifetimes of buffers from one filling to the last reading.
#include "Timeline.h"
#include "tessera/dialect/tile/TileDialect.h"

namespace tessera::machine {

static constexpr size_t kMostSpans = 4000;

/// "copy gm to l1", "mma", "vector".
static std::string nameOf(const TimedStep &step) {
  std::string name = step.op ? step.op->getName().stripDialect().str() : "step";
  if (!step.from.empty())
    name += " " + step.from.str() + " to " + step.to.str();
  return name;
}

void Timeline::add(const TimedStep &step, double start, double cycles, int64_t block) {
  if (spans.size() == kMostSpans)
    return;
  spans.push_back({step.pipe, nameOf(step), start, cycles, block, step.bytes});
  for (const TimedStep::Access &access : step.accesses) {
    const View &view = access.view;
    if (view.argument >= 0 || view.space.empty() || view.space == "gm")
      continue;
    const std::string memory =
        view.space.str() + (view.core ? " " + std::to_string(view.core) : std::string());
    std::vector<Use> &uses = buffers[{memory, view.begin()}];
    // A new filling begins where something is written that was read before.
    const bool fresh = uses.empty() || (access.writes && !step.readsOld && start >= uses.back().to);
    if (fresh)
      uses.push_back({start, start + cycles, memory, view.end() - view.begin()});
    uses.back().to = std::max(uses.back().to, start + cycles);
    uses.back().bytes = std::max(uses.back().bytes, view.end() - view.begin());
  }
}

void Timeline::finish(KernelTime &time, const PipeTable &table) {
  time.spans = std::move(spans);
  for (size_t pipe = 0; pipe < table.size(); ++pipe)
    time.spanPipes.push_back(table.name(pipe));
  for (const auto &[place, uses] : buffers)
    for (const Use &use : uses)
      time.buffers.push_back(
          {use.memory, place.second, place.second + use.bytes, use.from, use.to});
}

} // namespace tessera::machine
