// The costs that the remarks of tile-pipeline give are what the other choice would add: a fill that
// does not overlap, or loads that are made again.
#include "SlotRemarks.h"

#include "mlir/IR/Remarks.h"

using namespace mlir;
using namespace tessera;

/// The path that fills a buffer, else one that drains it; null where neither is listed.
static const tile::Path *pathOf(const BlockBuffer &buffer, const tile::ChipSpec &chip) {
  for (Operation *op : buffer.accesses)
    if (auto copy = dyn_cast<tile::CopyOp>(op))
      if (const tile::Path *path =
              chip.path(tile::spaceOf(cast<MemRefType>(copy.getSource().getType())),
                        tile::spaceOf(cast<MemRefType>(copy.getTarget().getType()))))
        return path;
  for (const tile::Path &path : chip.paths)
    if (path.from == buffer.space)
      return &path;
  return nullptr;
}

static double cyclesOf(int64_t bytes, const tile::Path *path) {
  if (!path || path->bytesPerCycle <= 0)
    return 0;
  return path->fixedCycles + double(bytes) / path->bytesPerCycle;
}

void tessera::explainSlots(func::FuncOp kernel, const SlotPlan &plan, const tile::ChipSpec &chip) {
  if (!kernel.getContext()->getRemarkEngine())
    return;
  auto options = [&](StringRef name) {
    return remark::RemarkOpts::name(name).category("pipeline").function(kernel.getName());
  };
  for (const BufferSlots &entry : plan.buffers) {
    const BlockBuffer &buffer = entry.buffer;
    Location loc = buffer.owner->getLoc();
    const tile::Path *path = pathOf(buffer, chip);
    const double cycles = cyclesOf(buffer.bytes, path);
    if (entry.kept > 0)
      remark::passed(loc, options("kept"))
          << remark::add("{0} of the {1} parts of {2} bytes that a block loads stay in {3}: a core "
                         "loads {4} bytes less, {5:F0} cycles; keeping another operand would save "
                         "{6} bytes",
                         entry.kept, entry.trips, buffer.bytes, buffer.space, plan.savedBytes,
                         cyclesOf(plan.savedBytes, path), plan.secondBytes)
          << remark::metric("bytes", plan.savedBytes)
          << remark::metric("runner-up-bytes", plan.secondBytes);
    else if (entry.slots > 1)
      remark::passed(loc, options("slots"))
          << remark::add("{0} slots of {1} bytes in {2}: one fills while the other is read; with "
                         "one slot each turn would take {3:F0} cycles more",
                         entry.slots, buffer.bytes, buffer.space, cycles)
          << remark::metric("cycles", int64_t(cycles));
    else if (buffer.gainsFromSlots && buffer.loop)
      remark::missed(loc, options("slots"))
          << remark::add("one slot of {0} bytes in {1}; two would save {2:F0} cycles each turn",
                         buffer.bytes, buffer.space, cycles)
          << remark::reason("{0} has no room for a second one", buffer.space)
          << remark::metric("cycles", int64_t(cycles));
  }
}
