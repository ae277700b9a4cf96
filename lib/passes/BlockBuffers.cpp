// What is known of a block's buffers before they are given slots.
#include "BlockBuffers.h"

#include "tessera/dialect/tile/TileDialect.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Interfaces/ViewLikeInterface.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/TypeSwitch.h"

#include <set>

using namespace mlir;
using namespace tessera;

static bool isView(Operation *op) {
  return isa<ViewLikeOpInterface, memref::CollapseShapeOp, memref::ExpandShapeOp>(op);
}

/// Every use of a buffer, through views; false where one cannot be followed to another place.
static bool collectUses(Value buffer, llvm::SetVector<Operation *> &accesses) {
  for (Operation *user : buffer.getUsers()) {
    if (!isView(user)) {
      accesses.insert(user);
      continue;
    }
    // Another order of the same blocks is taken of all slots at once, so of the buffer alone.
    bool follows =
        isa<memref::SubViewOp, memref::CollapseShapeOp, memref::ExpandShapeOp>(user) ||
        (isa<memref::ReinterpretCastOp>(user) && isa<memref::AllocOp>(buffer.getDefiningOp()));
    if (!follows || !collectUses(user->getResult(0), accesses))
      return false;
  }
  return true;
}

static StringRef spaceOfValue(Value v) {
  return tile::spaceOf(cast<MemRefType>(v.getType()));
}

/// The pipe of an operation, as the chip has it: "cube.MTE2".
static std::string pipeOf(Operation *op, const tile::ChipSpec &chip) {
  auto join = [](StringRef core, StringRef pipe) { return (core + "." + pipe).str(); };
  auto ofPath = [&](Value from, Value to) -> std::string {
    const tile::Path *path = chip.path(spaceOfValue(from), spaceOfValue(to));
    return path ? join(path->core, path->pipe) : std::string();
  };
  const tile::VectorUnit *vector = chip.vectorFor();
  return llvm::TypeSwitch<Operation *, std::string>(op)
      .Case<tile::CopyOp, tile::Im2colOp, tile::FixpipeOp>(
          [&](auto o) { return ofPath(o.getSource(), o.getTarget()); })
      .Case([&](tile::MmaOp o) {
        Type a = cast<MemRefType>(o.getLhs().getType()).getElementType();
        const tile::Mma *unit = chip.mmaFor(a, a);
        return unit ? join(unit->core, unit->pipe) : std::string();
      })
      .Default(
          [&](Operation *) { return vector ? join(vector->core, vector->pipe) : std::string(); });
}

/// The value of a condition or index where every loop is at its first iteration.
static std::optional<int64_t> atFirst(Value v) {
  if (std::optional<int64_t> constant = getConstantIntValue(v))
    return constant;
  if (auto argument = dyn_cast<BlockArgument>(v)) {
    auto loop = dyn_cast<scf::ForOp>(argument.getOwner()->getParentOp());
    return loop && argument == loop.getInductionVar() ? atFirst(loop.getLowerBound())
                                                      : std::nullopt;
  }
  Operation *op = v.getDefiningOp();
  if (!op || op->getNumOperands() != 2)
    return std::nullopt;
  std::optional<int64_t> a = atFirst(op->getOperand(0)), b = atFirst(op->getOperand(1));
  if (!a || !b)
    return std::nullopt;
  if (isa<arith::AddIOp>(op))
    return *a + *b;
  if (auto compare = dyn_cast<arith::CmpIOp>(op); compare)
    if (compare.getPredicate() == arith::CmpIPredicate::ne)
      return *a != *b;
  return std::nullopt;
}

/// Whether an operation reads a buffer (or view) that it also may write.
static bool readsOld(Operation *op, Value view) {
  return llvm::TypeSwitch<Operation *, bool>(op)
      .Case<tile::CopyOp, tile::Im2colOp, tile::FixpipeOp>(
          [&](auto o) { return o.getSource() == view; })
      .Case([&](tile::MmaOp o) {
        if (o.getLhs() == view || o.getRhs() == view)
          return true;
        return o.getAccumulate() && atFirst(o.getAccumulate()) != 0;
      })
      .Case<tile::VectorOp>([&](auto o) {
        for (auto [i, input] : llvm::enumerate(o->getOperands()))
          if (input == view && !o.getBody().front().getArgument(i).use_empty())
            return true;
        return false;
      })
      .Case([&](tile::WindowOp o) { return o.getOut() != view; })
      .Case([&](tile::FillOp) { return false; })
      .Default([](Operation *) { return true; });
}

static bool writes(Operation *op, Value view) {
  auto effects = dyn_cast<MemoryEffectOpInterface>(op);
  if (!effects)
    return true;
  SmallVector<MemoryEffects::EffectInstance> list;
  effects.getEffectsOnValue(view, list);
  return llvm::any_of(list, [](const MemoryEffects::EffectInstance &effect) {
    return isa<MemoryEffects::Write>(effect.getEffect());
  });
}

/// The operands of an operation that are views of a buffer.
static SmallVector<Value> viewsAmong(ValueRange operands, Value buffer) {
  SmallVector<Value> views;
  for (Value operand : operands) {
    Value root = operand;
    while (root && root != buffer) {
      Operation *op = root.getDefiningOp();
      root = op && isView(op) ? op->getOperand(0) : Value();
    }
    if (root)
      views.push_back(operand);
  }
  return views;
}

/// A view that begins where the buffer does.
static bool fromStart(Value view) {
  while (Operation *op = view.getDefiningOp()) {
    if (auto part = dyn_cast<memref::SubViewOp>(op))
      if (!llvm::all_of(part.getMixedOffsets(), [](OpFoldResult o) { return isZeroInteger(o); }))
        return false;
    if (!isView(op))
      return true;
    view = op->getOperand(0);
  }
  return true;
}

static scf::ForOp commonLoop(ArrayRef<Operation *> ops, Block &block) {
  auto loopsOf = [&](Operation *op) {
    SmallVector<scf::ForOp> loops;
    for (Operation *p = op->getParentOp(); p && p != block.getParentOp(); p = p->getParentOp())
      if (auto loop = dyn_cast<scf::ForOp>(p))
        loops.push_back(loop);
    return SmallVector<scf::ForOp>(llvm::reverse(loops));
  };
  SmallVector<scf::ForOp> common = loopsOf(ops.front());
  for (Operation *op : ops.drop_front()) {
    SmallVector<scf::ForOp> loops = loopsOf(op);
    size_t same = 0;
    while (same < std::min(loops.size(), common.size()) && loops[same] == common[same])
      ++same;
    common.resize(same);
  }
  return common.empty() ? scf::ForOp() : common.back();
}

/// Pipes that write a buffer and pipes that read it are not all the same one, and each round
/// begins with overwriting it.
static bool gains(const BlockBuffer &buffer, const tile::ChipSpec &chip) {
  std::set<std::string> pipes;
  bool first = true;
  for (Operation *op : buffer.accesses) {
    for (Value view : viewsAmong(op->getOperands(), buffer.value())) {
      if (first && (!writes(op, view) || readsOld(op, view) || !fromStart(view)))
        return false;
      first = false;
    }
    std::string pipe = pipeOf(op, chip);
    if (pipe.empty())
      return false;
    pipes.insert(pipe);
  }
  return pipes.size() > 1;
}

SmallVector<BlockBuffer> tessera::buffersOf(Block &block, const tile::ChipSpec &chip) {
  SmallVector<BlockBuffer> buffers;
  for (Operation &op : block) {
    auto ring = dyn_cast<tile::WorkspaceOp>(op);
    if (!isa<memref::AllocOp>(op) && !ring)
      continue;
    auto type = cast<MemRefType>(op.getResult(0).getType());
    llvm::SetVector<Operation *> accesses;
    if (!type.hasStaticShape() || !type.getLayout().isIdentity() || op.use_empty() ||
        !collectUses(op.getResult(0), accesses) || accesses.empty())
      continue;
    BlockBuffer buffer{&op, {}, "", 0, {}, false};
    buffer.space = ring ? "workspace" : tile::spaceOf(type).str();
    buffer.bytes = type.getNumElements() * llvm::divideCeil(type.getElementTypeBitWidth(), 8);
    block.walk<WalkOrder::PreOrder>([&](Operation *inner) {
      if (accesses.contains(inner))
        buffer.accesses.push_back(inner);
    });
    if (buffer.accesses.size() != accesses.size())
      continue;
    buffer.loop = commonLoop(buffer.accesses, block);
    buffer.gainsFromSlots = gains(buffer, chip);
    buffers.push_back(buffer);
  }
  return buffers;
}

/// The most that an extent can be, where that is known.
static std::optional<int64_t> mostOf(OpFoldResult extent) {
  if (std::optional<int64_t> constant = getConstantIntValue(extent))
    return constant;
  Operation *op = cast<Value>(extent).getDefiningOp();
  if (auto dim = dyn_cast_or_null<memref::DimOp>(op)) {
    auto part = dim.getSource().getDefiningOp<memref::SubViewOp>();
    std::optional<int64_t> place = dim.getConstantIndex();
    return part && place && part.getDroppedDims().none() ? mostOf(part.getMixedSizes()[*place])
                                                         : std::nullopt;
  }
  std::optional<int64_t> most;
  if (auto least = dyn_cast_or_null<affine::AffineMinOp>(op))
    for (AffineExpr bound : least.getMap().getResults())
      if (auto constant = dyn_cast<AffineConstantExpr>(bound))
        most = std::min(most.value_or(constant.getValue()), constant.getValue());
  if (isa_and_nonnull<arith::MinSIOp>(op))
    for (Value bound : op->getOperands())
      if (std::optional<int64_t> one = mostOf(bound))
        most = std::min(most.value_or(*one), *one);
  return most;
}

std::optional<int64_t> tessera::tripsOf(scf::ForOp loop) {
  std::optional<int64_t> low = getConstantIntValue(loop.getLowerBound());
  std::optional<int64_t> step = getConstantIntValue(loop.getStep());
  std::optional<int64_t> high = mostOf(loop.getUpperBound());
  if (!low || !step || !high || *step <= 0 || *high <= *low)
    return std::nullopt;
  return llvm::divideCeil(*high - *low, *step);
}
