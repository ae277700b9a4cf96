// Lets the pipes of a core work at once: one core's blocks become a loop, and buffers in loops get
// slots. SlotPlan decides; this file rewrites.
#include "SlotPlan.h"
#include "SlotRemarks.h"
#include "Views.h"

#include "tessera/passes/Passes.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

namespace tessera {
using namespace mlir;
#define GEN_PASS_DEF_TILEPIPELINE
#include "tessera/passes/Passes.h.inc"

namespace {

/// The loop over one core's blocks.
struct CoreLoop {
  scf::ForallOp cores;
  scf::ForOp loop; ///< Null when no core has more than one block.
  Value block;     ///< The number of the block.
};

class Pipeline {
public:
  Pipeline(func::FuncOp kernel, const tile::ChipSpec &chip)
      : kernel(kernel), chip(chip), b(kernel.getContext()) {}

  LogicalResult run(scf::ForallOp grid) {
    auto kind = kernel->getAttrOfType<tile::CoreKindAttr>("tile.cores");
    bool vector = kind && kind.getValue() == tile::CoreKind::vector;
    const tile::Core *core = chip.core(vector ? chip.vectorCore() : chip.matrixCore());
    for (auto [lower, upper, step] :
         llvm::zip(grid.getStaticLowerBound(), grid.getStaticUpperBound(), grid.getStaticStep()))
      runs.trips.push_back(llvm::divideCeil(upper - lower, step));
    runs.cores = std::min(core ? int64_t(core->count) : 1, runs.blocks());
    if (runs.blocks() == 0)
      return success();
    SlotPlan plan = planSlots(kernel, grid, runs, chip);
    explainSlots(kernel, plan, chip);
    all = {grid, {}, {}};
    if (runs.longest() > 1)
      makeCoreLoop(grid, plan.order);
    for (const BufferSlots &entry : plan.buffers)
      if (entry.isRewritten() && failed(giveSlots(entry)))
        return failure();
    kernel->setAttr("tile.blocks", b.getI64IntegerAttr(all.loop ? runs.cores : runs.blocks()));
    return success();
  }

private:
  Value index(int64_t v) { return arith::ConstantIndexOp::create(b, loc, v); }
  AffineExpr d0() { return b.getAffineDimExpr(0); }
  AffineExpr d1() { return b.getAffineDimExpr(1); }
  Value apply(AffineExpr expr, ArrayRef<OpFoldResult> operands) {
    OpFoldResult value = affine::makeComposedFoldedAffineApply(
        b, loc, AffineMap::get(operands.size(), 0, expr), operands);
    return getValueOrCreateConstantIndexOp(b, loc, value);
  }

  /// Core c computes the blocks from c * q + min(c, r) on, q of them and one more below r.
  void makeCoreLoop(scf::ForallOp grid, ArrayRef<unsigned> order) {
    loc = grid.getLoc();
    int64_t q = runs.blocks() / runs.cores, r = runs.blocks() % runs.cores;
    b.setInsertionPoint(grid);
    all.cores = scf::ForallOp::create(b, loc, ArrayRef<OpFoldResult>{b.getIndexAttr(runs.cores)},
                                      ValueRange(), std::nullopt);
    b.setInsertionPoint(all.cores.getTerminator());
    Value core = all.cores.getInductionVar(0);
    Value start = apply(d0() * q, {core}), count = index(q);
    if (r > 0) {
      Value rest = index(r);
      start = arith::AddIOp::create(b, loc, start, arith::MinUIOp::create(b, loc, core, rest));
      Value more = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, core, rest);
      count = arith::SelectOp::create(b, loc, more, index(q + 1), count);
    }
    all.loop = scf::ForOp::create(b, loc, index(0), count, index(1));
    b.setInsertionPointToStart(all.loop.getBody());
    all.block = apply(d0() + d1(), {start, all.loop.getInductionVar()});
    int64_t below = 1;
    SmallVector<Value> ivs(runs.trips.size());
    for (unsigned d : llvm::reverse(order)) {
      AffineExpr place = d0().floorDiv(below);
      below *= runs.trips[d];
      if (below < runs.blocks())
        place = place % runs.trips[d];
      ivs[d] = apply(place * grid.getStaticStep()[d] + grid.getStaticLowerBound()[d], {all.block});
    }
    Block *body = grid.getBody();
    for (auto [argument, iv] : llvm::zip(body->getArguments(), ivs))
      argument.replaceAllUsesWith(iv);
    body->getTerminator()->erase();
    Block *into = all.loop.getBody();
    into->getOperations().splice(into->getTerminator()->getIterator(), body->getOperations());
    grid.erase();
  }

  /// The number of the iteration of `loop` (null: of the loop over blocks), modulo `modulo`.
  Value iteration(scf::ForOp loop, int64_t modulo) {
    AffineExpr number = b.getAffineConstantExpr(0);
    SmallVector<OpFoldResult> operands;
    int64_t within = 1;
    for (scf::ForOp at = loop ? loop : all.loop; at && within % modulo != 0;
         at = at->getParentOfType<scf::ForOp>()) {
      std::optional<int64_t> low = getConstantIntValue(at.getLowerBound());
      std::optional<int64_t> step = getConstantIntValue(at.getStep());
      if (!low || !step)
        break;
      AffineExpr count = b.getAffineDimExpr(operands.size()) - *low;
      number = number + count.floorDiv(*step) * within;
      operands.push_back(at.getInductionVar());
      std::optional<int64_t> trips = tripsOf(at);
      if (!trips)
        break;
      within *= *trips;
    }
    return apply(number % modulo, operands);
  }

  /// A part that is kept has a slot of its own, others take turns in the rest. The kept ones are
  /// spread evenly, so that the pipe that loads has the same work at every moment.
  Value keptSlot(const BufferSlots &entry) {
    scf::ForOp loop = entry.buffer.loop;
    int64_t step = *getConstantIntValue(loop.getStep());
    int64_t low = *getConstantIntValue(loop.getLowerBound());
    Value part = apply((d0() - low).floorDiv(step), {loop.getInductionVar()});
    if (entry.kept == entry.trips) {
      loadWhere(entry, Value());
      return part;
    }
    int64_t turning = entry.slots - entry.kept, rest = entry.trips - entry.kept;
    AffineExpr keptBefore = (d0() * entry.kept).floorDiv(entry.trips);
    Value before = apply(keptBefore, {part});
    Value after = apply(((d0() + 1) * entry.kept).floorDiv(entry.trips), {part});
    Value turns = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, before, after);
    Value turn = apply((d0() - keptBefore + d1() * rest) % turning + entry.kept,
                       {part, all.loop.getInductionVar()});
    loadWhere(entry, turns);
    return arith::SelectOp::create(b, loc, turns, turn, before);
  }

  /// Whether the block's place along the dims of the load differs from that of the one before.
  Value placeIsNew(const BufferSlots &entry) {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPoint(entry.buffer.loop);
    int64_t fast = entry.fast, run = runs.longest();
    Value turn = all.loop.getInductionVar(), zero = index(0);
    auto isZero = [&](Value v) {
      return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, v, zero).getResult();
    };
    bool even = runs.blocks() % runs.cores == 0;
    // Where the runs of all cores begin alike, they need not be told apart.
    if (even && run % fast == 0)
      return isZero(apply(d0() % fast, {turn}));
    if (even && fast % run == 0)
      return isZero(turn);
    return arith::OrIOp::create(b, loc, isZero(turn), isZero(apply(d0() % fast, {all.block})));
  }

  /// The load moves nothing but where the place is new or `also` holds.
  void loadWhere(const BufferSlots &entry, Value also) {
    Value wanted = placeIsNew(entry);
    if (also)
      wanted = arith::OrIOp::create(b, loc, wanted, also);
    tile::CopyOp load = entry.load;
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPoint(load);
    for (OpOperand &operand : load->getOpOperands()) {
      Value buffer = operand.get();
      SmallVector<OpFoldResult> sizes = memref::getMixedSizes(b, loc, buffer);
      SmallVector<OpFoldResult> zeros(sizes.size(), b.getIndexAttr(0));
      SmallVector<OpFoldResult> ones(sizes.size(), b.getIndexAttr(1));
      Value whole = getValueOrCreateConstantIndexOp(b, loc, sizes[0]);
      sizes[0] = arith::SelectOp::create(b, loc, wanted, whole, index(0)).getResult();
      operand.set(memref::SubViewOp::create(b, loc, buffer, zeros, sizes, ones));
    }
    // Loads whose slots take turns come first: what they wait for lets this one go too.
    for (Operation *next = load->getNextNode(); next; next = next->getNextNode())
      if (isa<scf::ForOp>(next)) {
        load->moveBefore(next);
        break;
      }
  }

  /// A buffer of several slots in front of all loops, seen in each iteration as one of them.
  LogicalResult giveSlots(const BufferSlots &entry) {
    Operation *owner = entry.buffer.owner;
    loc = owner->getLoc();
    auto type = cast<MemRefType>(owner->getResult(0).getType());
    SmallVector<int64_t> shape{entry.slots};
    llvm::append_range(shape, type.getShape());
    auto slotted = MemRefType::get(shape, type.getElementType(), MemRefLayoutAttrInterface(),
                                   type.getMemorySpace());
    b.setInsertionPoint(entry.outlivesBlock() && all.loop ? all.loop.getOperation() : owner);
    Value buffer = isa<tile::WorkspaceOp>(owner)
                       ? tile::WorkspaceOp::create(b, loc, slotted, entry.slots).getResult()
                       : memref::AllocOp::create(b, loc, slotted).getResult();
    buffer.getDefiningOp()->setDiscardableAttrs(owner->getDiscardableAttrDictionary());
    scf::ForOp scope = entry.buffer.loop ? entry.buffer.loop : all.loop;
    b.setInsertionPointToStart(scope.getBody());
    if (!entry.buffer.loop)
      b.setInsertionPointAfterValue(all.block);
    Value slot = entry.kept > 0 ? keptSlot(entry) : iteration(entry.buffer.loop, entry.slots);
    Value part = slotOf(buffer, slot, type.getShape());
    LogicalResult moved = follow(owner->getResult(0), part, buffer, slot, scope);
    owner->erase();
    return moved;
  }

  Value slotOf(Value buffer, Value slot, ArrayRef<int64_t> shape) {
    int64_t rank = shape.size() + 1;
    SmallVector<OpFoldResult> offsets(rank, b.getIndexAttr(0)), ones(rank, b.getIndexAttr(1));
    SmallVector<OpFoldResult> sizes{b.getIndexAttr(1)};
    llvm::append_range(sizes, getAsIndexOpFoldResult(b.getContext(), shape));
    offsets[0] = slot;
    auto type = cast<MemRefType>(memref::SubViewOp::inferRankReducedResultType(
        shape, cast<MemRefType>(buffer.getType()), offsets, sizes, ones));
    return memref::SubViewOp::create(b, loc, type, buffer, offsets, sizes, ones);
  }

  /// All slots in the order of blocks that `cast` sees one slot in, and of that one slot.
  Value slotSeenAs(memref::ReinterpretCastOp cast, Value buffer, Value slot) {
    MemRefType seen = cast.getType();
    SmallVector<int64_t> strides;
    int64_t offset;
    (void)seen.getStridesAndOffset(strides, offset);
    auto type = llvm::cast<MemRefType>(buffer.getType());
    SmallVector<int64_t> shape{type.getDimSize(0)};
    llvm::append_range(shape, seen.getShape());
    strides.insert(strides.begin(), seen.getNumElements());
    auto whole =
        MemRefType::get(shape, seen.getElementType(),
                        StridedLayoutAttr::get(b.getContext(), 0, strides), seen.getMemorySpace());
    OpBuilder::InsertionGuard guard(b);
    Value every;
    {
      OpBuilder::InsertionGuard inner(b);
      b.setInsertionPointAfterValue(buffer);
      every = memref::ReinterpretCastOp::create(b, loc, whole, buffer, 0, shape, strides);
    }
    return slotOf(every, slot, seen.getShape());
  }

  /// Makes the users of `from` use `to`. Views in front of `scope` are made again inside it.
  LogicalResult follow(Value from, Value to, Value buffer, Value slot, scf::ForOp scope) {
    for (OpOperand &use : llvm::make_early_inc_range(from.getUses())) {
      Operation *user = use.getOwner();
      bool inside = scope->isAncestor(user);
      if (auto cast = dyn_cast<memref::ReinterpretCastOp>(user)) {
        if (failed(follow(cast, slotSeenAs(cast, buffer, slot), buffer, slot, scope)))
          return failure();
        cast.erase();
        continue;
      }
      if (inside) {
        use.set(to);
        if (failed(retypeAll(user)))
          return failure();
        continue;
      }
      Operation *copy = b.clone(*user);
      copy->setOperand(use.getOperandNumber(), to);
      if (failed(retypeView(copy)) ||
          failed(follow(user->getResult(0), copy->getResult(0), buffer, slot, scope)))
        return failure();
      user->erase();
    }
    return success();
  }

  /// A view of another type changes the types of views of it.
  LogicalResult retypeAll(Operation *op) {
    if (op->getNumResults() != 1 || !isa<MemRefType>(op->getResult(0).getType()))
      return success();
    if (failed(retypeView(op)))
      return failure();
    for (Operation *user : op->getResult(0).getUsers())
      if (failed(retypeAll(user)))
        return failure();
    return success();
  }

  func::FuncOp kernel;
  const tile::ChipSpec &chip;
  OpBuilder b;
  Location loc = kernel.getLoc();
  CoreRuns runs;
  CoreLoop all;
};

struct TilePipeline : impl::TilePipelineBase<TilePipeline> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    std::shared_ptr<const tile::ChipSpec> chip = tile::ChipSpec::of(module);
    if (!chip)
      return signalPassFailure();
    if (chip->isCpu())
      return; // one pipe: nothing overlaps
    for (auto kernel : module.getOps<func::FuncOp>())
      if (kernel->hasAttr("tile.kernel") && !kernel.isExternal() &&
          !kernel->hasAttr("tile.pipelined") && !kernel->hasAttr("tile.space_bytes"))
        if (failed(pipeline(kernel, *chip)))
          return signalPassFailure();
    module.walk([&](tile::LaunchOp launch) {
      auto kernel = module.lookupSymbol<func::FuncOp>(launch.getKernel());
      if (auto blocks = kernel ? kernel->getAttrOfType<IntegerAttr>("tile.blocks") : IntegerAttr())
        launch.setBlocksAttr(blocks);
    });
  }

  LogicalResult pipeline(func::FuncOp kernel, const tile::ChipSpec &chip) {
    SmallVector<scf::ForallOp> grids(kernel.getOps<scf::ForallOp>());
    kernel->setAttr("tile.pipelined", UnitAttr::get(&getContext()));
    return grids.size() == 1 ? Pipeline(kernel, chip).run(grids.front()) : success();
  }
};

} // namespace
} // namespace tessera
