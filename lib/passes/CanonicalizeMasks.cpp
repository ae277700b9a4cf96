// Scores that a condition hides become scores with a mask added, the form that attention has.
#include "CanonicalizeGraph.h"

#include "Constants.h"

using namespace mlir;

namespace tessera {
namespace {

/// So little that a score added to it is lost in rounding: what is added is what was chosen.
constexpr double kHidden = -1e30;

/// Whether a value is a product, scaled or not.
bool isScores(Value value) {
  Operation *op = value.getDefiningOp();
  while (isa_and_present<npu::MulOp, npu::DivOp, npu::CastOp>(op)) {
    bool first = op->getNumOperands() == 1 || splatNumber(op->getOperand(1));
    op = op->getOperand(first ? 0 : 1).getDefiningOp();
  }
  return isa_and_present<npu::MatmulOp>(op);
}

/// select(c, scores, hidden), which a softmax takes, becomes scores + select(c, 0, hidden). Where
/// scores are not finite, so is the sum, hidden or not.
struct AddMask : OpRewritePattern<npu::SelectOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(npu::SelectOp op, PatternRewriter &rewriter) const override {
    auto type = cast<RankedTensorType>(op.getType());
    if (!type.getElementType().isF32() || !op->hasOneUse() ||
        !isa<npu::SoftmaxOp>(*op->user_begin()))
      return failure();
    Value condition = op.getCondition();
    std::optional<double> yes = splatNumber(op.getOnTrue()), no = splatNumber(op.getOnFalse());
    Value scores = no ? op.getOnTrue() : op.getOnFalse();
    std::optional<double> hidden = no ? no : yes;
    auto mask = cast<RankedTensorType>(condition.getType()).clone(type.getElementType());
    if (!hidden || *hidden > kHidden || !isScores(scores) || scores.getType() != type ||
        mask.getRank() < 2)
      return failure();
    auto scalar = RankedTensorType::get({}, type.getElementType());
    auto number = [&](double v) -> Value {
      auto value = DenseElementsAttr::get(scalar, rewriter.getF32FloatAttr(float(v)).getValue());
      return npu::ConstantOp::create(rewriter, op.getLoc(), value);
    };
    Value zero = number(0), most = number(*hidden);
    Value chosen = npu::SelectOp::create(rewriter, op.getLoc(), mask, condition, no ? zero : most,
                                         no ? most : zero);
    rewriter.replaceOpWithNewOp<npu::AddOp>(op, type, scores, chosen);
    return success();
  }
};

} // namespace

void populateMaskPatterns(RewritePatternSet &patterns) {
  patterns.add<AddMask>(patterns.getContext());
}

} // namespace tessera
