// Tensors without elements: what they contribute is known, so nothing later meets one.
#include "CanonicalizeGraph.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace tessera {
namespace {

bool isEmpty(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type && llvm::is_contained(type.getShape(), 0);
}

/// What an operator that folds no element at all gives everywhere; null when it is none of those.
TypedAttr valueOfNothing(Operation *op, Type element, Builder &b) {
  auto number = [&](double real, int64_t integer) -> TypedAttr {
    if (isa<FloatType>(element))
      return b.getFloatAttr(element, real);
    return b.getIntegerAttr(element, integer);
  };
  unsigned width = element.getIntOrFloatBitWidth();
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (isa<npu::ReduceSumOp, npu::MatmulOp, npu::Conv2DOp>(op))
    return number(0, 0);
  if (isa<npu::ReduceProdOp>(op))
    return number(1, 1);
  if (isa<npu::ReduceMeanOp>(op) && isa<FloatType>(element))
    return number(std::numeric_limits<double>::quiet_NaN(), 0);
  if (isa<npu::ReduceMaxOp>(op))
    return number(-kInfinity, llvm::minIntN(width));
  if (isa<npu::ReduceMinOp>(op))
    return number(kInfinity, llvm::maxIntN(width));
  if (auto pad = dyn_cast<npu::PadOp>(op)) {
    double value = pad.getValue().convertToDouble();
    return number(value, int64_t(value));
  }
  return {};
}

struct EmptyTensors : RewritePattern {
  explicit EmptyTensors(MLIRContext *context)
      : RewritePattern(MatchAnyOpTypeTag(), PatternBenefit(2), context) {}

  LogicalResult matchAndRewrite(Operation *op, PatternRewriter &rewriter) const override {
    if (!isa<npu::NpuOpInterface>(op) || isa<npu::ConstantOp, npu::KernelOp>(op) ||
        op->getNumResults() != 1)
      return failure();
    auto type = dyn_cast<RankedTensorType>(op->getResult(0).getType());
    if (!type || !type.hasStaticShape())
      return failure();
    if (isEmpty(op->getResult(0))) {
      rewriter.replaceOpWithNewOp<npu::ConstantOp>(
          op, type, DenseElementsAttr::get(type, ArrayRef<Attribute>()));
      return success();
    }
    if (llvm::none_of(op->getOperands(), isEmpty))
      return failure();
    if (isa<npu::ConcatOp>(op)) {
      SmallVector<Value> parts;
      llvm::copy_if(op->getOperands(), std::back_inserter(parts),
                    [](Value part) { return !isEmpty(part); });
      rewriter.modifyOpInPlace(op, [&] { op->setOperands(parts); });
      return success();
    }
    TypedAttr value = valueOfNothing(op, type.getElementType(), rewriter);
    if (!value)
      return failure();
    rewriter.replaceOpWithNewOp<npu::ConstantOp>(op, type,
                                                 DenseElementsAttr::get(type, Attribute(value)));
    return success();
  }
};

} // namespace

void populateEmptyPatterns(RewritePatternSet &patterns) {
  patterns.add<EmptyTensors>(patterns.getContext());
}

} // namespace tessera
