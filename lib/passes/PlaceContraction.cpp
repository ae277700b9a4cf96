// Placing the matrix unit's work: the choice of a way, and the direct one, for units that read
// global memory; PlaceStaged has that of units with memories of their own, PlaceTiled that between.
#include "Placer.h"

#include "tessera/dialect/npu/NpuOps.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/ReshapeOpsUtils.h"

using namespace mlir;
using namespace tessera;

static MemRefType typeOf(Value v) {
  return cast<MemRefType>(v.getType());
}

LogicalResult Placer::placeContraction(Operation *op) {
  Type lhs = typeOf(op->getOperand(0)).getElementType();
  Type rhs = typeOf(op->getOperand(1)).getElementType();
  const tile::Mma *unit = chip.mmaFor(lhs, rhs);
  if (!unit)
    return op->emitOpError("has no matrix unit for ") << lhs << " on chip " << chip.name;
  if (auto matmul = dyn_cast<tile::MatmulOp>(op); matmul && matmul.getWhole())
    return placeWhole(matmul);
  if (unit->a.allowsSpace(chip.global().name))
    return placeDirect(op, *unit);
  return unit->a.allowsSpace("l1") ? placeTiled(op, *unit) : placeStaged(op, *unit);
}

/// The result of a block contraction as a matrix [m, n].
Value Placer::outMatrix(Operation *op, Value out) {
  Location loc = op->getLoc();
  if (isa<tile::MatmulOp>(op))
    return dropLeading(loc, out, 2);
  // [oh, ow, f] with whole columns: pixels are contiguous.
  SmallVector<ReassociationIndices> groups{{0, 1}, {2}};
  return memref::CollapseShapeOp::create(b, loc, dropLeading(loc, out, 3), groups);
}

void Placer::gatherRows(tile::Conv2DOp op, Value source, Value target, Value firstPixel,
                        Value firstK, Value rows, Value columns) {
  tile::Im2colOp::create(b, op.getLoc(), source, target, op.getPadTop(), op.getPadLeft(),
                         firstPixel, firstK, rows, columns, op.getKernel(), op.getStrides(),
                         op.getDilations(), typeOf(op.getOut()).getDimSize(2));
}

/// A product's left operand with rows along m; the unit walks rows, so a transposed block is turned
/// first.
FailureOr<Value> Placer::turnedLhs(tile::MatmulOp op) {
  Location loc = op.getLoc();
  Value lhs = dropLeading(loc, placed(op.getLhs()), 2);
  if (!op.getTransposeLhs())
    return lhs;
  FailureOr<SmallVector<int64_t>> shape = bounds(lhs);
  if (failed(shape))
    return failure();
  Type element = typeOf(lhs).getElementType();
  Value buffer = allocate(loc, {(*shape)[1], (*shape)[0]}, element, vectorSpace());
  Value turned = cut(loc, buffer,
                     {memref::getMixedSize(b, loc, lhs, 1), memref::getMixedSize(b, loc, lhs, 0)});
  AffineExpr i, j;
  bindDims(b.getContext(), i, j);
  auto vector = tile::VectorOp::create(
      b, loc, ValueRange{lhs}, ValueRange{turned},
      b.getAffineMapArrayAttr({AffineMap::get(2, 0, {j, i}, b.getContext()),
                               AffineMap::get(2, 0, {i, j}, b.getContext())}));
  OpBuilder::InsertionGuard guard(b);
  Block *body = b.createBlock(&vector.getBody(), {}, {element, element}, {loc, loc});
  tile::YieldOp::create(b, loc, ValueRange{body->getArgument(0)});
  return turned;
}

/// Windows are gathered into scratch and multiplied a few rows of c at a time.
LogicalResult Placer::placeDirectConv(tile::Conv2DOp op, const tile::Mma &unit, Value rhs, Value c,
                                      Value m, Value n) {
  Location loc = op.getLoc();
  Value image = placed(op.getInput());
  Type element = typeOf(image).getElementType();
  int64_t k = op.getKernel()[0] * op.getKernel()[1] * typeOf(image).getDimSize(3);
  FailureOr<SmallVector<int64_t>> outShape = bounds(c);
  if (failed(outShape))
    return failure();
  int64_t bytes = llvm::divideCeil(element.getIntOrFloatBitWidth(), 8);
  // Half of the scratch for the windows; the rest for the block's results and the panels.
  int64_t room = chip.capacity(vectorSpace()) / 2;
  int64_t rows = std::max<int64_t>(room / std::max<int64_t>(k * bytes, 1), 1);
  int64_t step = std::max<int64_t>(unit.m.value, 1);
  rows = rows > step ? rows / step * step : rows;
  rows = std::min(rows, (*outShape)[0]);
  Value gathered = allocate(loc, {rows, k}, element, vectorSpace());
  Value depth = constant(loc, k), zero = constant(loc, 0);
  auto forOp = scf::ForOp::create(b, loc, zero, m, constant(loc, rows));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(forOp.getBody());
  Value first = forOp.getInductionVar();
  Value count =
      arith::MinSIOp::create(b, loc, arith::SubIOp::create(b, loc, m, first), constant(loc, rows));
  gatherRows(op, image, gathered, first, zero, count, depth);
  SmallVector<OpFoldResult> offsets{first, b.getIndexAttr(0)};
  SmallVector<OpFoldResult> sizes{count, memref::getMixedSize(b, loc, c, 1)};
  SmallVector<OpFoldResult> ones(2, b.getIndexAttr(1));
  Value part = memref::SubViewOp::create(b, loc, c, offsets, sizes, ones);
  tile::MmaOp::create(b, loc, gathered, rhs, part, count, n, depth, Value());
  return success();
}

/// A kernel takes all of a product, which stays one operation.
LogicalResult Placer::placeWhole(tile::MatmulOp op) {
  if (!chip.isCpu())
    return op.emitOpError("takes a product whole, which chip ")
           << chip.name << " has no kernel for";
  usesMatrix = true;
  tile::MatmulOp::create(b, op.getLoc(), TypeRange(), placed(op.getLhs()), placed(op.getRhs()),
                         placed(op.getOut()), op.getTransposeLhs(), op.getTransposeRhs(),
                         /*accumulate=*/false, IntegerAttr(), /*whole=*/true);
  return success();
}

/// The unit reads global memory: matrices stay where they are.
LogicalResult Placer::placeDirect(Operation *op, const tile::Mma &unit) {
  Location loc = op->getLoc();
  usesMatrix = true;
  Value rhs = placed(op->getOperand(1)), out = placed(op->getOperand(2));
  auto conv = dyn_cast<tile::Conv2DOp>(op);
  auto matmul = dyn_cast<tile::MatmulOp>(op);
  bool packed = conv ? bool(conv.getPanel()) : bool(matmul.getPanel());
  if (unit.b.panel > 0 && !packed)
    return op->emitOpError("needs its right operand in panels of ")
           << unit.b.panel.value << " on chip " << chip.name << ": run npu-assign-layouts first";
  rhs = dropLeading(loc, rhs, packed ? npu::packedRank(typeOf(rhs).getElementType()) : 2);
  Value c = outMatrix(op, out);
  Value m = dim(loc, c, 0), n = dim(loc, c, 1);
  if (conv)
    return placeDirectConv(conv, unit, rhs, c, m, n);
  FailureOr<Value> lhs = turnedLhs(matmul);
  if (failed(lhs))
    return failure();
  Value k = dim(loc, *lhs, 1);
  tile::MmaOp::create(b, loc, *lhs, rhs, c, m, n, k, Value());
  return success();
}
