// Types and shapes of reductions, and the verifiers of normalisations.
#include "NpuTyping.h"

using namespace mlir;

namespace tessera::npu {

LogicalResult verifyAxis(int64_t axis, Type x, EmitError emitError) {
  int64_t rank = cast<RankedTensorType>(x).getRank();
  if (axis >= 0 && axis < rank)
    return success();
  emitError() << "expected axis to be in [0, " << rank << "), but got " << axis;
  return failure();
}

LogicalResult verifyIntegers(ArrayRef<int64_t> values, StringRef name, size_t expected,
                             int64_t minimum, EmitError emitError) {
  if (values.size() != expected) {
    emitError() << "expected " << name << " to have " << expected << " entries, but got "
                << values.size();
    return failure();
  }
  for (int64_t value : values)
    if (value < minimum) {
      emitError() << "expected " << name << " to be at least " << minimum << ", but got " << value;
      return failure();
    }
  return success();
}

//===-------------------------------------------------------------------------------------------===//
// Reduction
//===-------------------------------------------------------------------------------------------===//

FailureOr<Type> inferReduceType(Type x, ArrayRef<int64_t> axes, bool keepdims,
                                EmitError emitError) {
  auto type = cast<RankedTensorType>(x);
  if (axes.empty()) {
    emitError() << "expected axes not to be empty";
    return failure();
  }
  int64_t previous = -1;
  for (int64_t axis : axes) {
    if (axis <= previous || axis >= type.getRank()) {
      emitError() << "expected axes to be increasing and in [0, " << type.getRank() << "), but got "
                  << axis;
      return failure();
    }
    previous = axis;
  }
  SmallVector<int64_t> shape;
  for (int64_t dim = 0; dim < type.getRank(); ++dim) {
    if (!llvm::is_contained(axes, dim))
      shape.push_back(type.getDimSize(dim));
    else if (keepdims)
      shape.push_back(1);
  }
  return Type(RankedTensorType::get(shape, type.getElementType()));
}

SmallVector<OpFoldResult> reifyReduceShape(OpBuilder &builder, Location loc, Value x,
                                           ArrayRef<int64_t> axes, bool keepdims) {
  SmallVector<OpFoldResult> sizes;
  for (int64_t dim = 0, rank = cast<RankedTensorType>(x.getType()).getRank(); dim < rank; ++dim) {
    if (!llvm::is_contained(axes, dim))
      sizes.push_back(tensor::getMixedSize(builder, loc, x, dim));
    else if (keepdims)
      sizes.push_back(builder.getIndexAttr(1));
  }
  return sizes;
}

//===-------------------------------------------------------------------------------------------===//
// Normalisation
//===-------------------------------------------------------------------------------------------===//

static LogicalResult verifyOpAxis(Operation *op, int64_t axis) {
  return verifyAxis(axis, op->getOperand(0).getType(),
                    [op] { return InFlightDiagnostic(op->emitOpError()); });
}

// Scale and bias have the shape of the normalised dims.
static LogicalResult verifyParameter(Operation *op, Value parameter, StringRef name,
                                     RankedTensorType x, int64_t axis) {
  if (!parameter)
    return success();
  auto type = cast<RankedTensorType>(parameter.getType());
  auto expected = RankedTensorType::get(x.getShape().drop_front(axis), x.getElementType());
  if (type.getElementType() == x.getElementType() &&
      succeeded(verifyCompatibleShape(type, expected)))
    return success();
  return op->emitOpError("expected ") << name << " type " << expected << ", but got " << type;
}

static LogicalResult verifyNorm(Operation *op, RankedTensorType x, int64_t axis, APFloat epsilon,
                                Value scale, Value bias) {
  if (failed(verifyOpAxis(op, axis)))
    return failure();
  if (epsilon.isNegative() || epsilon.isNaN())
    return op->emitOpError("expected epsilon not to be negative, but got ")
           << epsilon.convertToDouble();
  if (failed(verifyParameter(op, scale, "scale", x, axis)))
    return failure();
  return verifyParameter(op, bias, "bias", x, axis);
}

LogicalResult SoftmaxOp::verify() {
  return verifyOpAxis(*this, getAxis());
}

LogicalResult LogSoftmaxOp::verify() {
  return verifyOpAxis(*this, getAxis());
}

LogicalResult LayerNormOp::verify() {
  return verifyNorm(*this, getType(), getAxis(), getEpsilon(), getScale(), getBias());
}

LogicalResult RmsNormOp::verify() {
  return verifyNorm(*this, getType(), getAxis(), getEpsilon(), getScale(), Value());
}

} // namespace tessera::npu
