// The walk over a block, and the buffers and copies that placing its operations needs.
#include "Placer.h"

#include "TileChoice.h"
#include "Views.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Interfaces/ValueBoundsOpInterface.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace tessera;

LogicalResult Placer::run(Block &target) {
  block = &target;
  SmallVector<Operation *> ops;
  for (Operation &op : target.without_terminator())
    ops.push_back(&op);
  for (Operation *op : ops)
    if (failed(place(op)))
      return failure();
  for (Operation *op : llvm::reverse(dead))
    op->erase();
  return success();
}

LogicalResult Placer::place(Operation *op) {
  b.setInsertionPoint(op);
  if (auto named = dyn_cast<linalg::LinalgOp>(op);
      named && !isa<linalg::GenericOp, linalg::FillOp>(op)) {
    FailureOr<linalg::GenericOp> generic = linalg::generalizeNamedOp(b, named);
    if (failed(generic))
      return named->emitOpError("has no place on a chip");
    return place(*generic); // the named operation is gone
  }
  LogicalResult result =
      llvm::TypeSwitch<Operation *, LogicalResult>(op)
          .Case<tile::MatmulOp, tile::Conv2DOp>([&](Operation *o) { return placeContraction(o); })
          .Case([&](tile::AttentionOp o) { return placeAttention(o); })
          .Case([&](tile::WindowOp o) { return placeWindow(o); })
          .Case([&](tile::PackOp o) { return success(); })
          .Case([&](linalg::GenericOp o) -> LogicalResult {
            if (!o.getInputs().empty() && undrained.contains(o.getInputs()[0]))
              return placeDrained(o);
            if (!chip.vectorFor())
              return emitError(o.getLoc()) << "needs a vector unit, but the file of chip "
                                           << chip.name << " describes none; 'tessera chips "
                                           << chip.name << "' says what it leaves out";
            return placeGeneric(o);
          })
          .Case([&](linalg::FillOp o) {
            return placeFill(o.getLoc(), o.getInputs()[0], o.getOutputs()[0]);
          })
          .Case([&](memref::CopyOp o) { return placeCopy(o, o.getSource(), o.getTarget()); })
          .Case([&](memref::AllocOp o) -> LogicalResult {
            if (isAccumulated(o) && drainedBy(o))
              return success(); // the accumulator stands for it
            FailureOr<Value> buffer = isAccumulated(o)   ? allocateBetween(o)
                                      : staysInGlobal(o) ? allocateWorkspace(o)
                                                         : allocateLike(o, vectorSpace());
            if (failed(buffer))
              return failure();
            map.map(o.getResult(), *buffer);
            return success();
          })
          .Case([&](memref::DeallocOp) { return success(); })
          .Default([&](Operation *o) -> LogicalResult {
            // Views and index arithmetic follow their operands into the memories.
            for (OpOperand &operand : o->getOpOperands())
              operand.set(placed(operand.get()));
            return retypeView(o);
          });
  if (failed(result))
    return failure();
  if (isa<tile::AttentionOp, tile::MatmulOp, tile::Conv2DOp, linalg::GenericOp, linalg::FillOp,
          memref::CopyOp, memref::AllocOp, memref::DeallocOp>(op))
    dead.push_back(op);
  if (isa<tile::PackOp>(op))
    for (OpOperand &operand : op->getOpOperands())
      operand.set(placed(operand.get()));
  return success();
}

Value Placer::constant(Location loc, int64_t value) {
  return arith::ConstantIndexOp::create(b, loc, value);
}

Value Placer::dim(Location loc, Value v, int64_t d) {
  int64_t extent = cast<MemRefType>(v.getType()).getDimSize(d);
  return ShapedType::isDynamic(extent) ? Value(memref::DimOp::create(b, loc, v, d))
                                       : constant(loc, extent);
}

StringRef Placer::vectorSpace() const {
  if (const tile::VectorUnit *unit = chip.vectorFor())
    for (const std::string &space : unit->spaces)
      if (!chip.memory(space)->onChip())
        return space;
  return chip.global().name;
}

bool Placer::vectorReaches(Value v) const {
  const tile::VectorUnit *unit = chip.vectorFor();
  return unit && unit->allowsSpace(tile::spaceOf(cast<MemRefType>(v.getType())));
}

Value Placer::allocate(Location loc, ArrayRef<int64_t> shape, Type element, StringRef space) {
  Attribute memory;
  if (space != chip.global().name)
    memory = tile::SpaceAttr::get(b.getContext(), space);
  auto type = MemRefType::get(shape, element, MemRefLayoutAttrInterface(), memory);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(block);
  return memref::AllocOp::create(b, loc, type);
}

/// A part has no more elements along a dim than what it is a part of.
static FailureOr<int64_t> extentOfSource(Value v, int64_t d) {
  auto view = v.getDefiningOp<memref::SubViewOp>();
  if (!view || view.getSourceType().getRank() != view.getType().getRank() ||
      view.getSourceType().isDynamicDim(d))
    return failure();
  return view.getSourceType().getDimSize(d);
}

FailureOr<SmallVector<int64_t>> Placer::bounds(Value v) {
  auto type = cast<MemRefType>(v.getType());
  SmallVector<int64_t> shape(type.getShape());
  for (auto [d, extent] : llvm::enumerate(shape)) {
    if (!ShapedType::isDynamic(extent))
      continue;
    // Never stop at the first bound: the image's height bounds a window's rows, but loosely.
    auto goOn = [](Value, std::optional<int64_t>, ValueBoundsConstraintSet &) { return false; };
    FailureOr<int64_t> bound = ValueBoundsConstraintSet::computeConstantBound(
        presburger::BoundType::UB, {v, int64_t(d)}, goOn, /*closedUB=*/true);
    if (FailureOr<int64_t> whole = extentOfSource(v, d); succeeded(whole))
      bound = failed(bound) ? *whole : std::min(*bound, *whole);
    if (failed(bound)) {
      emitError(v.getLoc()) << "expected a buffer with a bound on dim " << d
                            << ", but found none: its extent does not follow from a tile size";
      return failure();
    }
    extent = *bound;
  }
  return shape;
}

Value Placer::cut(Location loc, Value buffer, ArrayRef<OpFoldResult> extents) {
  auto type = cast<MemRefType>(buffer.getType());
  bool same = true;
  for (auto [extent, have] : llvm::zip(extents, type.getShape()))
    same &= getConstantIntValue(extent) == have;
  if (same)
    return buffer;
  SmallVector<OpFoldResult> zeros(extents.size(), b.getIndexAttr(0));
  SmallVector<OpFoldResult> ones(extents.size(), b.getIndexAttr(1));
  return memref::SubViewOp::create(b, loc, buffer, zeros, extents, ones);
}

FailureOr<Value> Placer::allocateLike(Value like, StringRef space) {
  FailureOr<SmallVector<int64_t>> shape = bounds(like);
  if (failed(shape))
    return failure();
  auto type = cast<MemRefType>(like.getType());
  Value buffer = allocate(like.getLoc(), *shape, type.getElementType(), space);
  SmallVector<OpFoldResult> extents;
  if (auto alloc = like.getDefiningOp<memref::AllocOp>())
    extents = alloc.getMixedSizes();
  else
    extents = memref::getMixedSizes(b, like.getLoc(), like);
  return cut(like.getLoc(), buffer, extents);
}

/// Whether the matrix unit writes the buffer.
bool Placer::isAccumulated(memref::AllocOp alloc) {
  return llvm::any_of(alloc->getUses(), [](OpOperand &use) {
    auto destination = dyn_cast<DestinationStyleOpInterface>(use.getOwner());
    return destination && isa<tile::MatmulOp, tile::Conv2DOp>(use.getOwner()) &&
           destination.isDpsInit(&use);
  });
}

/// A buffer between the matrix unit and the vector unit: in the vector unit's memory if the chip
/// lets the accumulator reach it, else a workspace in global memory.
FailureOr<Value> Placer::allocateBetween(memref::AllocOp alloc) {
  const tile::Mma *unit = nullptr;
  for (Operation *user : alloc->getUsers())
    if (isa<tile::MatmulOp, tile::Conv2DOp>(user))
      unit = chip.mmaFor(cast<MemRefType>(user->getOperand(0).getType()).getElementType(),
                         cast<MemRefType>(user->getOperand(1).getType()).getElementType());
  if (!unit || unit->c.allowsSpace(vectorSpace()))
    return allocateLike(alloc, vectorSpace());
  auto route = chip.route(unit->c.spaces.front(), vectorSpace());
  if (route && route->size() == 1)
    return allocateLike(alloc, vectorSpace());
  return allocateWorkspace(alloc);
}

/// Whether a buffer of a kernel whose rows pass in parts is such a row, and no result of one.
bool Placer::staysInGlobal(memref::AllocOp alloc) {
  if (!alloc->getParentOfType<func::FuncOp>()->hasAttr(kRowsInPartsAttr))
    return false;
  FailureOr<SmallVector<int64_t>> shape = bounds(alloc);
  if (failed(shape))
    return false; // which allocating it reports
  int64_t bytes = llvm::divideCeil(alloc.getType().getElementTypeBitWidth(), 8);
  return llvm::product_of(*shape) * bytes > chip.capacity(vectorSpace()) / 16;
}

/// A buffer in global memory that belongs to one core.
FailureOr<Value> Placer::allocateWorkspace(memref::AllocOp alloc) {
  FailureOr<SmallVector<int64_t>> shape = bounds(alloc);
  if (failed(shape))
    return failure();
  Value ring;
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(block);
    ring = tile::WorkspaceOp::create(b, alloc.getLoc(),
                                     MemRefType::get(*shape, alloc.getType().getElementType()), 1);
  }
  return cut(alloc.getLoc(), ring, alloc.getMixedSizes());
}

Value Placer::dropLeading(Location loc, Value v, int64_t rank) {
  auto type = cast<MemRefType>(v.getType());
  if (type.getRank() == rank)
    return v;
  SmallVector<OpFoldResult> sizes = memref::getMixedSizes(b, loc, v);
  SmallVector<OpFoldResult> zeros(sizes.size(), b.getIndexAttr(0));
  SmallVector<OpFoldResult> ones(sizes.size(), b.getIndexAttr(1));
  for (int64_t d = 0; d + rank < type.getRank(); ++d)
    sizes[d] = b.getIndexAttr(1); // a block has one image or batch entry
  SmallVector<int64_t> shape;
  for (OpFoldResult size : ArrayRef(sizes).take_back(rank))
    shape.push_back(getConstantIntValue(size).value_or(ShapedType::kDynamic));
  auto result = memref::SubViewOp::inferRankReducedResultType(shape, type, zeros, sizes, ones);
  return memref::SubViewOp::create(b, loc, cast<MemRefType>(result), v, zeros, sizes, ones);
}

LogicalResult Placer::copyAlong(Operation *op, Value source, Value target) {
  StringRef from = tile::spaceOf(cast<MemRefType>(source.getType()));
  StringRef to = tile::spaceOf(cast<MemRefType>(target.getType()));
  std::optional<std::vector<const tile::Path *>> route = chip.route(from, to);
  if (!route || route->empty())
    return op->emitOpError("needs a path from ")
           << from << " to " << to << ", but chip " << chip.name
           << " has none (memories: " << chip.memoryNames() << ")";
  Value at = source;
  for (const tile::Path *path : ArrayRef(*route).drop_back()) {
    FailureOr<Value> stop = allocateLike(source, path->to);
    if (failed(stop))
      return failure();
    tile::CopyOp::create(b, op->getLoc(), tile::CopyLayout::nd2nd, at, *stop);
    at = *stop;
  }
  tile::CopyOp::create(b, op->getLoc(), tile::CopyLayout::nd2nd, at, target);
  return success();
}
