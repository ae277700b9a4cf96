// Activations written out in arithmetic are recognised as products of a few factors, whatever the
// order of the multiplications, and become one operator.
#include "CanonicalizeGraph.h"

#include "Constants.h"

#include <cmath>

using namespace mlir;

namespace tessera {
namespace {

// Exporters write the constants with three to nine digits.
bool isAbout(double value, double expected) {
  return std::fabs(value - expected) <= 1e-4 * std::fabs(expected);
}

// Products of more factors than this are not searched.
constexpr size_t kMaxFactors = 6;

/// scale * factors[0] * factors[1] * ..., where no factor is a known number. A product that is read
/// elsewhere too stays one factor: in x * f(x), x may well be a product itself.
struct Product {
  double scale = 1;
  SmallVector<Value> factors;

  static Product of(Value value) {
    Product product;
    SmallVector<Value> open{value};
    while (!open.empty() && product.factors.size() + open.size() <= kMaxFactors + 1) {
      Value next = open.pop_back_val();
      if (std::optional<double> number = splatNumber(next)) {
        product.scale *= *number;
        continue;
      }
      Operation *op = next == value || next.hasOneUse() ? next.getDefiningOp() : nullptr;
      double rhs =
          op && op->getNumOperands() == 2 ? splatNumber(op->getOperand(1)).value_or(NAN) : NAN;
      if (isa_and_present<npu::MulOp>(op)) {
        open.push_back(op->getOperand(1));
        open.push_back(op->getOperand(0));
      } else if (isa_and_present<npu::DivOp>(op) && std::isnormal(rhs)) {
        product.scale /= rhs;
        open.push_back(op->getOperand(0));
      } else if (isa_and_present<npu::PowOp>(op) && (rhs == 2 || rhs == 3)) {
        open.append(static_cast<size_t>(rhs), op->getOperand(0));
      } else {
        product.factors.push_back(next);
      }
    }
    // What was not looked into stays a factor.
    llvm::append_range(product.factors, open);
    return product;
  }

  /// The same product without the one factor `value` (of several equal ones, one).
  bool remove(Value value) {
    auto *found = llvm::find(factors, value);
    if (found == factors.end())
      return false;
    factors.erase(found);
    return true;
  }

  bool isPowerOf(Value x, size_t exponent) const {
    return factors.size() == exponent && llvm::all_of(factors, [&](Value f) { return f == x; });
  }
};

/// The other operand of an addition of this number.
Value plusNumber(Value value, double expected) {
  auto add = value.getDefiningOp<npu::AddOp>();
  if (!add)
    return {};
  for (unsigned side = 0; side < 2; ++side)
    if (std::optional<double> number = splatNumber(add->getOperand(side)))
      if (isAbout(*number, expected))
        return add->getOperand(1 - side);
  return {};
}

/// f = 1 + erf(x / sqrt(2)).
bool isGeluFactor(Value f, Value x) {
  Value inner = plusNumber(f, 1);
  auto erf = inner ? inner.getDefiningOp<npu::ErfOp>() : nullptr;
  if (!erf)
    return false;
  Product argument = Product::of(erf.getX());
  return isAbout(argument.scale, M_SQRT1_2) && argument.isPowerOf(x, 1);
}

/// f = 1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3)), the cube possibly as x * (1 + 0.044715 x^2).
bool isGeluTanhFactor(Value f, Value x) {
  constexpr double cubeShare = 0.044715;
  Value inner = plusNumber(f, 1);
  auto tanh = inner ? inner.getDefiningOp<npu::TanhOp>() : nullptr;
  if (!tanh)
    return false;
  Product argument = Product::of(tanh.getX());
  if (!isAbout(argument.scale, std::sqrt(2 / M_PI)))
    return false;
  if (argument.factors.size() == 2 && argument.remove(x)) {
    Value square = plusNumber(argument.factors[0], 1);
    Product term = square ? Product::of(square) : Product();
    return isAbout(term.scale, cubeShare) && term.isPowerOf(x, 2);
  }
  auto sum =
      argument.factors.size() == 1 ? argument.factors[0].getDefiningOp<npu::AddOp>() : nullptr;
  if (!sum)
    return false;
  for (unsigned side = 0; side < 2; ++side) {
    Product term = Product::of(sum->getOperand(1 - side));
    if (sum->getOperand(side) == x && isAbout(term.scale, cubeShare) && term.isPowerOf(x, 3))
      return true;
  }
  return false;
}

bool isSigmoidOf(Value f, Value x) {
  auto sigmoid = f.getDefiningOp<npu::SigmoidOp>();
  return sigmoid && sigmoid.getX() == x;
}

/// f * factor = hard_sigmoid(x) with slope 1/6.
bool isHardSigmoidOf(Value f, Value x, double scale) {
  if (auto hard = f.getDefiningOp<npu::HardSigmoidOp>())
    return hard.getX() == x && isAbout(scale, 1) &&
           isAbout(hard.getAlpha().convertToDouble(), 1.0 / 6) &&
           isAbout(hard.getBeta().convertToDouble(), 0.5);
  auto clip = f.getDefiningOp<npu::ClipOp>();
  return clip && clip.getMin() && clip.getMin()->isZero() && clip.getMax() &&
         isAbout(clip.getMax()->convertToDouble(), 6) && isAbout(scale, 1.0 / 6) &&
         plusNumber(clip.getX(), 3) == x;
}

bool isTanhSoftplusOf(Value f, Value x) {
  auto tanh = f.getDefiningOp<npu::TanhOp>();
  auto softplus = tanh ? tanh.getX().getDefiningOp<npu::SoftplusOp>() : nullptr;
  return softplus && softplus.getX() == x;
}

/// x * f(x), in a product of exactly these two factors and a number.
struct NameActivation : RewritePattern {
  explicit NameActivation(MLIRContext *context)
      : RewritePattern(MatchAnyOpTypeTag(), /*benefit=*/4, context) {}

  static Operation *build(PatternRewriter &rewriter, Location loc, Value x, Value f, double scale) {
    if (isAbout(scale, 0.5) && isGeluFactor(f, x))
      return npu::GeluOp::create(rewriter, loc, x);
    if (isAbout(scale, 0.5) && isGeluTanhFactor(f, x))
      return npu::GeluTanhOp::create(rewriter, loc, x);
    if (isHardSigmoidOf(f, x, scale))
      return npu::HardSwishOp::create(rewriter, loc, x);
    if (isAbout(scale, 1) && isSigmoidOf(f, x))
      return npu::SiluOp::create(rewriter, loc, x);
    if (isAbout(scale, 1) && isTanhSoftplusOf(f, x))
      return npu::MishOp::create(rewriter, loc, x);
    return nullptr;
  }

  LogicalResult matchAndRewrite(Operation *op, PatternRewriter &rewriter) const override {
    if (!isa<npu::MulOp, npu::DivOp>(op) ||
        !isa<FloatType>(typeOf(op->getResult(0)).getElementType()))
      return failure();
    Product product = Product::of(op->getResult(0));
    if (product.factors.size() != 2)
      return failure();
    for (unsigned side = 0; side < 2; ++side) {
      Value x = product.factors[side], f = product.factors[1 - side];
      if (x.getType() != op->getResult(0).getType())
        continue;
      if (Operation *named = build(rewriter, op->getLoc(), x, f, product.scale)) {
        rewriter.replaceOp(op, named);
        return success();
      }
    }
    return failure();
  }
};

/// (clip(x + 3, 0, 6) / 6): the slope-1/6 hard_sigmoid, where no factor x follows.
struct NameHardSigmoid : RewritePattern {
  explicit NameHardSigmoid(MLIRContext *context)
      : RewritePattern(MatchAnyOpTypeTag(), /*benefit=*/3, context) {}

  LogicalResult matchAndRewrite(Operation *op, PatternRewriter &rewriter) const override {
    if (!isa<npu::MulOp, npu::DivOp>(op) ||
        !isa<FloatType>(typeOf(op->getResult(0)).getElementType()))
      return failure();
    Product product = Product::of(op->getResult(0));
    auto clip =
        product.factors.size() == 1 ? product.factors[0].getDefiningOp<npu::ClipOp>() : nullptr;
    Value x = clip ? plusNumber(clip.getX(), 3) : Value();
    if (!x || x.getType() != op->getResult(0).getType() ||
        !isHardSigmoidOf(product.factors[0], x, product.scale))
      return failure();
    rewriter.replaceOpWithNewOp<npu::HardSigmoidOp>(op, x, rewriter.getF32FloatAttr(1.0f / 6),
                                                    rewriter.getF32FloatAttr(0.5f));
    return success();
  }
};

/// Small powers as multiplications and roots, which vectorise and fold.
struct ExpandPower : OpRewritePattern<npu::PowOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(npu::PowOp op, PatternRewriter &rewriter) const override {
    std::optional<double> exponent = splatNumber(op.getRhs());
    Value x = op.getLhs();
    if (!exponent || x.getType() != op.getType())
      return failure();
    if (*exponent == 2 || *exponent == 3) {
      Value square = npu::MulOp::create(rewriter, op.getLoc(), x, x);
      rewriter.replaceOp(op, *exponent == 2 ? square
                                            : npu::MulOp::create(rewriter, op.getLoc(), square, x));
      return success();
    }
    if (*exponent == 0.5 && isa<FloatType>(op.getType().getElementType())) {
      rewriter.replaceOpWithNewOp<npu::SqrtOp>(op, x);
      return success();
    }
    return failure();
  }
};

/// max(x, 0) and a clip below at zero are relu.
struct NameRelu : RewritePattern {
  explicit NameRelu(MLIRContext *context)
      : RewritePattern(MatchAnyOpTypeTag(), /*benefit=*/1, context) {}
  LogicalResult matchAndRewrite(Operation *op, PatternRewriter &rewriter) const override {
    Value x;
    if (auto clip = dyn_cast<npu::ClipOp>(op); clip && !clip.getMax() && clip.getMin()) {
      if (clip.getMin()->isZero())
        x = clip.getX();
    } else if (auto max = dyn_cast<npu::MaxOp>(op)) {
      for (unsigned side = 0; side < 2; ++side)
        if (splatNumber(max->getOperand(1 - side)) == 0)
          x = max->getOperand(side);
    }
    if (!x || x.getType() != op->getResult(0).getType())
      return failure();
    rewriter.replaceOpWithNewOp<npu::ReluOp>(op, x);
    return success();
  }
};

} // namespace

void populateActivationPatterns(RewritePatternSet &patterns) {
  patterns.add<NameActivation, NameHardSigmoid, ExpandPower, NameRelu>(patterns.getContext());
}

} // namespace tessera
