// Placing the vector unit's work: regions, windows, fills and copies.
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

/// Bytes of all buffers the region needs in the vector unit's memory per row of loop 0.
static std::pair<int64_t, int64_t> rowBytes(linalg::GenericOp op,
                                            ArrayRef<SmallVector<int64_t>> shapes, unsigned loop) {
  int64_t perRow = 0, whole = 0;
  for (auto [operand, map, shape] :
       llvm::zip(op->getOperands(), op.getIndexingMapsArray(), shapes)) {
    int64_t bytes =
        llvm::divideCeil(cast<MemRefType>(operand.getType()).getElementTypeBitWidth(), 8);
    bool cutByLoop = false;
    for (auto [expr, extent] : llvm::zip(map.getResults(), shape)) {
      if (auto d = dyn_cast<AffineDimExpr>(expr); d && d.getPosition() == loop)
        cutByLoop = true;
      else
        bytes *= extent;
    }
    (cutByLoop ? perRow : whole) += bytes;
  }
  return std::pair(perRow, whole);
}

/// The part of an operand that rows [offset, offset + count) of loop `loop` touch.
static Value rowsOf(IRRewriter &b, Location loc, Value v, AffineMap map, unsigned loop,
                    Value offset, Value count) {
  SmallVector<OpFoldResult> sizes = memref::getMixedSizes(b, loc, v);
  SmallVector<OpFoldResult> offsets(sizes.size(), b.getIndexAttr(0));
  SmallVector<OpFoldResult> ones(sizes.size(), b.getIndexAttr(1));
  bool changed = false;
  for (auto [d, expr] : llvm::enumerate(map.getResults())) {
    if (auto dim = dyn_cast<AffineDimExpr>(expr); dim && dim.getPosition() == loop) {
      offsets[d] = offset;
      sizes[d] = count;
      changed = true;
    }
  }
  return changed ? memref::SubViewOp::create(b, loc, v, offsets, sizes, ones).getResult() : v;
}

/// A reduction too long for the unit's memory: its state stays there while the input passes by in
/// parts along a reduced loop. Returns false where there is no such loop.
FailureOr<bool> Placer::placeInParts(linalg::GenericOp op, ArrayRef<Value> operands,
                                     ArrayRef<SmallVector<int64_t>> shapes) {
  Location loc = op.getLoc();
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  size_t inputs = op.getInputs().size();
  for (auto [loop, type] : llvm::enumerate(op.getIteratorTypesArray())) {
    if (type == utils::IteratorType::parallel)
      continue;
    auto [perRow, whole] = rowBytes(op, shapes, loop);
    int64_t rows = (chip.capacity(vectorSpace()) / 2 - whole) / std::max<int64_t>(perRow, 1);
    if (rows < 1)
      continue;
    Value total;
    for (size_t i = 0; i < inputs && !total; ++i)
      for (auto [d, expr] : llvm::enumerate(maps[i].getResults()))
        if (auto dimExpr = dyn_cast<AffineDimExpr>(expr); dimExpr && dimExpr.getPosition() == loop)
          total = dim(loc, operands[i], d);
    if (!total)
      continue;
    auto local = [&](size_t i, Value like) -> FailureOr<Value> {
      SmallVector<int64_t> shape = shapes[i];
      for (auto [d, expr] : llvm::enumerate(maps[i].getResults()))
        if (auto dimExpr = dyn_cast<AffineDimExpr>(expr); dimExpr && dimExpr.getPosition() == loop)
          shape[d] = std::min(shape[d], rows);
      Value buffer =
          allocate(loc, shape, cast<MemRefType>(like.getType()).getElementType(), vectorSpace());
      return cut(loc, buffer, memref::getMixedSizes(b, loc, like));
    };
    SmallVector<Value> outputs;
    for (size_t i = inputs; i < operands.size(); ++i) {
      outputs.push_back(operands[i]);
      if (vectorReaches(operands[i]))
        continue;
      outputs.back() = *local(i, operands[i]);
      if (failed(copyAlong(op, operands[i], outputs.back())))
        return failure();
    }
    auto forOp = scf::ForOp::create(b, loc, constant(loc, 0), total, constant(loc, rows));
    {
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(forOp.getBody());
      Value offset = forOp.getInductionVar();
      Value left = arith::SubIOp::create(b, loc, total, offset);
      Value count = arith::MinSIOp::create(b, loc, left, constant(loc, rows));
      SmallVector<Value> parts;
      for (size_t i = 0; i < inputs; ++i) {
        Value part = rowsOf(b, loc, operands[i], maps[i], loop, offset, count);
        if (!vectorReaches(part)) {
          Value here = *local(i, part);
          if (failed(copyAlong(op, part, here)))
            return failure();
          part = here;
        }
        parts.push_back(part);
      }
      emitVector(op, parts, outputs);
    }
    for (size_t i = inputs; i < operands.size(); ++i)
      if (outputs[i - inputs] != operands[i] &&
          failed(copyAlong(op, outputs[i - inputs], operands[i])))
        return failure();
    return true;
  }
  return false;
}

LogicalResult Placer::placeGeneric(linalg::GenericOp op) {
  Location loc = op.getLoc();
  SmallVector<Value> operands;
  for (Value v : op->getOperands())
    operands.push_back(placed(v));
  if (isScalarWork(op)) {
    IRMapping here;
    auto clone = cast<linalg::GenericOp>(b.clone(*op, map));
    b.setInsertionPoint(clone);
    FailureOr<linalg::LinalgLoops> loops = linalg::linalgOpToLoops(b, clone);
    if (failed(loops))
      return op.emitOpError("cannot be run by the scalar pipe");
    b.eraseOp(clone);
    return success();
  }
  size_t inputs = op.getInputs().size();
  if (llvm::all_of(operands, [&](Value v) { return vectorReaches(v); })) {
    emitVector(op, ArrayRef(operands).take_front(inputs), ArrayRef(operands).drop_front(inputs));
    return success();
  }
  // The unit works in its own memory: rows that fit are copied in, computed, and copied out.
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  SmallVector<SmallVector<int64_t>> shapes;
  for (Value v : op->getOperands()) {
    FailureOr<SmallVector<int64_t>> shape = bounds(v);
    if (failed(shape))
      return failure();
    shapes.push_back(*shape);
  }
  // Rows are cut along the outermost parallel loop with more than one point.
  AffineMap outMap = maps[inputs];
  unsigned loop = 0;
  int64_t extent = 1, outDim = -1;
  for (auto [d, expr] : llvm::enumerate(outMap.getResults())) {
    auto dimExpr = dyn_cast<AffineDimExpr>(expr);
    if (dimExpr && shapes[inputs][d] > 1) {
      loop = dimExpr.getPosition();
      extent = shapes[inputs][d];
      outDim = d;
      break;
    }
  }
  auto [perRow, whole] = rowBytes(op, shapes, loop);
  int64_t room = chip.capacity(vectorSpace()) / 2 - whole;
  int64_t all = 0;
  for (auto [v, shape] : llvm::zip(operands, shapes))
    all += llvm::divideCeil(cast<MemRefType>(v.getType()).getElementTypeBitWidth(), 8) *
           llvm::product_of(shape);
  if (perRow > room || (outDim < 0 && all > chip.capacity(vectorSpace()) / 2)) {
    FailureOr<bool> done = placeInParts(op, operands, shapes);
    if (failed(done) || *done)
      return success(succeeded(done));
  }
  if (perRow > room)
    return op.emitOpError("needs ")
           << perRow + whole << " bytes of " << vectorSpace() << " for one row, but chip "
           << chip.name << " has " << chip.capacity(vectorSpace());
  int64_t rows = std::min(extent, room / std::max<int64_t>(perRow, 1));
  auto body = [&](Value offset, Value count) -> LogicalResult {
    SmallVector<Value> local;
    SmallVector<std::pair<Value, Value>> stores;
    for (auto [i, v] : llvm::enumerate(operands)) {
      Value part = outDim < 0 || !offset ? v : rowsOf(b, loc, v, maps[i], loop, offset, count);
      if (vectorReaches(v)) {
        local.push_back(part);
        continue;
      }
      SmallVector<int64_t> shape = shapes[i];
      if (offset)
        for (auto [d, expr] : llvm::enumerate(maps[i].getResults()))
          if (auto dimExpr = dyn_cast<AffineDimExpr>(expr);
              dimExpr && dimExpr.getPosition() == loop)
            shape[d] = rows;
      Value buffer =
          allocate(loc, shape, cast<MemRefType>(v.getType()).getElementType(), vectorSpace());
      Value here = cut(loc, buffer, memref::getMixedSizes(b, loc, part));
      bool isOutput = i >= inputs;
      bool reads = !isOutput || op.payloadUsesValueFromOperand(&op->getOpOperand(i));
      if (reads && failed(copyAlong(op, part, here)))
        return failure();
      if (isOutput)
        stores.push_back({here, part});
      local.push_back(here);
    }
    emitVector(op, ArrayRef(local).take_front(inputs), ArrayRef(local).drop_front(inputs));
    for (auto [from, to] : stores)
      if (failed(copyAlong(op, from, to)))
        return failure();
    return success();
  };
  if (rows >= extent || outDim < 0)
    return body(Value(), Value());
  Value total = dim(loc, operands[inputs], outDim);
  auto forOp = scf::ForOp::create(b, loc, constant(loc, 0), total, constant(loc, rows));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(forOp.getBody());
  Value left = arith::SubIOp::create(b, loc, total, forOp.getInductionVar());
  Value count = arith::MinSIOp::create(b, loc, left, constant(loc, rows));
  return body(forOp.getInductionVar(), count);
}

LogicalResult Placer::placeWindow(tile::WindowOp op) {
  usesVector = true;
  SmallVector<std::pair<Value, Value>> stores;
  for (OpOperand &operand : op->getOpOperands()) {
    if (!isa<MemRefType>(operand.get().getType()))
      continue;
    Value v = placed(operand.get());
    if (vectorReaches(v)) {
      operand.set(v);
      continue;
    }
    FailureOr<Value> buffer = allocateLike(v, vectorSpace());
    if (failed(buffer))
      return failure();
    if (op.isDpsInit(&operand))
      stores.push_back({*buffer, v});
    else if (failed(copyAlong(op, v, *buffer)))
      return failure();
    operand.set(*buffer);
  }
  b.setInsertionPointAfter(op);
  for (auto [from, to] : stores)
    if (failed(copyAlong(op, from, to)))
      return failure();
  return success();
}

LogicalResult Placer::placeFill(Location loc, Value value, Value target) {
  Value v = placed(target);
  usesVector = true;
  if (vectorReaches(v)) {
    tile::FillOp::create(b, loc, value, v);
    return success();
  }
  FailureOr<Value> buffer = allocateLike(v, vectorSpace());
  if (failed(buffer))
    return failure();
  auto fill = tile::FillOp::create(b, loc, value, *buffer);
  return copyAlong(fill, *buffer, v);
}

LogicalResult Placer::placeCopy(Operation *op, Value source, Value target) {
  Value from = placed(source), to = placed(target);
  if (from == to)
    return success(); // bufferisation's trace of a result computed in place
  usesVector = true;
  StringRef fromSpace = tile::spaceOf(cast<MemRefType>(from.getType()));
  StringRef toSpace = tile::spaceOf(cast<MemRefType>(to.getType()));
  if (chip.path(fromSpace, toSpace)) {
    tile::CopyOp::create(b, op->getLoc(), tile::CopyLayout::nd2nd, from, to);
    return success();
  }
  if (fromSpace != toSpace)
    return copyAlong(op, from, to);
  // From global memory to global memory: through the vector unit's memory.
  FailureOr<Value> buffer = allocateLike(to, vectorSpace());
  if (failed(buffer) || failed(copyAlong(op, from, *buffer)))
    return failure();
  return copyAlong(op, *buffer, to);
}
