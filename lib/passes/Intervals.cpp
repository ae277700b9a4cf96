// Lifetimes of buffers in program order, and first-fit addresses for them.
#include "Intervals.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Interfaces/LoopLikeInterface.h"
#include "mlir/Interfaces/ViewLikeInterface.h"
#include "llvm/Support/MathExtras.h"

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
      if (isa<ViewLikeOpInterface>(user) || isa<memref::CollapseShapeOp, memref::ExpandShapeOp>(user)) {
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

int64_t tessera::packIntervals(MutableArrayRef<Interval> intervals, int64_t align) {
  SmallVector<Interval *> order;
  for (Interval &interval : intervals)
    order.push_back(&interval);
  llvm::sort(order, [](Interval *a, Interval *b) {
    return std::tuple(-a->bytes, a->begin, a) < std::tuple(-b->bytes, b->begin, b);
  });
  SmallVector<Interval *> placed;
  int64_t total = 0;
  for (Interval *interval : order) {
    // Those live at the same time, by address; the first gap that is wide enough is taken.
    SmallVector<Interval *> others;
    for (Interval *other : placed)
      if (other->begin <= interval->end && interval->begin <= other->end)
        others.push_back(other);
    llvm::sort(others, [](Interval *a, Interval *b) { return a->offset < b->offset; });
    int64_t at = 0;
    for (Interval *other : others) {
      if (at + interval->bytes <= other->offset)
        break;
      at = std::max(at, int64_t(llvm::alignTo(other->offset + other->bytes, align)));
    }
    interval->offset = at;
    total = std::max(total, at + interval->bytes);
    placed.push_back(interval);
  }
  return total;
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
