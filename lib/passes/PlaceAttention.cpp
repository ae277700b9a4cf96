// Placing attention on chips whose matrix and vector cores meet in global memory.
//
// The scores of a block's queries go there whole: while the matrix unit makes them, the vector
// cores look for each row's greatest; while those turn scores into weights, the matrix unit takes
// the weights to the values. Neither waits for what the other does later, and nothing is rescaled.
#include "Placer.h"

#include "Attention.h"
#include "AttentionParts.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace tessera;
using namespace tessera::attention;

static MemRefType typeOf(Value v) {
  return cast<MemRefType>(v.getType());
}

/// What the parts of one block's attention share.
struct Placer::AttentionWork {
  Operation *op;
  float scale;
  AttentionTile tile;
  Value query, key, value, out;   ///< Matrices.
  Value mask;                     ///< A matrix too, of one row or of all, or null.
  Value scores, weights, product; ///< Workspaces; the product is what is to be divided.
  Value rows;                     ///< Queries of the block ...
  int64_t half;                   ///< ... and the most that one vector core takes.
  int64_t keys, width, cores, lanes;

  /// Whether the last part has fewer columns than the others.
  bool ragged() const { return keys % tile.columns != 0; }
};

/// One vector core's rows, and its buffers.
struct Placer::AttentionCore {
  Value from, count;
  Value firstPart, secondPart; ///< Scores for each purpose ...
  Value weights, narrow;       ///< ... and what they weigh, as summed and as multiplied.
  Value mask;                  ///< A part of it.
  Value lanes, most, sums;     ///< Of each row: partial results, the greatest, the sum.
  Value wide, result;          ///< Of the division.
};

Placer::AttentionCore Placer::attentionCore(const AttentionWork &w, int64_t core) {
  Location loc = w.op->getLoc();
  Type f32 = b.getF32Type(), element = typeOf(w.weights).getElementType();
  Type score = typeOf(w.scores).getElementType();
  AttentionCore c;
  c.from = arith::MinSIOp::create(b, loc, constant(loc, core * w.half), w.rows);
  Value left = arith::SubIOp::create(b, loc, w.rows, c.from);
  c.count = arith::MinSIOp::create(b, loc, left, constant(loc, w.half));
  auto buffer = [&](ArrayRef<int64_t> shape, Type type) {
    Value whole = allocate(loc, shape, type, vectorSpace());
    if (w.cores > 1)
      whole.getDefiningOp()->setAttr("tile.core", b.getI64IntegerAttr(core));
    SmallVector<OpFoldResult> extents = getAsIndexOpFoldResult(b.getContext(), shape);
    if (shape.front() == w.half)
      extents.front() = c.count;
    SmallVector<OpFoldResult> zeros(shape.size(), b.getIndexAttr(0));
    SmallVector<OpFoldResult> ones(shape.size(), b.getIndexAttr(1));
    return memref::SubViewOp::create(b, loc, whole, zeros, extents, ones);
  };
  auto first = buffer({w.half, w.tile.columns}, score);
  // The matrix unit's drain takes longer than to load and look through a part, one after the other.
  first.getSource().getDefiningOp()->setAttr("tile.slots", b.getI64IntegerAttr(1));
  c.firstPart = first;
  c.secondPart = buffer({w.half, w.tile.columns}, score);
  c.weights = score.isF32() ? c.secondPart : Value(buffer({w.half, w.tile.columns}, f32));
  c.narrow = element.isF32() ? c.weights : Value(buffer({w.half, w.tile.columns}, element));
  if (w.mask) {
    int64_t lines = typeOf(w.mask).getDimSize(0) == 1 ? 1 : w.half;
    c.mask = buffer({lines, w.tile.columns}, typeOf(w.mask).getElementType());
  }
  c.lanes = buffer({w.half, w.lanes}, f32);
  c.most = buffer({w.half}, f32);
  c.sums = buffer({w.half}, f32);
  c.wide = buffer({w.half, w.width}, f32);
  c.result = buffer({w.half, w.width}, typeOf(w.out).getElementType());
  return c;
}

/// As many of `whole` as there are from `from` on, at most `part`; the bound is seen by whoever
/// sizes buffers.
static OpFoldResult most(OpBuilder &b, Location loc, int64_t part, int64_t whole, Value from) {
  AffineMap map = AffineMap::get(
      1, 0, {b.getAffineConstantExpr(part), whole - b.getAffineDimExpr(0)}, b.getContext());
  return affine::AffineMinOp::create(b, loc, map, from).getResult();
}

/// Columns of a part of the scores that begins at `j`.
OpFoldResult Placer::columnsFrom(const AttentionWork &w, Value j) {
  Location loc = w.op->getLoc();
  if (!w.ragged())
    return b.getIndexAttr(w.tile.columns);
  return most(b, loc, w.tile.columns, w.keys, j);
}

/// Loads the scores from column `j` on. Behind the last key nothing has weight.
void Placer::loadScores(const AttentionWork &w, const AttentionCore &c, Value buffer, Value j) {
  Location loc = w.op->getLoc();
  OpFoldResult columns = columnsFrom(w, j), zero = b.getIndexAttr(0);
  Value there = box(b, loc, w.scores, c.from, c.count, j, columns);
  Value here = w.ragged() ? box(b, loc, buffer, zero, c.count, zero, columns) : buffer;
  tile::CopyOp::create(b, loc, tile::CopyLayout::nd2nd, there, here);
  if (!w.ragged())
    return;
  Value rest = arith::SubIOp::create(b, loc, constant(loc, w.tile.columns), cast<Value>(columns));
  fill(b, loc, -std::numeric_limits<double>::infinity(),
       box(b, loc, buffer, zero, c.count, columns, rest));
}

/// scale * scores + mask, where the weights will be; else the scores as they are.
Value Placer::maskScores(const AttentionWork &w, const AttentionCore &c, Value scores, Value j) {
  if (!w.mask)
    return scores;
  Location loc = w.op->getLoc();
  OpFoldResult zero = b.getIndexAttr(0), columns = columnsFrom(w, j);
  bool one = typeOf(w.mask).getDimSize(0) == 1;
  OpFoldResult from = one ? zero : OpFoldResult(c.from);
  OpFoldResult count = one ? OpFoldResult(b.getIndexAttr(1)) : OpFoldResult(c.count);
  Value here = box(b, loc, c.mask, zero, count, zero, columns);
  tile::CopyOp::create(b, loc, tile::CopyLayout::nd2nd,
                       box(b, loc, w.mask, from, count, j, columns), here);
  if (w.ragged()) {
    Value rest = arith::SubIOp::create(b, loc, constant(loc, w.tile.columns), cast<Value>(columns));
    fill(b, loc, 0, box(b, loc, c.mask, zero, count, columns, rest));
  }
  vectorOp(
      b, loc, {scores, c.mask}, c.weights, {{0, 1}, {one ? -1 : 0, 1}, {0, 1}}, {},
      [&](OpBuilder &inner, Location at, ValueRange v) { return masked(inner, at, v, w.scale); });
  return c.weights;
}

void Placer::placeGreatest(const AttentionWork &w, const AttentionCore &c, Value j) {
  Location loc = w.op->getLoc();
  loadScores(w, c, c.firstPart, j);
  Value scores = maskScores(w, c, c.firstPart, j);
  vectorOp(b, loc, {byLanes(b, loc, scores, c.count, w.lanes)}, c.lanes, {{0, 1, 2}, {0, 2}}, {1},
           greatest);
}

/// The greatest of each row; the lanes then collect sums.
void Placer::finishGreatest(const AttentionWork &w, const AttentionCore &c) {
  Location loc = w.op->getLoc();
  fill(b, loc, -std::numeric_limits<double>::infinity(), c.most);
  vectorOp(b, loc, {c.lanes}, c.most, {{0, 1}, {0}}, {1}, greatest);
  fill(b, loc, 0, c.lanes);
}

/// exp(scale * (score - greatest)) and its sum.
void Placer::placeWeights(const AttentionWork &w, const AttentionCore &c, Value j) {
  Location loc = w.op->getLoc();
  loadScores(w, c, c.secondPart, j);
  Value scores = maskScores(w, c, c.secondPart, j);
  vectorOp(b, loc, {scores, c.most}, c.weights, {{0, 1}, {0}, {0, 1}}, {},
           [&](OpBuilder &inner, Location at, ValueRange v) {
             return weight(inner, at, v, w.mask ? 1 : w.scale);
           });
  if (c.narrow != c.weights)
    vectorOp(b, loc, {c.weights}, c.narrow, {{0, 1}, {0, 1}}, {}, rounded);
  Value there = box(b, loc, w.weights, c.from, c.count, j, b.getIndexAttr(w.tile.columns));
  tile::CopyOp::create(b, loc, tile::CopyLayout::nd2nd, c.narrow, there);
  vectorOp(b, loc, {byLanes(b, loc, c.weights, c.count, w.lanes)}, c.lanes, {{0, 1, 2}, {0, 2}},
           {1}, sum);
}

/// The product divided by the sums.
void Placer::placeDivision(const AttentionWork &w, const AttentionCore &c) {
  Location loc = w.op->getLoc();
  fill(b, loc, 0, c.sums);
  vectorOp(b, loc, {c.lanes}, c.sums, {{0, 1}, {0}}, {1}, sum);
  OpFoldResult zero = b.getIndexAttr(0), width = b.getIndexAttr(w.width);
  tile::CopyOp::create(b, loc, tile::CopyLayout::nd2nd,
                       box(b, loc, w.product, c.from, c.count, zero, width), c.wide);
  vectorOp(b, loc, {c.wide, c.sums}, c.result, {{0, 1}, {0}, {0, 1}}, {}, quotient);
  tile::CopyOp::create(b, loc, tile::CopyLayout::nd2nd, c.result,
                       box(b, loc, w.out, c.from, c.count, zero, width));
}

/// The scores of the keys from `j` on, as many as the vector cores take at a time. `all` is the
/// loop over all keys.
LogicalResult Placer::placeScores(const AttentionWork &w, const tile::Mma &unit, Operation *all,
                                  Value j) {
  Location loc = w.op->getLoc();
  OpBuilder::InsertionGuard guard(b);
  Value columns = getValueOrCreateConstantIndexOp(b, loc, columnsFrom(w, j));
  scf::ForOp loop = openLoop(b, loc, columns, w.tile.keys);
  Value at = arith::AddIOp::create(b, loc, j, loop.getInductionVar());
  OpFoldResult zero = b.getIndexAttr(0), some = b.getIndexAttr(w.tile.keys);
  if (w.ragged())
    some = most(b, loc, w.tile.keys, w.keys, at);
  OpFoldResult depth = b.getIndexAttr(typeOf(w.query).getDimSize(1));
  Value keys = box(b, loc, w.key, at, some, zero, depth);
  Value scores = box(b, loc, w.scores, zero, w.rows, at, some);
  auto product = tile::MatmulOp::create(b, loc, TypeRange(), w.query, keys, scores,
                                        /*transpose_lhs=*/false, /*transpose_rhs=*/true,
                                        /*accumulate=*/false, IntegerAttr());
  LogicalResult placed = placeStaged(product, unit, all);
  product.erase();
  return placed;
}

/// Adds what the keys from `j` on weigh to the result; gives the accumulator.
FailureOr<Value> Placer::placeProduct(const AttentionWork &w, const tile::Mma &unit, Value j) {
  Location loc = w.op->getLoc();
  OpFoldResult zero = b.getIndexAttr(0), some = columnsFrom(w, j);
  OpFoldResult width = b.getIndexAttr(w.width);
  auto product = tile::MatmulOp::create(
      b, loc, TypeRange(), box(b, loc, w.weights, zero, w.rows, j, some),
      box(b, loc, w.value, j, some, zero, width), w.product, /*transpose_lhs=*/false,
      /*transpose_rhs=*/false, /*accumulate=*/true, IntegerAttr());
  FailureOr<Value> accumulator = accumulate(product, unit, nullptr, j);
  product.erase();
  return accumulator;
}

LogicalResult Placer::placeAttention(tile::AttentionOp op) {
  Location loc = op.getLoc();
  usesMatrix = usesVector = true;
  AttentionWork w{};
  w.op = op;
  w.scale = op.getScale().convertToFloat();
  w.query = dropLeading(loc, placed(op.getQuery()), 2);
  w.key = dropLeading(loc, placed(op.getKey()), 2);
  w.value = dropLeading(loc, placed(op.getValue()), 2);
  w.out = dropLeading(loc, placed(op.getOut()), 2);
  FailureOr<SmallVector<int64_t>> query = bounds(placed(op.getQuery())), key = bounds(w.key);
  FailureOr<SmallVector<int64_t>> value = bounds(w.value);
  if (failed(query) || failed(key) || failed(value))
    return failure();
  query->erase(query->begin(), query->end() - 2);
  Type element = typeOf(w.query).getElementType();
  auto shaped = [&](ArrayRef<int64_t> shape) { return MemRefType::get(shape, element); };
  AttentionTypes types{
      shaped(*query), shaped(*key), shaped(*value), {}, typeOf(w.out).getElementType()};
  if (op.getMask()) {
    w.mask = dropLeading(loc, placed(op.getMask()), 2);
    int64_t lines = typeOf(w.mask).getDimSize(0) == 1 ? 1 : (*query)[0];
    types.mask = MemRefType::get({lines, (*key)[0]}, typeOf(w.mask).getElementType());
  }
  types.isBlock = true;
  std::optional<AttentionTile> tile = chooseAttentionTile(types, chip);
  const tile::Mma *unit = chip.mmaFor(element, element);
  if (!tile || !unit)
    return op.emitOpError("has no way through the memories of chip ") << chip.name;
  if (std::optional<ArrayRef<int64_t>> given = op.getTile())
    tile = AttentionTile{tile->way, (*given)[0], (*given)[2], (*given)[1]};
  if (tile->way == AttentionWay::inPlace) {
    tile::AttentionOp::create(b, loc, TypeRange(), w.query, w.key, w.value, w.mask, w.out,
                              op.getScaleAttr(), DenseI64ArrayAttr());
    return success();
  }
  if (tile->way == AttentionWay::onChip) {
    placeAttentionOnChip(op, *tile, *unit, (*query)[0], (*key)[0]);
    return success();
  }
  w.tile = *tile;
  w.keys = (*key)[0], w.width = (*value)[1];
  w.cores = std::max<int64_t>(chip.core(chip.matrixCore())->ratio, 1);
  w.half = llvm::divideCeil((*query)[0], w.cores);
  w.lanes = chip.vectorFor()->bytes / 4;
  w.rows = dim(loc, w.query, 0);
  auto workspace = [&](int64_t columns, Type type) -> Value {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(block);
    return tile::WorkspaceOp::create(b, loc, MemRefType::get({(*query)[0], columns}, type), 1);
  };
  // Where the result is narrow, so are the scores: half of the bytes that bound the kernel.
  Type result = typeOf(w.out).getElementType();
  int64_t columns = llvm::alignTo(w.keys, w.tile.columns);
  w.scores = workspace(columns, result.isF32() ? result : element);
  w.weights = workspace(columns, element);
  w.product = box(b, loc, workspace(w.width, b.getF32Type()), b.getIndexAttr(0), w.rows,
                  b.getIndexAttr(0), b.getIndexAttr(w.width));
  SmallVector<AttentionCore> cores;
  // A core that no block has rows for has no work, and no buffers without rows.
  for (int64_t core = 0; core * w.half < (*query)[0]; ++core)
    cores.push_back(attentionCore(w, core));
  for (const AttentionCore &c : cores)
    fill(b, loc, -std::numeric_limits<double>::infinity(), c.lanes);
  Value end = dim(loc, w.key, 0);
  {
    OpBuilder::InsertionGuard guard(b);
    scf::ForOp loop = openLoop(b, loc, end, w.tile.columns);
    if (failed(placeScores(w, *unit, loop, loop.getInductionVar())))
      return failure();
    for (const AttentionCore &c : cores)
      placeGreatest(w, c, loop.getInductionVar());
  }
  for (const AttentionCore &c : cores)
    finishGreatest(w, c);
  FailureOr<Value> accumulator = failure();
  {
    OpBuilder::InsertionGuard guard(b);
    scf::ForOp loop = openLoop(b, loc, end, w.tile.columns);
    for (const AttentionCore &c : cores)
      placeWeights(w, c, loop.getInductionVar());
    accumulator = placeProduct(w, *unit, loop.getInductionVar());
  }
  if (failed(accumulator) ||
      failed(drain(op, *accumulator, w.product, w.rows, constant(loc, w.width))))
    return failure();
  for (const AttentionCore &c : cores)
    placeDivision(w, c);
  return success();
}
