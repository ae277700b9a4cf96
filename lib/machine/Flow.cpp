// Values by byte, and turns by slot.
#include "Flow.h"
#include "Valid.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Interfaces/ViewLikeInterface.h"
#include "tessera/dialect/tile/TileDialect.h"

namespace tessera::machine {
using namespace mlir;

/// Rows of one access that are followed one by one; of what has more, nothing is said.
static constexpr int64_t kMostRows = 4096;

/// A buffer has slots when a part of it is one of its first dimension, and has fewer dimensions: of
/// several that are one, types do not say which is left out.
static bool hasSlots(Value buffer) {
  auto type = cast<MemRefType>(buffer.getType());
  return type.getRank() > 1 && type.hasStaticShape() && type.getDimSize(0) > 1 &&
         llvm::any_of(buffer.getUsers(), [](Operation *user) {
           if (auto seen = dyn_cast<memref::ReinterpretCastOp>(user))
             return hasSlots(seen.getResult());
           auto part = dyn_cast<memref::SubViewOp>(user);
           return part && part.getStaticSizes()[0] == 1 && part.getDroppedDims().any();
         });
}

/// Whether blocks go from one memory of a core to another.
static bool isMove(Operation *op) {
  auto copy = dyn_cast<tile::CopyOp>(op);
  using Layout = tile::CopyLayout;
  return copy && copy.getLayout() != Layout::nd2nd && copy.getLayout() != Layout::nd2nz &&
         copy.getLayout() != Layout::nz2nd;
}

Flow::Flow(func::FuncOp kernel, Findings &findings) : findings(findings) {
  kernel.walk([&](Operation *op) {
    if (op->getNumResults() != 1 || !isa<MemRefType>(op->getResult(0).getType()) ||
        isa<ViewLikeOpInterface>(op) || !hasSlots(op->getResult(0)))
      return;
    auto type = cast<MemRefType>(op->getResult(0).getType());
    Slots slots;
    slots.count = type.getDimSize(0);
    slots.bytes = type.getNumElements() / slots.count *
                  int64_t(llvm::divideCeil(type.getElementTypeBitWidth(), 8));
    slots.current.assign(size_t(slots.count), -1);
    rings.insert({op->getResult(0), std::move(slots)});
  });
}

/// Operations of one name on the same buffers are one use: what a loop does, and what is done
/// before and after it to the same end.
uint32_t Flow::useOf(const Step &step, size_t operand) {
  std::vector<const void *> key{step.op->getName().getAsOpaquePointer()};
  for (const Step::Operand &each : step.operands)
    key.push_back(each.view.whole.getAsOpaquePointer());
  key.push_back(reinterpret_cast<const void *>(operand));
  return uses.try_emplace(std::move(key), uint32_t(uses.size())).first->second;
}

/// The slots that a view lies in, from the first to before the last.
static std::pair<int64_t, int64_t> slotsIn(const View &view, int64_t count, int64_t bytes) {
  const int64_t first = (view.begin() - view.base) / bytes,
                last = (view.end() - 1 - view.base) / bytes;
  return {std::clamp<int64_t>(first, 0, count), std::clamp<int64_t>(last + 1, 0, count)};
}

/// A use takes turns in the order in which they were written, and leaves none out to take an
/// earlier one again.
void Flow::take(Slots &slots, int64_t slot, uint32_t use, const Access &access) {
  const int64_t now = slots.current[size_t(slot)];
  if (now < 0)
    return;
  Turn &turn = slots.turns[size_t(now)];
  if (!llvm::is_contained(turn.readers, use)) {
    int64_t &latest = slots.latest.try_emplace({use, turn.writer}, -1).first->second;
    if (now < latest)
      findings.late(turn.access, slots.turns[size_t(latest)].access, access);
    latest = std::max(latest, now);
    turn.readers.push_back(use);
    return;
  }
  for (int64_t other : slots.current) {
    if (other <= now || slots.turns[size_t(other)].writer != turn.writer)
      continue;
    auto &passed = slots.turns[size_t(other)].passedOver;
    if (llvm::none_of(passed, [&](const auto &entry) { return entry.first == use; }))
      passed.push_back({use, access});
  }
}

/// Several slots at once are what a loop begins with, and no turn.
void Flow::put(Slots &slots, int64_t first, int64_t last, uint32_t use, const Access &access) {
  for (int64_t slot = first; slot < last; ++slot) {
    int64_t &now = slots.current[size_t(slot)];
    if (last - first > 1) {
      now = -1;
    } else if (now < 0 || !slots.turns[size_t(now)].readers.empty()) {
      now = int64_t(slots.turns.size());
      slots.turns.push_back({access, use, {}, {}});
    }
  }
}

void Flow::read(const View &view, uint32_t use, Operation *op) {
  forRows(view, kMostRows, [&](int64_t begin, int64_t end) {
    contents[view.domain].read(begin, end, [&](int64_t, int64_t, Contents::Owner owner) {
      if (owner.value > 0)
        values[size_t(owner.value) - 1].read = true;
    });
  });
  if (auto ring = rings.find(view.whole); ring != rings.end()) {
    const auto [first, last] = slotsIn(view, ring->second.count, ring->second.bytes);
    for (int64_t slot = first; slot < last; ++slot)
      take(ring->second, slot, use, {op, view.space, view.begin(), view.end()});
  }
}

void Flow::write(const View &view, uint32_t use, Operation *op) {
  const Access access{op, view.space, view.begin(), view.end()};
  const bool coarse = view.rows().count > kMostRows;
  // A move passes on what it finds, and at an edge that is more than there is.
  values.push_back({access, coarse || isMove(op)});
  forRows(view, kMostRows, [&](int64_t begin, int64_t end) {
    Contents &memory = contents[view.domain];
    memory.read(begin, end, [&](int64_t, int64_t, Contents::Owner owner) {
      if (owner.value == 0)
        return;
      Written &before = values[size_t(owner.value) - 1];
      before.read |= coarse;
      if (!before.read && !before.replaced)
        before.replaced = op;
    });
    memory.write(begin, end, {view.whole, op, int64_t(values.size())});
  });
  if (auto ring = rings.find(view.whole); ring != rings.end()) {
    const auto [first, last] = slotsIn(view, ring->second.count, ring->second.bytes);
    put(ring->second, first, last, use, access);
  }
}

void Flow::step(const Step &step) {
  const auto parts = validParts(step);
  auto counts = [](const Valid &part) {
    return part.view.elements() > 0 && part.view.argument < 0;
  };
  for (auto [i, part] : llvm::enumerate(parts))
    if (part.uses && counts(part))
      read(part.view, useOf(step, i), step.op);
  for (auto [i, part] : llvm::enumerate(parts)) {
    // What works in place has its buffer twice, and both count as written.
    const bool again = llvm::any_of(ArrayRef(parts).drop_front(i + 1), [&](const Valid &other) {
      return other.fills && other.view.domain == part.view.domain &&
             sameElements(other.view, part.view);
    });
    if (part.fills && !again && counts(part))
      write(part.view, useOf(step, i), step.op);
  }
}

void Flow::endBlock() {
  for (const Written &value : values)
    if (!value.read)
      findings.lost(value.access, value.replaced);
  for (auto &[buffer, slots] : rings) {
    for (const Turn &turn : slots.turns)
      for (const auto &[use, access] : turn.passedOver)
        if (!llvm::is_contained(turn.readers, use))
          findings.passedOver(turn.access, access);
    slots.turns.clear();
    slots.latest.clear();
    slots.current.assign(size_t(slots.count), -1);
  }
  contents.clear();
  values.clear();
}

} // namespace tessera::machine
