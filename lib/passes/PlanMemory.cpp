// Gives every buffer an address: in its scratchpad, or in the model's one arena.
#include "Intervals.h"

#include "tessera/dialect/tile/ChipSpec.h"
#include "tessera/dialect/tile/TileDialect.h"
#include "tessera/passes/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Remarks.h"

#include <map>

namespace tessera {
using namespace mlir;
#define GEN_PASS_DEF_TILEPLANMEMORY
#include "tessera/passes/Passes.h.inc"

namespace {

/// One cache line, and no less than any CPU's vector.
constexpr int64_t kArenaAlign = 64;

int64_t bytesOf(MemRefType type) {
  int64_t element = llvm::divideCeil(type.getElementTypeBitWidth(), 8);
  return type.getNumElements() * element;
}

struct PlanMemory : impl::TilePlanMemoryBase<PlanMemory> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    std::shared_ptr<const tile::ChipSpec> chip = tile::ChipSpec::of(module);
    if (!chip)
      return signalPassFailure();
    for (auto function : module.getOps<func::FuncOp>()) {
      if (function.isExternal())
        continue;
      LogicalResult planned =
          function->hasAttr("tile.kernel") ? planKernel(function, *chip) : planArena(function);
      if (failed(planned))
        return signalPassFailure();
    }
  }

  /// Offsets in each memory for the buffers of one block.
  LogicalResult planKernel(func::FuncOp kernel, const tile::ChipSpec &chip) {
    if (kernel->hasAttr("tile.space_bytes"))
      return success();
    ProgramOrder order(kernel);
    // Each core of a kind that a group has several of has its own memory.
    std::map<std::pair<std::string, int64_t>, SmallVector<Interval>> spaces;
    auto note = [&](Value buffer, StringRef space) {
      Interval interval = order.lifetime(buffer);
      interval.bytes = bytesOf(cast<MemRefType>(buffer.getType()));
      auto core = buffer.getDefiningOp()->getAttrOfType<IntegerAttr>("tile.core");
      if (interval.end >= interval.begin)
        spaces[{space.str(), core ? core.getInt() : 0}].push_back(interval);
    };
    bool sized = true;
    kernel.walk([&](memref::AllocOp alloc) {
      sized &= alloc.getType().hasStaticShape();
      if (sized)
        note(alloc, tile::spaceOf(alloc.getType()));
    });
    if (!sized)
      return kernel.emitError("has a buffer of no static size");
    kernel.walk([&](tile::WorkspaceOp ring) { note(ring.getBuffer(), "workspace"); });
    Builder b(&getContext());
    SmallVector<NamedAttribute> sizes;
    for (auto &[place, intervals] : spaces) {
      auto &[name, core] = place;
      const tile::Memory *memory = chip.memory(name);
      std::string space = core > 0 ? name + "." + std::to_string(core) : name;
      int64_t align = memory ? std::max<int64_t>(memory->align, 1) : 1;
      int64_t bytes = packIntervals(intervals, std::max(align, kArenaAlign)).bytes;
      // A CPU's scratch is a share of a cache: more than that is slow, not wrong.
      if (memory && !memory->onChip() && !chip.isCpu() && bytes > memory->capacity())
        return overflow(kernel, *memory, intervals, bytes, chip);
      explain(kernel, space, intervals, bytes);
      for (const Interval &interval : intervals) {
        Operation *owner = interval.buffer.getDefiningOp();
        owner->setAttr("tile.space", b.getStringAttr(space));
        owner->setAttr("tile.offset", b.getI64IntegerAttr(interval.offset));
      }
      sizes.push_back(b.getNamedAttr(space, b.getI64IntegerAttr(bytes)));
    }
    kernel->setAttr("tile.space_bytes", b.getDictionaryAttr(sizes));
    return success();
  }

  /// A remark on what sharing addresses saves, and how near the plan is to the least there can be.
  static void explain(func::FuncOp function, StringRef space, ArrayRef<Interval> intervals,
                      int64_t bytes) {
    remark::detail::InFlightRemark said = remark::passed(
        function.getLoc(),
        remark::RemarkOpts::name("addresses").category("plan").function(function.getName()));
    if (!said)
      return;
    int64_t apart = 0, live = peak(intervals).first;
    for (const Interval &interval : intervals)
      apart += interval.bytes;
    said << remark::add("{0} of {1}: {2} bytes for {3} buffers; {4} are live at once, and without "
                        "sharing addresses they would take {5}",
                        space, function.getName(), bytes, intervals.size(), live, apart)
         << remark::metric("bytes", bytes) << remark::metric("live-bytes", live)
         << remark::metric("unshared-bytes", apart);
  }

  LogicalResult overflow(func::FuncOp kernel, const tile::Memory &memory,
                         ArrayRef<Interval> intervals, int64_t bytes, const tile::ChipSpec &chip) {
    auto [live, where] = peak(intervals);
    InFlightDiagnostic diagnostic = kernel.emitError("kernel '")
                                    << kernel.getName() << "' needs " << bytes << " bytes of "
                                    << memory.name << ", but chip " << chip.name << " has "
                                    << memory.capacity() << "; live at the worst point (" << live
                                    << " bytes):";
    for (const Interval &interval : intervals)
      if (interval.begin <= where && where <= interval.end)
        diagnostic.attachNote(interval.buffer.getLoc())
            << interval.bytes << " bytes: " << interval.buffer.getType();
    diagnostic.attachNote(kernel.getLoc())
        << "it fits when these shrink to " << 100 * memory.capacity() / bytes
        << " %: cut the kernel into smaller tiles ('npu.tile' in a schedule), or give its rings "
           "fewer slots";
    return diagnostic;
  }

  /// One arena for the entry function, its last argument.
  LogicalResult planArena(func::FuncOp entry) {
    if (getOperation()->hasAttr("tile.arena_bytes"))
      return success();
    ProgramOrder order(entry);
    SmallVector<Interval> intervals;
    SmallVector<memref::AllocOp> allocs(entry.getOps<memref::AllocOp>());
    for (memref::AllocOp alloc : allocs) {
      if (!alloc.getType().hasStaticShape())
        return alloc.emitOpError("has no static size: pin the dynamic dims of the inputs");
      Interval interval = order.lifetime(alloc);
      interval.bytes = std::max<int64_t>(bytesOf(alloc.getType()), 1);
      intervals.push_back(interval);
    }
    int64_t bytes = packIntervals(intervals, kArenaAlign).bytes;
    explain(entry, "the arena", intervals, bytes);
    OpBuilder b(&getContext());
    auto type = MemRefType::get({bytes}, b.getI8Type());
    unsigned index = entry.getNumArguments();
    if (failed(entry.insertArgument(
            index, type, b.getDictionaryAttr(b.getNamedAttr("tile.arena", b.getUnitAttr())),
            entry.getLoc())))
      return failure();
    Value arena = entry.getArgument(index);
    for (auto [alloc, interval] : llvm::zip_equal(allocs, intervals)) {
      b.setInsertionPoint(alloc);
      Value offset = arith::ConstantIndexOp::create(b, alloc.getLoc(), interval.offset);
      Value view =
          memref::ViewOp::create(b, alloc.getLoc(), alloc.getType(), arena, offset, ValueRange());
      for (Operation *user : llvm::make_early_inc_range(alloc->getUsers()))
        if (isa<memref::DeallocOp>(user))
          user->erase();
      alloc.replaceAllUsesWith(view);
      alloc.erase();
    }
    getOperation()->setAttr("tile.arena_bytes", b.getI64IntegerAttr(bytes));
    return success();
  }
};

} // namespace
} // namespace tessera
