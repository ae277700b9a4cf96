// Scales by constants per output channel move into the constant weights before them, and constants
// added or multiplied one after the other become one. What is left of a batch norm is one addition.
#include "CanonicalizeGraph.h"

#include "Constants.h"

#include <cmath>

using namespace mlir;

namespace tessera {
namespace {

bool isFloat(Value value) {
  return isa<FloatType>(typeOf(value).getElementType());
}

bool isConstant(Value value) {
  return value.getDefiningOp<npu::ConstantOp>() && ConstantView::of(value);
}

/// A constant that gives each output channel (the last dim) one number: [1.., n] or a single one.
bool isPerChannel(Value value) {
  ArrayRef<int64_t> shape = shapeOf(value);
  return isConstant(value) &&
         (shape.empty() || llvm::all_of(shape.drop_back(), [](int64_t dim) { return dim == 1; }));
}

/// The operand that holds the constant weights of a contraction or window operator, or null.
OpOperand *weightsOf(Operation *op) {
  OpOperand *weights = nullptr;
  if (auto matmul = dyn_cast_if_present<npu::MatmulOp>(op))
    weights = matmul.getPackedN() ? nullptr : &matmul.getRhsMutable();
  else if (auto conv = dyn_cast_if_present<npu::Conv2DOp>(op))
    weights = conv.getPackedN() ? nullptr : &conv.getFilterMutable();
  else if (auto conv = dyn_cast_if_present<npu::DepthwiseConv2DOp>(op))
    weights = &conv.getFilterMutable();
  return weights && isConstant(weights->get()) && isFloat(weights->get()) ? weights : nullptr;
}

/// The scale in a shape that multiplies the weights' output channel: their last dim, or the one
/// before where a matmul reads them transposed.
Value alignScale(OpBuilder &builder, Operation *contraction, Value scale) {
  std::optional<int64_t> count = elementCount(scale);
  SmallVector<int64_t> shape{*count};
  auto matmul = dyn_cast<npu::MatmulOp>(contraction);
  if (matmul && matmul.getTransposeRhs() && *count != 1)
    shape.push_back(1);
  return reshapeTo(builder, scale.getLoc(), scale, shape);
}

/// conv(x, w) * c -> conv(x, w * c).
struct ScaleIntoWeights : OpRewritePattern<npu::MulOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(npu::MulOp op, PatternRewriter &rewriter) const override {
    for (unsigned side = 0; side < 2; ++side) {
      Value product = op->getOperand(side), scale = op->getOperand(1 - side);
      Operation *contraction = product.getDefiningOp();
      OpOperand *weights = weightsOf(contraction);
      if (!weights || !product.hasOneUse() || product.getType() != op.getType() ||
          !isPerChannel(scale) ||
          typeOf(weights->get()).getElementType() != typeOf(scale).getElementType())
        continue;
      rewriter.setInsertionPoint(contraction);
      Value aligned = alignScale(rewriter, contraction, scale);
      Operation *scaled =
          cloneWith(rewriter, op, {weights->get(), aligned}, shapeOf(weights->get()));
      rewriter.modifyOpInPlace(contraction, [&] { weights->set(scaled->getResult(0)); });
      rewriter.replaceOp(op, product);
      return success();
    }
    return failure();
  }
};

/// (x + b) * c -> x * c + b * c, where x's weights will take the scale.
struct ScaleBeforeBias : OpRewritePattern<npu::MulOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(npu::MulOp op, PatternRewriter &rewriter) const override {
    for (unsigned side = 0; side < 2; ++side) {
      auto sum = op->getOperand(side).getDefiningOp<npu::AddOp>();
      Value scale = op->getOperand(1 - side);
      if (!sum || !sum->hasOneUse() || !isPerChannel(scale) || sum.getType() != op.getType())
        continue;
      for (unsigned term = 0; term < 2; ++term) {
        Value product = sum->getOperand(term), bias = sum->getOperand(1 - term);
        if (!weightsOf(product.getDefiningOp()) || !product.hasOneUse() || !isPerChannel(bias) ||
            product.getType() != op.getType())
          continue;
        Value scaled = npu::MulOp::create(rewriter, op.getLoc(), product, scale);
        Value shift = npu::MulOp::create(rewriter, op.getLoc(), bias, scale);
        rewriter.replaceOpWithNewOp<npu::AddOp>(op, scaled, shift);
        return success();
      }
    }
    return failure();
  }
};

/// (x + a) + b -> x + (a + b) and (x * a) * b -> x * (a * b) for constants a, b.
template <class BinaryOp> struct JoinConstants : OpRewritePattern<BinaryOp> {
  using OpRewritePattern<BinaryOp>::OpRewritePattern;
  LogicalResult matchAndRewrite(BinaryOp op, PatternRewriter &rewriter) const override {
    if (!isFloat(op))
      return failure();
    for (unsigned side = 0; side < 2; ++side) {
      auto inner = op->getOperand(side).template getDefiningOp<BinaryOp>();
      Value outerConstant = op->getOperand(1 - side);
      if (!inner || !inner->hasOneUse() || !isConstant(outerConstant) ||
          inner.getType() != op.getType())
        continue;
      for (unsigned term = 0; term < 2; ++term) {
        Value x = inner->getOperand(term), innerConstant = inner->getOperand(1 - term);
        if (!isConstant(innerConstant) || isConstant(x))
          continue;
        Value joined = BinaryOp::create(rewriter, op.getLoc(), innerConstant, outerConstant);
        rewriter.replaceOpWithNewOp<BinaryOp>(op, x, joined);
        return success();
      }
    }
    return failure();
  }
};

/// x - c -> x + (-c), so that what is known about additions applies.
struct SubtractAsAdd : OpRewritePattern<npu::SubOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(npu::SubOp op, PatternRewriter &rewriter) const override {
    if (!isFloat(op) || !isConstant(op.getRhs()) || isConstant(op.getLhs()))
      return failure();
    Value negated = npu::NegOp::create(rewriter, op.getLoc(), op.getRhs());
    rewriter.replaceOpWithNewOp<npu::AddOp>(op, op.getLhs(), negated);
    return success();
  }
};

/// x / c -> x * (1 / c) where no reciprocal overflows or is denormal. A quotient that is rounded to
/// an integer stays: half way between two, the last bit decides which it becomes.
struct DivideAsMultiply : OpRewritePattern<npu::DivOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(npu::DivOp op, PatternRewriter &rewriter) const override {
    std::optional<ConstantView> divisor = ConstantView::of(op.getRhs());
    if (llvm::any_of(op->getUsers(), [](Operation *user) { return isa<npu::RoundOp>(user); }))
      return failure();
    if (!divisor || isConstant(op.getLhs()) || !typeOf(op.getRhs()).getElementType().isF32())
      return failure();
    int64_t count = divisor->isSplat() ? 1 : divisor->getType().getNumElements();
    for (int64_t i = 0; i < count; ++i)
      if (!std::isnormal(1.0f / static_cast<float>(divisor->number(i))))
        return failure();
    Value inverse = npu::ReciprocalOp::create(rewriter, op.getLoc(), op.getRhs());
    rewriter.replaceOpWithNewOp<npu::MulOp>(op, op.getType(), op.getLhs(), inverse);
    return success();
  }
};

} // namespace

void populateWeightPatterns(RewritePatternSet &patterns) {
  patterns.add<ScaleIntoWeights, ScaleBeforeBias, JoinConstants<npu::AddOp>,
               JoinConstants<npu::MulOp>, SubtractAsAdd, DivideAsMultiply>(patterns.getContext());
}

} // namespace tessera
