// Types and shapes of elementwise operators: NumPy broadcasting.
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "tessera/dialect/npu/NpuOps.h"

using namespace mlir;

namespace tessera::npu {

namespace {
struct NamedShape {
  StringRef name;
  ArrayRef<int64_t> shape;
};
} // namespace

// The dims of two operands that meet, counted from the last.
static FailureOr<int64_t> broadcastDim(int64_t lhs, int64_t rhs) {
  if (lhs == rhs || rhs == 1)
    return lhs;
  if (lhs == 1)
    return rhs;
  if (ShapedType::isDynamic(lhs))
    return rhs;
  if (ShapedType::isDynamic(rhs))
    return lhs;
  return failure();
}

static FailureOr<SmallVector<int64_t>> broadcastShapes(ArrayRef<NamedShape> operands,
                                                       EmitError emitError) {
  size_t rank = 0;
  for (const NamedShape &operand : operands)
    rank = std::max(rank, operand.shape.size());
  SmallVector<int64_t> result(rank, 1);
  SmallVector<const NamedShape *> source(rank, nullptr);
  for (const NamedShape &operand : operands) {
    size_t offset = rank - operand.shape.size();
    for (auto [dim, size] : llvm::enumerate(operand.shape)) {
      int64_t &out = result[offset + dim];
      FailureOr<int64_t> joined = broadcastDim(out, size);
      if (failed(joined)) {
        const NamedShape &other = *source[offset + dim];
        int64_t otherDim = offset + dim - (rank - other.shape.size());
        emitError() << "expected " << operand.name << " dim " << dim << " (" << size
                    << ") to broadcast with " << other.name << " dim " << otherDim << " (" << out
                    << ")";
        return failure();
      }
      if (!source[offset + dim] || out != *joined)
        source[offset + dim] = &operand;
      out = *joined;
    }
  }
  return result;
}

static LogicalResult sameElementType(Type lhs, Type rhs, StringRef lhsName, StringRef rhsName,
                                     EmitError emitError) {
  Type lhsElement = getElementTypeOrSelf(lhs), rhsElement = getElementTypeOrSelf(rhs);
  if (lhsElement == rhsElement)
    return success();
  emitError() << "expected " << rhsName << " element type to be that of " << lhsName << " ("
              << lhsElement << "), but got " << rhsElement;
  return failure();
}

static FailureOr<Type> inferBinaryType(Type lhs, Type rhs, EmitError emitError) {
  if (failed(sameElementType(lhs, rhs, "lhs", "rhs", emitError)))
    return failure();
  FailureOr<SmallVector<int64_t>> shape =
      broadcastShapes({{"lhs", cast<RankedTensorType>(lhs).getShape()},
                       {"rhs", cast<RankedTensorType>(rhs).getShape()}},
                      emitError);
  if (failed(shape))
    return failure();
  return Type(RankedTensorType::get(*shape, getElementTypeOrSelf(lhs)));
}

#define TESSERA_BINARY_TYPE(OP)                                                                    \
  FailureOr<Type> OP::inferResultType(Adaptor adaptor, EmitError emitError) {                      \
    return inferBinaryType(adaptor.getLhs().getType(), adaptor.getRhs().getType(), emitError);     \
  }
TESSERA_BINARY_TYPE(AddOp)
TESSERA_BINARY_TYPE(SubOp)
TESSERA_BINARY_TYPE(MulOp)
TESSERA_BINARY_TYPE(DivOp)
TESSERA_BINARY_TYPE(MaxOp)
TESSERA_BINARY_TYPE(MinOp)
TESSERA_BINARY_TYPE(PowOp)
TESSERA_BINARY_TYPE(ModOp)
TESSERA_BINARY_TYPE(AndOp)
TESSERA_BINARY_TYPE(OrOp)
TESSERA_BINARY_TYPE(XorOp)
#undef TESSERA_BINARY_TYPE

FailureOr<Type> CompareOp::inferResultType(Adaptor adaptor, EmitError emitError) {
  FailureOr<Type> type =
      inferBinaryType(adaptor.getLhs().getType(), adaptor.getRhs().getType(), emitError);
  if (failed(type))
    return failure();
  return Type(cast<RankedTensorType>(*type).clone(IntegerType::get(type->getContext(), 1)));
}

FailureOr<Type> SelectOp::inferResultType(Adaptor adaptor, EmitError emitError) {
  auto condition = cast<RankedTensorType>(adaptor.getCondition().getType());
  auto onTrue = cast<RankedTensorType>(adaptor.getOnTrue().getType());
  auto onFalse = cast<RankedTensorType>(adaptor.getOnFalse().getType());
  if (failed(sameElementType(onTrue, onFalse, "on_true", "on_false", emitError)))
    return failure();
  FailureOr<SmallVector<int64_t>> shape = broadcastShapes({{"condition", condition.getShape()},
                                                           {"on_true", onTrue.getShape()},
                                                           {"on_false", onFalse.getShape()}},
                                                          emitError);
  if (failed(shape))
    return failure();
  return Type(RankedTensorType::get(*shape, onTrue.getElementType()));
}

void CastOp::build(OpBuilder &builder, OperationState &state, Value x, Type elementType) {
  build(builder, state, Type(cast<RankedTensorType>(x.getType()).clone(elementType)), x);
}

OpFoldResult CastOp::fold(FoldAdaptor) {
  return getX().getType() == getType() ? OpFoldResult(getX()) : OpFoldResult();
}

SmallVector<OpFoldResult> reifyBroadcastShape(OpBuilder &builder, Operation *op) {
  auto result = cast<RankedTensorType>(op->getResult(0).getType());
  SmallVector<OpFoldResult> sizes;
  for (int64_t dim = 0; dim < result.getRank(); ++dim) {
    if (!result.isDynamicDim(dim)) {
      sizes.push_back(builder.getIndexAttr(result.getDimSize(dim)));
      continue;
    }
    // An operand whose dim is not 1 decides; a static one if there is any.
    OpFoldResult size = builder.getIndexAttr(1);
    for (Value operand : op->getOperands()) {
      auto type = cast<RankedTensorType>(operand.getType());
      int64_t operandDim = dim - (result.getRank() - type.getRank());
      if (operandDim < 0 || type.getDimSize(operandDim) == 1)
        continue;
      size = tensor::getMixedSize(builder, op->getLoc(), operand, operandDim);
      if (!type.isDynamicDim(operandDim))
        break;
    }
    sizes.push_back(size);
  }
  return sizes;
}

} // namespace tessera::npu
