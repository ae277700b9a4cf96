// Slices move up, so that what is not read is not computed.
#include "CanonicalizeGraph.h"

#include "Constants.h"

#include "mlir/Dialect/Utils/ReshapeOpsUtils.h"

using namespace mlir;

namespace tessera {
namespace {

// Moving a slice up takes the operator above out of its producer's kernel. That pays when most of
// what it computed was thrown away: the slice keeps at most one part in this many.
constexpr int64_t kKeptShare = 2;

struct ComposeSlices : OpRewritePattern<npu::SliceOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(npu::SliceOp op, PatternRewriter &rewriter) const override {
    auto inner = op.getX().getDefiningOp<npu::SliceOp>();
    if (!inner || !typeOf(op.getResult()).hasStaticShape())
      return failure();
    SmallVector<int64_t> offsets, strides;
    for (size_t dim = 0; dim < op.getOffsets().size(); ++dim) {
      offsets.push_back(inner.getOffsets()[dim] + op.getOffsets()[dim] * inner.getStrides()[dim]);
      strides.push_back(inner.getStrides()[dim] * op.getStrides()[dim]);
    }
    rewriter.replaceOpWithNewOp<npu::SliceOp>(op, inner.getX(), offsets, shapeOf(op.getResult()),
                                              strides);
    return success();
  }
};

/// A slice of whole inner groups of a dim that was split: cut before splitting, so that what makes
/// the elements may be cut too. [.., a * b, ..] -> [.., a, b, ..], cut along a, whole b.
struct SliceAboveReshape : OpRewritePattern<npu::SliceOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(npu::SliceOp op, PatternRewriter &rewriter) const override {
    auto reshape = op.getX().getDefiningOp<npu::ReshapeOp>();
    if (!reshape || !typeOf(op.getResult()).hasStaticShape())
      return failure();
    RankedTensorType from = typeOf(reshape.getX()), to = typeOf(reshape.getResult());
    if (!from.hasStaticShape() || !to.hasStaticShape() || from.getRank() >= to.getRank())
      return failure();
    auto groups = getReassociationIndicesForReshape(from, to);
    if (!groups)
      return failure();
    SmallVector<int64_t> offsets(from.getRank(), 0), sizes(from.getShape());
    SmallVector<int64_t> strides(from.getRank(), 1);
    ArrayRef<int64_t> sliced = shapeOf(op.getResult());
    for (auto [dim, group] : llvm::enumerate(*groups)) {
      int64_t inner = from.getDimSize(dim);
      bool cut = false;
      for (int64_t part : group) {
        int64_t extent = to.getDimSize(part);
        inner /= std::max<int64_t>(extent, 1);
        if (cut && (sliced[part] != extent || op.getOffsets()[part] != 0))
          return failure();
        if (extent == 1 || (sliced[part] == extent && op.getOffsets()[part] == 0))
          continue;
        // Outer parts that stay whole would leave gaps.
        if (op.getStrides()[part] != 1 || from.getDimSize(dim) != inner * extent)
          return failure();
        cut = true;
        offsets[dim] = op.getOffsets()[part] * inner;
        sizes[dim] = sliced[part] * inner;
      }
    }
    Value slice =
        npu::SliceOp::create(rewriter, op.getLoc(), reshape.getX(), offsets, sizes, strides);
    rewriter.replaceOpWithNewOp<npu::ReshapeOp>(op, op.getType(), slice);
    return success();
  }
};

/// A slice of the columns of a product with a constant: the product with those columns. Pays when
/// slices are all that is read, each column at most once.
struct SliceOfMatmul : OpRewritePattern<npu::MatmulOp> {
  using OpRewritePattern::OpRewritePattern;

  static bool takesColumnsOnly(npu::SliceOp slice) {
    ArrayRef<int64_t> from = shapeOf(slice.getX()), to = shapeOf(slice.getResult());
    return from.drop_back() == to.drop_back() && slice.getStrides().back() == 1 &&
           !ShapedType::isDynamic(to.back());
  }

  LogicalResult matchAndRewrite(npu::MatmulOp op, PatternRewriter &rewriter) const override {
    ArrayRef<int64_t> rhs = shapeOf(op.getRhs());
    if (op.getPackedN() || !ConstantView::of(op.getRhs()) || op->use_empty())
      return failure();
    int64_t columns = 0;
    for (Operation *user : op->getUsers()) {
      auto slice = dyn_cast<npu::SliceOp>(user);
      if (!slice || !takesColumnsOnly(slice))
        return failure();
      columns += shapeOf(slice.getResult()).back();
    }
    if (columns > shapeOf(op.getResult()).back())
      return failure();
    int64_t nDim = rhs.size() - (op.getTransposeRhs() ? 2 : 1);
    for (Operation *user : llvm::make_early_inc_range(op->getUsers())) {
      auto slice = cast<npu::SliceOp>(user);
      SmallVector<int64_t> offsets(rhs.size(), 0), sizes(rhs), strides(rhs.size(), 1);
      offsets[nDim] = slice.getOffsets().back();
      sizes[nDim] = shapeOf(slice.getResult()).back();
      rewriter.setInsertionPoint(slice);
      Value weights =
          npu::SliceOp::create(rewriter, op.getLoc(), op.getRhs(), offsets, sizes, strides);
      rewriter.replaceOpWithNewOp<npu::MatmulOp>(slice, slice.getType(), op.getLhs(), weights,
                                                 op.getTransposeLhs(), op.getTransposeRhs(),
                                                 IntegerAttr());
    }
    return success();
  }
};

/// The slice's part of an operand that broadcasts to what is sliced.
Value cutOperand(PatternRewriter &rewriter, npu::SliceOp slice, Value operand) {
  ArrayRef<int64_t> shape = shapeOf(operand), kept = shapeOf(slice.getResult());
  size_t lead = kept.size() - shape.size();
  SmallVector<int64_t> offsets, sizes, strides;
  for (auto [dim, extent] : llvm::enumerate(shape)) {
    bool broadcast = extent == 1;
    offsets.push_back(broadcast ? 0 : slice.getOffsets()[lead + dim]);
    sizes.push_back(broadcast ? 1 : kept[lead + dim]);
    strides.push_back(broadcast ? 1 : slice.getStrides()[lead + dim]);
  }
  if (ArrayRef<int64_t>(sizes) == shape)
    return operand;
  return npu::SliceOp::create(rewriter, slice.getLoc(), operand, offsets, sizes, strides);
}

bool isStatic(npu::SliceOp slice) {
  return typeOf(slice.getResult()).hasStaticShape() && typeOf(slice.getX()).hasStaticShape();
}

/// Whether the slice alone reads the value, and takes a small part of it.
bool throwsMostAway(npu::SliceOp slice) {
  return slice.getX().hasOneUse() &&
         *elementCount(slice.getResult()) * kKeptShare <= *elementCount(slice.getX());
}

/// The one operand that is not constant, null when there are several.
Value computedOperand(Operation *op) {
  Value computed;
  for (Value operand : op->getOperands()) {
    if (ConstantView::of(operand))
      continue;
    if (computed)
      return {};
    computed = operand;
  }
  return computed;
}

/// Whether several slices alone read the value and each element once at most, and the slices would
/// reach a product with constant weights, through operators with constants and views of it.
bool isSplitProduct(Operation *op) {
  int64_t kept = 0, slices = 0;
  for (Operation *user : op->getUsers()) {
    auto slice = dyn_cast<npu::SliceOp>(user);
    if (!slice || !isStatic(slice))
      return false;
    kept += *elementCount(slice.getResult());
    ++slices;
  }
  if (slices < 2 || kept > *elementCount(op->getResult(0)))
    return false;
  while (true) {
    if (auto matmul = dyn_cast<npu::MatmulOp>(op))
      return !matmul.getPackedN() && ConstantView::of(matmul.getRhs());
    if (!isa<npu::ElementwiseOpInterface, npu::ReshapeOp>(op))
      return false;
    Value above = computedOperand(op);
    if (!above || !above.hasOneUse() || !above.getDefiningOp())
      return false;
    op = above.getDefiningOp();
  }
}

void moveAbove(PatternRewriter &rewriter, npu::SliceOp slice, Operation *source) {
  rewriter.setInsertionPoint(slice);
  SmallVector<Value> operands;
  for (Value operand : source->getOperands())
    operands.push_back(cutOperand(rewriter, slice, operand));
  rewriter.replaceOp(slice, cloneWith(rewriter, source, operands, shapeOf(slice.getResult())));
}

struct SliceAboveElementwise : OpRewritePattern<npu::SliceOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(npu::SliceOp op, PatternRewriter &rewriter) const override {
    Operation *source = op.getX().getDefiningOp();
    if (!isa_and_present<npu::ElementwiseOpInterface>(source) || !isStatic(op) ||
        !throwsMostAway(op))
      return failure();
    moveAbove(rewriter, op, source);
    return success();
  }
};

/// All slices of a product at once: after the first alone the others would have lost their reason.
struct SplitAboveElementwise : RewritePattern {
  explicit SplitAboveElementwise(MLIRContext *context)
      : RewritePattern(MatchAnyOpTypeTag(), /*benefit=*/1, context) {}
  LogicalResult matchAndRewrite(Operation *op, PatternRewriter &rewriter) const override {
    if (!isa<npu::ElementwiseOpInterface>(op) || !isSplitProduct(op))
      return failure();
    for (Operation *user : llvm::make_early_inc_range(op->getUsers()))
      moveAbove(rewriter, cast<npu::SliceOp>(user), op);
    return success();
  }
};

/// A slice that keeps whole rows of a norm: norm of the slice.
template <class NormOp> struct SliceAboveNorm : OpRewritePattern<npu::SliceOp> {
  using OpRewritePattern::OpRewritePattern;

  // Softmax looks along one axis, the norms along all from theirs on.
  static bool isRowDim(NormOp norm, int64_t dim) {
    constexpr bool isSoftmax =
        std::is_same_v<NormOp, npu::SoftmaxOp> || std::is_same_v<NormOp, npu::LogSoftmaxOp>;
    return isSoftmax ? dim == int64_t(norm.getAxis()) : dim >= int64_t(norm.getAxis());
  }

  LogicalResult matchAndRewrite(npu::SliceOp op, PatternRewriter &rewriter) const override {
    auto norm = op.getX().getDefiningOp<NormOp>();
    if (!norm || !isStatic(op) || !throwsMostAway(op))
      return failure();
    ArrayRef<int64_t> from = shapeOf(op.getX()), to = shapeOf(op.getResult());
    for (size_t dim = 0; dim < from.size(); ++dim)
      if (isRowDim(norm, dim) && from[dim] != to[dim])
        return failure();
    SmallVector<Value> operands(norm->getOperands());
    operands[0] = cutOperand(rewriter, op, operands[0]);
    rewriter.replaceOp(op, cloneWith(rewriter, norm, operands, to));
    return success();
  }
};

/// Some rows of a product: the product of those rows.
struct SliceAboveMatmulRows : OpRewritePattern<npu::SliceOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(npu::SliceOp op, PatternRewriter &rewriter) const override {
    auto matmul = op.getX().getDefiningOp<npu::MatmulOp>();
    if (!matmul || !isStatic(op) || !throwsMostAway(op) || matmul.getTransposeLhs())
      return failure();
    ArrayRef<int64_t> from = shapeOf(op.getX()), to = shapeOf(op.getResult());
    size_t rank = from.size();
    // Batches stay: both operands may have them.
    if (shapeOf(matmul.getLhs()).size() != rank || from.back() != to.back() ||
        from.drop_back(2) != to.drop_back(2))
      return failure();
    SmallVector<int64_t> offsets(rank, 0), sizes(shapeOf(matmul.getLhs())), strides(rank, 1);
    offsets[rank - 2] = op.getOffsets()[rank - 2];
    sizes[rank - 2] = to[rank - 2];
    strides[rank - 2] = op.getStrides()[rank - 2];
    SmallVector<Value> operands(matmul->getOperands());
    operands[0] =
        npu::SliceOp::create(rewriter, op.getLoc(), matmul.getLhs(), offsets, sizes, strides);
    rewriter.replaceOp(op, cloneWith(rewriter, matmul, operands, to));
    return success();
  }
};

} // namespace

void populateSlicePatterns(RewritePatternSet &patterns) {
  patterns
      .add<ComposeSlices, SliceAboveReshape, SliceOfMatmul, SliceAboveElementwise,
           SplitAboveElementwise, SliceAboveNorm<npu::LayerNormOp>, SliceAboveNorm<npu::RmsNormOp>,
           SliceAboveNorm<npu::SoftmaxOp>, SliceAboveNorm<npu::LogSoftmaxOp>, SliceAboveMatmulRows>(
          patterns.getContext());
}

} // namespace tessera
