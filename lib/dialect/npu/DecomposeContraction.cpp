// Decompositions of matmul, convolution and their packing: loops that multiply and add.
#include "Decomposition.h"
#include "NpuTyping.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Utils/StructuredOpsUtils.h"

using namespace mlir;

namespace tessera::npu {

// What sums of products of `element` are kept in.
static Type accumulatorType(Type element) {
  return computeType(contractionElementType(element));
}

// acc + a * b in the accumulator's type.
static void multiplyAdd(OpBuilder &b, Location loc, ValueRange scalars) {
  Value lhs = scalars[0], rhs = scalars[1], acc = scalars[2], sum;
  if (isa<FloatType>(acc.getType())) {
    Value product = arith::MulFOp::create(b, loc, widen(b, loc, lhs), widen(b, loc, rhs));
    sum = arith::AddFOp::create(b, loc, acc, product);
  } else {
    if (lhs.getType() != acc.getType()) {
      lhs = arith::ExtSIOp::create(b, loc, acc.getType(), lhs);
      rhs = arith::ExtSIOp::create(b, loc, acc.getType(), rhs);
    }
    Value product = arith::MulIOp::create(b, loc, lhs, rhs);
    sum = arith::AddIOp::create(b, loc, acc, product);
  }
  linalg::YieldOp::create(b, loc, sum);
}

static Value contract(OpBuilder &b, Location loc, Value lhs, Value rhs,
                      ArrayRef<OpFoldResult> sizes, ArrayRef<AffineMap> maps,
                      ArrayRef<utils::IteratorType> loops) {
  Type accumulator = accumulatorType(getElementTypeOrSelf(lhs.getType()));
  Value zeros = filledTensor(b, loc, sizes, scalarConstant(b, loc, accumulator, 0));
  return linalg::GenericOp::create(b, loc, zeros.getType(), ValueRange{lhs, rhs}, zeros, maps,
                                   loops, multiplyAdd)
      .getResult(0);
}

static Value transposeLast(OpBuilder &b, Location loc, Value x) {
  int64_t rank = cast<RankedTensorType>(x.getType()).getRank();
  SmallVector<int64_t> perm = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  std::swap(perm[rank - 2], perm[rank - 1]);
  return transposeTensor(b, loc, x, perm);
}

// The map of one matmul operand: batch dims by broadcasting, then two dims of the loops.
static AffineMap operandMap(OpBuilder &b, Value operand, ArrayRef<int64_t> batch, unsigned loops,
                            AffineExpr row, AffineExpr column) {
  ArrayRef<int64_t> shape = cast<RankedTensorType>(operand.getType()).getShape().drop_back(2);
  SmallVector<AffineExpr> dims(broadcastMap(b, shape, batch).getResults());
  dims.append({row, column});
  return AffineMap::get(loops, 0, dims, b.getContext());
}

FailureOr<SmallVector<Value>> MatmulOp::decomposeOperation(OpBuilder &b) {
  Location loc = getLoc();
  Value lhs = getLhs(), rhs = getRhs();
  if (getPackedN())
    rhs = unpackRhs(b, loc, rhs, *getPackedN(),
                    tensor::getMixedSize(b, loc, lhs,
                                         cast<RankedTensorType>(lhs.getType()).getRank() -
                                             (getTransposeLhs() ? 2 : 1)));
  else if (getTransposeRhs())
    rhs = transposeLast(b, loc, rhs);
  if (getTransposeLhs())
    lhs = transposeLast(b, loc, lhs);

  auto type = cast<RankedTensorType>(getType());
  ArrayRef<int64_t> batch = type.getShape().drop_back(2);
  unsigned first = batch.size(), loops = first + 3;
  // Loops over batch, m, k, n: the innermost one runs along rows of rhs and of the result.
  AffineExpr m = b.getAffineDimExpr(first), k = b.getAffineDimExpr(first + 1),
             n = b.getAffineDimExpr(first + 2);
  SmallVector<AffineExpr> resultDims;
  for (unsigned dim = 0; dim < first; ++dim)
    resultDims.push_back(b.getAffineDimExpr(dim));
  resultDims.append({m, n});
  SmallVector<AffineMap> maps = {operandMap(b, lhs, batch, loops, m, k),
                                 operandMap(b, rhs, batch, loops, k, n),
                                 AffineMap::get(loops, 0, resultDims, b.getContext())};
  SmallVector<utils::IteratorType> iterators(loops, utils::IteratorType::parallel);
  iterators[first + 1] = utils::IteratorType::reduction;

  ReifiedRankedShapedTypeDims sizes;
  if (failed(reifyResultShapes(b, sizes)))
    return failure();
  Value result = contract(b, loc, lhs, rhs, sizes[0], maps, iterators);
  return asResult(b, *this, narrowTensor(b, loc, result, type.getElementType()));
}

FailureOr<SmallVector<Value>> PackRhsOp::decomposeOperation(OpBuilder &b) {
  Location loc = getLoc();
  int64_t panel = getPanel();
  Value x = getTranspose() ? transposeLast(b, loc, getX()) : Value(getX());
  auto type = cast<RankedTensorType>(x.getType());
  int64_t rank = type.getRank();

  ReifiedRankedShapedTypeDims packed;
  if (failed(reifyResultShapes(b, packed)))
    return failure();
  OpFoldResult panels = packed[0][rank - 2];
  OpFoldResult groups = packed[0][rank - 1];
  AffineExpr d0, d1;
  bindDims(b.getContext(), d0, d1);
  Sizes low(rank, b.getIndexAttr(0)), high = low;
  auto rest = [&](OpFoldResult parts, int64_t each, int64_t dim) {
    return affine::makeComposedFoldedAffineApply(b, loc, d0 * each - d1,
                                                 {parts, tensor::getMixedSize(b, loc, x, dim)});
  };
  high.back() = rest(panels, panel, rank - 1);
  int64_t group = getGroup().value_or(1);
  if (group > 1)
    high[rank - 2] = rest(groups, group, rank - 2);
  Value zero = scalarConstant(b, loc, type.getElementType(), 0);
  x = padTensor(b, loc, x, low, high, zero);

  // [batch.., k, n] -> [batch.., groups, group, panels, panel], without `group` of k alone
  int64_t inner = getGroup() ? 2 : 1;
  Sizes sizes = tensor::getMixedSizes(b, loc, x);
  sizes.pop_back_n(2);
  SmallVector<int64_t> shape(type.getShape().drop_back(2));
  SmallVector<ReassociationIndices> joined;
  for (int64_t dim = 0; dim < rank - 2; ++dim)
    joined.push_back({dim});
  auto add = [&](OpFoldResult size) {
    sizes.push_back(size);
    shape.push_back(getConstantIntValue(size).value_or(ShapedType::kDynamic));
  };
  add(groups);
  if (getGroup())
    add(b.getIndexAttr(group));
  add(panels);
  add(b.getIndexAttr(panel));
  joined.push_back(llvm::to_vector<2>(llvm::seq<int64_t>(rank - 2, rank - 2 + inner)));
  joined.push_back({rank - 2 + inner, rank - 1 + inner});
  Value split = tensor::ExpandShapeOp::create(
      b, loc, RankedTensorType::get(shape, type.getElementType()), x, joined, sizes);
  // ... -> [batch.., panels, groups, panel, group]
  SmallVector<int64_t> perm = llvm::to_vector(llvm::seq<int64_t>(0, rank - 2));
  perm.append({rank - 2 + inner, rank - 2, rank - 1 + inner});
  if (getGroup())
    perm.push_back(rank - 1);
  return asResult(b, *this, transposeTensor(b, loc, split, perm));
}

//===-------------------------------------------------------------------------------------------===//
// Convolution
//===-------------------------------------------------------------------------------------------===//

// The input of a convolution with its padding of zeros.
template <typename OpTy> static Value paddedInput(OpBuilder &b, OpTy op) {
  Sizes pads = op.getMixedPads();
  OpFoldResult none = b.getIndexAttr(0);
  Value input = op.getInput();
  Value zero = scalarConstant(b, op.getLoc(), getElementTypeOrSelf(input.getType()), 0);
  return padTensor(b, op.getLoc(), input, {none, pads[0], pads[1], none},
                   {none, pads[2], pads[3], none}, zero);
}

// [kh * kw * c, f] as [kh, kw, c, f].
static Value splitFilter(OpBuilder &b, Location loc, Value flat, std::array<int64_t, 2> window,
                         Value input) {
  Sizes sizes = {b.getIndexAttr(window[0]), b.getIndexAttr(window[1]),
                 tensor::getMixedSize(b, loc, input, 3), tensor::getMixedSize(b, loc, flat, 1)};
  auto type = cast<RankedTensorType>(flat.getType());
  int64_t channels = cast<RankedTensorType>(input.getType()).getDimSize(3);
  // A dim that is split must be dynamic exactly when a part of it is.
  int64_t depth = ShapedType::isDynamic(channels) ? channels : window[0] * window[1] * channels;
  auto flatType = RankedTensorType::get({depth, type.getDimSize(1)}, type.getElementType());
  if (flatType != type)
    flat = tensor::CastOp::create(b, loc, flatType, flat);
  auto split = RankedTensorType::get({window[0], window[1], channels, type.getDimSize(1)},
                                     type.getElementType());
  SmallVector<ReassociationIndices> groups = {{0, 1, 2}, {3}};
  return tensor::ExpandShapeOp::create(b, loc, split, flat, groups, sizes);
}

// Splits dim `dim` of `x` into [groups, dim / groups].
static Value splitGroups(OpBuilder &b, Location loc, Value x, int64_t dim, int64_t groups) {
  auto type = cast<RankedTensorType>(x.getType());
  SmallVector<ReassociationIndices> reassociation;
  SmallVector<int64_t> shape;
  Sizes sizes;
  for (int64_t i = 0, next = 0; i < type.getRank(); ++i) {
    OpFoldResult size = tensor::getMixedSize(b, loc, x, i);
    int64_t known = type.getDimSize(i);
    if (i != dim) {
      reassociation.push_back({next++});
      shape.push_back(known);
      sizes.push_back(size);
      continue;
    }
    reassociation.push_back({next, next + 1});
    next += 2;
    shape.append({groups, ShapedType::isDynamic(known) ? known : known / groups});
    AffineExpr part = b.getAffineDimExpr(0).floorDiv(groups);
    sizes.push_back(b.getIndexAttr(groups));
    sizes.push_back(affine::makeComposedFoldedAffineApply(b, loc, part, {size}));
  }
  return tensor::ExpandShapeOp::create(b, loc, RankedTensorType::get(shape, type.getElementType()),
                                       x, reassociation, sizes);
}

FailureOr<SmallVector<Value>> Conv2DOp::decomposeOperation(OpBuilder &b) {
  Location loc = getLoc();
  int64_t groups = getGroups();
  Value input = paddedInput(b, *this), filter = getFilter();
  if (getPackedN()) {
    std::array<int64_t, 2> window = getWindow();
    OpFoldResult depth = affine::makeComposedFoldedAffineApply(
        b, loc, b.getAffineDimExpr(0) * (window[0] * window[1]),
        {tensor::getMixedSize(b, loc, input, 3)});
    filter = splitFilter(b, loc, unpackRhs(b, loc, filter, *getPackedN(), depth), window, input);
  }

  ReifiedRankedShapedTypeDims shape;
  if (failed(reifyResultShapes(b, shape)))
    return failure();
  Sizes sizes = shape[0];
  // Channels and features become [groups, channels of a group] and [groups, features of one]. The
  // loops are n, h, w, group, kh, kw, c, f: the innermost one runs along the features.
  input = splitGroups(b, loc, input, 3, groups);
  filter = splitGroups(b, loc, filter, 3, groups);
  sizes.back() = b.getIndexAttr(groups);
  sizes.push_back(tensor::getMixedSize(b, loc, filter, 4));

  AffineExpr n, h, w, g, kh, kw, c, f;
  bindDims(b.getContext(), n, h, w, g, kh, kw, c, f);
  AffineExpr row = h * getStrides()[0] + kh * getDilations()[0];
  AffineExpr column = w * getStrides()[1] + kw * getDilations()[1];
  SmallVector<AffineMap> maps = {AffineMap::get(8, 0, {n, row, column, g, c}, b.getContext()),
                                 AffineMap::get(8, 0, {kh, kw, c, g, f}, b.getContext()),
                                 AffineMap::get(8, 0, {n, h, w, g, f}, b.getContext())};
  SmallVector<utils::IteratorType> loops(8, utils::IteratorType::parallel);
  loops[4] = loops[5] = loops[6] = utils::IteratorType::reduction;
  Value result = contract(b, loc, input, filter, sizes, maps, loops);
  SmallVector<ReassociationIndices> join = {{0}, {1}, {2}, {3, 4}};
  result = tensor::CollapseShapeOp::create(b, loc, result, join);
  return asResult(b, *this, narrowTensor(b, loc, result, getElementTypeOrSelf(getType())));
}

FailureOr<SmallVector<Value>> DepthwiseConv2DOp::decomposeOperation(OpBuilder &b) {
  Location loc = getLoc();
  Value input = paddedInput(b, *this);
  ReifiedRankedShapedTypeDims sizes;
  if (failed(reifyResultShapes(b, sizes)))
    return failure();
  AffineExpr n, h, w, kh, kw, c;
  bindDims(b.getContext(), n, h, w, kh, kw, c);
  AffineExpr row = h * getStrides()[0] + kh * getDilations()[0];
  AffineExpr column = w * getStrides()[1] + kw * getDilations()[1];
  SmallVector<AffineMap> maps = {AffineMap::get(6, 0, {n, row, column, c}, b.getContext()),
                                 AffineMap::get(6, 0, {kh, kw, c}, b.getContext()),
                                 AffineMap::get(6, 0, {n, h, w, c}, b.getContext())};
  SmallVector<utils::IteratorType> loops(6, utils::IteratorType::parallel);
  loops[3] = loops[4] = utils::IteratorType::reduction;
  Value result = contract(b, loc, input, getFilter(), sizes[0], maps, loops);
  return asResult(b, *this, narrowTensor(b, loc, result, getElementTypeOrSelf(getType())));
}

} // namespace tessera::npu
