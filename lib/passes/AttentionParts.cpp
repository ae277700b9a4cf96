// Builders that both ways of placing attention use.
#include "AttentionParts.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace tessera::attention {

static MemRefType typeOf(Value v) {
  return cast<MemRefType>(v.getType());
}

scf::ForOp openLoop(OpBuilder &b, Location loc, Value end, int64_t step) {
  Value zero = arith::ConstantIndexOp::create(b, loc, 0);
  auto loop = scf::ForOp::create(b, loc, zero, end, arith::ConstantIndexOp::create(b, loc, step));
  b.setInsertionPointToStart(loop.getBody());
  return loop;
}

Value box(OpBuilder &b, Location loc, Value matrix, OpFoldResult row, OpFoldResult count,
          OpFoldResult column, OpFoldResult width) {
  SmallVector<OpFoldResult> ones(2, b.getIndexAttr(1));
  return memref::SubViewOp::create(b, loc, matrix, {row, column}, {count, width}, ones);
}

Value byLanes(OpBuilder &b, Location loc, Value buffer, Value rows, int64_t lanes) {
  int64_t vectors = typeOf(buffer).getDimSize(1) / lanes;
  SmallVector<ReassociationIndices> groups{{0}, {1, 2}};
  SmallVector<OpFoldResult> shape{rows, b.getIndexAttr(vectors), b.getIndexAttr(lanes)};
  SmallVector<int64_t> sizes{ShapedType::kDynamic, vectors, lanes};
  return memref::ExpandShapeOp::create(b, loc, sizes, buffer, groups, shape);
}

void vectorOp(OpBuilder &b, Location loc, ValueRange ins, Value out,
              ArrayRef<ArrayRef<int64_t>> dims, ArrayRef<int64_t> reduced, Body body) {
  int64_t rank = 0;
  for (ArrayRef<int64_t> list : dims)
    for (int64_t d : list)
      rank = std::max(rank, d + 1);
  SmallVector<AffineMap> maps;
  for (ArrayRef<int64_t> list : dims) {
    SmallVector<AffineExpr> exprs;
    for (int64_t d : list)
      exprs.push_back(d < 0 ? b.getAffineConstantExpr(0) : b.getAffineDimExpr(d));
    maps.push_back(AffineMap::get(rank, 0, exprs, b.getContext()));
  }
  Operation *op;
  if (reduced.empty())
    op = tile::VectorOp::create(b, loc, ins, ValueRange{out}, b.getAffineMapArrayAttr(maps));
  else
    op = tile::RowReduceOp::create(b, loc, ins, ValueRange{out}, b.getDenseI64ArrayAttr(reduced),
                                   b.getAffineMapArrayAttr(maps));
  SmallVector<Type> types;
  for (Value in : ins)
    types.push_back(typeOf(in).getElementType());
  types.push_back(typeOf(out).getElementType());
  OpBuilder::InsertionGuard guard(b);
  Block *block =
      b.createBlock(&op->getRegion(0), {}, types, SmallVector<Location>(types.size(), loc));
  Value result = body(b, loc, block->getArguments());
  tile::YieldOp::create(b, loc, ValueRange{result});
}

void fill(OpBuilder &b, Location loc, double value, Value target) {
  Type element = typeOf(target).getElementType();
  Value number = arith::ConstantOp::create(b, loc, b.getFloatAttr(element, value));
  tile::FillOp::create(b, loc, number, target);
}

Value widened(OpBuilder &b, Location loc, Value v) {
  return v.getType().isF32() ? v : arith::ExtFOp::create(b, loc, b.getF32Type(), v).getResult();
}

Value narrowed(OpBuilder &b, Location loc, Value v, Type type) {
  return v.getType() == type ? v : arith::TruncFOp::create(b, loc, type, v).getResult();
}

static Value f32(OpBuilder &b, Location loc, float value) {
  return arith::ConstantOp::create(b, loc, b.getF32FloatAttr(value));
}

Value greatest(OpBuilder &b, Location loc, ValueRange v) {
  return arith::MaximumFOp::create(b, loc, widened(b, loc, v[0]), v[1]);
}

Value sum(OpBuilder &b, Location loc, ValueRange v) {
  return arith::AddFOp::create(b, loc, v[0], v[1]);
}

Value quotient(OpBuilder &b, Location loc, ValueRange v) {
  return narrowed(b, loc, arith::DivFOp::create(b, loc, v[0], v[1]), v[2].getType());
}

Value rounded(OpBuilder &b, Location loc, ValueRange v) {
  return narrowed(b, loc, v[0], v[1].getType());
}

Value weight(OpBuilder &b, Location loc, ValueRange v, float scale) {
  Value below = arith::SubFOp::create(b, loc, widened(b, loc, v[0]), v[1]);
  if (scale != 1)
    below = arith::MulFOp::create(b, loc, below, f32(b, loc, scale));
  return tile::ApplyOp::create(b, loc, b.getF32Type(), "exp", ValueRange{below});
}

Value masked(OpBuilder &b, Location loc, ValueRange v, float scale) {
  Value score = widened(b, loc, v[0]);
  if (scale != 1)
    score = arith::MulFOp::create(b, loc, score, f32(b, loc, scale));
  return arith::AddFOp::create(b, loc, score, widened(b, loc, v[1]));
}

} // namespace tessera::attention
