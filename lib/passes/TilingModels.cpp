// TilingInterface for the npu operators, as external models by family.
//
// A family says which loop runs along each dim of each operand and of the result; the rest is
// common. Contractions, windows and packing turn into the block operators of the tile dialect,
// whose output carries the tile's extents; a reduction dimension is never cut here.
#include "TilingModels.h"

#include "tessera/dialect/npu/NpuDialect.h"
#include "tessera/dialect/npu/NpuOps.h"
#include "tessera/dialect/tile/TileDialect.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Interfaces/TilingInterface.h"

using namespace mlir;
using namespace tessera;

namespace {

constexpr int kWhole = -1; // no loop runs along this dim: every tile takes all of it

using Folds = SmallVector<OpFoldResult>;
/// For each dim of a shape, the loop that runs along it or kWhole.
using DimLoops = SmallVector<int>;

/// The loops of an operator and where they run.
struct LoopNest {
  DimLoops result;
  SmallVector<DimLoops> operands;
  unsigned parallel = 0;      // loops over dims of the result
  SmallVector<int64_t> inner; // extents of loops that no result dim has (reductions)
};

RankedTensorType typeOf(Value v) {
  return cast<RankedTensorType>(v.getType());
}

/// One loop per result dim, except those in `whole`.
LoopNest loopsOverResult(RankedTensorType result, ArrayRef<int64_t> whole = {}) {
  LoopNest nest;
  for (int64_t d = 0; d < result.getRank(); ++d)
    nest.result.push_back(llvm::is_contained(whole, d) ? kWhole : int(nest.parallel++));
  return nest;
}

/// The loops of an operand that broadcasts against the result, dims aligned at the right.
DimLoops broadcastLoops(RankedTensorType operand, RankedTensorType result,
                        const DimLoops &resultLoops) {
  DimLoops loops;
  int64_t shift = result.getRank() - operand.getRank();
  for (int64_t d = 0; d < operand.getRank(); ++d)
    loops.push_back(operand.getDimSize(d) == 1 && result.getDimSize(d + shift) != 1
                        ? kWhole
                        : resultLoops[d + shift]);
  return loops;
}

SmallVector<int64_t> dimsFrom(int64_t first, int64_t rank) {
  return llvm::to_vector(llvm::seq<int64_t>(first, rank));
}

//===----------------------------------------------------------------------===//
// Loop nests by operator
//===----------------------------------------------------------------------===//

LoopNest matmulLoops(npu::MatmulOp op) {
  RankedTensorType result = typeOf(op.getResult()), lhs = typeOf(op.getLhs());
  RankedTensorType rhs = typeOf(op.getRhs());
  LoopNest nest = loopsOverResult(result);
  int64_t rank = result.getRank();
  int m = nest.result[rank - 2], n = nest.result[rank - 1];
  nest.inner.push_back(lhs.getDimSize(lhs.getRank() - (op.getTransposeLhs() ? 2 : 1)));
  auto batch = [&](RankedTensorType operand, int64_t matrixDims) {
    DimLoops loops;
    int64_t dims = operand.getRank() - matrixDims, shift = rank - 2 - dims;
    for (int64_t d = 0; d < dims; ++d)
      loops.push_back(operand.getDimSize(d) == 1 ? kWhole : nest.result[d + shift]);
    return loops;
  };
  DimLoops a = batch(lhs, 2);
  if (op.getTransposeLhs())
    llvm::append_values(a, kWhole, m);
  else
    llvm::append_values(a, m, kWhole);
  DimLoops b = batch(rhs, op.getPackedN() ? 3 : 2);
  if (op.getPackedN())
    llvm::append_values(b, n, kWhole, kWhole);
  else if (op.getTransposeRhs())
    llvm::append_values(b, n, kWhole);
  else
    llvm::append_values(b, kWhole, n);
  nest.operands = {a, b};
  return nest;
}

/// Windows: loops over image, output rows and features or channels; columns stay whole.
template <typename Op> LoopNest windowLoops(Op op) {
  LoopNest nest = loopsOverResult(typeOf(op.getResult()), {2});
  nest.operands.push_back({nest.result[0], nest.result[1], kWhole, nest.result[3]});
  if constexpr (std::is_same_v<Op, npu::Conv2DOp>) {
    nest.operands[0][3] = kWhole;
    if (op.getPackedN())
      nest.operands.push_back({nest.result[3], kWhole, kWhole});
    else
      nest.operands.push_back({kWhole, kWhole, kWhole, nest.result[3]});
  } else if constexpr (std::is_same_v<Op, npu::DepthwiseConv2DOp>) {
    nest.operands.push_back({kWhole, kWhole, nest.result[3]});
  }
  return nest;
}

template <typename Op> LoopNest loopNest(Op op) {
  RankedTensorType result = typeOf(op->getResult(0));
  LoopNest nest;
  if constexpr (std::is_same_v<Op, npu::MatmulOp>) {
    return matmulLoops(op);
  } else if constexpr (std::is_same_v<Op, npu::Conv2DOp> ||
                       std::is_same_v<Op, npu::DepthwiseConv2DOp> ||
                       std::is_same_v<Op, npu::MaxPool2DOp> ||
                       std::is_same_v<Op, npu::AvgPool2DOp>) {
    return windowLoops(op);
  } else if constexpr (std::is_same_v<Op, npu::SoftmaxOp> ||
                       std::is_same_v<Op, npu::LogSoftmaxOp>) {
    nest = loopsOverResult(result, {int64_t(op.getAxis())});
    nest.operands = {nest.result};
  } else if constexpr (std::is_same_v<Op, npu::LayerNormOp> || std::is_same_v<Op, npu::RmsNormOp>) {
    nest = loopsOverResult(result, dimsFrom(op.getAxis(), result.getRank()));
    nest.operands = {nest.result};
    for (Value operand : op->getOperands().drop_front())
      nest.operands.push_back(broadcastLoops(typeOf(operand), result, nest.result));
  } else if constexpr (std::is_same_v<Op, npu::ReduceSumOp> ||
                       std::is_same_v<Op, npu::ReduceMeanOp> ||
                       std::is_same_v<Op, npu::ReduceMaxOp> ||
                       std::is_same_v<Op, npu::ReduceMinOp> ||
                       std::is_same_v<Op, npu::ReduceProdOp>) {
    bool keep = op.getKeepdims();
    nest = loopsOverResult(result, keep ? op.getAxes() : ArrayRef<int64_t>());
    DimLoops operand;
    for (int64_t d = 0, kept = 0; d < typeOf(op->getOperand(0)).getRank(); ++d) {
      bool reduced = llvm::is_contained(op.getAxes(), d);
      operand.push_back(reduced ? kWhole : nest.result[keep ? d : kept]);
      kept += !reduced;
    }
    nest.operands = {operand};
  } else if constexpr (std::is_same_v<Op, npu::TransposeOp>) {
    nest = loopsOverResult(result);
    DimLoops operand(result.getRank(), kWhole);
    for (auto [d, from] : llvm::enumerate(op.getPerm()))
      operand[from] = nest.result[d];
    nest.operands = {operand};
  } else if constexpr (std::is_same_v<Op, npu::ConcatOp>) {
    nest = loopsOverResult(result, {int64_t(op.getAxis())});
    nest.operands.assign(op->getNumOperands(), nest.result);
  } else if constexpr (std::is_same_v<Op, npu::PadOp>) {
    SmallVector<int64_t> padded;
    for (int64_t d = 0; d < result.getRank(); ++d)
      if (op.getLow()[d] != 0 || op.getHigh()[d] != 0)
        padded.push_back(d);
    nest = loopsOverResult(result, padded);
    nest.operands = {nest.result};
  } else if constexpr (std::is_same_v<Op, npu::GatherOp>) {
    nest = loopsOverResult(result);
    int64_t indexRank = typeOf(op.getIndices()).getRank(), axis = op.getAxis();
    DimLoops data, indices;
    for (int64_t d = 0; d < typeOf(op.getData()).getRank(); ++d)
      data.push_back(d == axis ? kWhole : nest.result[d < axis ? d : d + indexRank - 1]);
    for (int64_t d = 0; d < indexRank; ++d)
      indices.push_back(nest.result[axis + d]);
    nest.operands = {data, indices};
  } else if constexpr (std::is_same_v<Op, npu::PackRhsOp>) {
    int64_t rank = result.getRank();
    nest = loopsOverResult(result, {rank - 2, rank - 1});
    nest.operands = {DimLoops(nest.result.begin(), nest.result.end() - 3)};
    if (op.getTranspose()) // panels run along n, which is counted in columns: see tilePack
      llvm::append_values(nest.operands[0], nest.result[rank - 3], kWhole);
    else
      llvm::append_values(nest.operands[0], kWhole, nest.result[rank - 3]);
  } else if constexpr (std::is_same_v<Op, npu::SliceOp>) {
    nest = loopsOverResult(result);
    nest.operands = {nest.result};
  } else { // elementwise and expand: NumPy broadcasting
    nest = loopsOverResult(result);
    for (Value operand : op->getOperands())
      nest.operands.push_back(broadcastLoops(typeOf(operand), result, nest.result));
  }
  return nest;
}

//===----------------------------------------------------------------------===//
// Tiles
//===----------------------------------------------------------------------===//

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
  OpFoldResult least(AffineMap map, ArrayRef<OpFoldResult> operands, bool greatest) {
    return greatest ? affine::makeComposedFoldedAffineMax(b, loc, map, operands)
                    : affine::makeComposedFoldedAffineMin(b, loc, map, operands);
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
      t.least(AffineMap::get(1, 0, {o * stride - pad, zero}, context), {offset}, true);
  if ((output - 1) * stride - pad >= input) // a window may lie wholly below the image
    begin = t.least(AffineMap::get(1, 0, {o, last}, context), {begin}, false);
  OpFoldResult end =
      t.least(AffineMap::get(2, 0, {(o + s - 1) * stride - pad + reach, last}, context),
              {offset, size}, false);
  OpFoldResult rows = t.apply(o - s, {end, begin});
  if (reach <= pad) // ... or above it
    rows = t.least(AffineMap::get(1, 0, {o, zero}, context), {rows}, true);
  OpFoldResult above =
      t.least(AffineMap::get(1, 0, {pad - o * stride, zero}, context), {offset}, true);
  return {begin, rows, above};
}

FailureOr<TilingResult> tileMatmul(npu::MatmulOp op, Tile &t) {
  Value lhs = t.slice(op.getLhs(), t.nest.operands[0]), rhs;
  IntegerAttr panel;
  if (op.getPackedN()) {
    // Tiles of columns begin at whole panels: npu-tile picks their size so.
    RankedTensorType type = typeOf(op.getRhs());
    int64_t rank = type.getRank(), width = type.getDimSize(rank - 1);
    panel = t.b.getI64IntegerAttr(width);
    Folds at = t.dimOffsets(t.nest.operands[1]);
    Folds extents = t.dimSizes(t.nest.operands[1], op.getRhs());
    AffineExpr n = t.b.getAffineDimExpr(0);
    at[rank - 3] = t.apply(n.floorDiv(width), {at[rank - 3]});
    extents[rank - 3] = t.apply(n.ceilDiv(width), {extents[rank - 3]});
    rhs = t.slice(op.getRhs(), at, extents);
  } else {
    rhs = t.slice(op.getRhs(), t.nest.operands[1]);
  }
  Value out = t.destination(op.getResult());
  return t.done(tile::MatmulOp::create(
      t.b, t.loc, out.getType(), lhs, rhs, out,
      op.getTransposeLhs() ? t.b.getUnitAttr() : UnitAttr(),
      op.getTransposeRhs() && !panel ? t.b.getUnitAttr() : UnitAttr(), UnitAttr(), panel));
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
    int64_t width = typeOf(op.getFilter()).getDimSize(2);
    panel = t.b.getI64IntegerAttr(width);
    Folds at = t.dimOffsets(t.nest.operands[1]);
    Folds extents = t.dimSizes(t.nest.operands[1], op.getFilter());
    AffineExpr n = t.b.getAffineDimExpr(0);
    at[0] = t.apply(n.floorDiv(width), {at[0]});
    extents[0] = t.apply(n.ceilDiv(width), {extents[0]});
    filter = t.slice(op.getFilter(), at, extents);
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
                       {first, extents[n]}, false);
  at[n] = first;
  Value x = t.slice(op.getX(), at, extents);
  Value out = t.destination(op.getResult());
  return t.done(tile::PackOp::create(t.b, t.loc, out.getType(), x, out,
                                     op.getTranspose() ? t.b.getUnitAttr() : UnitAttr()));
}

template <typename Op> FailureOr<TilingResult> buildTile(Op op, Tile &t) {
  if constexpr (std::is_same_v<Op, npu::MatmulOp>)
    return tileMatmul(op, t);
  else if constexpr (std::is_same_v<Op, npu::Conv2DOp>)
    return tileConv2D(op, t);
  else if constexpr (std::is_same_v<Op, npu::DepthwiseConv2DOp> ||
                     std::is_same_v<Op, npu::MaxPool2DOp> || std::is_same_v<Op, npu::AvgPool2DOp>)
    return tileWindow(op, t);
  else if constexpr (std::is_same_v<Op, npu::SliceOp>)
    return tileSlice(op, t);
  else if constexpr (std::is_same_v<Op, npu::ExpandOp>)
    return tileExpand(op, t);
  else if constexpr (std::is_same_v<Op, npu::PackRhsOp>)
    return tilePack(op, t);
  else {
    // The operator itself, on slices.
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
}

template <typename Op> struct NpuTiling : TilingInterface::ExternalModel<NpuTiling<Op>, Op> {
  SmallVector<utils::IteratorType> getLoopIteratorTypes(Operation *op) const {
    LoopNest nest = loopNest(cast<Op>(op));
    SmallVector<utils::IteratorType> types(nest.parallel, utils::IteratorType::parallel);
    types.append(nest.inner.size(), utils::IteratorType::reduction);
    return types;
  }

  SmallVector<Range> getIterationDomain(Operation *op, OpBuilder &b) const {
    LoopNest nest = loopNest(cast<Op>(op));
    RankedTensorType result = typeOf(op->getResult(0));
    SmallVector<Range> ranges;
    for (auto [d, loop] : llvm::enumerate(nest.result))
      if (loop != kWhole)
        ranges.push_back(
            {b.getIndexAttr(0), b.getIndexAttr(result.getDimSize(d)), b.getIndexAttr(1)});
    for (int64_t extent : nest.inner)
      ranges.push_back({b.getIndexAttr(0), b.getIndexAttr(extent), b.getIndexAttr(1)});
    return ranges;
  }

  FailureOr<TilingResult> getTiledImplementation(Operation *op, OpBuilder &b,
                                                 ArrayRef<OpFoldResult> offsets,
                                                 ArrayRef<OpFoldResult> sizes) const {
    if (!typeOf(op->getResult(0)).hasStaticShape())
      return failure();
    LoopNest nest = loopNest(cast<Op>(op));
    // The value form overwrites its result: cutting a reduction would lose all but the last part.
    for (auto [i, extent] : llvm::enumerate(nest.inner))
      if (getConstantIntValue(sizes[nest.parallel + i]) != extent)
        return op->emitOpError("cannot tile reduction loop ") << nest.parallel + i;
    Tile t{b, op->getLoc(), nest, offsets, sizes, {}};
    return buildTile(cast<Op>(op), t);
  }

  LogicalResult getResultTilePosition(Operation *op, OpBuilder &b, unsigned,
                                      ArrayRef<OpFoldResult> offsets, ArrayRef<OpFoldResult> sizes,
                                      Folds &resultOffsets, Folds &resultSizes) const {
    LoopNest nest = loopNest(cast<Op>(op));
    RankedTensorType result = typeOf(op->getResult(0));
    for (auto [d, loop] : llvm::enumerate(nest.result)) {
      resultOffsets.push_back(loop == kWhole ? b.getIndexAttr(0) : offsets[loop]);
      resultSizes.push_back(loop == kWhole ? b.getIndexAttr(result.getDimSize(d)) : sizes[loop]);
    }
    return success();
  }

  FailureOr<TilingResult> generateResultTileValue(Operation *op, OpBuilder &b, unsigned,
                                                  ArrayRef<OpFoldResult> offsets,
                                                  ArrayRef<OpFoldResult> sizes) const {
    LoopNest nest = loopNest(cast<Op>(op));
    RankedTensorType result = typeOf(op->getResult(0));
    Folds at(nest.parallel), extents(nest.parallel);
    for (auto [d, loop] : llvm::enumerate(nest.result)) {
      if (loop != kWhole) {
        at[loop] = offsets[d];
        extents[loop] = sizes[d];
      } else if (getConstantIntValue(sizes[d]) != result.getDimSize(d)) {
        return failure(); // a part of a dim that this operator needs whole
      }
    }
    for (int64_t extent : nest.inner) {
      at.push_back(b.getIndexAttr(0));
      extents.push_back(b.getIndexAttr(extent));
    }
    return getTiledImplementation(op, b, at, extents);
  }
};

template <typename... Ops> void attach(MLIRContext *context) {
  (Ops::template attachInterface<NpuTiling<Ops>>(*context), ...);
}

/// All elementwise operators of the list, so that a new one needs no line here.
template <typename... Ops> void attachElementwise(MLIRContext *context) {
  const auto one = [&]<typename Op>(std::type_identity<Op>) {
    if constexpr (Op::template hasTrait<npu::ElementwiseOpInterface::Trait>())
      Op::template attachInterface<NpuTiling<Op>>(*context);
  };
  (one(std::type_identity<Ops>()), ...);
}

} // namespace

void tessera::registerNpuTiling(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, npu::NpuDialect *) {
    using namespace npu;
    attachElementwise<
#define GET_OP_LIST
#include "tessera/dialect/npu/NpuOps.cpp.inc"
        >(context);
    attach<MatmulOp, PackRhsOp, Conv2DOp, DepthwiseConv2DOp, MaxPool2DOp, AvgPool2DOp>(context);
    attach<SoftmaxOp, LogSoftmaxOp, LayerNormOp, RmsNormOp, ReduceSumOp, ReduceMeanOp, ReduceMaxOp,
           ReduceMinOp, ReduceProdOp>(context);
    attach<ExpandOp, TransposeOp, ConcatOp, SliceOp, PadOp, GatherOp>(context);
  });
}
