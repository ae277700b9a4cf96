// Finds attention among npu operators.
#include "Attention.h"

#include "CausalMasks.h"

#include "mlir/IR/BuiltinAttributes.h"

using namespace mlir;
using namespace tessera;

/// The one number that a constant holds.
static std::optional<double> splatOf(Value value) {
  auto constant = value.getDefiningOp<npu::ConstantOp>();
  auto dense = constant ? dyn_cast<DenseFPElementsAttr>(constant.getValue()) : nullptr;
  if (!dense || !dense.isSplat())
    return std::nullopt;
  return dense.getSplatValue<APFloat>().convertToDouble();
}

namespace {

/// Walks up from the last operator, each of the others having one user.
class Matcher {
public:
  std::optional<Attention> run(Operation *last) {
    auto result = dyn_cast<npu::MatmulOp>(last);
    if (!result || result.getTransposeLhs() || result.getTransposeRhs() || result.getPackedN())
      return std::nullopt;
    take(result);
    found.value = result.getRhs();
    at = result.getLhs();
    skipCast();
    auto softmax = only<npu::SoftmaxOp>();
    if (!softmax ||
        int64_t(softmax.getAxis()) != cast<RankedTensorType>(softmax.getType()).getRank() - 1)
      return std::nullopt;
    take(softmax);
    at = softmax->getOperand(0);
    skipCast();
    const Value scaled = at;
    while (takeScale()) {
    }
    // A mask that is scaled too would have to be scaled apart.
    if (at == scaled && takeMask()) {
      while (takeScale()) {
      }
    }
    skipCast();
    auto scores = only<npu::MatmulOp>();
    if (!isScores(scores) || !(found.scale > 0))
      return std::nullopt;
    take(scores);
    if (llvm::any_of(found.ops, [&](Operation *op) { return op->getBlock() != last->getBlock(); }))
      return std::nullopt;
    found.query = scores.getLhs();
    found.key = scores.getRhs();
    std::reverse(found.ops.begin(), found.ops.end());
    return found;
  }

private:
  template <typename Op> Op only() {
    auto op = at.getDefiningOp<Op>();
    return op && op->hasOneUse() ? op : Op();
  }
  void take(Operation *op) { found.ops.push_back(op); }
  static bool isScores(npu::MatmulOp op) {
    return op && !op.getTransposeLhs() && op.getTransposeRhs() && !op.getPackedN();
  }
  void skipCast() {
    if (auto cast = only<npu::CastOp>()) {
      take(cast);
      at = cast->getOperand(0);
    }
  }
  bool takeScale() {
    Operation *op = at.getDefiningOp();
    if (!isa_and_nonnull<npu::MulOp, npu::DivOp>(op) || !op->hasOneUse())
      return false;
    std::optional<double> right = splatOf(op->getOperand(1)), left = splatOf(op->getOperand(0));
    bool divides = isa<npu::DivOp>(op);
    if (right && (!divides || *right != 0)) {
      found.scale *= divides ? 1 / *right : *right;
      at = op->getOperand(0);
    } else if (left && !divides) {
      found.scale *= *left;
      at = op->getOperand(1);
    } else {
      return false;
    }
    take(op);
    return true;
  }

  /// Whether a value is made of scores and nothing but factors.
  static bool comesFromScores(Value v) {
    Operation *op = v.getDefiningOp();
    while (isa_and_nonnull<npu::MulOp, npu::DivOp, npu::CastOp>(op)) {
      bool right = op->getNumOperands() == 1 || splatOf(op->getOperand(1));
      op = op->getOperand(right ? 0 : 1).getDefiningOp();
    }
    return isScores(dyn_cast_or_null<npu::MatmulOp>(op));
  }
  bool takeMask() {
    auto add = only<npu::AddOp>();
    if (!add)
      return false;
    bool left = comesFromScores(add->getOperand(0));
    Value scores = add->getOperand(left ? 0 : 1), mask = add->getOperand(left ? 1 : 0);
    auto type = cast<RankedTensorType>(mask.getType());
    if (!comesFromScores(scores) || scores.getType() != add->getResult(0).getType() ||
        type.getRank() < 2)
      return false;
    found.mask = mask;
    if (auto causal = add->getAttrOfType<IntegerAttr>(kCausalAttr))
      found.causal = causal.getInt();
    take(add);
    at = scores;
    return true;
  }

  Attention found;
  Value at;
};

} // namespace

std::optional<Attention> tessera::matchAttention(Operation *last) {
  return Matcher().run(last);
}

AttentionTypes tessera::typesOf(const Attention &attention) {
  auto type = [](Value v) { return v ? cast<ShapedType>(v.getType()) : ShapedType(); };
  return {type(attention.query),
          type(attention.key),
          type(attention.value),
          type(attention.mask),
          cast<ShapedType>(attention.ops.back()->getResult(0).getType()).getElementType(),
          /*isBlock=*/false,
          attention.causal.has_value()};
}
