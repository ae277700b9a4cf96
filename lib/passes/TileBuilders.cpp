// What computes one tile of an npu operator: slices of its operands, and an operator on them.
//
// Contractions, windows and packing turn into the block operators of the tile dialect, whose output
// carries the tile's extents; a reduction dimension is never cut here.
#include "TileBuilders.h"

#include "tessera/dialect/npu/NpuOps.h"
#include "tessera/dialect/tile/TileDialect.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace tessera;

namespace {

using Folds = SmallVector<OpFoldResult>;

RankedTensorType typeOf(Value v) {
  return cast<RankedTensorType>(v.getType());
}

/// One tile being built: the loops' offsets and sizes, and what has been made for it.
struct Tile {
  OpBuilder &b;
  Location loc;
  const LoopNest &nest;
  ArrayRef<OpFoldResult> offsets, sizes;
  TilingResult made;

  OpFoldResult apply(AffineExpr expr, ArrayRef<OpFoldResult> operands) {
    return affine::makeComposedFoldedAffineApply(b, loc, AffineMap::get(operands.size(), 0, expr),
                                                 operands);
  }
  OpFoldResult least(AffineMap map, ArrayRef<OpFoldResult> operands) {
    return affine::makeComposedFoldedAffineMin(b, loc, map, operands);
  }
  OpFoldResult greatest(AffineMap map, ArrayRef<OpFoldResult> operands) {
    return affine::makeComposedFoldedAffineMax(b, loc, map, operands);
  }

  Folds dimOffsets(const DimLoops &loops) {
    Folds out;
    for (int loop : loops)
      out.push_back(loop == kWhole ? OpFoldResult(b.getIndexAttr(0)) : offsets[loop]);
    return out;
  }
  Folds dimSizes(const DimLoops &loops, Value whole) {
    Folds out;
    for (auto [d, loop] : llvm::enumerate(loops))
      out.push_back(loop == kWhole ? tensor::getMixedSize(b, loc, whole, d) : sizes[loop]);
    return out;
  }
  Value slice(Value source, Folds at, Folds extents, Folds strides = {}) {
    if (strides.empty())
      strides.assign(at.size(), b.getIndexAttr(1));
    auto op = tensor::ExtractSliceOp::create(b, loc, source, at, extents, strides);
    made.generatedSlices.push_back(op);
    return op;
  }
  Value slice(Value source, const DimLoops &loops) {
    return slice(source, dimOffsets(loops), dimSizes(loops, source));
  }
  /// An empty tensor of the result's tile.
  Value destination(Value result) {
    Folds extents;
    for (auto [d, loop] : llvm::enumerate(nest.result))
      extents.push_back(loop == kWhole ? b.getIndexAttr(typeOf(result).getDimSize(d))
                                       : sizes[loop]);
    return tensor::EmptyOp::create(b, loc, extents, typeOf(result).getElementType());
  }
  FailureOr<TilingResult> done(Operation *op) {
    made.tiledOps.push_back(op);
    made.tiledValues.append(op->result_begin(), op->result_end());
    return std::move(made);
  }
};

/// Input rows (or columns) that output rows [offset, offset + size) read, and the zeros above.
struct WindowRange {
  OpFoldResult offset, size, pad;
};

/// The clamps that the extents make needless are left out: what is left, upstream can bound.
WindowRange windowRange(Tile &t, OpFoldResult offset, OpFoldResult size, int64_t input,
                        int64_t output, int64_t kernel, int64_t stride, int64_t dilation,
                        int64_t pad) {
  AffineExpr o, s;
  bindDims(t.b.getContext(), o, s);
  MLIRContext *context = t.b.getContext();
  AffineExpr zero = getAffineConstantExpr(0, context), last = getAffineConstantExpr(input, context);
  int64_t reach = (kernel - 1) * dilation + 1;
  OpFoldResult begin =
      t.greatest(AffineMap::get(1, 0, {o * stride - pad, zero}, context), {offset});
  if ((output - 1) * stride - pad >= input) // a window may lie wholly below the image
    begin = t.least(AffineMap::get(1, 0, {o, last}, context), {begin});
  OpFoldResult end = t.least(
      AffineMap::get(2, 0, {(o + s - 1) * stride - pad + reach, last}, context), {offset, size});
  OpFoldResult rows = t.apply(o - s, {end, begin});
  if (reach <= pad) // ... or above it
    rows = t.greatest(AffineMap::get(1, 0, {o, zero}, context), {rows});
  OpFoldResult above =
      t.greatest(AffineMap::get(1, 0, {pad - o * stride, zero}, context), {offset});
  return {begin, rows, above};
}

/// The panels [.., panels, k, width], or of groups of k, of operand 1 that hold the tile's columns.
/// Tiles of columns begin at whole panels: npu-tile picks their size so.
Value slicePanels(Tile &t, Value packed) {
  RankedTensorType type = typeOf(packed);
  int64_t panels = type.getRank() - npu::packedRank(type.getElementType());
  int64_t width = npu::panelOf(type);
  Folds at = t.dimOffsets(t.nest.operands[1]);
  Folds extents = t.dimSizes(t.nest.operands[1], packed);
  AffineExpr n = t.b.getAffineDimExpr(0);
  at[panels] = t.apply(n.floorDiv(width), {at[panels]});
  extents[panels] = t.apply(n.ceilDiv(width), {extents[panels]});
  return t.slice(packed, at, extents);
}

FailureOr<TilingResult> tileMatmul(npu::MatmulOp op, Tile &t) {
  Value lhs = t.slice(op.getLhs(), t.nest.operands[0]), rhs;
  IntegerAttr panel;
  if (op.getPackedN()) {
    panel = t.b.getI64IntegerAttr(npu::panelOf(typeOf(op.getRhs())));
    rhs = slicePanels(t, op.getRhs());
  } else {
    rhs = t.slice(op.getRhs(), t.nest.operands[1]);
  }
  Value out = t.destination(op.getResult());
  return t.done(tile::MatmulOp::create(
      t.b, t.loc, out.getType(), lhs, rhs, out,
      op.getTransposeLhs() ? t.b.getUnitAttr() : UnitAttr(),
      op.getTransposeRhs() && !panel ? t.b.getUnitAttr() : UnitAttr(), UnitAttr(), panel,
      /*whole=*/UnitAttr()));
}

/// The slice of a window operator's image that a tile reads, with its pads.
template <typename Op>
Value sliceImage(Op op, Tile &t, std::array<int64_t, 2> kernel, Value &padTop, Value &padLeft) {
  Value image = op.getInput();
  Folds at = t.dimOffsets(t.nest.operands[0]);
  Folds extents = t.dimSizes(t.nest.operands[0], image);
  int row = t.nest.result[1];
  WindowRange rows = windowRange(t, t.offsets[row], t.sizes[row], typeOf(image).getDimSize(1),
                                 typeOf(op.getResult()).getDimSize(1), kernel[0],
                                 op.getStrides()[0], op.getDilations()[0], op.getPads()[0]);
  at[1] = rows.offset;
  extents[1] = rows.size;
  padTop = getValueOrCreateConstantIndexOp(t.b, t.loc, rows.pad);
  padLeft = arith::ConstantIndexOp::create(t.b, t.loc, op.getPads()[1]);
  return t.slice(image, at, extents);
}

FailureOr<TilingResult> tileConv2D(npu::Conv2DOp op, Tile &t) {
  std::array<int64_t, 2> kernel = op.getWindow();
  Value padTop, padLeft;
  Value image = sliceImage(op, t, kernel, padTop, padLeft), filter;
  IntegerAttr panel;
  if (op.getPackedN()) {
    panel = t.b.getI64IntegerAttr(npu::panelOf(typeOf(op.getFilter())));
    filter = slicePanels(t, op.getFilter());
  } else {
    filter = t.slice(op.getFilter(), t.nest.operands[1]);
    filter = tensor::CollapseShapeOp::create(t.b, t.loc, filter,
                                             SmallVector<ReassociationIndices>{{0, 1, 2}, {3}});
  }
  Value out = t.destination(op.getResult());
  return t.done(tile::Conv2DOp::create(t.b, t.loc, out.getType(), image, filter, out, padTop,
                                       padLeft, t.b.getDenseI64ArrayAttr(kernel),
                                       op.getStridesAttr(), op.getDilationsAttr(), panel));
}

/// out * factor, elementwise.
Value scale(Tile &t, Value x, double factor) {
  RankedTensorType type = typeOf(x);
  Value out = tensor::EmptyOp::create(t.b, t.loc, tensor::getMixedSizes(t.b, t.loc, x),
                                      type.getElementType());
  AffineMap identity = t.b.getMultiDimIdentityMap(type.getRank());
  SmallVector<utils::IteratorType> parallel(type.getRank(), utils::IteratorType::parallel);
  return linalg::GenericOp::create(
             t.b, t.loc, type, ValueRange{x}, ValueRange{out},
             ArrayRef<AffineMap>{identity, identity}, parallel,
             [&](OpBuilder &b, Location loc, ValueRange args) {
               Value f =
                   arith::ConstantOp::create(b, loc, b.getFloatAttr(type.getElementType(), factor));
               linalg::YieldOp::create(b, loc,
                                       arith::MulFOp::create(b, loc, args[0], f).getResult());
             })
      .getResult(0);
}

template <typename Op> FailureOr<TilingResult> tileWindow(Op op, Tile &t) {
  std::array<int64_t, 2> kernel = op.getWindow();
  Value padTop, padLeft;
  Value image = sliceImage(op, t, kernel, padTop, padLeft), filter;
  tile::WindowKind kind = tile::WindowKind::max;
  if constexpr (std::is_same_v<Op, npu::DepthwiseConv2DOp>) {
    filter = t.slice(op.getFilter(), t.nest.operands[1]);
    kind = tile::WindowKind::fma;
  } else if constexpr (std::is_same_v<Op, npu::AvgPool2DOp>) {
    // Where pads do not count, the divisor differs from place to place.
    bool padded = llvm::any_of(op.getPads(), [](int64_t p) { return p != 0; });
    kind = padded && !op.getCountIncludePad() ? tile::WindowKind::mean : tile::WindowKind::sum;
  }
  Value out = t.destination(op.getResult());
  auto window = tile::WindowOp::create(t.b, t.loc, out.getType(), kind, image, filter, out, padTop,
                                       padLeft, t.b.getDenseI64ArrayAttr(kernel),
                                       op.getStridesAttr(), op.getDilationsAttr());
  if (kind != tile::WindowKind::sum)
    return t.done(window);
  Value mean = scale(t, window->getResult(0), 1.0 / double(kernel[0] * kernel[1]));
  return t.done(mean.getDefiningOp());
}

FailureOr<TilingResult> tileSlice(npu::SliceOp op, Tile &t) {
  Folds at, extents, strides;
  AffineExpr o = t.b.getAffineDimExpr(0);
  for (auto [d, loop] : llvm::enumerate(t.nest.result)) {
    at.push_back(t.apply(o * op.getStrides()[d] + op.getOffsets()[d], {t.offsets[loop]}));
    extents.push_back(t.sizes[loop]);
    strides.push_back(t.b.getIndexAttr(op.getStrides()[d]));
  }
  Value view = t.slice(op.getX(), at, extents, strides);
  t.made.generatedSlices.clear(); // the slice is the result, not a place to fuse a producer
  return t.done(view.getDefiningOp());
}

/// A broadcast of the operand's slice to the tile's extents.
FailureOr<TilingResult> tileExpand(npu::ExpandOp op, Tile &t) {
  Value x = t.slice(op.getX(), t.nest.operands[0]);
  Value out = t.destination(op.getResult());
  RankedTensorType from = typeOf(op.getX()), to = typeOf(op.getResult());
  int64_t rank = to.getRank(), shift = rank - from.getRank();
  SmallVector<AffineExpr> source;
  for (int64_t d = 0; d < from.getRank(); ++d)
    source.push_back(from.getDimSize(d) == 1 && to.getDimSize(d + shift) != 1
                         ? t.b.getAffineConstantExpr(0)
                         : t.b.getAffineDimExpr(d + shift));
  SmallVector<AffineMap> maps{AffineMap::get(rank, 0, source, t.b.getContext()),
                              t.b.getMultiDimIdentityMap(rank)};
  SmallVector<utils::IteratorType> parallel(rank, utils::IteratorType::parallel);
  return t.done(linalg::GenericOp::create(t.b, t.loc, out.getType(), ValueRange{x}, ValueRange{out},
                                          maps, parallel,
                                          [](OpBuilder &b, Location loc, ValueRange args) {
                                            linalg::YieldOp::create(b, loc, args[0]);
                                          }));
}

FailureOr<TilingResult> tilePack(npu::PackRhsOp op, Tile &t) {
  Folds at = t.dimOffsets(t.nest.operands[0]);
  Folds extents = t.dimSizes(t.nest.operands[0], op.getX());
  int64_t rank = typeOf(op.getX()).getRank(), n = op.getTranspose() ? rank - 2 : rank - 1;
  int64_t columns = typeOf(op.getX()).getDimSize(n), width = op.getPanel();
  AffineExpr offset, size;
  bindDims(t.b.getContext(), offset, size);
  OpFoldResult first = t.apply(offset * width, {at[n]});
  extents[n] = t.least(AffineMap::get(2, 0, {size * width, columns - offset}, t.b.getContext()),
                       {first, extents[n]});
  at[n] = first;
  Value x = t.slice(op.getX(), at, extents);
  Value out = t.destination(op.getResult());
  return t.done(tile::PackOp::create(t.b, t.loc, out.getType(), x, out,
                                     op.getTranspose() ? t.b.getUnitAttr() : UnitAttr()));
}

/// The operator itself, on slices.
FailureOr<TilingResult> tileAlike(Operation *op, Tile &t) {
  SmallVector<Value> operands;
  for (auto [operand, loops] : llvm::zip_equal(op->getOperands(), t.nest.operands))
    operands.push_back(t.slice(operand, loops));
  RankedTensorType result = typeOf(op->getResult(0));
  SmallVector<int64_t> shape(result.getShape());
  for (auto [d, loop] : llvm::enumerate(t.nest.result))
    if (loop != kWhole)
      shape[d] = getConstantIntValue(t.sizes[loop]).value_or(ShapedType::kDynamic);
  return t.done(mlir::clone(t.b, op, result.clone(shape), operands));
}

} // namespace

FailureOr<TilingResult> tessera::buildTile(Operation *op, OpBuilder &b, const LoopNest &nest,
                                           ArrayRef<OpFoldResult> offsets,
                                           ArrayRef<OpFoldResult> sizes) {
  using namespace npu;
  Tile t{b, op->getLoc(), nest, offsets, sizes, {}};
  return llvm::TypeSwitch<Operation *, FailureOr<TilingResult>>(op)
      .Case([&](MatmulOp o) { return tileMatmul(o, t); })
      .Case([&](Conv2DOp o) { return tileConv2D(o, t); })
      .Case<DepthwiseConv2DOp, MaxPool2DOp, AvgPool2DOp>([&](auto o) { return tileWindow(o, t); })
      .Case([&](SliceOp o) { return tileSlice(o, t); })
      .Case([&](ExpandOp o) { return tileExpand(o, t); })
      .Case([&](PackRhsOp o) { return tilePack(o, t); })
      .Default([&](Operation *o) { return tileAlike(o, t); });
}
