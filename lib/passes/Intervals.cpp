// Lifetimes of buffers in program order.
#include "Intervals.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Interfaces/LoopLikeInterface.h"
#include "mlir/Interfaces/ViewLikeInterface.h"
#include "llvm/ADT/STLExtras.h"

#include <algorithm>

using namespace mlir;
using namespace tessera;

ProgramOrder::ProgramOrder(Operation *root) : root(root) {
  int64_t next = 0;
  root->walk([&](Operation *op, const WalkStage &stage) {
    if (stage.isBeforeAllRegions())
      first[op] = next++;
    if (stage.isAfterAllRegions())
      last[op] = op->getNumRegions() == 0 ? first[op] : next++;
  });
}

Interval ProgramOrder::lifetime(Value buffer) const {
  Interval interval{buffer, 0, INT64_MAX, -1, 0};
  Operation *home = buffer.getParentBlock()->getParentOp();
  SmallVector<Value> views{buffer};
  while (!views.empty()) {
    Value view = views.pop_back_val();
    for (Operation *user : view.getUsers()) {
      if (isa<ViewLikeOpInterface>(user) ||
          isa<memref::CollapseShapeOp, memref::ExpandShapeOp>(user)) {
        views.push_back(user->getResult(0));
        continue;
      }
      if (user->hasTrait<OpTrait::ReturnLike>() && user->getParentOp() == root)
        interval.end = INT64_MAX;
      Operation *outer = user;
      for (Operation *p = user->getParentOp(); p && p != home && p != root; p = p->getParentOp())
        if (isa<LoopLikeOpInterface>(p))
          outer = p;
      interval.begin = std::min(interval.begin, first.lookup(outer));
      interval.end = std::max(interval.end, last.lookup(outer));
    }
  }
  return interval;
}

Packing tessera::packIntervals(MutableArrayRef<Interval> intervals, int64_t align, int64_t enough) {
  std::vector<Block> blocks;
  for (const Interval &interval : intervals)
    blocks.push_back({interval.bytes, interval.begin, interval.end, 0});
  const Packing packing = packBlocks(blocks, align, enough);
  for (auto [interval, block] : llvm::zip_equal(intervals, blocks))
    interval.offset = block.offset;
  return packing;
}

std::pair<int64_t, int64_t> tessera::peak(ArrayRef<Interval> intervals) {
  std::pair<int64_t, int64_t> most{0, 0};
  for (const Interval &at : intervals) {
    int64_t live = 0;
    for (const Interval &other : intervals)
      if (other.begin <= at.begin && at.begin <= other.end)
        live += other.bytes;
    if (live > most.first)
      most = {live, at.begin};
  }
  return most;
}
