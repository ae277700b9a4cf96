// Movement that changes nothing or can be a view, and compositions of movement.
#include "CanonicalizeGraph.h"

#include "Constants.h"

#include "mlir/Dialect/Utils/ReshapeOpsUtils.h"

using namespace mlir;

namespace tessera {
namespace {

/// Slices of everything, pads of nothing, concatenations of one: their operand.
struct RemoveUseless : RewritePattern {
  explicit RemoveUseless(MLIRContext *context)
      : RewritePattern(MatchAnyOpTypeTag(), /*benefit=*/8, context) {}

  static bool changesNothing(Operation *op) {
    if (auto slice = dyn_cast<npu::SliceOp>(op))
      return typeOf(slice.getResult()).hasStaticShape() &&
             llvm::all_of(slice.getOffsets(), [](int64_t offset) { return offset == 0; });
    if (auto pad = dyn_cast<npu::PadOp>(op))
      return llvm::all_of(pad.getLow(), [](int64_t low) { return low == 0; }) &&
             llvm::all_of(pad.getHigh(), [](int64_t high) { return high == 0; });
    if (auto transpose = dyn_cast<npu::TransposeOp>(op))
      return isIdentity(transpose.getPerm());
    if (auto concat = dyn_cast<npu::ConcatOp>(op))
      return concat.getInputs().size() == 1;
    if (isa<npu::ReshapeOp>(op))
      return isReshapeTarget(shapeOf(op->getResult(0)));
    return isa<npu::ExpandOp, npu::CastOp>(op);
  }

  LogicalResult matchAndRewrite(Operation *op, PatternRewriter &rewriter) const override {
    if (op->getNumOperands() == 0 || op->getNumResults() != 1 ||
        op->getOperand(0).getType() != op->getResult(0).getType() || !changesNothing(op))
      return failure();
    rewriter.replaceOp(op, op->getOperand(0));
    return success();
  }
};

/// Adding zero, multiplying or dividing by one.
struct RemoveNeutral : RewritePattern {
  explicit RemoveNeutral(MLIRContext *context)
      : RewritePattern(MatchAnyOpTypeTag(), /*benefit=*/8, context) {}

  LogicalResult matchAndRewrite(Operation *op, PatternRewriter &rewriter) const override {
    if (!isa<npu::AddOp, npu::SubOp, npu::MulOp, npu::DivOp, npu::PowOp>(op))
      return failure();
    double neutral = isa<npu::AddOp, npu::SubOp>(op) ? 0 : 1;
    for (unsigned side = 0; side < (op->hasTrait<OpTrait::IsCommutative>() ? 2 : 1); ++side) {
      Value kept = op->getOperand(side);
      if (kept.getType() == op->getResult(0).getType() &&
          splatNumber(op->getOperand(1 - side)) == neutral) {
        rewriter.replaceOp(op, kept);
        return success();
      }
    }
    return failure();
  }
};

struct ComposeReshapes : OpRewritePattern<npu::ReshapeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(npu::ReshapeOp op, PatternRewriter &rewriter) const override {
    auto inner = op.getX().getDefiningOp<npu::ReshapeOp>();
    if (!inner)
      return failure();
    rewriter.replaceOpWithNewOp<npu::ReshapeOp>(op, op.getType(), inner.getX());
    return success();
  }
};

/// A transpose that moves only dims of size one keeps the order of elements.
struct TransposeOfUnitDims : OpRewritePattern<npu::TransposeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(npu::TransposeOp op, PatternRewriter &rewriter) const override {
    if (!keepsOrder(shapeOf(op.getX()), op.getPerm()) || !isReshapeTarget(shapeOf(op.getResult())))
      return failure();
    rewriter.replaceOpWithNewOp<npu::ReshapeOp>(op, op.getType(), op.getX());
    return success();
  }
};

/// A broadcasting operator repeats its operand itself.
struct ExpandIntoElementwise : RewritePattern {
  explicit ExpandIntoElementwise(MLIRContext *context)
      : RewritePattern(MatchAnyOpTypeTag(), /*benefit=*/2, context) {}

  LogicalResult matchAndRewrite(Operation *op, PatternRewriter &rewriter) const override {
    if (!isa<npu::ElementwiseOpInterface>(op) || op->getNumOperands() < 2)
      return failure();
    ArrayRef<int64_t> result = shapeOf(op->getResult(0));
    for (OpOperand &operand : op->getOpOperands()) {
      auto expand = operand.get().getDefiningOp<npu::ExpandOp>();
      if (!expand)
        continue;
      // The other operands must reach the result's shape without it.
      bool covered = llvm::any_of(op->getOpOperands(), [&](OpOperand &other) {
        return &other != &operand && shapeOf(other.get()) == result;
      });
      if (!covered)
        continue;
      rewriter.modifyOpInPlace(op, [&] { operand.set(expand.getX()); });
      return success();
    }
    return failure();
  }
};

/// Indices that are known and evenly spaced: a slice, which copies rows instead of looking up.
struct GatherToSlice : OpRewritePattern<npu::GatherOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(npu::GatherOp op, PatternRewriter &rewriter) const override {
    std::optional<ConstantView> indices = ConstantView::of(op.getIndices());
    int64_t axis = op.getAxis(), extent = shapeOf(op.getData())[axis];
    if (!indices || ShapedType::isDynamic(extent) || !isReshapeTarget(shapeOf(op.getResult())))
      return failure();
    int64_t count = indices->getType().getNumElements();
    auto at = [&](int64_t i) {
      int64_t index = readInteger(indices->element(i), indices->getType().getElementType());
      return index < 0 ? index + extent : index;
    };
    if (count == 0)
      return failure();
    int64_t first = at(0), step = count > 1 ? at(1) - first : 1;
    if (step < 1 || first < 0 || first + (count - 1) * step >= extent)
      return failure();
    for (int64_t i = 2; i < count; ++i)
      if (at(i) != first + i * step)
        return failure();
    int64_t rank = shapeOf(op.getData()).size();
    SmallVector<int64_t> offsets(rank, 0), steps(rank, 1), sizes(shapeOf(op.getData()));
    for (int64_t &size : sizes)
      size = ShapedType::isDynamic(size) ? -1 : size;
    offsets[axis] = first;
    steps[axis] = step;
    sizes[axis] = count;
    Value slice = npu::SliceOp::create(rewriter, op.getLoc(), op.getData(), offsets, sizes, steps);
    rewriter.replaceOpWithNewOp<npu::ReshapeOp>(op, op.getType(), slice);
    return success();
  }
};

/// Tiles cut the dims that are not padded: where all are, the last half is padded before the first.
struct PadByHalves : OpRewritePattern<npu::PadOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(npu::PadOp op, PatternRewriter &rewriter) const override {
    RankedTensorType type = typeOf(op.getX());
    const int64_t rank = type.getRank();
    if (rank < 2 || !type.hasStaticShape())
      return failure();
    SmallVector<int64_t> low(op.getLow()), high(op.getHigh()), shape(type.getShape());
    for (int64_t d = 0; d < rank; ++d)
      if (low[d] == 0 && high[d] == 0)
        return failure();
    for (int64_t d = 0; d < rank / 2; ++d)
      low[d] = high[d] = 0;
    for (int64_t d = rank / 2; d < rank; ++d)
      shape[d] += low[d] + high[d];
    Value last = npu::PadOp::create(rewriter, op.getLoc(), type.clone(shape), op.getX(), low, high,
                                    op.getValue());
    low.assign(op.getLow().begin(), op.getLow().end());
    high.assign(op.getHigh().begin(), op.getHigh().end());
    for (int64_t d = rank / 2; d < rank; ++d)
      low[d] = high[d] = 0;
    rewriter.replaceOpWithNewOp<npu::PadOp>(op, op.getType(), last, low, high, op.getValue());
    return success();
  }
};

} // namespace

void populateMovementPatterns(RewritePatternSet &patterns) {
  patterns.add<RemoveUseless, RemoveNeutral, ComposeReshapes, TransposeOfUnitDims,
               ExpandIntoElementwise, GatherToSlice, PadByHalves>(patterns.getContext());
}

} // namespace tessera
