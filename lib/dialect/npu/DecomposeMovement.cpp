// Decompositions of operators that move, view or repeat elements.
#include "Decomposition.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"

using namespace mlir;

namespace tessera::npu {

static Value castTensor(OpBuilder &b, Location loc, Value x, RankedTensorType type) {
  return x.getType() == type ? x : tensor::CastOp::create(b, loc, type, x);
}

// One group of all dims, or none for a scalar.
static SmallVector<ReassociationIndices> oneGroup(int64_t rank) {
  if (rank == 0)
    return {};
  return {llvm::to_vector<2>(llvm::seq<int64_t>(0, rank))};
}

// All elements in one dim.
static Value flatten(OpBuilder &b, Location loc, Value x) {
  auto type = cast<RankedTensorType>(x.getType());
  if (type.getRank() == 1)
    return x;
  if (type.getRank() != 0)
    return tensor::CollapseShapeOp::create(b, loc, x, oneGroup(type.getRank()));
  return tensor::ExpandShapeOp::create(b, loc, RankedTensorType::get({1}, type.getElementType()), x,
                                       ArrayRef<ReassociationIndices>(),
                                       ArrayRef<OpFoldResult>{b.getIndexAttr(1)});
}

FailureOr<SmallVector<Value>> ReshapeOp::decomposeOperation(OpBuilder &b) {
  Location loc = getLoc();
  auto type = cast<RankedTensorType>(getType());
  ReifiedRankedShapedTypeDims sizes;
  if (failed(reifyResultShapes(b, sizes)))
    return failure();
  // The flat dim must be known exactly when all dims of the result are.
  int64_t count = type.hasStaticShape() ? type.getNumElements() : ShapedType::kDynamic;
  Value flat = castTensor(b, loc, flatten(b, loc, getX()),
                          RankedTensorType::get({count}, type.getElementType()));
  Value result = flat;
  if (type.getRank() == 0)
    result = tensor::CollapseShapeOp::create(b, loc, type, flat, ArrayRef<ReassociationIndices>());
  else if (type.getRank() > 1)
    result = tensor::ExpandShapeOp::create(b, loc, type, flat, oneGroup(type.getRank()), sizes[0]);
  return asResult(b, *this, result);
}

FailureOr<SmallVector<Value>> ExpandOp::decomposeOperation(OpBuilder &b) {
  auto from = cast<RankedTensorType>(getX().getType()), to = cast<RankedTensorType>(getType());
  ReifiedRankedShapedTypeDims sizes;
  if (failed(reifyResultShapes(b, sizes)))
    return failure();
  Value result = mapTensors(b, getLoc(), getX(), broadcastMap(b, from.getShape(), to.getShape()),
                            sizes[0], to.getElementType(),
                            [](OpBuilder &, Location, ValueRange scalars) { return scalars[0]; });
  return asResult(b, *this, result);
}

FailureOr<SmallVector<Value>> TransposeOp::decomposeOperation(OpBuilder &b) {
  // A scalar has nothing to exchange, and linalg.transpose has no map of no dimensions.
  if (getPerm().empty())
    return asResult(b, *this, getX());
  return asResult(b, *this, transposeTensor(b, getLoc(), getX(), getPerm()));
}

FailureOr<SmallVector<Value>> ConcatOp::decomposeOperation(OpBuilder &b) {
  Location loc = getLoc();
  ReifiedRankedShapedTypeDims sizes;
  if (failed(reifyResultShapes(b, sizes)))
    return failure();
  int64_t axis = getAxis();
  Value result = tensor::EmptyOp::create(b, loc, sizes[0], getElementTypeOrSelf(getType()));
  Sizes offsets(sizes[0].size(), b.getIndexAttr(0));
  AffineExpr sum = b.getAffineDimExpr(0) + b.getAffineDimExpr(1);
  for (Value input : getInputs()) {
    if (llvm::is_contained(cast<RankedTensorType>(input.getType()).getShape(), 0))
      continue; // its place may lie past the end of the result
    result = insertTensor(b, loc, input, result, offsets);
    offsets[axis] = affine::makeComposedFoldedAffineApply(
        b, loc, sum, {offsets[axis], tensor::getMixedSize(b, loc, input, axis)});
  }
  return asResult(b, *this, result);
}

FailureOr<SmallVector<Value>> SliceOp::decomposeOperation(OpBuilder &b) {
  ReifiedRankedShapedTypeDims sizes;
  if (failed(reifyResultShapes(b, sizes)))
    return failure();
  return asResult(b, *this,
                  copySlice(b, getLoc(), getX(), getAsIndexOpFoldResult(getContext(), getOffsets()),
                            sizes[0], getAsIndexOpFoldResult(getContext(), getStrides())));
}

FailureOr<SmallVector<Value>> PadOp::decomposeOperation(OpBuilder &b) {
  Value fill =
      scalarConstant(b, getLoc(), getElementTypeOrSelf(getType()), getValue().convertToDouble());
  return asResult(b, *this,
                  padTensor(b, getLoc(), getX(), getAsIndexOpFoldResult(getContext(), getLow()),
                            getAsIndexOpFoldResult(getContext(), getHigh()), fill));
}

FailureOr<SmallVector<Value>> GatherOp::decomposeOperation(OpBuilder &b) {
  Location loc = getLoc();
  ReifiedRankedShapedTypeDims sizes;
  if (failed(reifyResultShapes(b, sizes)))
    return failure();
  int64_t axis = getAxis(), rank = sizes[0].size();
  int64_t dataRank = cast<RankedTensorType>(getData().getType()).getRank();
  int64_t indexRank = cast<RankedTensorType>(getIndices().getType()).getRank();
  SmallVector<AffineExpr> indexDims;
  for (int64_t dim = 0; dim < indexRank; ++dim)
    indexDims.push_back(b.getAffineDimExpr(axis + dim));
  Value size =
      getValueOrCreateConstantIndexOp(b, loc, tensor::getMixedSize(b, loc, getData(), axis));
  Value last = arith::SubIOp::create(b, loc, size, arith::ConstantIndexOp::create(b, loc, 1));
  Value data = getData();
  Value result = mapTensors(
      b, loc, getIndices(), AffineMap::get(rank, 0, indexDims, b.getContext()), sizes[0],
      getElementTypeOrSelf(getType()),
      [&](OpBuilder &nested, Location at, ValueRange scalars) -> Value {
        Value index = arith::IndexCastOp::create(nested, at, nested.getIndexType(), scalars[0]);
        Value zero = arith::ConstantIndexOp::create(nested, at, 0);
        Value negative = arith::CmpIOp::create(nested, at, arith::CmpIPredicate::slt, index, zero);
        Value wrapped = arith::AddIOp::create(nested, at, index, size);
        // Indices are a model's data: whatever they are, nothing else is read.
        Value chosen = arith::SelectOp::create(nested, at, negative, wrapped, index);
        chosen = arith::MinSIOp::create(nested, at, chosen, last);
        chosen = arith::MaxSIOp::create(nested, at, chosen, zero);
        SmallVector<Value> position;
        for (int64_t dim = 0; dim < dataRank; ++dim) {
          if (dim == axis)
            position.push_back(chosen);
          else
            position.push_back(
                linalg::IndexOp::create(nested, at, dim < axis ? dim : dim + indexRank - 1));
        }
        // The element passes through unchanged, so it is widened only to be narrowed again.
        return widen(nested, at, tensor::ExtractOp::create(nested, at, data, position));
      });
  return asResult(b, *this, result);
}

} // namespace tessera::npu
