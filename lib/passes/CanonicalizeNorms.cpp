// Norms written out in reductions and arithmetic become layer_norm and rms_norm.
#include "CanonicalizeGraph.h"

#include "Constants.h"

using namespace mlir;

namespace tessera {
namespace {

/// mean(x) over all dims from an axis on, kept as size 1.
struct TrailingMean {
  Value x;
  int64_t axis = 0;

  static std::optional<TrailingMean> of(Value value) {
    auto mean = value.getDefiningOp<npu::ReduceMeanOp>();
    if (!mean || !mean.getKeepdims() || mean.getAxes().empty())
      return std::nullopt;
    int64_t rank = shapeOf(mean.getX()).size(), axis = mean.getAxes().front();
    if (mean.getAxes().back() != rank - 1 || int64_t(mean.getAxes().size()) != rank - axis)
      return std::nullopt;
    return TrailingMean{mean.getX(), axis};
  }
};

Value squareRootOf(Value value) {
  if (auto root = value.getDefiningOp<npu::SqrtOp>())
    return root.getX();
  auto power = value.getDefiningOp<npu::PowOp>();
  return power && splatNumber(power.getRhs()) == 0.5 ? power.getLhs() : Value();
}

Value squareOf(Value value) {
  if (auto product = value.getDefiningOp<npu::MulOp>())
    return product.getLhs() == product.getRhs() ? product.getLhs() : Value();
  auto power = value.getDefiningOp<npu::PowOp>();
  return power && splatNumber(power.getRhs()) == 2 ? power.getLhs() : Value();
}

/// `op` as numerator / sqrt(radicand), in any of the ways to write that.
bool matchOverRoot(Operation *op, Value &numerator, Value &radicand) {
  if (auto div = dyn_cast<npu::DivOp>(op)) {
    numerator = div.getLhs();
    radicand = squareRootOf(div.getRhs());
    return !!radicand;
  }
  auto mul = dyn_cast<npu::MulOp>(op);
  for (unsigned side = 0; mul && side < 2; ++side) {
    numerator = mul->getOperand(side);
    Value other = mul->getOperand(1 - side);
    if (auto root = other.getDefiningOp<npu::RsqrtOp>())
      return radicand = root.getX(), true;
    Operation *inverse = other.getDefiningOp();
    Value root;
    if (isa_and_present<npu::ReciprocalOp>(inverse))
      root = inverse->getOperand(0);
    else if (isa_and_present<npu::DivOp>(inverse) && splatNumber(inverse->getOperand(0)) == 1)
      root = inverse->getOperand(1);
    if (root && (radicand = squareRootOf(root)))
      return true;
  }
  return false;
}

struct NameNorm : RewritePattern {
  explicit NameNorm(MLIRContext *context)
      : RewritePattern(MatchAnyOpTypeTag(), /*benefit=*/6, context) {}

  LogicalResult matchAndRewrite(Operation *op, PatternRewriter &rewriter) const override {
    Value numerator, radicand;
    if (!matchOverRoot(op, numerator, radicand))
      return failure();
    auto sum = radicand.getDefiningOp<npu::AddOp>();
    if (!sum || numerator.getType() != op->getResult(0).getType())
      return failure();
    std::optional<double> epsilon = splatNumber(sum.getRhs());
    Value variance = epsilon ? sum.getLhs() : sum.getRhs();
    if (!epsilon)
      epsilon = splatNumber(sum.getLhs());
    std::optional<TrailingMean> mean = TrailingMean::of(variance);
    if (!epsilon || !mean || squareOf(mean->x) != numerator)
      return failure();
    // The verifiers ask for a float epsilon and a float tensor, which reduce_mean gives.
    FloatAttr eps = rewriter.getF32FloatAttr(*epsilon);
    auto centred = numerator.getDefiningOp<npu::SubOp>();
    std::optional<TrailingMean> inner = centred ? TrailingMean::of(centred.getRhs()) : std::nullopt;
    Operation *norm;
    if (inner && inner->x == centred.getLhs() && inner->axis == mean->axis)
      norm =
          npu::LayerNormOp::create(rewriter, op->getLoc(), numerator.getType(), inner->x, Value(),
                                   Value(), rewriter.getI64IntegerAttr(mean->axis), eps);
    else
      norm = npu::RmsNormOp::create(rewriter, op->getLoc(), numerator.getType(), numerator, Value(),
                                    rewriter.getI64IntegerAttr(mean->axis), eps);
    rewriter.replaceOp(op, norm);
    return success();
  }
};

/// The parameter as a tensor of the normalised dims, null when it is of another shape.
Value asParameter(PatternRewriter &rewriter, Value value, ArrayRef<int64_t> shape, int64_t axis) {
  ArrayRef<int64_t> dims = shape.drop_front(axis), own = shapeOf(value);
  if (own.size() < dims.size() || own.take_back(dims.size()) != dims ||
      llvm::any_of(dims, ShapedType::isDynamic) ||
      llvm::any_of(own.drop_back(dims.size()), [](int64_t dim) { return dim != 1; }))
    return {};
  return reshapeTo(rewriter, value.getLoc(), value, dims);
}

/// norm(x) * s and norm(x) + b become parameters of a norm that has none yet. A scale after a bias
/// is not one.
template <class NormOp, class BinaryOp, bool isBias>
struct AttachParameter : OpRewritePattern<BinaryOp> {
  using OpRewritePattern<BinaryOp>::OpRewritePattern;

  static bool accepts(npu::LayerNormOp norm) {
    return !norm.getBias() && (isBias || !norm.getScale());
  }
  static bool accepts(npu::RmsNormOp norm) { return !isBias && !norm.getScale(); }

  LogicalResult matchAndRewrite(BinaryOp op, PatternRewriter &rewriter) const override {
    for (unsigned side = 0; side < 2; ++side) {
      auto norm = op->getOperand(side).template getDefiningOp<NormOp>();
      if (!norm || !norm->hasOneUse() || norm.getType() != op.getType() || !accepts(norm))
        continue;
      Value other = op->getOperand(1 - side);
      Value value = asParameter(rewriter, other, shapeOf(norm.getX()), norm.getAxis());
      if (!value)
        continue;
      rewriter.replaceOp(op, rebuild(rewriter, norm, value));
      return success();
    }
    return failure();
  }

  static Value rebuild(PatternRewriter &rewriter, npu::LayerNormOp norm, Value value) {
    return npu::LayerNormOp::create(
        rewriter, norm.getLoc(), norm.getType(), norm.getX(), isBias ? norm.getScale() : value,
        isBias ? value : norm.getBias(), norm.getAxisAttr(), norm.getEpsilonAttr());
  }
  static Value rebuild(PatternRewriter &rewriter, npu::RmsNormOp norm, Value value) {
    return npu::RmsNormOp::create(rewriter, norm.getLoc(), norm.getType(), norm.getX(), value,
                                  norm.getAxisAttr(), norm.getEpsilonAttr());
  }
};

} // namespace

void populateNormPatterns(RewritePatternSet &patterns) {
  patterns.add<NameNorm, AttachParameter<npu::LayerNormOp, npu::MulOp, false>,
               AttachParameter<npu::LayerNormOp, npu::AddOp, true>,
               AttachParameter<npu::RmsNormOp, npu::MulOp, false>>(patterns.getContext());
}

} // namespace tessera
