// Placing the matrix unit's work: direct on chips whose unit reads what is there, staged through
// the memories between on the others.
#include "Placer.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/ReshapeOpsUtils.h"

using namespace mlir;
using namespace tessera;

static MemRefType typeOf(Value v) { return cast<MemRefType>(v.getType()); }

/// The operands of a block contraction as matrices: out[m, n] = lhs[m, k] * rhs.
static Value asMatrix(IRRewriter &b, Location loc, Value rows) {
  // [oh, ow, f] with whole columns: pixels are contiguous.
  if (typeOf(rows).getRank() == 2)
    return rows;
  SmallVector<ReassociationIndices> groups{{0, 1}, {2}};
  return memref::CollapseShapeOp::create(b, loc, rows, groups);
}

LogicalResult Placer::placeMatmul(tile::MatmulOp op) {
  const tile::Mma *unit = chip.mmaFor(typeOf(op.getLhs()).getElementType(),
                                      typeOf(op.getRhs()).getElementType());
  if (!unit)
    return op.emitOpError("has no matrix unit for ")
           << typeOf(op.getLhs()).getElementType() << " on chip " << chip.name;
  return unit->a.allowsSpace(chip.global().name) ? placeDirect(op, *unit) : placeStaged(op, *unit);
}

LogicalResult Placer::placeConv2D(tile::Conv2DOp op) {
  const tile::Mma *unit = chip.mmaFor(typeOf(op.getInput()).getElementType(),
                                      typeOf(op.getFilter()).getElementType());
  if (!unit)
    return op.emitOpError("has no matrix unit for ")
           << typeOf(op.getInput()).getElementType() << " on chip " << chip.name;
  return unit->a.allowsSpace(chip.global().name) ? placeDirect(op, *unit) : placeStaged(op, *unit);
}

Value Placer::gatherRows(tile::Conv2DOp op, Value source, Value target, Value firstPixel,
                         Value firstK, Value rows, Value columns) {
  tile::Im2colOp::create(b, op.getLoc(), source, target, op.getPadTop(), op.getPadLeft(),
                         firstPixel, firstK, rows, columns, op.getKernel(), op.getStrides(),
                         op.getDilations(), typeOf(op.getOut()).getDimSize(2));
  return target;
}

/// The unit reads global memory: matrices stay where they are, windows are gathered into scratch
/// a few rows at a time.
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
  rhs = dropLeading(loc, rhs, packed ? 3 : 2);
  Value c = asMatrix(b, loc, dropLeading(loc, out, conv ? 3 : 2));
  Value m = dim(loc, c, 0), n = dim(loc, c, 1);
  if (matmul) {
    Value lhs = dropLeading(loc, placed(matmul.getLhs()), 2);
    if (matmul.getTransposeLhs()) { // the unit walks rows: turn the block first
      FailureOr<SmallVector<int64_t>> shape = bounds(lhs);
      if (failed(shape))
        return failure();
      Value buffer = allocate(loc, {(*shape)[1], (*shape)[0]}, typeOf(lhs).getElementType(),
                              vectorSpace());
      Value turned = cut(loc, buffer, {memref::getMixedSize(b, loc, lhs, 1),
                                       memref::getMixedSize(b, loc, lhs, 0)});
      AffineExpr i, j;
      bindDims(b.getContext(), i, j);
      auto vector = tile::VectorOp::create(
          b, loc, ValueRange{lhs}, ValueRange{turned},
          b.getAffineMapArrayAttr({AffineMap::get(2, 0, {j, i}, b.getContext()),
                                   AffineMap::get(2, 0, {i, j}, b.getContext())}));
      Type element = typeOf(lhs).getElementType();
      OpBuilder::InsertionGuard guard(b);
      Block *body = b.createBlock(&vector.getBody(), {}, {element, element}, {loc, loc});
      tile::YieldOp::create(b, loc, ValueRange{body->getArgument(0)});
      lhs = turned;
      b.setInsertionPointAfter(vector);
      Value k = dim(loc, lhs, 1);
      tile::MmaOp::create(b, loc, lhs, rhs, c, m, n, k, Value());
      return success();
    }
    Value k = dim(loc, lhs, 1);
    tile::MmaOp::create(b, loc, lhs, rhs, c, m, n, k, Value());
    return success();
  }
  Value image = placed(conv.getInput());
  int64_t k = conv.getKernel()[0] * conv.getKernel()[1] * typeOf(image).getDimSize(3);
  FailureOr<SmallVector<int64_t>> outShape = bounds(c);
  if (failed(outShape))
    return failure();
  int64_t bytes = llvm::divideCeil(typeOf(image).getElementTypeBitWidth(), 8);
  // Half of the scratch for the windows; the rest for the block's results and the panels.
  int64_t rows = std::max<int64_t>(chip.capacity(vectorSpace()) / 2 / std::max<int64_t>(k * bytes, 1), 1);
  int64_t step = std::max<int64_t>(unit.m.value, 1);
  rows = rows > step ? rows / step * step : rows;
  rows = std::min(rows, (*outShape)[0]);
  Value gathered = allocate(loc, {rows, k}, typeOf(image).getElementType(), vectorSpace());
  Value depth = constant(loc, k), zero = constant(loc, 0);
  auto forOp = scf::ForOp::create(b, loc, zero, m, constant(loc, rows));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(forOp.getBody());
  Value first = forOp.getInductionVar();
  Value count = arith::MinSIOp::create(b, loc, arith::SubIOp::create(b, loc, m, first),
                                       constant(loc, rows));
  gatherRows(conv, image, gathered, first, zero, count, depth);
  SmallVector<OpFoldResult> offsets{first, b.getIndexAttr(0)};
  SmallVector<OpFoldResult> sizes{count, memref::getMixedSize(b, loc, c, 1)};
  SmallVector<OpFoldResult> ones(2, b.getIndexAttr(1));
  Value part = memref::SubViewOp::create(b, loc, c, offsets, sizes, ones);
  tile::MmaOp::create(b, loc, gathered, rhs, part, count, n, depth, Value());
  return success();
}

/// Elements of a fractal row (columns of a block) of a type in a memory; 16 where none is listed.
int64_t Placer::lanesOf(StringRef space, Type element, bool rows) const {
  const tile::Memory *memory = chip.memory(space);
  const tile::Fractal *fractal =
      memory ? memory->fractalOf(tile::elementTypeName(element)) : nullptr;
  if (!fractal)
    return 16;
  return rows ? fractal->rows : fractal->cols;
}

namespace {
/// Fractal geometry of one buffer: blocks along rows and columns, and their extents.
struct Blocks {
  int64_t rows, cols;   // elements of a block
  int64_t down, across; // blocks
};
} // namespace

static Blocks blocksFor(int64_t rows, int64_t cols, int64_t r0, int64_t c0) {
  return {r0, c0, int64_t(llvm::divideCeil(rows, r0)), int64_t(llvm::divideCeil(cols, c0))};
}

/// [columns of blocks, rows of blocks, rows, columns] from block `from` along dim `d`.
static Value blocksFrom(IRRewriter &b, Location loc, Value buffer, int64_t d, Value from,
                        int64_t count) {
  SmallVector<OpFoldResult> offsets(4, b.getIndexAttr(0)), ones(4, b.getIndexAttr(1));
  SmallVector<OpFoldResult> sizes = memref::getMixedSizes(b, loc, buffer);
  offsets[d] = from;
  sizes[d] = b.getIndexAttr(count);
  return memref::SubViewOp::create(b, loc, buffer, offsets, sizes, ones);
}

/// Rows and columns [from, from + count) of a matrix.
static Value part(IRRewriter &b, Location loc, Value matrix, int64_t d, Value from, Value count) {
  SmallVector<OpFoldResult> offsets(2, b.getIndexAttr(0)), ones(2, b.getIndexAttr(1));
  SmallVector<OpFoldResult> sizes = memref::getMixedSizes(b, loc, matrix);
  offsets[d] = from;
  sizes[d] = count;
  return memref::SubViewOp::create(b, loc, matrix, offsets, sizes, ones);
}

/// Operands go GM -> L1 in fractal blocks, L1 -> L0A/L0B in steps of k, and the accumulator leaves
/// through the fixpipe (or the vector pipe, where the chip has no fixpipe).
LogicalResult Placer::placeStaged(Operation *op, const tile::Mma &unit) {
  Location loc = op->getLoc();
  usesMatrix = true;
  auto conv = dyn_cast<tile::Conv2DOp>(op);
  auto matmul = dyn_cast<tile::MatmulOp>(op);
  if (conv ? bool(conv.getPanel()) : bool(matmul.getPanel()))
    return op->emitOpError("has packed panels, which chip ") << chip.name << " does not take";
  Value lhs = placed(op->getOperand(0)), out = placed(op->getOperand(2));
  Value rhs = dropLeading(loc, placed(op->getOperand(1)), 2);
  bool turnLhs = matmul && matmul.getTransposeLhs(), turnRhs = matmul && matmul.getTransposeRhs();
  if (matmul)
    lhs = dropLeading(loc, lhs, 2);
  FailureOr<SmallVector<int64_t>> outShape = bounds(out), lhsShape = bounds(lhs);
  if (failed(outShape) || failed(lhsShape))
    return failure();
  Type element = typeOf(lhs).getElementType();
  int64_t n = outShape->back();
  int64_t m = conv ? (*outShape)[1] * (*outShape)[2] : (*outShape)[outShape->size() - 2];
  int64_t k = conv ? conv.getKernel()[0] * conv.getKernel()[1] * lhsShape->back()
                   : (*lhsShape)[turnLhs ? 0 : 1];
  ContractionShape shape;
  shape.m = m, shape.n = n, shape.k = k;
  if (conv) {
    shape.mStep = (*outShape)[2];
    shape.lineBytes = (*lhsShape)[2] * (*lhsShape)[3] *
                      llvm::divideCeil(typeOf(lhs).getElementTypeBitWidth(), 8);
    shape.lineStride = conv.getStrides()[0];
    shape.lineReach = (conv.getKernel()[0] - 1) * conv.getDilations()[0] + 1;
  }
  shape.lhsType = element, shape.rhsType = typeOf(rhs).getElementType();
  shape.resultType = typeOf(out).getElementType();
  std::optional<KSteps> steps = chooseKSteps(shape, {m, n}, chip);
  if (!steps)
    return op->emitOpError("has no step along k that fits the memories of chip ") << chip.name;
  StringRef a = unit.a.spaces.front(), bSpace = unit.b.spaces.front();
  StringRef c = unit.c.spaces.front();
  int64_t r0 = 16, c0 = lanesOf(a, element, false);
  Type accType = unit.types.acc == "i32" ? Type(b.getI32Type()) : Type(b.getF32Type());
  Blocks outBlocks = blocksFor(m, n, r0, 16);
  Value accumulator = allocate(loc, {outBlocks.across, outBlocks.down, 16, 16}, accType, c);
  Blocks aBlocks = blocksFor(m, steps->inner, r0, c0), bBlocks = blocksFor(n, steps->inner, 16, c0);
  Value l0a = allocate(loc, {aBlocks.down, aBlocks.across, r0, c0}, element, a);
  Value l0b = allocate(loc, {bBlocks.across, bBlocks.down, 16, c0}, element, bSpace);

  // L1 holds the operands as they lie in memory, cut into blocks.
  Blocks lhsL1 = turnLhs ? blocksFor(steps->outer, m, r0, c0) : blocksFor(m, steps->outer, r0, c0);
  Blocks rhsL1 = turnRhs ? blocksFor(n, steps->outer, 16, c0) : blocksFor(steps->outer, n, 16, c0);
  Value l1b = allocate(loc, {rhsL1.across, rhsL1.down, rhsL1.rows, rhsL1.cols}, element, "l1");
  Value l1a;
  if (conv) { // raw lines; windows are gathered on the way to L0A
    FailureOr<Value> lines = allocateLike(lhs, "l1");
    if (failed(lines))
      return failure();
    l1a = *lines;
    tile::CopyOp::create(b, loc, tile::CopyLayout::nd2nd, lhs, l1a);
  } else {
    l1a = allocate(loc, {lhsL1.across, lhsL1.down, lhsL1.rows, lhsL1.cols}, element, "l1");
  }
  Value outRows = conv ? asMatrix(b, loc, dropLeading(loc, out, 3)) : dropLeading(loc, out, 2);
  Value mValue = dim(loc, outRows, 0), nValue = dim(loc, outRows, 1);
  Value zero = constant(loc, 0), depth = constant(loc, k);
  auto outer = scf::ForOp::create(b, loc, zero, depth, constant(loc, steps->outer));
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(outer.getBody());
    Value k1 = outer.getInductionVar();
    Value left = arith::SubIOp::create(b, loc, depth, k1);
    Value count = arith::MinSIOp::create(b, loc, left, constant(loc, steps->outer));
    if (!conv)
      tile::CopyOp::create(b, loc, tile::CopyLayout::nd2nz,
                           part(b, loc, lhs, turnLhs ? 0 : 1, k1, count), l1a);
    tile::CopyOp::create(b, loc, tile::CopyLayout::nd2nz,
                         part(b, loc, rhs, turnRhs ? 1 : 0, k1, count), l1b);
    auto inner = scf::ForOp::create(b, loc, zero, count, constant(loc, steps->inner));
    b.setInsertionPointToStart(inner.getBody());
    Value k0 = inner.getInductionVar();
    Value at = arith::AddIOp::create(b, loc, k1, k0);
    Value kk = arith::MinSIOp::create(b, loc, arith::SubIOp::create(b, loc, count, k0),
                                      constant(loc, steps->inner));
    if (conv) {
      gatherRows(conv, l1a, l0a, zero, at, mValue, kk);
    } else {
      int64_t d = turnLhs ? 1 : 0, unitRows = turnLhs ? r0 : c0;
      Value from = arith::DivUIOp::create(b, loc, k0, constant(loc, unitRows));
      Value blocks = blocksFrom(b, loc, l1a, d, from, steps->inner / unitRows);
      tile::CopyOp::create(b, loc, turnLhs ? tile::CopyLayout::nz2zzT : tile::CopyLayout::nz2zz,
                           blocks, l0a);
    }
    int64_t d = turnRhs ? 0 : 1, unitRows = turnRhs ? c0 : 16;
    Value from = arith::DivUIOp::create(b, loc, k0, constant(loc, unitRows));
    Value blocks = blocksFrom(b, loc, l1b, d, from, steps->inner / unitRows);
    tile::CopyOp::create(b, loc, turnRhs ? tile::CopyLayout::nz2nz : tile::CopyLayout::nz2nzT,
                         blocks, l0b);
    Value notFirst = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, at, zero);
    tile::MmaOp::create(b, loc, l0a, l0b, accumulator, mValue, nValue, kk, notFirst);
  }
  return drain(op, accumulator, outRows, mValue, nValue);
}

/// Moves the accumulator to where the block's result is wanted.
LogicalResult Placer::drain(Operation *op, Value accumulator, Value out, Value m, Value n) {
  Location loc = op->getLoc();
  StringRef from = tile::spaceOf(typeOf(accumulator)), to = tile::spaceOf(typeOf(out));
  bool fix = chip.fixpipe && chip.fixpipe->from == from;
  auto step = [&](Value target) {
    if (fix)
      tile::FixpipeOp::create(b, loc, accumulator, target, UnitAttr());
    else
      tile::CopyOp::create(b, loc, tile::CopyLayout::nz2nd, accumulator, target);
  };
  std::optional<std::vector<const tile::Path *>> route = chip.route(from, to);
  if (!route || route->empty())
    return op->emitOpError("needs a path from ")
           << from << " to " << to << ", but chip " << chip.name << " has none";
  if (route->size() == 1) {
    step(out);
    return success();
  }
  // The first stop of a longer way.
  FailureOr<SmallVector<int64_t>> shape = bounds(out);
  if (failed(shape))
    return failure();
  Value stage = allocate(loc, *shape, typeOf(out).getElementType(), route->front()->to);
  stage = cut(loc, stage, memref::getMixedSizes(b, loc, out));
  step(stage);
  return copyAlong(op, stage, out);
}
