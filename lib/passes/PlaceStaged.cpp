// Placing the matrix unit's work on chips whose unit reads memories of its own: operands are staged
// through those between, in fractal blocks and steps along k.
#include "Placer.h"

#include "Fractals.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace tessera;

static MemRefType typeOf(Value v) {
  return cast<MemRefType>(v.getType());
}

/// Elements in a row of a type's fractal blocks in a memory; 16 where none is listed.
int64_t Placer::lanesOf(StringRef space, Type element) const {
  const tile::Memory *memory = chip.memory(space);
  const tile::Fractal *fractal =
      memory ? memory->fractalOf(tile::elementTypeName(element)) : nullptr;
  return fractal ? fractal->cols : 16;
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

/// A contraction and its stages on the way to the unit.
struct Placer::Staged {
  Operation *op;
  tile::Conv2DOp conv;   // null for a product
  bool turnLhs, turnRhs; // k runs along the first dim of lhs, the second of rhs
  Value lhs, rhs, out;
  ContractionShape shape; // the largest extents can be
  KSteps steps;
  int64_t lanes;     // columns of an operand's fractal block
  bool lhsByColumns; // the unit's lhs lies column by column of blocks, not row by row
  Value l1a, l1b, l0b, accumulator;
  Value l0a, l0aStored; // as the unit walks it, row by row of blocks, and as it lies
  Value m, n, zero;     // extents of the result, and where k begins
  bool lhsKept = false; // L1 has all of lhs already
};

/// What the choice of steps needs to know, from the largest extents the operands can have.
static ContractionShape shapeOf(tile::Conv2DOp conv, bool turnLhs, ArrayRef<int64_t> lhs,
                                ArrayRef<int64_t> out, int64_t elementBytes) {
  ContractionShape shape;
  shape.n = out.back();
  if (!conv) {
    shape.m = out[out.size() - 2];
    shape.k = lhs[turnLhs ? 0 : 1];
    return shape;
  }
  shape.m = out[1] * out[2];
  shape.k = conv.getKernel()[0] * conv.getKernel()[1] * lhs.back();
  shape.mStep = out[2];
  shape.lineBytes = lhs[2] * lhs[3] * elementBytes;
  shape.lineStride = conv.getStrides()[0];
  shape.lineReach = (conv.getKernel()[0] - 1) * conv.getDilations()[0] + 1;
  return shape;
}

/// Resolves the operands and chooses the steps along k.
FailureOr<Placer::Staged> Placer::stage(Operation *op) {
  Location loc = op->getLoc();
  auto matmul = dyn_cast<tile::MatmulOp>(op);
  Staged s{};
  s.op = op;
  s.conv = dyn_cast<tile::Conv2DOp>(op);
  if (s.conv ? bool(s.conv.getPanel()) : bool(matmul.getPanel())) {
    op->emitOpError("has packed panels, which chip ") << chip.name << " does not take";
    return failure();
  }
  s.lhs = placed(op->getOperand(0)), s.out = placed(op->getOperand(2));
  s.rhs = dropLeading(loc, placed(op->getOperand(1)), 2);
  s.turnLhs = matmul && matmul.getTransposeLhs(), s.turnRhs = matmul && matmul.getTransposeRhs();
  if (matmul)
    s.lhs = dropLeading(loc, s.lhs, 2);
  FailureOr<SmallVector<int64_t>> out = bounds(s.out), lhs = bounds(s.lhs);
  if (failed(out) || failed(lhs))
    return failure();
  Type element = typeOf(s.lhs).getElementType();
  s.shape =
      shapeOf(s.conv, s.turnLhs, *lhs, *out, llvm::divideCeil(element.getIntOrFloatBitWidth(), 8));
  s.shape.turnLhs = s.turnLhs, s.shape.turnRhs = s.turnRhs;
  s.shape.lhsType = element, s.shape.rhsType = typeOf(s.rhs).getElementType();
  s.shape.resultType = typeOf(s.out).getElementType();
  std::optional<KSteps> steps = chooseKSteps(s.shape, {s.shape.m, s.shape.n}, chip);
  if (!steps) {
    op->emitOpError("has no step along k that fits the memories of chip ") << chip.name;
    return failure();
  }
  s.steps = *steps;
  return s;
}

LogicalResult Placer::allocateStages(Staged &s, const tile::Mma &unit) {
  Location loc = s.op->getLoc();
  Type element = s.shape.lhsType;
  Type accType = unit.types.acc == "i32" ? Type(b.getI32Type()) : Type(b.getF32Type());
  int64_t m = s.shape.m, n = s.shape.n, inner = s.steps.inner, outer = s.steps.outer;
  StringRef a = unit.a.spaces.front(), bSpace = unit.b.spaces.front();
  s.lanes = lanesOf(a, element);
  s.accumulator = allocate(loc, nzShape(m, n, kBlockRows), accType, unit.c.spaces.front());
  s.lhsByColumns = unit.a.layout == "zN";
  // What is turned on its way arrives in whole squares: bytes 32 by 32.
  int64_t rowsA = s.turnLhs ? llvm::alignTo(m, s.lanes) : m;
  int64_t rowsB = s.turnRhs ? n : llvm::alignTo(n, s.lanes);
  s.l0aStored = allocate(
      loc, s.lhsByColumns ? nzShape(rowsA, inner, s.lanes) : zzShape(rowsA, inner, s.lanes),
      element, a);
  s.l0a = s.lhsByColumns ? rowsOfBlocks(b, loc, s.l0aStored) : s.l0aStored;
  s.l0b = allocate(loc, nzShape(rowsB, inner, s.lanes), element, bSpace);
  // L1 holds the operands as they lie in memory, cut into blocks.
  s.l1b = allocate(loc, s.turnRhs ? nzShape(n, outer, s.lanes) : nzShape(outer, n, s.lanes),
                   element, "l1");
  if (!s.conv) {
    s.l1a = allocate(loc, s.turnLhs ? nzShape(outer, m, s.lanes) : nzShape(m, outer, s.lanes),
                     element, "l1");
    return success();
  }
  // Raw lines; windows are gathered on the way to L0A.
  FailureOr<Value> lines = allocateLike(s.lhs, "l1");
  if (failed(lines))
    return failure();
  s.l1a = *lines;
  tile::CopyOp::create(b, loc, tile::CopyLayout::nd2nd, s.lhs, s.l1a);
  return success();
}

/// Brings `count` of k from `from` on into L1; a convolution's lines are there already.
void Placer::loadL1(const Staged &s, Value from, Value count) {
  Location loc = s.op->getLoc();
  if (!s.conv && !s.lhsKept)
    tile::CopyOp::create(b, loc, tile::CopyLayout::nd2nz,
                         part(b, loc, s.lhs, s.turnLhs ? 0 : 1, from, count), s.l1a);
  tile::CopyOp::create(b, loc, tile::CopyLayout::nd2nz,
                       part(b, loc, s.rhs, s.turnRhs ? 1 : 0, from, count), s.l1b);
}

/// Blocks of L1 that hold one inner step of k from `from` on, where k runs along a dim of blocks
/// with `unit` elements each.
Value Placer::stepOf(const Staged &s, Value l1, int64_t d, Value from, int64_t unit) {
  Location loc = s.op->getLoc();
  Value block = arith::DivUIOp::create(b, loc, from, constant(loc, unit));
  return blocksFrom(b, loc, l1, d, block, s.steps.inner / unit);
}

/// Moves one inner step, `count` of k from `from` of L1's part and `at` of all, to L0 and
/// multiplies it.
void Placer::feedUnit(const Staged &s, Value from, Value at, Value count) {
  Location loc = s.op->getLoc();
  if (s.conv) {
    gatherRows(s.conv, s.l1a, s.l0a, s.zero, at, s.m, count);
  } else {
    Value blocks =
        s.turnLhs ? stepOf(s, s.l1a, 1, from, kBlockRows) : stepOf(s, s.l1a, 0, from, s.lanes);
    using tile::CopyLayout;
    CopyLayout layout = s.lhsByColumns ? (s.turnLhs ? CopyLayout::nz2nzT : CopyLayout::nz2nz)
                                       : (s.turnLhs ? CopyLayout::nz2zzT : CopyLayout::nz2zz);
    tile::CopyOp::create(b, loc, layout, blocks, s.l0aStored);
  }
  Value blocks =
      s.turnRhs ? stepOf(s, s.l1b, 0, from, s.lanes) : stepOf(s, s.l1b, 1, from, kBlockRows);
  tile::CopyOp::create(b, loc, s.turnRhs ? tile::CopyLayout::nz2nz : tile::CopyLayout::nz2nzT,
                       blocks, s.l0b);
  Value notFirst = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, at, s.zero);
  tile::MmaOp::create(b, loc, s.l0a, s.l0b, s.accumulator, s.m, s.n, count, notFirst);
}

/// Operands go GM -> L1 in fractal blocks and L1 -> L0A/L0B in steps of k. The accumulator begins
/// anew where `base`, if given, is zero. Returns it.
FailureOr<Value> Placer::accumulate(Operation *op, const tile::Mma &unit, Operation *keepsLhs,
                                    Value base) {
  Location loc = op->getLoc();
  usesMatrix = true;
  FailureOr<Staged> staged = stage(op);
  if (failed(staged) || failed(allocateStages(*staged, unit)))
    return failure();
  Staged &s = *staged;
  if (keepsLhs && s.steps.outer >= s.shape.k) {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPoint(keepsLhs);
    tile::CopyOp::create(b, loc, tile::CopyLayout::nd2nz, s.lhs, s.l1a);
    s.lhsKept = true;
  }
  s.out = outMatrix(op, s.out);
  s.m = dim(loc, s.out, 0), s.n = dim(loc, s.out, 1);
  s.zero = constant(loc, 0);
  Value depth = s.conv ? constant(loc, s.shape.k) : dim(loc, s.lhs, s.turnLhs ? 0 : 1);
  auto outer = scf::ForOp::create(b, loc, s.zero, depth, constant(loc, s.steps.outer));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(outer.getBody());
  Value k1 = outer.getInductionVar();
  Value left = arith::SubIOp::create(b, loc, depth, k1);
  Value count = arith::MinSIOp::create(b, loc, left, constant(loc, s.steps.outer));
  loadL1(s, k1, count);
  auto inner = scf::ForOp::create(b, loc, s.zero, count, constant(loc, s.steps.inner));
  b.setInsertionPointToStart(inner.getBody());
  Value k0 = inner.getInductionVar();
  Value at = arith::AddIOp::create(b, loc, k1, k0);
  Value rest = arith::SubIOp::create(b, loc, count, k0);
  Value kk = arith::MinSIOp::create(b, loc, rest, constant(loc, s.steps.inner));
  if (base)
    at = arith::AddIOp::create(b, loc, base, at);
  feedUnit(s, k0, at, kk);
  return s.accumulator;
}

/// The accumulator leaves through the fixpipe (or the vector pipe, where the chip has no fixpipe).
LogicalResult Placer::placeStaged(Operation *op, const tile::Mma &unit, Operation *keepsLhs) {
  FailureOr<Value> accumulator = accumulate(op, unit, keepsLhs, Value());
  if (failed(accumulator))
    return failure();
  Location loc = op->getLoc();
  Value out = outMatrix(op, placed(op->getOperand(2)));
  return drain(op, *accumulator, out, dim(loc, out, 0), dim(loc, out, 1));
}

/// Narrows what the accumulator held, on the vector unit.
static void castInto(IRRewriter &b, Location loc, Value from, Value to) {
  AffineMap identity = b.getMultiDimIdentityMap(typeOf(from).getRank());
  auto vector = tile::VectorOp::create(b, loc, ValueRange{from}, ValueRange{to},
                                       b.getAffineMapArrayAttr({identity, identity}));
  Type wide = typeOf(from).getElementType(), narrow = typeOf(to).getElementType();
  OpBuilder::InsertionGuard guard(b);
  Block *body = b.createBlock(&vector.getBody(), {}, {wide, narrow}, {loc, loc});
  Value result = isa<FloatType>(wide)
                     ? arith::TruncFOp::create(b, loc, narrow, body->getArgument(0)).getResult()
                     : arith::TruncIOp::create(b, loc, narrow, body->getArgument(0)).getResult();
  tile::YieldOp::create(b, loc, result);
}

/// Without a fixpipe: some columns of blocks at a time move to the vector unit's memory, where
/// they become rows, and narrow if they must.
void Placer::drainByVector(Location loc, Value accumulator, Value target, Value n) {
  usesVector = true;
  constexpr int64_t kBlocks = 4; // columns of blocks at a time
  MemRefType type = typeOf(accumulator);
  Type held = type.getElementType(), wanted = typeOf(target).getElementType();
  StringRef space = tile::spaceOf(typeOf(target));
  int64_t columns = type.getDimSize(3), blocks = std::min(kBlocks, type.getDimSize(0));
  int64_t width = blocks * columns, rows = type.getDimSize(1) * type.getDimSize(2);
  Value landed =
      allocate(loc, {blocks, type.getDimSize(1), type.getDimSize(2), columns}, held, space);
  Value wide = held == wanted ? Value() : allocate(loc, {rows, width}, held, space);
  auto loop = scf::ForOp::create(b, loc, constant(loc, 0), n, constant(loc, width));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  Value from = loop.getInductionVar();
  Value count =
      arith::MinSIOp::create(b, loc, arith::SubIOp::create(b, loc, n, from), constant(loc, width));
  Value first = arith::DivUIOp::create(b, loc, from, constant(loc, columns));
  Value some = arith::CeilDivUIOp::create(b, loc, count, constant(loc, columns));
  SmallVector<OpFoldResult> offsets(4, b.getIndexAttr(0)), ones(4, b.getIndexAttr(1));
  SmallVector<OpFoldResult> sizes = memref::getMixedSizes(b, loc, accumulator);
  offsets[0] = first, sizes[0] = some;
  Value part = memref::SubViewOp::create(b, loc, accumulator, offsets, sizes, ones);
  Value here = cut(loc, landed, sizes);
  tile::CopyOp::create(b, loc, tile::CopyLayout::nz2nz, part, here);
  Value out = ::part(b, loc, target, 1, from, count);
  Value flat = wide ? cut(loc, wide, memref::getMixedSizes(b, loc, out)) : out;
  tile::CopyOp::create(b, loc, tile::CopyLayout::nz2nd, here, flat);
  if (wide)
    castInto(b, loc, flat, out);
}

/// Moves the accumulator to where the block's result is wanted.
LogicalResult Placer::drain(Operation *op, Value accumulator, Value out, Value m, Value n,
                            bool relu) {
  Location loc = op->getLoc();
  StringRef from = tile::spaceOf(typeOf(accumulator)), to = tile::spaceOf(typeOf(out));
  bool fix = chip.fixpipe && chip.fixpipe->from == from;
  auto step = [&](Value target) {
    if (fix)
      tile::FixpipeOp::create(b, loc, accumulator, target, relu ? b.getUnitAttr() : UnitAttr());
    else
      drainByVector(loc, accumulator, target, n);
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
