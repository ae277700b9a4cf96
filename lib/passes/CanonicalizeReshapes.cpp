// Elementwise and row operators move above reshapes. A contraction computes a matrix whatever the
// shape around it; what follows can then join its kernel instead of standing behind a view.
#include "CanonicalizeGraph.h"

#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace tessera {
namespace {

/// How many trailing dims two shapes share.
size_t commonSuffix(ArrayRef<int64_t> a, ArrayRef<int64_t> b) {
  size_t count = 0;
  while (count < a.size() && count < b.size() && a[a.size() - 1 - count] == b[b.size() - 1 - count])
    ++count;
  return count;
}

/// The shape under which `value`, that broadcasts against `outer`, broadcasts equally against
/// `inner`, where `outer` is `inner` reshaped. Nothing when there is none.
std::optional<SmallVector<int64_t>> shapeBelow(Value value, ArrayRef<int64_t> inner,
                                               ArrayRef<int64_t> outer) {
  ArrayRef<int64_t> shape = shapeOf(value);
  if (shape == outer)
    return SmallVector<int64_t>(inner);
  size_t shared = commonSuffix(inner, outer);
  size_t kept = std::min(shape.size(), shared);
  // All before the shared dims must be repeated along.
  for (int64_t dim : shape.drop_back(kept))
    if (dim != 1)
      return std::nullopt;
  return SmallVector<int64_t>(shape.take_back(kept));
}

/// op(reshape(x), y...) -> reshape(op(x, reshape(y)...)). Stops going back and forth by moving
/// towards lower rank only, where another whole tensor takes part.
struct ElementwiseAboveReshape : RewritePattern {
  explicit ElementwiseAboveReshape(MLIRContext *context)
      : RewritePattern(MatchAnyOpTypeTag(), /*benefit=*/1, context) {}

  static bool mayMove(Operation *op, OpOperand &through, npu::ReshapeOp reshape) {
    ArrayRef<int64_t> inner = shapeOf(reshape.getX()), outer = shapeOf(reshape.getResult());
    for (OpOperand &operand : op->getOpOperands()) {
      if (&operand == &through)
        continue;
      if (!shapeBelow(operand.get(), inner, outer))
        return false;
      bool whole = shapeOf(operand.get()) == outer && elementCount(operand.get()) != 1;
      auto other = operand.get().getDefiningOp<npu::ReshapeOp>();
      bool meets = other && shapeOf(other.getX()) == inner;
      if (whole && !meets && !matchPattern(operand.get(), m_Constant()) &&
          inner.size() >= outer.size())
        return false;
    }
    return true;
  }

  LogicalResult matchAndRewrite(Operation *op, PatternRewriter &rewriter) const override {
    if (!isa<npu::ElementwiseOpInterface>(op))
      return failure();
    ArrayRef<int64_t> result = shapeOf(op->getResult(0));
    for (OpOperand &through : op->getOpOperands()) {
      auto reshape = through.get().getDefiningOp<npu::ReshapeOp>();
      if (!reshape || shapeOf(reshape.getResult()) != result || !isReshapeTarget(result) ||
          !isReshapeTarget(shapeOf(reshape.getX())) || !mayMove(op, through, reshape))
        continue;
      ArrayRef<int64_t> inner = shapeOf(reshape.getX());
      SmallVector<Value> operands;
      for (OpOperand &operand : op->getOpOperands())
        operands.push_back(&operand == &through
                               ? reshape.getX()
                               : reshapeTo(rewriter, op->getLoc(), operand.get(),
                                           *shapeBelow(operand.get(), inner, result)));
      Operation *moved = cloneWith(rewriter, op, operands, inner);
      rewriter.replaceOpWithNewOp<npu::ReshapeOp>(op, op->getResult(0).getType(),
                                                  moved->getResult(0));
      return success();
    }
    return failure();
  }
};

/// norm(reshape(x)) -> reshape(norm(x)) when the reshape leaves alone all dims from the axis on.
template <class NormOp> struct NormAboveReshape : OpRewritePattern<NormOp> {
  using OpRewritePattern<NormOp>::OpRewritePattern;
  LogicalResult matchAndRewrite(NormOp op, PatternRewriter &rewriter) const override {
    auto reshape = op.getX().template getDefiningOp<npu::ReshapeOp>();
    if (!reshape)
      return failure();
    ArrayRef<int64_t> inner = shapeOf(reshape.getX()), outer = shapeOf(reshape.getResult());
    int64_t normalised = outer.size() - op.getAxis();
    if (int64_t(commonSuffix(inner, outer)) < normalised || !isReshapeTarget(outer))
      return failure();
    SmallVector<Value> operands(op->getOperands());
    operands[0] = reshape.getX();
    auto moved = cast<NormOp>(cloneWith(rewriter, op, operands, inner));
    moved.setAxis(inner.size() - normalised);
    rewriter.replaceOpWithNewOp<npu::ReshapeOp>(op, op.getType(), moved.getResult());
    return success();
  }
};

} // namespace

void populateReshapePatterns(RewritePatternSet &patterns) {
  MLIRContext *context = patterns.getContext();
  patterns.add<ElementwiseAboveReshape, NormAboveReshape<npu::LayerNormOp>,
               NormAboveReshape<npu::RmsNormOp>, NormAboveReshape<npu::SoftmaxOp>,
               NormAboveReshape<npu::LogSoftmaxOp>>(context);
}

} // namespace tessera
