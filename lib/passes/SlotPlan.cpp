// The choice of buffer counts. It prefers overlap within a block to overlap between blocks, and
// spends what is left of a memory on not loading the same part twice.
#include "SlotPlan.h"

#include "Intervals.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Interfaces/ViewLikeInterface.h"
#include "llvm/ADT/SmallBitVector.h"

#include <map>

using namespace mlir;
using namespace tessera;

static constexpr int64_t kSlots = 2; // one fills while the other is read
/// As many as can have events of their own, beside those of another operand.
static constexpr int64_t kMostSlots = 6;

namespace {

class Planner {
public:
  Planner(func::FuncOp kernel, scf::ForallOp grid, const CoreRuns &runs, const tile::ChipSpec &chip)
      : grid(grid), runs(runs), chip(chip), order(kernel) {
    for (BlockBuffer &buffer : buffersOf(*grid.getBody(), chip)) {
      BufferSlots entry{buffer};
      if (buffer.gainsFromSlots && isUsedAgain(buffer.loop))
        entry.slots = kSlots;
      if (auto most = buffer.owner->getAttrOfType<IntegerAttr>("tile.slots"))
        entry.slots = std::min<int64_t>(entry.slots, std::max<int64_t>(most.getInt(), 1));
      plan.buffers.push_back(entry);
    }
    grid.getBody()->walk(
        [&](memref::AllocOp alloc) { allocated[placeOf(alloc)].push_back(alloc); });
    kernelArguments.insert_range(kernel.getArguments());
  }

  SlotPlan run() {
    for (auto &[place, allocs] : allocated)
      while (bytesNeeded(place) > chip.capacity(place.first) && lowerOne(place)) {
      }
    plan.order = llvm::to_vector(llvm::seq(0u, unsigned(runs.trips.size())));
    if (runs.longest() > 1)
      keepOne();
    return plan;
  }

private:
  /// A memory's name, and which of the cores of a group that have one.
  using Place = std::pair<std::string, int64_t>;
  static Place placeOf(Operation *owner) {
    auto core = owner->getAttrOfType<IntegerAttr>("tile.core");
    return {tile::spaceOf(cast<MemRefType>(owner->getResult(0).getType())).str(),
            core ? core.getInt() : 0};
  }

  /// Whether one core comes to what `loop` (null: a block) does more than once.
  bool isUsedAgain(scf::ForOp loop) const {
    for (; loop; loop = loop->getParentOfType<scf::ForOp>())
      if (tripsOf(loop).value_or(kSlots) > 1)
        return true;
    return runs.longest() > 1;
  }

  /// Bytes of a memory with the slots as they are.
  int64_t bytesNeeded(const Place &place) {
    SmallVector<Interval> intervals;
    for (memref::AllocOp alloc : allocated[place]) {
      Interval interval = order.lifetime(alloc);
      MemRefType type = alloc.getType();
      interval.bytes = type.getNumElements() * llvm::divideCeil(type.getElementTypeBitWidth(), 8);
      for (const BufferSlots &entry : plan.buffers)
        if (entry.buffer.owner == alloc && entry.isRewritten()) {
          interval.bytes *= entry.slots;
          if (entry.outlivesBlock())
            interval.begin = 0, interval.end = INT64_MAX;
        }
      if (interval.end >= interval.begin)
        intervals.push_back(interval);
    }
    const tile::Memory *memory = chip.memory(place.first);
    return packIntervals(intervals, std::max<int64_t>(memory ? memory->align : 1, 64),
                         memory ? memory->capacity() : 0)
        .bytes;
  }

  /// Takes a slot from a buffer: of those that change once a block, else of all, the largest.
  bool lowerOne(const Place &place) {
    BufferSlots *most = nullptr;
    auto rank = [](const BufferSlots &e) { return std::pair(!e.buffer.loop, e.buffer.bytes); };
    for (BufferSlots &entry : plan.buffers)
      if (isa<memref::AllocOp>(entry.buffer.owner) && placeOf(entry.buffer.owner) == place &&
          entry.slots > 1 && (!most || rank(*most) < rank(entry)))
        most = &entry;
    if (most)
      --most->slots;
    return most != nullptr;
  }

  /// Which dims of the grid a value depends on; false when on anything but those and `loop`.
  bool dependsOn(Value value, scf::ForOp loop, llvm::SmallBitVector &dims) {
    if (auto argument = dyn_cast<BlockArgument>(value)) {
      if (argument.getOwner() == grid.getBody())
        dims.set(argument.getArgNumber());
      return argument.getOwner() == grid.getBody() || kernelArguments.contains(value) ||
             argument == loop.getInductionVar();
    }
    Operation *op = value.getDefiningOp();
    return op->getNumRegions() == 0 && llvm::all_of(op->getOperands(), [&](Value operand) {
             return dependsOn(operand, loop, dims);
           });
  }

  static Value rootOf(Value view) {
    while (auto op = view.getDefiningOp<ViewLikeOpInterface>())
      view = op.getViewSource();
    return view;
  }

  /// The one copy that fills the buffer, from an argument that the kernel does not write.
  tile::CopyOp onlyLoad(const BlockBuffer &buffer) {
    tile::CopyOp load;
    for (Operation *op : buffer.accesses) {
      auto copy = dyn_cast<tile::CopyOp>(op);
      if (!copy || rootOf(copy.getTarget()) != buffer.value())
        continue;
      if (load || copy->getParentOp() != buffer.loop)
        return {};
      load = copy;
    }
    if (!load)
      return {};
    Value source = rootOf(load.getSource());
    if (!kernelArguments.contains(source))
      return {};
    bool written = false;
    grid->walk([&](MemoryEffectOpInterface op) {
      SmallVector<MemoryEffects::EffectInstance> effects;
      op.getEffects(effects);
      for (const MemoryEffects::EffectInstance &effect : effects)
        written |= isa<MemoryEffects::Write>(effect.getEffect()) && effect.getValue() &&
                   rootOf(effect.getValue()) == source;
    });
    return written ? tile::CopyOp() : load;
  }

  /// Spends the room that is left on the operand for which it saves most.
  void keepOne() {
    int64_t bestSaved = 0;
    BufferSlots *best = nullptr;
    BufferSlots choice;
    SmallVector<unsigned> bestOrder;
    for (BufferSlots &entry : plan.buffers) {
      const BlockBuffer &buffer = entry.buffer;
      if (entry.slots < 2 || !buffer.loop || buffer.loop->getParentOp() != grid.getOperation() ||
          buffer.space == "workspace")
        continue;
      std::optional<int64_t> trips = tripsOf(buffer.loop);
      tile::CopyOp load = onlyLoad(buffer);
      llvm::SmallBitVector dims(runs.trips.size());
      if (!trips || !load || !dependsOn(load.getSource(), buffer.loop, dims))
        continue;
      BufferSlots kept = entry;
      entry.kept = 1; // for the sum of bytes below
      kept.load = load;
      kept.trips = *trips;
      int64_t before = entry.slots;
      while (kept.kept < *trips) {
        // When all parts stay, none has to share a slot.
        bool all = kept.kept + 1 + before >= *trips;
        entry.slots = all ? *trips : before + kept.kept + 1;
        if (bytesNeeded(placeOf(buffer.owner)) > chip.capacity(buffer.space))
          break;
        if (entry.slots > kMostSlots)
          break;
        kept.slots = entry.slots;
        kept.kept = all ? *trips : kept.kept + 1;
      }
      entry.slots = before, entry.kept = 0;
      // Those that take turns begin with the same slot in every block.
      while (kept.kept > 0 && kept.kept < *trips && (*trips - kept.kept) % before != 0)
        --kept.kept, --kept.slots;
      int64_t fast = 1;
      SmallVector<unsigned> slowDims, fastDims;
      for (unsigned d = 0; d < runs.trips.size(); ++d) {
        (dims.test(d) ? slowDims : fastDims).push_back(d);
        fast *= dims.test(d) ? 1 : runs.trips[d];
      }
      kept.fast = fast;
      int64_t saved = kept.kept * buffer.bytes * (runs.longest() - runs.places(fast));
      plan.secondBytes = std::max(plan.secondBytes, std::min(saved, bestSaved));
      if (saved > bestSaved) {
        bestSaved = saved;
        best = &entry;
        choice = kept;
        bestOrder = slowDims;
        llvm::append_range(bestOrder, fastDims);
      }
    }
    if (!best)
      return;
    *best = choice;
    plan.order = bestOrder;
    plan.savedBytes = bestSaved;
  }

  scf::ForallOp grid;
  const CoreRuns &runs;
  const tile::ChipSpec &chip;
  ProgramOrder order;
  SlotPlan plan;
  std::map<Place, SmallVector<memref::AllocOp>> allocated;
  llvm::SmallPtrSet<Value, 8> kernelArguments;
};

} // namespace

SlotPlan tessera::planSlots(func::FuncOp kernel, scf::ForallOp grid, const CoreRuns &runs,
                            const tile::ChipSpec &chip) {
  return Planner(kernel, grid, runs, chip).run();
}
