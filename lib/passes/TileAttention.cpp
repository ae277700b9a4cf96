// Cuts attention into blocks of queries, each one operator.
#include "Attention.h"

#include "tessera/dialect/tile/TileDialect.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace tessera;

static RankedTensorType typeOf(Value v) {
  return cast<RankedTensorType>(v.getType());
}

namespace {

/// Parts of the operands at one place of the loop over blocks.
struct Parts {
  OpBuilder &b;
  Location loc;
  SmallVector<OpFoldResult> at; ///< By dim but the last: batch entries, the first query.
  OpFoldResult rows;            ///< Queries of the block.
  OpFoldResult keys;            ///< Keys that some of them see.

  /// Offsets and extents of `count` rows from `row` on, of one batch entry.
  std::pair<SmallVector<OpFoldResult>, SmallVector<OpFoldResult>> slice(Value of, OpFoldResult row,
                                                                        OpFoldResult count) {
    SmallVector<OpFoldResult> offsets(ArrayRef<OpFoldResult>(at).drop_back());
    SmallVector<OpFoldResult> sizes(offsets.size(), b.getIndexAttr(1));
    llvm::append_values(offsets, row, OpFoldResult(b.getIndexAttr(0)));
    llvm::append_values(sizes, count, OpFoldResult(b.getIndexAttr(typeOf(of).getShape().back())));
    return {offsets, sizes};
  }

  Value cut(Value of, ArrayRef<OpFoldResult> offsets, ArrayRef<OpFoldResult> sizes) {
    SmallVector<OpFoldResult> ones(offsets.size(), b.getIndexAttr(1));
    return tensor::ExtractSliceOp::create(b, loc, of, offsets, sizes, ones);
  }
  Value ofBlock(Value of) {
    auto [offsets, sizes] = slice(of, at.back(), rows);
    return cut(of, offsets, sizes);
  }
  /// Of keys or values.
  Value seen(Value of) {
    auto [offsets, sizes] = slice(of, b.getIndexAttr(0), keys);
    return cut(of, offsets, sizes);
  }

  /// Dims of a mask that have extent 1 are repeated, and so are those that it lacks.
  Value ofMask(Value mask) {
    ArrayRef<int64_t> shape = typeOf(mask).getShape();
    size_t rank = shape.size();
    SmallVector<OpFoldResult> offsets(rank, b.getIndexAttr(0)), sizes(rank, b.getIndexAttr(1));
    sizes.back() = keys;
    for (size_t d = 0; d + 1 < rank; ++d)
      if (shape[d] != 1)
        offsets[d] = at[at.size() + 1 + d - rank];
    if (shape[rank - 2] != 1)
      sizes[rank - 2] = rows;
    return cut(mask, offsets, sizes);
  }
};

} // namespace

/// The first query of the block whose turn it is: the first, the last, the second, the last but one
/// and so on, so that each core, which takes a run of blocks, has as much to do as the others.
static Value longWithShort(OpBuilder &b, Location loc, Value turn, int64_t queries, int64_t rows) {
  AffineExpr at = b.getAffineDimExpr(0), pair = at.floorDiv(2 * rows);
  int64_t blocks = int64_t(llvm::divideCeil(queries, rows));
  auto apply = [&](AffineExpr e) -> Value {
    return affine::AffineApplyOp::create(b, loc, AffineMap::get(1, 0, e), turn);
  };
  Value odd = apply(at.floorDiv(rows) % 2);
  Value isOdd = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, odd,
                                      arith::ConstantIndexOp::create(b, loc, 0));
  return arith::SelectOp::create(b, loc, isOdd, apply((pair * -1 + (blocks - 1)) * rows),
                                 apply(pair * rows));
}

void tessera::tileAttention(const Attention &attention, BlockArgument output,
                            const AttentionTile &tile) {
  Operation *root = attention.ops.back();
  Location loc = root->getLoc();
  OpBuilder b(root);
  ArrayRef<int64_t> extents = typeOf(attention.query).getShape().drop_back();
  SmallVector<OpFoldResult> ends = getAsIndexOpFoldResult(b.getContext(), extents);
  SmallVector<OpFoldResult> begins(ends.size(), b.getIndexAttr(0));
  SmallVector<OpFoldResult> steps(ends.size(), b.getIndexAttr(1));
  steps.back() = b.getIndexAttr(tile.rows);
  auto forall =
      scf::ForallOp::create(b, loc, begins, ends, steps, ValueRange{output}, std::nullopt);
  b.setInsertionPointToStart(forall.getBody());
  int64_t keys = typeOf(attention.key).getShape().drop_back().back();
  Parts parts{b, loc, getAsOpFoldResult(forall.getInductionVars()), b.getIndexAttr(tile.rows),
              b.getIndexAttr(keys)};
  if (attention.causal)
    parts.at.back() =
        longWithShort(b, loc, forall.getInductionVars().back(), extents.back(), tile.rows);
  if (int64_t queries = extents.back(); queries % tile.rows != 0)
    parts.rows = affine::makeComposedFoldedAffineMin(
        b, loc,
        AffineMap::get(1, 0, {b.getAffineConstantExpr(tile.rows), queries - b.getAffineDimExpr(0)},
                       b.getContext()),
        {parts.at.back()});
  if (attention.causal) {
    // Whole steps, so that only the last keys of all make a step of fewer.
    constexpr int64_t kStepInPlace = 64;
    int64_t step = tile.way == AttentionWay::inPlace ? kStepInPlace : tile.columns;
    AffineExpr last = b.getAffineDimExpr(0) + (tile.rows + *attention.causal);
    parts.keys = affine::makeComposedFoldedAffineMin(
        b, loc,
        AffineMap::get(1, 0, {b.getAffineConstantExpr(keys), last.ceilDiv(step) * step},
                       b.getContext()),
        {parts.at.back()});
  }
  auto [offsets, sizes] = parts.slice(output, parts.at.back(), parts.rows);
  Value empty = tensor::EmptyOp::create(b, loc, sizes, typeOf(output).getElementType());
  Value mask = attention.mask ? parts.ofMask(attention.mask) : Value();
  // The kernel of a CPU takes its operands whole.
  DenseI64ArrayAttr cut;
  if (tile.way != AttentionWay::inPlace)
    cut = b.getDenseI64ArrayAttr({tile.rows, tile.columns, tile.keys});
  auto block = tile::AttentionOp::create(
      b, loc, TypeRange{empty.getType()}, parts.ofBlock(attention.query), parts.seen(attention.key),
      parts.seen(attention.value), mask, empty, b.getF32FloatAttr(float(attention.scale)), cut);
  b.setInsertionPointToStart(forall.getTerminator().getBody());
  SmallVector<OpFoldResult> ones(offsets.size(), b.getIndexAttr(1));
  tensor::ParallelInsertSliceOp::create(b, loc, block->getResult(0),
                                        forall.getRegionIterArgs().front(), offsets, sizes, ones);
  root->getResult(0).replaceAllUsesWith(forall.getResult(0));
}
