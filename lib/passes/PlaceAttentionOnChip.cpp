// Placing attention on chips whose matrix unit's result reaches the vector cores' memory, and whose
// vector cores reach the memory that feeds the matrix unit: nothing passes through global memory.
//
// Some columns of scores are made at a time, and the softmax is computed online (Milakov and
// Gimelshein 2018): when a row's greatest grows, the result so far shrinks by a factor. Steps take
// turns in two slots of buffers, so that the matrix unit makes the scores of the step after the
// next while the vector cores weigh those of the next.
#include "Placer.h"

#include "Attention.h"
#include "AttentionParts.h"
#include "Fractals.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"

using namespace mlir;
using namespace tessera;
using namespace tessera::attention;

namespace {

MemRefType typeOf(Value v) {
  return cast<MemRefType>(v.getType());
}

constexpr int64_t kTurns = 2; // slots of a buffer

/// One vector core's rows, and its buffers.
struct VectorCore {
  Value from, count;
  Value scores, scaling; ///< In turns. Scaling: by what the result so far shrinks.
  Value mask, narrow;    ///< Narrow: weights as the matrix unit takes them.
  Value product, result; ///< Of one step; of all so far.
  Value lanes, sums;     ///< Sums of weights, by lanes and in all.
  Value most, before;    ///< Each row's greatest, and what it was.
  Value out;
};

/// Part of the keys, and never more than there are.
struct Keys {
  Value from, count;
};

} // namespace

struct Placer::OnChipAttention {
  OnChipAttention(Placer &p, tile::AttentionOp op, const tile::Mma &unit, AttentionTile tile)
      : p(p), op(op), unit(unit), tile(tile) {}

  Placer &p;
  tile::AttentionOp op;
  const tile::Mma &unit;
  AttentionTile tile;
  IRRewriter &b = p.b;
  Location loc = op.getLoc();
  Value query, key, value, mask, out, rows;
  Value end;           ///< How many keys these queries see, at most `keys`.
  int64_t queries = 0; ///< The most that a block has.
  int64_t keys = 0, depth = 0, width = 0, cores = 1;
  float scale = 1;
  bool byColumns = false; ///< The unit's left operand lies column by column of blocks.
  Value l1Query, l1Key, l1Value, l1Weights;
  Value l0Query, l0QuerySeen, l0Weights, l0WeightsSeen, l0Key, l0Value;
  Value scores, result; ///< Accumulators.
  SmallVector<VectorCore> vectors;

  void run();

private:
  Value index(int64_t v) { return p.constant(loc, v); }
  OpFoldResult attr(int64_t v) { return b.getIndexAttr(v); }
  Value add(Value x, Value y) { return arith::AddIOp::create(b, loc, x, y); }
  Value sub(Value x, Value y) { return arith::SubIOp::create(b, loc, x, y); }
  Value div(Value x, int64_t y) { return arith::DivUIOp::create(b, loc, x, index(y)); }
  Value least(Value x, Value y) { return arith::MinSIOp::create(b, loc, x, y); }
  void copy(tile::CopyLayout layout, Value from, Value to) {
    tile::CopyOp::create(b, loc, layout, from, to);
  }
  int64_t half() const { return tile.rows / cores; }

  // Buffers and parts of them
  Value buffer(ArrayRef<int64_t> shape, Type element, StringRef space);
  Value twice(ArrayRef<int64_t> shape, Type element, StringRef space);
  /// The turn of the piece or step of so many keys that begins at `at`.
  Value turnAt(Value at, int64_t size) {
    return arith::RemUIOp::create(b, loc, div(at, size), index(kTurns));
  }
  Value slotOf(Value buffer, Value turn);
  Value rowsOf(const VectorCore &c, Value buffer, Value turn);
  Value blocks(Value buffer, int64_t d, OpFoldResult from, int64_t count);
  /// The blocks of a vector core's rows.
  Value rowBlocks(Value buffer, int64_t core) {
    int64_t count = half() / kBlockRows;
    return blocks(buffer, 1, attr(core * count), count);
  }
  Keys keysFrom(Value first, int64_t most) {
    Value from = least(first, end);
    return {from, least(sub(end, from), index(most))};
  }
  /// How many keys of a step there are in the piece from `iv` on.
  Value piece(const Keys &all, Value iv) { return least(sub(all.count, iv), index(tile.keys)); }
  void allocateMatrix();
  VectorCore allocateVector(int64_t core);

  // Work, by what it is on
  void start();
  void placeScores(Value j);
  void maskScores(const VectorCore &c, Value scores, const Keys &valid);
  void placeWeights(const VectorCore &c, int64_t core, Value j);
  void placeProduct(Value j);
  void placeUpdate(Value turn);
  void finish(const VectorCore &c);
};

/// A buffer of the block that no pass gives more slots.
Value Placer::OnChipAttention::buffer(ArrayRef<int64_t> shape, Type element, StringRef space) {
  Value v = p.allocate(loc, shape, element, space);
  v.getDefiningOp()->setAttr("tile.slots", b.getI64IntegerAttr(1));
  return v;
}

Value Placer::OnChipAttention::twice(ArrayRef<int64_t> shape, Type element, StringRef space) {
  SmallVector<int64_t> both{kTurns};
  llvm::append_range(both, shape);
  return buffer(both, element, space);
}

Value Placer::OnChipAttention::slotOf(Value buffer, Value turn) {
  MemRefType type = typeOf(buffer);
  SmallVector<OpFoldResult> offsets(type.getRank(), attr(0)), ones(type.getRank(), attr(1));
  SmallVector<OpFoldResult> sizes = getAsIndexOpFoldResult(b.getContext(), type.getShape());
  offsets[0] = turn, sizes[0] = attr(1);
  auto part = cast<MemRefType>(memref::SubViewOp::inferRankReducedResultType(
      type.getShape().drop_front(), type, offsets, sizes, ones));
  return memref::SubViewOp::create(b, loc, part, buffer, offsets, sizes, ones);
}

/// A slot's rows that the core has.
Value Placer::OnChipAttention::rowsOf(const VectorCore &c, Value buffer, Value turn) {
  Value slot = slotOf(buffer, turn);
  SmallVector<OpFoldResult> extents =
      getAsIndexOpFoldResult(b.getContext(), typeOf(slot).getShape());
  extents.front() = c.count;
  return p.cut(loc, slot, extents);
}

/// Blocks [from, from + count) along dim `d`.
Value Placer::OnChipAttention::blocks(Value buffer, int64_t d, OpFoldResult from, int64_t count) {
  SmallVector<OpFoldResult> offsets(4, attr(0)), ones(4, attr(1));
  SmallVector<OpFoldResult> sizes =
      getAsIndexOpFoldResult(b.getContext(), typeOf(buffer).getShape());
  offsets[d] = from, sizes[d] = attr(count);
  return memref::SubViewOp::create(b, loc, buffer, offsets, sizes, ones);
}

void Placer::OnChipAttention::allocateMatrix() {
  Type element = typeOf(query).getElementType(), f32 = b.getF32Type();
  StringRef a = unit.a.spaces.front(), right = unit.b.spaces.front();
  StringRef c = unit.c.spaces.front();
  int64_t lanes = p.lanesOf(a, element);
  byColumns = unit.a.layout == "zN";
  auto left = [&](int64_t rows, int64_t cols) {
    return byColumns ? nzShape(rows, cols, lanes) : zzShape(rows, cols, lanes);
  };
  l1Query = buffer(nzShape(tile.rows, depth, lanes), element, "l1");
  l1Key = twice(nzShape(tile.columns, depth, lanes), element, "l1");
  l1Value = twice(nzShape(tile.columns, width, lanes), element, "l1");
  l1Weights = twice(nzShape(tile.rows, tile.columns, lanes), element, "l1");
  l0Query = buffer(left(tile.rows, depth), element, a);
  l0Weights = twice(left(tile.rows, tile.keys), element, a);
  l0QuerySeen = byColumns ? rowsOfBlocks(b, loc, l0Query) : l0Query;
  l0WeightsSeen = byColumns ? rowsOfBlocks(b, loc, l0Weights) : l0Weights;
  l0Key = twice(nzShape(tile.keys, depth, lanes), element, right);
  l0Value = twice(nzShape(width, tile.keys, lanes), element, right);
  scores = twice(nzShape(tile.rows, tile.keys, kBlockRows), f32, c);
  result = buffer(nzShape(tile.rows, width, kBlockRows), f32, c);
}

VectorCore Placer::OnChipAttention::allocateVector(int64_t core) {
  Type f32 = b.getF32Type(), element = typeOf(query).getElementType();
  VectorCore c;
  c.from = least(index(core * half()), rows);
  c.count = least(sub(rows, c.from), index(half()));
  auto all = [&](ArrayRef<int64_t> shape, Type type) {
    Value whole = buffer(shape, type, p.vectorSpace());
    if (cores > 1)
      whole.getDefiningOp()->setAttr("tile.core", b.getI64IntegerAttr(core));
    return whole;
  };
  auto rowsOf = [&](ArrayRef<int64_t> shape, Type type) {
    SmallVector<OpFoldResult> extents = getAsIndexOpFoldResult(b.getContext(), shape);
    extents.front() = c.count;
    return p.cut(loc, all(shape, type), extents);
  };
  c.scores = all({kTurns, half(), tile.columns}, f32);
  c.scaling = all({kTurns, half()}, f32);
  if (mask)
    c.mask = all({typeOf(mask).getDimSize(0) == 1 ? 1 : half(), tile.columns},
                 typeOf(mask).getElementType());
  c.narrow = rowsOf({half(), tile.columns}, element);
  c.product = rowsOf({half(), width}, f32);
  c.result = rowsOf({half(), width}, f32);
  c.lanes = rowsOf({half(), p.chip.vectorFor()->bytes / 4}, f32);
  c.sums = rowsOf({half()}, f32);
  c.most = rowsOf({half()}, f32);
  c.before = rowsOf({half()}, f32);
  c.out = rowsOf({half(), width}, typeOf(out).getElementType());
  return c;
}

/// The queries go to the matrix unit and stay there; no key has been seen.
void Placer::OnChipAttention::start() {
  using tile::CopyLayout;
  copy(CopyLayout::nd2nz, query, l1Query);
  copy(byColumns ? CopyLayout::nz2nz : CopyLayout::nz2zz, l1Query, l0Query);
  for (const VectorCore &c : vectors) {
    // Less than any score, but not so little that a difference of two is not a number.
    fill(b, loc, -std::numeric_limits<float>::max(), c.most);
    // What the step before the first one gave.
    for (Value zero : {c.result, c.lanes, c.product, rowsOf(c, c.scaling, index(kTurns - 1))})
      fill(b, loc, 0, zero);
  }
}

/// Makes the scores of a step's keys, a piece at a time.
void Placer::OnChipAttention::placeScores(Value j) {
  Keys all = keysFrom(j, tile.columns);
  Value turn = turnAt(j, tile.columns), staged = slotOf(l1Key, turn);
  copy(tile::CopyLayout::nd2nz, box(b, loc, key, all.from, all.count, attr(0), attr(depth)),
       staged);
  SmallVector<Value> targets;
  for (const VectorCore &c : vectors)
    targets.push_back(rowsOf(c, c.scores, turn));
  OpBuilder::InsertionGuard guard(b);
  Value iv = openLoop(b, loc, all.count, tile.keys).getInductionVar();
  Value count = piece(all, iv), slot = turnAt(iv, tile.keys);
  Value right = slotOf(l0Key, slot), accumulator = slotOf(scores, slot);
  copy(tile::CopyLayout::nz2nz, blocks(staged, 1, div(iv, kBlockRows), tile.keys / kBlockRows),
       right);
  tile::MmaOp::create(b, loc, l0QuerySeen, right, accumulator, rows, count, index(depth), Value());
  for (auto [core, c] : llvm::enumerate(vectors))
    tile::FixpipeOp::create(b, loc, rowBlocks(accumulator, int64_t(core)),
                            box(b, loc, targets[core], attr(0), c.count, iv, count), UnitAttr());
}

/// scale * scores + mask, in place.
void Placer::OnChipAttention::maskScores(const VectorCore &c, Value scores, const Keys &valid) {
  bool one = typeOf(mask).getDimSize(0) == 1;
  OpFoldResult from = one ? attr(0) : OpFoldResult(c.from);
  OpFoldResult count = one ? attr(1) : OpFoldResult(c.count);
  Value here = box(b, loc, c.mask, attr(0), count, attr(0), valid.count);
  copy(tile::CopyLayout::nd2nd, box(b, loc, mask, from, count, valid.from, valid.count), here);
  Value some = box(b, loc, scores, attr(0), c.count, attr(0), valid.count);
  vectorOp(
      b, loc, {some, here}, some, {{0, 1}, {one ? -1 : 0, 1}, {0, 1}}, {},
      [&](OpBuilder &inner, Location at, ValueRange v) { return masked(inner, at, v, scale); });
}

/// Turns a step's scores into weights, which go to the matrix unit.
void Placer::OnChipAttention::placeWeights(const VectorCore &c, int64_t core, Value j) {
  Value turn = turnAt(j, tile.columns);
  Value scores = rowsOf(c, c.scores, turn), scaling = rowsOf(c, c.scaling, turn);
  Keys valid = keysFrom(j, tile.columns);
  if (mask)
    maskScores(c, scores, valid);
  if (keys % tile.columns != 0) // behind the last key nothing has weight
    fill(b, loc, -std::numeric_limits<double>::infinity(),
         box(b, loc, scores, attr(0), c.count, valid.count, sub(index(tile.columns), valid.count)));
  float factor = mask ? 1 : scale;
  auto weigh = [&](OpBuilder &inner, Location at, ValueRange v) {
    return weight(inner, at, v, factor);
  };
  vectorOp(b, loc, {c.most}, c.before, {{0}, {0}}, {}, rounded);
  vectorOp(b, loc, {scores}, c.most, {{0, 1}, {0}}, {1}, greatest);
  vectorOp(b, loc, {c.before, c.most}, scaling, {{0}, {0}, {0}}, {}, weigh);
  vectorOp(b, loc, {scores, c.most}, scores, {{0, 1}, {0}, {0, 1}}, {}, weigh);
  vectorOp(b, loc, {scores}, c.narrow, {{0, 1}, {0, 1}}, {}, rounded);
  copy(tile::CopyLayout::nd2nz, c.narrow, rowBlocks(slotOf(l1Weights, turn), core));
  vectorOp(b, loc, {c.lanes, scaling}, c.lanes, {{0, 1}, {0}, {0, 1}}, {},
           [](OpBuilder &inner, Location at, ValueRange v) -> Value {
             return arith::MulFOp::create(inner, at, v[0], v[1]);
           });
  vectorOp(b, loc, {byLanes(b, loc, scores, c.count, typeOf(c.lanes).getDimSize(1))}, c.lanes,
           {{0, 1, 2}, {0, 2}}, {1}, sum);
}

/// A step's weights times the values.
void Placer::OnChipAttention::placeProduct(Value j) {
  using tile::CopyLayout;
  Keys all = keysFrom(j, tile.columns);
  Value turn = turnAt(j, tile.columns);
  Value staged = slotOf(l1Value, turn), weights = slotOf(l1Weights, turn);
  copy(CopyLayout::nd2nz, box(b, loc, value, all.from, all.count, attr(0), attr(width)), staged);
  int64_t lanes = typeOf(weights).getDimSize(3);
  {
    OpBuilder::InsertionGuard guard(b);
    Value iv = openLoop(b, loc, all.count, tile.keys).getInductionVar();
    Value slot = turnAt(iv, tile.keys), right = slotOf(l0Value, slot);
    copy(CopyLayout::nz2nzT, blocks(staged, 1, div(iv, kBlockRows), tile.keys / kBlockRows), right);
    copy(byColumns ? CopyLayout::nz2nz : CopyLayout::nz2zz,
         blocks(weights, 0, div(iv, lanes), tile.keys / lanes), slotOf(l0Weights, slot));
    Value more = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, iv, index(0));
    tile::MmaOp::create(b, loc, slotOf(l0WeightsSeen, slot), right, result, rows, index(width),
                        piece(all, iv), more);
  }
  for (auto [core, c] : llvm::enumerate(vectors))
    tile::FixpipeOp::create(b, loc, rowBlocks(result, int64_t(core)), c.product, UnitAttr());
}

/// The result so far shrinks to a step's greatest, and takes the step's product in.
void Placer::OnChipAttention::placeUpdate(Value turn) {
  for (const VectorCore &c : vectors)
    vectorOp(b, loc, {c.product, rowsOf(c, c.scaling, turn)}, c.result, {{0, 1}, {0}, {0, 1}}, {},
             [](OpBuilder &inner, Location at, ValueRange v) -> Value {
               Value shrunk = arith::MulFOp::create(inner, at, v[2], v[1]);
               return arith::AddFOp::create(inner, at, shrunk, v[0]);
             });
}

void Placer::OnChipAttention::finish(const VectorCore &c) {
  fill(b, loc, 0, c.sums);
  vectorOp(b, loc, {c.lanes}, c.sums, {{0, 1}, {0}}, {1}, sum);
  vectorOp(b, loc, {c.result, c.sums}, c.out, {{0, 1}, {0}, {0, 1}}, {}, quotient);
  copy(tile::CopyLayout::nd2nd, c.out, box(b, loc, out, c.from, c.count, attr(0), attr(width)));
}

void Placer::OnChipAttention::run() {
  end = p.dim(loc, key, 0), depth = typeOf(key).getDimSize(1);
  width = typeOf(value).getDimSize(1);
  cores = std::max<int64_t>(p.chip.core(p.chip.matrixCore())->ratio, 1);
  scale = op.getScale().convertToFloat();
  rows = p.dim(loc, query, 0);
  allocateMatrix();
  // A core that no block has rows for has no work, and no buffers without rows.
  for (int64_t core = 0; core * half() < queries; ++core)
    vectors.push_back(allocateVector(core));
  start();
  const int64_t step = tile.columns, steps = int64_t(llvm::divideCeil(keys, step));
  {
    OpBuilder::InsertionGuard guard(b);
    Value end = index(std::min(steps, kTurns) * step);
    placeScores(openLoop(b, loc, end, step).getInductionVar());
  }
  {
    OpBuilder::InsertionGuard guard(b);
    Value j = openLoop(b, loc, end, step).getInductionVar();
    for (auto [core, c] : llvm::enumerate(vectors))
      placeWeights(c, int64_t(core), j);
    // What the step before gave: by now it is there.
    placeUpdate(turnAt(add(j, index(step)), step));
    if (steps > kTurns)
      placeScores(add(j, index(kTurns * step)));
    placeProduct(j);
  }
  placeUpdate(typeOf(key).isDynamicDim(0) ? turnAt(sub(end, index(1)), step)
                                          : index((steps - 1) % kTurns));
  for (const VectorCore &c : vectors)
    finish(c);
}

void Placer::placeAttentionOnChip(tile::AttentionOp op, const AttentionTile &tile,
                                  const tile::Mma &unit, int64_t queries, int64_t keys) {
  OnChipAttention work(*this, op, unit, tile);
  work.queries = queries, work.keys = keys;
  work.query = dropLeading(op.getLoc(), placed(op.getQuery()), 2);
  work.key = dropLeading(op.getLoc(), placed(op.getKey()), 2);
  work.value = dropLeading(op.getLoc(), placed(op.getValue()), 2);
  work.out = dropLeading(op.getLoc(), placed(op.getOut()), 2);
  if (op.getMask())
    work.mask = dropLeading(op.getLoc(), placed(op.getMask()), 2);
  work.run();
}
