// Placing products on chips whose matrix unit reads the memory that global memory is loaded into:
// operands become blocks on their way there, and nothing lies between it and the unit.
#include "Placer.h"

#include "Fractals.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace tessera;

static MemRefType typeOf(Value v) {
  return cast<MemRefType>(v.getType());
}

/// Rows and columns of a matrix from `from` on along dim `d`.
static Value panel(IRRewriter &b, Location loc, Value matrix, int64_t d, Value from, Value count) {
  SmallVector<OpFoldResult> offsets(2, b.getIndexAttr(0)), ones(2, b.getIndexAttr(1));
  SmallVector<OpFoldResult> sizes = memref::getMixedSizes(b, loc, matrix);
  offsets[d] = from;
  sizes[d] = count;
  return memref::SubViewOp::create(b, loc, matrix, offsets, sizes, ones);
}

/// The unit reads what path `gm -> a.space` brings, with blocks row by row, each by rows.
static LogicalResult checkForm(Operation *op, const tile::Mma &unit, const tile::ChipSpec &chip) {
  for (auto [name, operand] : {std::pair("left operand", &unit.a),
                               std::pair("right operand", &unit.b), std::pair("result", &unit.c)})
    if (operand->layout != "zZ")
      return op->emitOpError("needs its ")
             << name << " in layout " << operand->layout << ", but blocks in the memory that the "
             << "matrix unit of chip " << chip.name << " reads are made in zZ only";
  auto matmul = dyn_cast<tile::MatmulOp>(op);
  if (!matmul)
    return op->emitOpError("gathers windows, which no path of chip ")
           << chip.name << " into " << unit.a.spaces.front() << " does";
  if (matmul.getPanel())
    return op->emitOpError("has packed panels, which chip ") << chip.name << " does not take";
  if (matmul.getTransposeLhs())
    return op->emitOpError("has a transposed left operand, which the matrix unit of chip ")
           << chip.name << " reads by rows only; transpose it first";
  return success();
}

/// The accumulator lies where the unit keeps it and leaves as any other does.
LogicalResult Placer::placeTiled(Operation *op, const tile::Mma &unit) {
  Location loc = op->getLoc();
  usesMatrix = true;
  if (failed(checkForm(op, unit, chip)))
    return failure();
  bool turnRhs = cast<tile::MatmulOp>(op).getTransposeRhs();
  Value lhs = dropLeading(loc, placed(op->getOperand(0)), 2);
  Value rhs = dropLeading(loc, placed(op->getOperand(1)), 2);
  FailureOr<SmallVector<int64_t>> left = bounds(lhs), right = bounds(rhs);
  if (failed(left) || failed(right))
    return failure();
  Type element = typeOf(lhs).getElementType();
  ContractionShape shape;
  shape.m = (*left)[0], shape.n = (*right)[turnRhs ? 0 : 1], shape.k = (*left)[1];
  shape.lhsType = element, shape.rhsType = typeOf(rhs).getElementType();
  shape.resultType = typeOf(op->getOperand(2)).getElementType();
  shape.turnRhs = turnRhs;
  std::optional<KSteps> steps = chooseKSteps(shape, {shape.m, shape.n}, chip);
  if (!steps)
    return op->emitOpError("has no step along k that fits the memories of chip ") << chip.name;
  // Whole steps of the unit: it reads what the last one lacks as well.
  int64_t m = llvm::alignTo(shape.m, unit.m), n = llvm::alignTo(shape.n, unit.n);
  int64_t step = steps->outer;
  StringRef spaceA = unit.a.spaces.front(), spaceB = unit.b.spaces.front();
  int64_t lanes = lanesOf(spaceA, element);
  Value a = allocate(loc, zzShape(m, step, lanes), element, spaceA);
  Value w = allocate(loc, turnRhs ? zzShape(n, step, lanes) : zzShape(step, n, lanes),
                     shape.rhsType, spaceB);
  Value c = allocate(loc, zzShape(m, n, kBlockRows), b.getF32Type(), unit.c.spaces.front());
  // A copy sees blocks column by column, and so does the unit the right operand's transpose.
  Value toA = rowsOfBlocks(b, loc, a), toB = rowsOfBlocks(b, loc, w);
  Value fromB = turnRhs ? toB : columnsInBlocks(b, loc, w);
  Value accumulator = rowsOfBlocks(b, loc, c);

  Value rows = dim(loc, lhs, 0), columns = dim(loc, rhs, turnRhs ? 0 : 1), depth = dim(loc, lhs, 1);
  Value zero = constant(loc, 0), by = constant(loc, step);
  auto loop = scf::ForOp::create(b, loc, zero, depth, by);
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    Value k = loop.getInductionVar();
    Value rest = arith::SubIOp::create(b, loc, depth, k);
    Value count = arith::MinSIOp::create(b, loc, rest, by);
    tile::CopyOp::create(b, loc, tile::CopyLayout::nd2nz, panel(b, loc, lhs, 1, k, count), toA);
    tile::CopyOp::create(b, loc, tile::CopyLayout::nd2nz,
                         panel(b, loc, rhs, turnRhs ? 1 : 0, k, count), toB);
    Value notFirst = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, k, zero);
    tile::MmaOp::create(b, loc, a, fromB, accumulator, rows, columns, count, notFirst);
  }
  if (drainedBy(op->getOperand(2))) {
    undrained[op->getOperand(2)] = accumulator;
    return success();
  }
  return drain(op, accumulator, outMatrix(op, placed(op->getOperand(2))), rows, columns);
}
