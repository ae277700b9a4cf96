// Types and shapes of operators that move, view or repeat elements.
#include "NpuTyping.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"

using namespace mlir;

namespace tessera::npu {

//===-------------------------------------------------------------------------------------------===//
// reshape
//===-------------------------------------------------------------------------------------------===//

// The number of elements, if all dims are known and the product is a number.
static std::optional<int64_t> elementCount(ArrayRef<int64_t> shape) {
  int64_t count = 1;
  for (int64_t size : shape)
    if (ShapedType::isDynamic(size) || llvm::MulOverflow(count, size, count))
      return std::nullopt;
  return count;
}

void ReshapeOp::build(OpBuilder &builder, OperationState &state, Value x, ArrayRef<int64_t> shape) {
  build(builder, state, Type(RankedTensorType::get(shape, getElementTypeOrSelf(x.getType()))), x);
}

LogicalResult ReshapeOp::verify() {
  auto from = cast<RankedTensorType>(getX().getType()), to = cast<RankedTensorType>(getType());
  if (from.getElementType() != to.getElementType())
    return emitOpError("expected result element type to be that of x (")
           << from.getElementType() << "), but got " << to.getElementType();
  if (to.getNumDynamicDims() > 1)
    return emitOpError("expected result to have at most one dynamic dim, but got ")
           << to.getNumDynamicDims();
  std::optional<int64_t> fromCount = elementCount(from.getShape());
  std::optional<int64_t> toCount = elementCount(to.getShape());
  if (fromCount && toCount && *fromCount != *toCount)
    return emitOpError("expected result to have the ")
           << *fromCount << " elements of x, but got " << *toCount;
  if (to.getNumDynamicDims() == 1) {
    SmallVector<int64_t> known;
    llvm::copy_if(to.getShape(), std::back_inserter(known),
                  [](int64_t size) { return !ShapedType::isDynamic(size); });
    std::optional<int64_t> step = elementCount(known);
    if (!step || *step == 0)
      return emitOpError("expected the static dims of result not to be empty");
    if (fromCount && *fromCount % *step != 0)
      return emitOpError("expected the ")
             << *fromCount << " elements of x to be a multiple of " << *step;
  }
  return success();
}

LogicalResult ReshapeOp::reifyResultShapes(OpBuilder &b, ReifiedRankedShapedTypeDims &shapes) {
  auto to = cast<RankedTensorType>(getType());
  SmallVector<OpFoldResult> sizes;
  int64_t step = 1;
  for (int64_t size : to.getShape())
    step *= ShapedType::isDynamic(size) ? 1 : size;
  for (int64_t size : to.getShape()) {
    if (!ShapedType::isDynamic(size)) {
      sizes.push_back(b.getIndexAttr(size));
      continue;
    }
    SmallVector<OpFoldResult> source = tensor::getMixedSizes(b, getLoc(), getX());
    AffineExpr count = b.getAffineConstantExpr(1);
    for (size_t i = 0; i < source.size(); ++i)
      count = count * b.getAffineSymbolExpr(i);
    sizes.push_back(
        affine::makeComposedFoldedAffineApply(b, getLoc(), count.floorDiv(step), source));
  }
  shapes.push_back(std::move(sizes));
  return success();
}

OpFoldResult ReshapeOp::fold(FoldAdaptor) {
  if (getX().getType() == getType() && cast<RankedTensorType>(getType()).hasStaticShape())
    return getX();
  return {};
}

//===-------------------------------------------------------------------------------------------===//
// expand
//===-------------------------------------------------------------------------------------------===//

void ExpandOp::build(OpBuilder &builder, OperationState &state, Value x, ArrayRef<int64_t> shape) {
  build(builder, state, Type(RankedTensorType::get(shape, getElementTypeOrSelf(x.getType()))), x);
}

LogicalResult ExpandOp::verify() {
  auto from = cast<RankedTensorType>(getX().getType()), to = cast<RankedTensorType>(getType());
  if (from.getElementType() != to.getElementType())
    return emitOpError("expected result element type to be that of x (")
           << from.getElementType() << "), but got " << to.getElementType();
  if (to.getRank() < from.getRank())
    return emitOpError("expected result rank to be at least that of x (")
           << from.getRank() << "), but got " << to.getRank();
  int64_t lead = to.getRank() - from.getRank();
  for (int64_t dim = 0; dim < to.getRank(); ++dim) {
    int64_t size = to.getDimSize(dim), source = dim < lead ? 1 : from.getDimSize(dim - lead);
    if (ShapedType::isDynamic(size) && !ShapedType::isDynamic(source))
      return emitOpError("expected result dim ")
             << dim << " to be static, since x does not give it";
    if (source != 1 && dimsDiffer(size, source))
      return emitOpError("expected result dim ")
             << dim << " (" << size << ") to equal x dim " << dim - lead << " (" << source << ")";
  }
  return success();
}

LogicalResult ExpandOp::reifyResultShapes(OpBuilder &b, ReifiedRankedShapedTypeDims &shapes) {
  auto to = cast<RankedTensorType>(getType());
  int64_t lead = to.getRank() - cast<RankedTensorType>(getX().getType()).getRank();
  SmallVector<OpFoldResult> sizes;
  for (int64_t dim = 0; dim < to.getRank(); ++dim)
    sizes.push_back(to.isDynamicDim(dim) ? tensor::getMixedSize(b, getLoc(), getX(), dim - lead)
                                         : OpFoldResult(b.getIndexAttr(to.getDimSize(dim))));
  shapes.push_back(std::move(sizes));
  return success();
}

OpFoldResult ExpandOp::fold(FoldAdaptor) {
  return getX().getType() == getType() ? OpFoldResult(getX()) : OpFoldResult();
}

//===-------------------------------------------------------------------------------------------===//
// transpose
//===-------------------------------------------------------------------------------------------===//

FailureOr<Type> TransposeOp::inferResultType(Adaptor adaptor, EmitError emitError) {
  auto x = cast<RankedTensorType>(adaptor.getX().getType());
  ArrayRef<int64_t> perm = adaptor.getPerm();
  if (failed(verifyIntegers(perm, "perm", x.getRank(), 0, emitError)))
    return failure();
  llvm::SmallBitVector seen(x.getRank());
  SmallVector<int64_t> shape;
  for (int64_t dim : perm) {
    if (dim >= x.getRank() || seen.test(dim)) {
      emitError() << "expected perm to name each of " << x.getRank() << " dims once, but got "
                  << dim << (dim >= x.getRank() ? "" : " twice");
      return failure();
    }
    seen.set(dim);
    shape.push_back(x.getDimSize(dim));
  }
  return Type(RankedTensorType::get(shape, x.getElementType()));
}

LogicalResult TransposeOp::reifyResultShapes(OpBuilder &b, ReifiedRankedShapedTypeDims &shapes) {
  SmallVector<OpFoldResult> sizes;
  for (int64_t dim : getPerm())
    sizes.push_back(tensor::getMixedSize(b, getLoc(), getX(), dim));
  shapes.push_back(std::move(sizes));
  return success();
}

OpFoldResult TransposeOp::fold(FoldAdaptor) {
  if (getX().getType() == getType() &&
      llvm::equal(getPerm(), llvm::seq<int64_t>(0, getPerm().size())))
    return getX();
  return {};
}

//===-------------------------------------------------------------------------------------------===//
// concat
//===-------------------------------------------------------------------------------------------===//

static LogicalResult verifyConcatOperand(RankedTensorType first, RankedTensorType type,
                                         size_t index, int64_t axis, EmitError emitError) {
  if (type.getElementType() != first.getElementType()) {
    emitError() << "expected element type of input " << index << " to be that of input 0 ("
                << first.getElementType() << "), but got " << type.getElementType();
    return failure();
  }
  if (type.getRank() != first.getRank()) {
    emitError() << "expected rank of input " << index << " to be that of input 0 ("
                << first.getRank() << "), but got " << type.getRank();
    return failure();
  }
  for (int64_t dim = 0; dim < type.getRank(); ++dim)
    if (dim != axis && dimsDiffer(type.getDimSize(dim), first.getDimSize(dim))) {
      emitError() << "expected input " << index << " dim " << dim << " (" << type.getDimSize(dim)
                  << ") to equal input 0 dim " << dim << " (" << first.getDimSize(dim) << ")";
      return failure();
    }
  return success();
}

FailureOr<Type> ConcatOp::inferResultType(Adaptor adaptor, EmitError emitError) {
  if (adaptor.getInputs().empty()) {
    emitError() << "expected at least one input";
    return failure();
  }
  auto first = cast<RankedTensorType>(adaptor.getInputs().front().getType());
  int64_t axis = adaptor.getAxis();
  if (failed(verifyAxis(axis, first, emitError)))
    return failure();
  SmallVector<int64_t> shape(first.getShape());
  shape[axis] = 0;
  for (auto [index, input] : llvm::enumerate(adaptor.getInputs())) {
    auto type = cast<RankedTensorType>(input.getType());
    if (failed(verifyConcatOperand(first, type, index, axis, emitError)))
      return failure();
    for (int64_t dim = 0; dim < type.getRank(); ++dim) {
      int64_t size = type.getDimSize(dim);
      if (dim != axis)
        shape[dim] = ShapedType::isDynamic(shape[dim]) ? size : shape[dim];
      else if (ShapedType::isDynamic(size) || ShapedType::isDynamic(shape[axis]))
        shape[axis] = ShapedType::kDynamic;
      else if (llvm::AddOverflow(shape[axis], size, shape[axis])) {
        emitError() << "expected the size along axis " << axis << " to fit 64 bits";
        return failure();
      }
    }
  }
  return Type(RankedTensorType::get(shape, first.getElementType()));
}

LogicalResult ConcatOp::reifyResultShapes(OpBuilder &b, ReifiedRankedShapedTypeDims &shapes) {
  int64_t axis = getAxis();
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(b, getLoc(), getInputs().front());
  SmallVector<OpFoldResult> along;
  AffineExpr sum = b.getAffineConstantExpr(0);
  for (auto [index, input] : llvm::enumerate(getInputs())) {
    along.push_back(tensor::getMixedSize(b, getLoc(), input, axis));
    sum = sum + b.getAffineDimExpr(index);
  }
  sizes[axis] = affine::makeComposedFoldedAffineApply(b, getLoc(),
                                                      AffineMap::get(along.size(), 0, sum), along);
  shapes.push_back(std::move(sizes));
  return success();
}

//===-------------------------------------------------------------------------------------------===//
// slice
//===-------------------------------------------------------------------------------------------===//

// The size of one dim of a slice, after checking that it lies inside the operand.
static FailureOr<int64_t> sliceDim(int64_t dim, int64_t source, int64_t offset, int64_t size,
                                   int64_t stride, EmitError emitError) {
  if (ShapedType::isDynamic(source))
    return size < 0 ? ShapedType::kDynamic : size;
  if (offset > source) {
    emitError() << "expected offset " << dim << " to be at most x dim " << dim << " (" << source
                << "), but got " << offset;
    return failure();
  }
  // Room for 1 + (source - offset - 1) / stride elements, none if nothing is left.
  int64_t room = source == offset ? 0 : (source - offset - 1) / stride + 1;
  if (size > room) {
    emitError() << "expected size " << dim << " to be at most " << room << ", what x dim " << dim
                << " (" << source << ") holds from offset " << offset << " by stride " << stride
                << ", but got " << size;
    return failure();
  }
  return size < 0 ? room : size;
}

FailureOr<Type> SliceOp::inferResultType(Adaptor adaptor, EmitError emitError) {
  auto x = cast<RankedTensorType>(adaptor.getX().getType());
  size_t rank = x.getRank();
  if (failed(verifyIntegers(adaptor.getOffsets(), "offsets", rank, 0, emitError)) ||
      failed(verifyIntegers(adaptor.getSizes(), "sizes", rank, -1, emitError)) ||
      failed(verifyIntegers(adaptor.getStrides(), "strides", rank, 1, emitError)))
    return failure();
  SmallVector<int64_t> shape;
  for (size_t dim = 0; dim < rank; ++dim) {
    FailureOr<int64_t> size =
        sliceDim(dim, x.getDimSize(dim), adaptor.getOffsets()[dim], adaptor.getSizes()[dim],
                 adaptor.getStrides()[dim], emitError);
    if (failed(size))
      return failure();
    shape.push_back(*size);
  }
  return Type(RankedTensorType::get(shape, x.getElementType()));
}

LogicalResult SliceOp::reifyResultShapes(OpBuilder &b, ReifiedRankedShapedTypeDims &shapes) {
  SmallVector<OpFoldResult> sizes;
  for (auto [dim, size] : llvm::enumerate(getSizes())) {
    if (size >= 0) {
      sizes.push_back(b.getIndexAttr(size));
      continue;
    }
    AffineExpr room = (b.getAffineDimExpr(0) - getOffsets()[dim]).ceilDiv(getStrides()[dim]);
    sizes.push_back(affine::makeComposedFoldedAffineApply(
        b, getLoc(), room, {tensor::getMixedSize(b, getLoc(), getX(), dim)}));
  }
  shapes.push_back(std::move(sizes));
  return success();
}

//===-------------------------------------------------------------------------------------------===//
// pad
//===-------------------------------------------------------------------------------------------===//

FailureOr<Type> PadOp::inferResultType(Adaptor adaptor, EmitError emitError) {
  auto x = cast<RankedTensorType>(adaptor.getX().getType());
  if (failed(verifyIntegers(adaptor.getLow(), "low", x.getRank(), 0, emitError)) ||
      failed(verifyIntegers(adaptor.getHigh(), "high", x.getRank(), 0, emitError)))
    return failure();
  double value = adaptor.getValue().convertToDouble();
  auto integer = dyn_cast<IntegerType>(x.getElementType());
  if (integer) {
    unsigned bits = integer.getWidth();
    double low = bits == 1 ? 0.0 : -std::ldexp(1.0, bits - 1);
    double high = bits == 1 ? 2.0 : std::ldexp(1.0, bits - 1);
    if (value != std::floor(value) || value < low || value >= high) {
      emitError() << "expected value to be an " << x.getElementType() << ", but got " << value;
      return failure();
    }
  }
  SmallVector<int64_t> shape;
  for (auto [dim, size] : llvm::enumerate(x.getShape())) {
    int64_t padded = ShapedType::kDynamic;
    if (!ShapedType::isDynamic(size) &&
        (llvm::AddOverflow(size, adaptor.getLow()[dim], padded) ||
         llvm::AddOverflow(padded, adaptor.getHigh()[dim], padded))) {
      emitError() << "expected padded dim " << dim << " to fit 64 bits";
      return failure();
    }
    shape.push_back(padded);
  }
  return Type(RankedTensorType::get(shape, x.getElementType()));
}

LogicalResult PadOp::reifyResultShapes(OpBuilder &b, ReifiedRankedShapedTypeDims &shapes) {
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(b, getLoc(), getX());
  for (auto [dim, size] : llvm::enumerate(sizes))
    size = affine::makeComposedFoldedAffineApply(
        b, getLoc(), b.getAffineDimExpr(0) + (getLow()[dim] + getHigh()[dim]), {size});
  shapes.push_back(std::move(sizes));
  return success();
}

//===-------------------------------------------------------------------------------------------===//
// gather
//===-------------------------------------------------------------------------------------------===//

FailureOr<Type> GatherOp::inferResultType(Adaptor adaptor, EmitError emitError) {
  auto data = cast<RankedTensorType>(adaptor.getData().getType());
  auto indices = cast<RankedTensorType>(adaptor.getIndices().getType());
  int64_t axis = adaptor.getAxis();
  if (failed(verifyAxis(axis, data, emitError)))
    return failure();
  SmallVector<int64_t> shape(data.getShape().take_front(axis));
  llvm::append_range(shape, indices.getShape());
  llvm::append_range(shape, data.getShape().drop_front(axis + 1));
  return Type(RankedTensorType::get(shape, data.getElementType()));
}

LogicalResult GatherOp::reifyResultShapes(OpBuilder &b, ReifiedRankedShapedTypeDims &shapes) {
  SmallVector<OpFoldResult> sizes;
  int64_t rank = cast<RankedTensorType>(getData().getType()).getRank();
  for (int64_t dim = 0; dim < rank; ++dim) {
    if (dim == static_cast<int64_t>(getAxis()))
      llvm::append_range(sizes, tensor::getMixedSizes(b, getLoc(), getIndices()));
    else
      sizes.push_back(tensor::getMixedSize(b, getLoc(), getData(), dim));
  }
  shapes.push_back(std::move(sizes));
  return success();
}

} // namespace tessera::npu
