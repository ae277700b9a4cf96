// Decompositions of reductions, normalisations and poolings.
#include "Decomposition.h"
#include "mlir/Dialect/Utils/StructuredOpsUtils.h"

using namespace mlir;

namespace tessera::npu {

//===-------------------------------------------------------------------------------------------===//
// Scalars that reductions combine by
//===-------------------------------------------------------------------------------------------===//

template <typename Float, typename Int>
static Value combine(OpBuilder &b, Location loc, ValueRange scalars) {
  if (isa<FloatType>(scalars[0].getType()))
    return Float::create(b, loc, scalars[0], scalars[1]);
  return Int::create(b, loc, scalars[0], scalars[1]);
}

static Value addScalars(OpBuilder &b, Location loc, ValueRange scalars) {
  return combine<arith::AddFOp, arith::AddIOp>(b, loc, scalars);
}

static Value maxScalars(OpBuilder &b, Location loc, ValueRange scalars) {
  return combine<arith::MaximumFOp, arith::MaxSIOp>(b, loc, scalars);
}

static Value minScalars(OpBuilder &b, Location loc, ValueRange scalars) {
  return combine<arith::MinimumFOp, arith::MinSIOp>(b, loc, scalars);
}

static Value mulScalars(OpBuilder &b, Location loc, ValueRange scalars) {
  return combine<arith::MulFOp, arith::MulIOp>(b, loc, scalars);
}

//===-------------------------------------------------------------------------------------------===//
// Reduction
//===-------------------------------------------------------------------------------------------===//

// Puts axes of size 1 back where a reduction dropped them.
static Value restoreAxes(OpBuilder &b, Location loc, Value reduced, Value x,
                         ArrayRef<int64_t> axes) {
  int64_t rank = cast<RankedTensorType>(x.getType()).getRank();
  Sizes sizes = reifyReduceShape(b, loc, x, axes, /*keepdims=*/true);
  // Each kept dim takes the dropped ones after it along; the first takes those before it too.
  SmallVector<ReassociationIndices> groups;
  ReassociationIndices leading;
  SmallVector<int64_t> shape;
  auto type = cast<RankedTensorType>(reduced.getType());
  int64_t kept = 0;
  for (int64_t dim = 0; dim < rank; ++dim) {
    bool dropped = llvm::is_contained(axes, dim);
    shape.push_back(dropped ? 1 : type.getDimSize(kept++));
    if (!dropped) {
      groups.push_back(std::exchange(leading, {}));
      groups.back().push_back(dim);
    } else if (groups.empty()) {
      leading.push_back(dim);
    } else {
      groups.back().push_back(dim);
    }
  }
  return tensor::ExpandShapeOp::create(b, loc, RankedTensorType::get(shape, type.getElementType()),
                                       reduced, groups, sizes);
}

template <typename OpTy>
static FailureOr<SmallVector<Value>> decomposeReduce(OpBuilder &b, OpTy op, Value init,
                                                     ScalarBody body, bool mean = false) {
  Location loc = op.getLoc();
  Value result = reduceTensor(b, loc, op.getX(), op.getAxes(), init, body);
  if (mean) {
    Sizes sizes, dropped;
    for (int64_t axis : op.getAxes())
      dropped.push_back(tensor::getMixedSize(b, loc, op.getX(), axis));
    sizes = tensor::getMixedSizes(b, loc, result);
    Value count = countAsFloat(b, loc, dropped, init.getType());
    result = mapTensors(b, loc, result, b.getMultiDimIdentityMap(sizes.size()), sizes,
                        init.getType(), [&](OpBuilder &nested, Location at, ValueRange scalars) {
                          return arith::DivFOp::create(nested, at, scalars[0], count);
                        });
  }
  result = narrowTensor(b, loc, result, getElementTypeOrSelf(op.getType()));
  if (op.getKeepdims())
    result = restoreAxes(b, loc, result, op.getX(), op.getAxes());
  return asResult(b, op, result);
}

// The type a reduction of `x` accumulates in.
static Type accumulatorOf(Value x) {
  return computeType(getElementTypeOrSelf(x.getType()));
}

FailureOr<SmallVector<Value>> ReduceSumOp::decomposeOperation(OpBuilder &b) {
  return decomposeReduce(b, *this, scalarConstant(b, getLoc(), accumulatorOf(getX()), 0),
                         addScalars);
}

FailureOr<SmallVector<Value>> ReduceMeanOp::decomposeOperation(OpBuilder &b) {
  return decomposeReduce(b, *this, scalarConstant(b, getLoc(), accumulatorOf(getX()), 0),
                         addScalars, /*mean=*/true);
}

FailureOr<SmallVector<Value>> ReduceProdOp::decomposeOperation(OpBuilder &b) {
  return decomposeReduce(b, *this, scalarConstant(b, getLoc(), accumulatorOf(getX()), 1),
                         mulScalars);
}

FailureOr<SmallVector<Value>> ReduceMaxOp::decomposeOperation(OpBuilder &b) {
  Value init = arith::ConstantOp::create(b, getLoc(), lowestValue(b, accumulatorOf(getX())));
  return decomposeReduce(b, *this, init, maxScalars);
}

FailureOr<SmallVector<Value>> ReduceMinOp::decomposeOperation(OpBuilder &b) {
  Value init = arith::ConstantOp::create(b, getLoc(), highestValue(b, accumulatorOf(getX())));
  return decomposeReduce(b, *this, init, minScalars);
}

//===-------------------------------------------------------------------------------------------===//
// Normalisation
//===-------------------------------------------------------------------------------------------===//

namespace {
// Computes over `x`, with values per row that were reduced over `axes`.
struct Rows {
  OpBuilder &b;
  Location loc;
  Value x;
  SmallVector<int64_t> axes;
  Type compute;
  Sizes sizes;
  AffineMap all, row;

  Rows(OpBuilder &b, Location loc, Value x, ArrayRef<int64_t> axes)
      : b(b), loc(loc), x(x), axes(axes), compute(accumulatorOf(x)),
        sizes(tensor::getMixedSizes(b, loc, x)), all(b.getMultiDimIdentityMap(sizes.size())),
        row(keptDimsMap(b, sizes.size(), axes)) {}

  Value sum(Value of) {
    return reduceTensor(b, loc, of, axes, scalarConstant(b, loc, compute, 0), addScalars);
  }
  Value max(Value of) {
    Value lowest = arith::ConstantOp::create(b, loc, lowestValue(b, compute));
    return reduceTensor(b, loc, of, axes, lowest, maxScalars);
  }
  /// A tensor of x's shape from elements of `of` and the values of their rows.
  Value map(Value of, Value perRow, ScalarBody body) {
    return mapTensors(b, loc, {of, perRow}, {all, row}, sizes, compute, body);
  }
  /// Sums over the rows, divided by their length.
  Value mean(Value of) {
    Value total = sum(of);
    Sizes length;
    for (int64_t axis : axes)
      length.push_back(sizes[axis]);
    Value count = countAsFloat(b, loc, length, compute);
    Sizes rows = tensor::getMixedSizes(b, loc, total);
    return mapTensors(b, loc, total, b.getMultiDimIdentityMap(rows.size()), rows, compute,
                      [&](OpBuilder &nested, Location at, ValueRange scalars) {
                        return arith::DivFOp::create(nested, at, scalars[0], count);
                      });
  }
  /// The mean over the rows of the squares of `of`.
  Value meanSquare(Value of) {
    Value squares = mapTensors(b, loc, of, all, sizes, compute,
                               [](OpBuilder &nested, Location at, ValueRange scalars) -> Value {
                                 return arith::MulFOp::create(nested, at, scalars[0], scalars[0]);
                               });
    return mean(squares);
  }
};
} // namespace

template <typename Op> static Value binaryBody(OpBuilder &b, Location loc, ValueRange scalars) {
  return Op::create(b, loc, scalars[0], scalars[1]);
}

FailureOr<SmallVector<Value>> SoftmaxOp::decomposeOperation(OpBuilder &b) {
  Rows rows(b, getLoc(), getX(), {static_cast<int64_t>(getAxis())});
  Value shifted = rows.map(getX(), rows.max(getX()), binaryBody<arith::SubFOp>);
  Value powers = mapTensors(b, getLoc(), shifted, rows.all, rows.sizes, rows.compute,
                            [](OpBuilder &nested, Location at, ValueRange scalars) -> Value {
                              return math::ExpOp::create(nested, at, scalars[0]);
                            });
  Value result = rows.map(powers, rows.sum(powers), binaryBody<arith::DivFOp>);
  return asResult(b, *this, narrowTensor(b, getLoc(), result, getElementTypeOrSelf(getType())));
}

FailureOr<SmallVector<Value>> LogSoftmaxOp::decomposeOperation(OpBuilder &b) {
  Rows rows(b, getLoc(), getX(), {static_cast<int64_t>(getAxis())});
  Value shifted = rows.map(getX(), rows.max(getX()), binaryBody<arith::SubFOp>);
  Value powers = mapTensors(b, getLoc(), shifted, rows.all, rows.sizes, rows.compute,
                            [](OpBuilder &nested, Location at, ValueRange scalars) -> Value {
                              return math::ExpOp::create(nested, at, scalars[0]);
                            });
  Value result = rows.map(shifted, rows.sum(powers),
                          [](OpBuilder &nested, Location at, ValueRange scalars) -> Value {
                            Value log = math::LogOp::create(nested, at, scalars[1]);
                            return arith::SubFOp::create(nested, at, scalars[0], log);
                          });
  return asResult(b, *this, narrowTensor(b, getLoc(), result, getElementTypeOrSelf(getType())));
}

// value / sqrt(square + epsilon), the square per row.
static Value normalise(Rows &rows, Value value, Value square, const APFloat &epsilon) {
  double added = epsilon.convertToDouble();
  return rows.map(value, square, [&](OpBuilder &nested, Location at, ValueRange scalars) -> Value {
    Value small = scalarConstant(nested, at, rows.compute, added);
    Value sum = arith::AddFOp::create(nested, at, scalars[1], small);
    Value root = math::SqrtOp::create(nested, at, sum);
    return arith::DivFOp::create(nested, at, scalars[0], root);
  });
}

// Applies a parameter that has the shape of the normalised dims.
static Value applyParameter(Rows &rows, Value value, Value parameter, ScalarBody body) {
  if (!parameter)
    return value;
  SmallVector<AffineExpr> dims;
  for (int64_t axis : rows.axes)
    dims.push_back(rows.b.getAffineDimExpr(axis));
  AffineMap map = AffineMap::get(rows.sizes.size(), 0, dims, rows.b.getContext());
  return mapTensors(rows.b, rows.loc, {value, parameter}, {rows.all, map}, rows.sizes, rows.compute,
                    body);
}

static SmallVector<int64_t> axesFrom(Value x, int64_t axis) {
  return llvm::to_vector(llvm::seq<int64_t>(axis, cast<RankedTensorType>(x.getType()).getRank()));
}

FailureOr<SmallVector<Value>> LayerNormOp::decomposeOperation(OpBuilder &b) {
  Rows rows(b, getLoc(), getX(), axesFrom(getX(), getAxis()));
  Value centred = rows.map(getX(), rows.mean(getX()), binaryBody<arith::SubFOp>);
  Value result = normalise(rows, centred, rows.meanSquare(centred), getEpsilon());
  result = applyParameter(rows, result, getScale(), binaryBody<arith::MulFOp>);
  result = applyParameter(rows, result, getBias(), binaryBody<arith::AddFOp>);
  return asResult(b, *this, narrowTensor(b, getLoc(), result, getElementTypeOrSelf(getType())));
}

FailureOr<SmallVector<Value>> RmsNormOp::decomposeOperation(OpBuilder &b) {
  Rows rows(b, getLoc(), getX(), axesFrom(getX(), getAxis()));
  Value result = normalise(rows, getX(), rows.meanSquare(getX()), getEpsilon());
  result = applyParameter(rows, result, getScale(), binaryBody<arith::MulFOp>);
  return asResult(b, *this, narrowTensor(b, getLoc(), result, getElementTypeOrSelf(getType())));
}

//===-------------------------------------------------------------------------------------------===//
// Pooling
//===-------------------------------------------------------------------------------------------===//

// Reduces windows of `input`, whose dims [first, first + 2) are height and width, from `init`.
template <typename OpTy>
static Value reduceWindows(OpBuilder &b, OpTy op, Value input, unsigned first,
                           ArrayRef<OpFoldResult> sizes, Value init, ScalarBody body) {
  Location loc = op.getLoc();
  unsigned rank = sizes.size(), loops = rank + 2;
  // Loops over the dims of the result with the window's two before the last ones, so that the
  // channels, where there are any, stay innermost.
  unsigned window = first + 2;
  auto resultLoop = [&](unsigned dim) { return dim < window ? dim : dim + 2; };
  SmallVector<AffineExpr> inputDims, resultDims;
  for (unsigned dim = 0; dim < rank; ++dim) {
    AffineExpr expr = b.getAffineDimExpr(resultLoop(dim));
    resultDims.push_back(expr);
    if (dim >= first && dim < window) {
      unsigned side = dim - first;
      expr = expr * op.getStrides()[side] +
             b.getAffineDimExpr(window + side) * op.getDilations()[side];
    }
    inputDims.push_back(expr);
  }
  SmallVector<AffineExpr> windowDims = {b.getAffineDimExpr(window), b.getAffineDimExpr(window + 1)};
  MLIRContext *context = b.getContext();
  SmallVector<AffineMap> maps = {AffineMap::get(loops, 0, inputDims, context),
                                 AffineMap::get(loops, 0, windowDims, context),
                                 AffineMap::get(loops, 0, resultDims, context)};
  SmallVector<utils::IteratorType> iterators(loops, utils::IteratorType::parallel);
  iterators[window] = iterators[window + 1] = utils::IteratorType::reduction;
  // Only the shape of this operand is read: it says how large the window is.
  Value shape = tensor::EmptyOp::create(b, loc, op.getKernel(), init.getType());
  Value start = filledTensor(b, loc, sizes, init);
  auto generic =
      linalg::GenericOp::create(b, loc, start.getType(), ValueRange{input, shape}, start, maps,
                                iterators, [&](OpBuilder &nested, Location at, ValueRange scalars) {
                                  Value result =
                                      body(nested, at, {scalars[2], widen(nested, at, scalars[0])});
                                  linalg::YieldOp::create(nested, at, result);
                                });
  return generic.getResult(0);
}

template <typename OpTy> static Value padImage(OpBuilder &b, OpTy op, Value fill) {
  Sizes pads = op.getMixedPads();
  OpFoldResult none = b.getIndexAttr(0);
  return padTensor(b, op.getLoc(), op.getInput(), {none, pads[0], pads[1], none},
                   {none, pads[2], pads[3], none}, fill);
}

FailureOr<SmallVector<Value>> MaxPool2DOp::decomposeOperation(OpBuilder &b) {
  Location loc = getLoc();
  ReifiedRankedShapedTypeDims sizes;
  if (failed(reifyResultShapes(b, sizes)))
    return failure();
  Type element = getElementTypeOrSelf(getType()), compute = computeType(element);
  Value fill = arith::ConstantOp::create(b, loc, lowestValue(b, element));
  Value init = arith::ConstantOp::create(b, loc, lowestValue(b, compute));
  Value result = reduceWindows(b, *this, padImage(b, *this, fill), 1, sizes[0], init, maxScalars);
  return asResult(b, *this, narrowTensor(b, loc, result, element));
}

// How many elements of the input each window holds: the sum of a padded image of ones.
static Value windowCounts(OpBuilder &b, AvgPool2DOp op, ArrayRef<OpFoldResult> sizes,
                          Type compute) {
  Location loc = op.getLoc();
  Sizes pads = op.getMixedPads();
  Sizes image = tensor::getMixedSizes(b, loc, op.getInput());
  Value one = scalarConstant(b, loc, compute, 1), zero = scalarConstant(b, loc, compute, 0);
  Value ones = filledTensor(b, loc, {image[1], image[2]}, one);
  ones = padTensor(b, loc, ones, {pads[0], pads[1]}, {pads[2], pads[3]}, zero);
  return reduceWindows(b, op, ones, 0, {sizes[1], sizes[2]}, zero, addScalars);
}

FailureOr<SmallVector<Value>> AvgPool2DOp::decomposeOperation(OpBuilder &b) {
  Location loc = getLoc();
  ReifiedRankedShapedTypeDims shape;
  if (failed(reifyResultShapes(b, shape)))
    return failure();
  Sizes sizes = shape[0];
  Type element = getElementTypeOrSelf(getType()), compute = computeType(element);
  Value padded = padImage(b, *this, scalarConstant(b, loc, element, 0));
  Value sums =
      reduceWindows(b, *this, padded, 1, sizes, scalarConstant(b, loc, compute, 0), addScalars);

  AffineMap all = b.getMultiDimIdentityMap(4);
  Value result;
  if (getCountIncludePad() || padded == getInput()) {
    double places = static_cast<double>(getKernel()[0]) * static_cast<double>(getKernel()[1]);
    result = mapTensors(b, loc, sums, all, sizes, element,
                        [&](OpBuilder &nested, Location at, ValueRange scalars) -> Value {
                          Value count = scalarConstant(nested, at, compute, places);
                          return arith::DivFOp::create(nested, at, scalars[0], count);
                        });
  } else {
    AffineMap image =
        AffineMap::get(4, 0, {b.getAffineDimExpr(1), b.getAffineDimExpr(2)}, b.getContext());
    result = mapTensors(b, loc, {sums, windowCounts(b, *this, sizes, compute)}, {all, image}, sizes,
                        element, [&](OpBuilder &nested, Location at, ValueRange scalars) -> Value {
                          // A window that holds nothing gives 0 / 1.
                          Value one = scalarConstant(nested, at, compute, 1);
                          Value count = arith::MaximumFOp::create(nested, at, scalars[1], one);
                          return arith::DivFOp::create(nested, at, scalars[0], count);
                        });
  }
  return asResult(b, *this, result);
}

} // namespace tessera::npu
