// Placing regions of scalar arithmetic: on the vector unit whole, by rows or in parts, or on the
// scalar pipe.
#include "Placer.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace tessera;

/// Regions that look beyond their own elements (gathers) are the scalar pipe's.
static bool isScalarWork(linalg::GenericOp op) {
  for (Operation &inner : *op.getBody())
    if (isa<linalg::IndexOp, memref::LoadOp>(inner))
      return true;
  return false;
}

void Placer::emitVector(linalg::GenericOp op, ValueRange inputs, ValueRange outputs) {
  SmallVector<int64_t> reduced;
  for (auto [d, type] : llvm::enumerate(op.getIteratorTypesArray()))
    if (type != utils::IteratorType::parallel)
      reduced.push_back(d);
  Operation *made;
  if (reduced.empty())
    made = tile::VectorOp::create(b, op.getLoc(), inputs, outputs, op.getIndexingMaps());
  else
    made = tile::RowReduceOp::create(b, op.getLoc(), inputs, outputs,
                                     b.getDenseI64ArrayAttr(reduced), op.getIndexingMaps());
  IRMapping body;
  op.getRegion().cloneInto(&made->getRegion(0), body);
  Operation *yield = made->getRegion(0).front().getTerminator();
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPoint(yield);
  tile::YieldOp::create(b, yield->getLoc(), yield->getOperands());
  yield->erase();
  usesVector = true;
}

/// A region, where its operands are and the most their extents can be.
struct Placer::Region {
  linalg::GenericOp op;
  SmallVector<AffineMap> maps;
  SmallVector<Value> operands; // inputs, then outputs
  SmallVector<SmallVector<int64_t>> shapes;
  size_t inputs;
};

static bool runsAlong(AffineExpr expr, unsigned loop) {
  auto dim = dyn_cast<AffineDimExpr>(expr);
  return dim && dim.getPosition() == loop;
}

static int64_t elementBytes(Value v) {
  return llvm::divideCeil(cast<MemRefType>(v.getType()).getElementTypeBitWidth(), 8);
}

/// Bytes of buffers the region needs in the vector unit's memory: for each row of a loop, and
/// besides.
std::pair<int64_t, int64_t> Placer::rowBytes(const Region &region, unsigned loop) {
  int64_t perRow = 0, whole = 0;
  for (auto [operand, map, shape] : llvm::zip(region.operands, region.maps, region.shapes)) {
    int64_t bytes = elementBytes(operand);
    bool cutByLoop = false;
    for (auto [expr, extent] : llvm::zip(map.getResults(), shape)) {
      if (runsAlong(expr, loop))
        cutByLoop = true;
      else
        bytes *= extent;
    }
    (cutByLoop ? perRow : whole) += bytes;
  }
  return {perRow, whole};
}

/// The part of an operand that some rows touch.
static Value rowsOf(IRRewriter &b, Location loc, Value v, AffineMap map, unsigned loop,
                    Value offset, Value count) {
  SmallVector<OpFoldResult> sizes = memref::getMixedSizes(b, loc, v);
  SmallVector<OpFoldResult> offsets(sizes.size(), b.getIndexAttr(0));
  SmallVector<OpFoldResult> ones(sizes.size(), b.getIndexAttr(1));
  bool changed = false;
  for (auto [d, expr] : llvm::enumerate(map.getResults())) {
    if (runsAlong(expr, loop)) {
      offsets[d] = offset;
      sizes[d] = count;
      changed = true;
    }
  }
  return changed ? memref::SubViewOp::create(b, loc, v, offsets, sizes, ones).getResult() : v;
}

Value Placer::allocateRows(const Region &region, size_t operand, Value like, const Rows *rows) {
  Location loc = region.op->getLoc();
  SmallVector<int64_t> shape = region.shapes[operand];
  if (rows)
    for (auto [d, expr] : llvm::enumerate(region.maps[operand].getResults()))
      if (runsAlong(expr, rows->loop))
        shape[d] = std::min(shape[d], rows->most);
  Type element = cast<MemRefType>(like.getType()).getElementType();
  Value buffer = allocate(loc, shape, element, vectorSpace());
  return cut(loc, buffer, memref::getMixedSizes(b, loc, like));
}

Placer::Rows Placer::loopOverRows(Location loc, unsigned loop, int64_t most, Value total) {
  auto forOp = scf::ForOp::create(b, loc, constant(loc, 0), total, constant(loc, most));
  b.setInsertionPointToStart(forOp.getBody());
  Value offset = forOp.getInductionVar();
  Value left = arith::SubIOp::create(b, loc, total, offset);
  Value count = arith::MinSIOp::create(b, loc, left, constant(loc, most));
  return {loop, most, offset, count};
}

/// Inputs pass by in parts along a reduced loop of extent `total`, outputs stay in the unit's
/// memory.
LogicalResult Placer::placeParts(const Region &region, unsigned loop, int64_t most, Value total) {
  linalg::GenericOp op = region.op;
  Location loc = op.getLoc();
  ArrayRef<Value> inputs = ArrayRef(region.operands).take_front(region.inputs);
  ArrayRef<Value> outputs = ArrayRef(region.operands).drop_front(region.inputs);
  SmallVector<Value> states(outputs);
  for (auto [i, state] : llvm::enumerate(states)) {
    if (vectorReaches(state))
      continue;
    state = allocateRows(region, region.inputs + i, outputs[i], nullptr);
    if (failed(copyAlong(op, outputs[i], state)))
      return failure();
  }
  {
    OpBuilder::InsertionGuard guard(b);
    Rows rows = loopOverRows(loc, loop, most, total);
    SmallVector<Value> parts;
    for (auto [i, input] : llvm::enumerate(inputs)) {
      Value part = rowsOf(b, loc, input, region.maps[i], loop, rows.offset, rows.count);
      if (!vectorReaches(part)) {
        Value here = allocateRows(region, i, part, &rows);
        if (failed(copyAlong(op, part, here)))
          return failure();
        part = here;
      }
      parts.push_back(part);
    }
    emitVector(op, parts, states);
  }
  for (auto [state, output] : llvm::zip(states, outputs))
    if (state != output && failed(copyAlong(op, state, output)))
      return failure();
  return success();
}

/// A reduction too long for the unit's memory goes in parts along a reduced loop. Returns false
/// where there is no such loop.
FailureOr<bool> Placer::placeInParts(const Region &region) {
  linalg::GenericOp op = region.op;
  for (auto [loop, type] : llvm::enumerate(op.getIteratorTypesArray())) {
    if (type == utils::IteratorType::parallel)
      continue;
    auto [perRow, whole] = rowBytes(region, loop);
    int64_t most = (chip.capacity(vectorSpace()) / 2 - whole) / std::max<int64_t>(perRow, 1);
    if (most < 1)
      continue;
    for (size_t i = 0; i < region.inputs; ++i)
      for (auto [d, expr] : llvm::enumerate(region.maps[i].getResults()))
        if (runsAlong(expr, loop)) {
          Value total = dim(op.getLoc(), region.operands[i], d);
          if (failed(placeParts(region, loop, most, total)))
            return failure();
          return true;
        }
  }
  return false;
}

/// Emits the region on some rows, or on all of it: what the unit does not reach is copied in, and
/// results out.
LogicalResult Placer::placeRows(const Region &region, const Rows *rows) {
  linalg::GenericOp op = region.op;
  SmallVector<Value> local;
  SmallVector<std::pair<Value, Value>> stores;
  for (auto [i, v] : llvm::enumerate(region.operands)) {
    Value part = v;
    if (rows)
      part = rowsOf(b, op.getLoc(), v, region.maps[i], rows->loop, rows->offset, rows->count);
    if (vectorReaches(v)) {
      local.push_back(part);
      continue;
    }
    Value here = allocateRows(region, i, part, rows);
    bool isOutput = i >= region.inputs;
    bool reads = !isOutput || op.payloadUsesValueFromOperand(&op->getOpOperand(i));
    if (reads && failed(copyAlong(op, part, here)))
      return failure();
    if (isOutput)
      stores.push_back({here, part});
    local.push_back(here);
  }
  emitVector(op, ArrayRef(local).take_front(region.inputs),
             ArrayRef(local).drop_front(region.inputs));
  for (auto [from, to] : stores)
    if (failed(copyAlong(op, from, to)))
      return failure();
  return success();
}

/// The unit works in its own memory: rows that fit are copied in, computed, and copied out.
LogicalResult Placer::placeCut(const Region &region) {
  linalg::GenericOp op = region.op;
  // Rows are cut along the outermost parallel loop with more than one point.
  ArrayRef<int64_t> outShape = region.shapes[region.inputs];
  unsigned loop = 0;
  int64_t extent = 1, outDim = -1;
  for (auto [d, expr] : llvm::enumerate(region.maps[region.inputs].getResults())) {
    auto dimExpr = dyn_cast<AffineDimExpr>(expr);
    if (dimExpr && outShape[d] > 1) {
      loop = dimExpr.getPosition();
      extent = outShape[d];
      outDim = d;
      break;
    }
  }
  auto [perRow, whole] = rowBytes(region, loop);
  int64_t capacity = chip.capacity(vectorSpace()), room = capacity / 2 - whole;
  int64_t all = 0;
  for (auto [v, shape] : llvm::zip(region.operands, region.shapes))
    all += elementBytes(v) * llvm::product_of(shape);
  if (perRow > room || (outDim < 0 && all > capacity / 2)) {
    FailureOr<bool> done = placeInParts(region);
    if (failed(done) || *done)
      return success(succeeded(done));
  }
  if (perRow > room)
    return op.emitOpError("needs ")
           << perRow + whole << " bytes of " << vectorSpace() << " for one row, but chip "
           << chip.name << " has " << capacity;
  int64_t most = std::min(extent, room / std::max<int64_t>(perRow, 1));
  if (most >= extent || outDim < 0)
    return placeRows(region, nullptr);
  Value total = dim(op.getLoc(), region.operands[region.inputs], outDim);
  OpBuilder::InsertionGuard guard(b);
  Rows rows = loopOverRows(op.getLoc(), loop, most, total);
  return placeRows(region, &rows);
}

LogicalResult Placer::placeScalar(linalg::GenericOp op) {
  auto clone = cast<linalg::GenericOp>(b.clone(*op, map));
  b.setInsertionPoint(clone);
  FailureOr<linalg::LinalgLoops> loops = linalg::linalgOpToLoops(b, clone);
  if (failed(loops))
    return op.emitOpError("cannot be run by the scalar pipe");
  b.eraseOp(clone);
  return success();
}

LogicalResult Placer::placeGeneric(linalg::GenericOp op) {
  if (isScalarWork(op))
    return placeScalar(op);
  Region region{op, op.getIndexingMapsArray(), {}, {}, op.getInputs().size()};
  for (Value v : op->getOperands())
    region.operands.push_back(placed(v));
  if (llvm::all_of(region.operands, [&](Value v) { return vectorReaches(v); })) {
    emitVector(op, ArrayRef(region.operands).take_front(region.inputs),
               ArrayRef(region.operands).drop_front(region.inputs));
    return success();
  }
  for (Value v : op->getOperands()) {
    FailureOr<SmallVector<int64_t>> shape = bounds(v);
    if (failed(shape))
      return failure();
    region.shapes.push_back(*shape);
  }
  return placeCut(region);
}
