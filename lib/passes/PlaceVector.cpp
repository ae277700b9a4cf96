// Placing the vector unit's work that is no region: windows, fills and copies.
#include "Placer.h"

using namespace mlir;
using namespace tessera;

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
