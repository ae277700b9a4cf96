// Which channel an event or a flag is.
#include "Syncs.h"
#include "tessera/dialect/tile/PipeNames.h"
#include "tessera/dialect/tile/TileDialect.h"

namespace tessera::machine {
using namespace mlir;

/// Events and flags by number: of the pipes and the id, or of the kind of core that sets and the
/// id.
FailureOr<TimedStep> SyncTable::of(const Step &step) {
  const auto pair = tile::syncPipes(step.op, chip);
  if (!pair)
    return step.op->emitOpError("names pipes of several kinds of core, so it cannot be timed");
  const auto from = table.index({pair->first.core, pair->first.pipe, pair->first.instance}),
             to = table.index({pair->second.core, pair->second.pipe, pair->second.instance});
  if (!from || !to)
    return step.op->emitOpError("needs one more pipe than the ") << kMostPipes << " of a group";
  const int64_t slot = step.extents.empty() ? 0 : step.extents.front();
  TimedStep timed;
  auto number = [&](int64_t a, int64_t b, int64_t id) {
    return channels.try_emplace({a, b, id}, int64_t(channels.size())).first->second;
  };
  auto flag = [&](StringRef core, int64_t mode, int64_t id) {
    return number(core == chip.matrixCore() ? -1 : -2, mode, id);
  };
  timed.pipe = *to;
  timed.flag = isa<tile::CrossSetOp, tile::CrossWaitOp>(step.op);
  timed.sync = TimedStep::Wait;
  if (isa<tile::PipeBarrierOp>(step.op)) {
    timed.sync = TimedStep::Barrier;
  } else if (auto set = dyn_cast<tile::SetEventOp>(step.op)) {
    timed.pipe = *from;
    timed.sync = TimedStep::Set;
    timed.channel = number(*from, *to, set.getId() + slot);
  } else if (auto wait = dyn_cast<tile::WaitEventOp>(step.op)) {
    timed.channel = number(*from, *to, wait.getId() + slot);
  } else if (auto set = dyn_cast<tile::CrossSetOp>(step.op)) {
    timed.sync = TimedStep::Set;
    timed.channel = flag(pair->first.core, set.getMode(), set.getId() + slot);
  } else if (auto wait = dyn_cast<tile::CrossWaitOp>(step.op)) {
    const bool matrix = pair->first.core == chip.matrixCore();
    const StringRef other = matrix ? chip.vectorCore() : chip.matrixCore();
    timed.channel =
        flag(wait.getMode() == 2 ? other : pair->first.core, wait.getMode(), wait.getId() + slot);
  }
  return timed;
}

} // namespace tessera::machine
