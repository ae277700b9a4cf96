// Pieces that decompositions of npu operators are made of, and that of elementwise operators.
#include "Decomposition.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Utils/StructuredOpsUtils.h"

using namespace mlir;

namespace tessera::npu {

//===-------------------------------------------------------------------------------------------===//
// Scalars
//===-------------------------------------------------------------------------------------------===//

Type computeType(Type element) {
  return element.isF16() || element.isBF16() ? Float32Type::get(element.getContext()) : element;
}

Value widen(OpBuilder &b, Location loc, Value scalar) {
  Type type = computeType(scalar.getType());
  return type == scalar.getType() ? scalar : arith::ExtFOp::create(b, loc, type, scalar);
}

Value narrow(OpBuilder &b, Location loc, Value scalar, Type element) {
  return scalar.getType() == element ? scalar : arith::TruncFOp::create(b, loc, element, scalar);
}

Value scalarConstant(OpBuilder &b, Location loc, Type type, double value) {
  if (isa<FloatType>(type))
    return arith::ConstantOp::create(b, loc, b.getFloatAttr(type, value));
  return arith::ConstantOp::create(b, loc, b.getIntegerAttr(type, static_cast<int64_t>(value)));
}

Value countAsFloat(OpBuilder &b, Location loc, ArrayRef<OpFoldResult> sizes, Type type) {
  AffineExpr product = b.getAffineConstantExpr(1);
  for (size_t i = 0; i < sizes.size(); ++i)
    product = product * b.getAffineSymbolExpr(i);
  OpFoldResult count = affine::makeComposedFoldedAffineApply(
      b, loc, AffineMap::get(0, sizes.size(), product), sizes);
  if (std::optional<int64_t> known = getConstantIntValue(count))
    return scalarConstant(b, loc, type, static_cast<double>(*known));
  Value index = getValueOrCreateConstantIndexOp(b, loc, count);
  Value integer = arith::IndexCastOp::create(b, loc, b.getI64Type(), index);
  return arith::SIToFPOp::create(b, loc, type, integer);
}

TypedAttr lowestValue(OpBuilder &b, Type type) {
  if (auto floating = dyn_cast<FloatType>(type))
    return b.getFloatAttr(type, APFloat::getInf(floating.getFloatSemantics(), /*Negative=*/true));
  return b.getIntegerAttr(type, APInt::getSignedMinValue(type.getIntOrFloatBitWidth()));
}

TypedAttr highestValue(OpBuilder &b, Type type) {
  if (auto floating = dyn_cast<FloatType>(type))
    return b.getFloatAttr(type, APFloat::getInf(floating.getFloatSemantics()));
  return b.getIntegerAttr(type, APInt::getSignedMaxValue(type.getIntOrFloatBitWidth()));
}

//===-------------------------------------------------------------------------------------------===//
// Tensors
//===-------------------------------------------------------------------------------------------===//

Value filledTensor(OpBuilder &b, Location loc, ArrayRef<OpFoldResult> sizes, Value scalar) {
  Value empty = tensor::EmptyOp::create(b, loc, sizes, scalar.getType());
  return linalg::FillOp::create(b, loc, scalar, empty).getResult(0);
}

Value mapTensors(OpBuilder &b, Location loc, ValueRange inputs, ArrayRef<AffineMap> maps,
                 ArrayRef<OpFoldResult> sizes, Type element, ScalarBody body) {
  SmallVector<AffineMap> allMaps(maps);
  allMaps.push_back(b.getMultiDimIdentityMap(sizes.size()));
  SmallVector<utils::IteratorType> loops(sizes.size(), utils::IteratorType::parallel);
  Value empty = tensor::EmptyOp::create(b, loc, sizes, element);
  auto generic = linalg::GenericOp::create(
      b, loc, empty.getType(), inputs, empty, allMaps, loops,
      [&](OpBuilder &nested, Location nestedLoc, ValueRange scalars) {
        SmallVector<Value> wide;
        for (Value scalar : scalars.drop_back())
          wide.push_back(widen(nested, nestedLoc, scalar));
        Value result = body(nested, nestedLoc, wide);
        linalg::YieldOp::create(nested, nestedLoc, narrow(nested, nestedLoc, result, element));
      });
  return generic.getResult(0);
}

AffineMap broadcastMap(OpBuilder &b, ArrayRef<int64_t> from, ArrayRef<int64_t> to) {
  SmallVector<AffineExpr> dims;
  size_t lead = to.size() - from.size();
  for (auto [dim, size] : llvm::enumerate(from))
    dims.push_back(size == 1 && to[lead + dim] != 1 ? b.getAffineConstantExpr(0)
                                                    : b.getAffineDimExpr(lead + dim));
  return AffineMap::get(to.size(), 0, dims, b.getContext());
}

AffineMap keptDimsMap(OpBuilder &b, int64_t rank, ArrayRef<int64_t> axes) {
  SmallVector<AffineExpr> dims;
  for (int64_t dim = 0; dim < rank; ++dim)
    if (!llvm::is_contained(axes, dim))
      dims.push_back(b.getAffineDimExpr(dim));
  return AffineMap::get(rank, 0, dims, b.getContext());
}

Value reduceTensor(OpBuilder &b, Location loc, Value x, ArrayRef<int64_t> axes, Value init,
                   ScalarBody body) {
  int64_t rank = cast<RankedTensorType>(x.getType()).getRank();
  Value start = filledTensor(b, loc, reifyReduceShape(b, loc, x, axes, /*keepdims=*/false), init);
  SmallVector<utils::IteratorType> loops(rank, utils::IteratorType::parallel);
  for (int64_t axis : axes)
    loops[axis] = utils::IteratorType::reduction;
  SmallVector<AffineMap> maps = {b.getMultiDimIdentityMap(rank), keptDimsMap(b, rank, axes)};
  auto generic =
      linalg::GenericOp::create(b, loc, start.getType(), x, start, maps, loops,
                                [&](OpBuilder &nested, Location nestedLoc, ValueRange scalars) {
                                  Value element = widen(nested, nestedLoc, scalars[0]);
                                  Value result = body(nested, nestedLoc, {scalars[1], element});
                                  linalg::YieldOp::create(nested, nestedLoc, result);
                                });
  return generic.getResult(0);
}

Value insertTensor(OpBuilder &b, Location loc, Value x, Value dest,
                   ArrayRef<OpFoldResult> offsets) {
  Sizes sizes = tensor::getMixedSizes(b, loc, x);
  Sizes strides(sizes.size(), b.getIndexAttr(1));
  Value slice = tensor::ExtractSliceOp::create(b, loc, dest, offsets, sizes, strides);
  Value copy = linalg::CopyOp::create(b, loc, x, slice).getResult(0);
  return tensor::InsertSliceOp::create(b, loc, copy, dest, offsets, sizes, strides);
}

Value padTensor(OpBuilder &b, Location loc, Value x, ArrayRef<OpFoldResult> low,
                ArrayRef<OpFoldResult> high, Value fill) {
  auto isZero = [](OpFoldResult value) { return isConstantIntValue(value, 0); };
  if (llvm::all_of(low, isZero) && llvm::all_of(high, isZero))
    return x;
  Sizes sizes = tensor::getMixedSizes(b, loc, x);
  AffineExpr d0, d1, d2;
  bindDims(b.getContext(), d0, d1, d2);
  for (auto [dim, size] : llvm::enumerate(sizes))
    size = affine::makeComposedFoldedAffineApply(b, loc, d0 + d1 + d2, {size, low[dim], high[dim]});
  return insertTensor(b, loc, x, filledTensor(b, loc, sizes, fill), low);
}

Value copySlice(OpBuilder &b, Location loc, Value x, ArrayRef<OpFoldResult> offsets,
                ArrayRef<OpFoldResult> sizes, ArrayRef<OpFoldResult> strides) {
  Value slice = tensor::ExtractSliceOp::create(b, loc, x, offsets, sizes, strides);
  Value empty = tensor::EmptyOp::create(b, loc, sizes, getElementTypeOrSelf(x.getType()));
  return linalg::CopyOp::create(b, loc, slice, empty).getResult(0);
}

Value transposeTensor(OpBuilder &b, Location loc, Value x, ArrayRef<int64_t> perm) {
  Sizes sizes;
  for (int64_t dim : perm)
    sizes.push_back(tensor::getMixedSize(b, loc, x, dim));
  Value empty = tensor::EmptyOp::create(b, loc, sizes, getElementTypeOrSelf(x.getType()));
  return linalg::TransposeOp::create(b, loc, x, empty, perm)->getResult(0);
}

Value unpackRhs(OpBuilder &b, Location loc, Value packed, int64_t n, OpFoldResult k) {
  auto type = cast<RankedTensorType>(packed.getType());
  bool grouped = packedRank(type.getElementType()) == 4;
  int64_t batch = type.getRank() - packedRank(type.getElementType());
  // [panels, k, panel] or [panels, groups, panel, group] as [k, panels, panel], k of two dims.
  SmallVector<int64_t> perm = llvm::to_vector(llvm::seq<int64_t>(0, batch));
  perm.push_back(batch + 1);
  if (grouped)
    perm.push_back(batch + 3);
  perm.append({batch, batch + 2});
  Value rows = transposeTensor(b, loc, packed, perm);
  SmallVector<ReassociationIndices> groups;
  for (int64_t dim = 0; dim < batch; ++dim)
    groups.push_back({dim});
  int64_t inner = grouped ? 2 : 1;
  groups.push_back(llvm::to_vector<2>(llvm::seq<int64_t>(batch, batch + inner)));
  groups.push_back({batch + inner, batch + inner + 1});
  Value flat = tensor::CollapseShapeOp::create(b, loc, rows, groups);
  Sizes sizes = tensor::getMixedSizes(b, loc, flat);
  sizes.back() = b.getIndexAttr(n);
  if (grouped)
    sizes[batch] = k;
  Sizes zeros(sizes.size(), b.getIndexAttr(0)), ones(sizes.size(), b.getIndexAttr(1));
  return copySlice(b, loc, flat, zeros, sizes, ones);
}

Value narrowTensor(OpBuilder &b, Location loc, Value value, Type element) {
  if (getElementTypeOrSelf(value.getType()) == element)
    return value;
  Sizes sizes = tensor::getMixedSizes(b, loc, value);
  return mapTensors(b, loc, value, b.getMultiDimIdentityMap(sizes.size()), sizes, element,
                    [](OpBuilder &, Location, ValueRange scalars) { return scalars[0]; });
}

FailureOr<SmallVector<Value>> asResult(OpBuilder &b, Operation *op, Value value) {
  Type type = op->getResult(0).getType();
  if (value.getType() != type)
    value = tensor::CastOp::create(b, op->getLoc(), type, value);
  return SmallVector<Value>{value};
}

//===-------------------------------------------------------------------------------------------===//
// Elementwise
//===-------------------------------------------------------------------------------------------===//

FailureOr<SmallVector<Value>> decomposeElementwise(OpBuilder &b, Operation *op) {
  auto elementwise = cast<ElementwiseOpInterface>(op);
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  SmallVector<AffineMap> maps;
  for (Value operand : op->getOperands())
    maps.push_back(
        broadcastMap(b, cast<RankedTensorType>(operand.getType()).getShape(), type.getShape()));
  Value result =
      mapTensors(b, op->getLoc(), op->getOperands(), maps, reifyBroadcastShape(b, op),
                 type.getElementType(), [&](OpBuilder &nested, Location loc, ValueRange scalars) {
                   return elementwise.buildScalar(nested, loc, scalars);
                 });
  return asResult(b, op, result);
}

} // namespace tessera::npu
