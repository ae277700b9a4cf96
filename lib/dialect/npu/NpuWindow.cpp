// Types and shapes of convolutions and poolings.
#include "NpuTyping.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"

using namespace mlir;

namespace tessera::npu {

namespace {
// What every window operator says about its window.
struct Window {
  std::array<int64_t, 2> kernel;
  ArrayRef<int64_t> strides, dilations, pads;
  size_t dynamicPads;
};
} // namespace

static LogicalResult verifyWindow(const Window &window, EmitError emitError) {
  if (failed(verifyIntegers(window.strides, "strides", 2, 1, emitError)) ||
      failed(verifyIntegers(window.dilations, "dilations", 2, 1, emitError)))
    return failure();
  if (window.pads.size() != 4) {
    emitError() << "expected pads to have 4 entries, but got " << window.pads.size();
    return failure();
  }
  size_t dynamic = 0;
  for (int64_t pad : window.pads) {
    dynamic += ShapedType::isDynamic(pad);
    if (pad < 0 && !ShapedType::isDynamic(pad)) {
      emitError() << "expected pads to be at least 0, but got " << pad;
      return failure();
    }
  }
  if (dynamic != window.dynamicPads) {
    emitError() << "expected " << dynamic << " dynamic pads, but got " << window.dynamicPads;
    return failure();
  }
  for (int64_t size : window.kernel)
    if (size <= 0 && !ShapedType::isDynamic(size)) {
      emitError() << "expected the window to have no empty side, but got " << window.kernel[0]
                  << "x" << window.kernel[1];
      return failure();
    }
  return success();
}

// One side of the result. `axis` is 0 for the height.
static FailureOr<int64_t> windowResultDim(int64_t size, const Window &window, int axis,
                                          EmitError emitError) {
  int64_t before = window.pads[axis], after = window.pads[axis + 2];
  if (ShapedType::isDynamicShape({size, before, after, window.kernel[axis]}))
    return ShapedType::kDynamic;
  // Each factor may be any 64-bit number, so the products are checked.
  int64_t extent, padded;
  if (llvm::MulOverflow(window.kernel[axis] - 1, window.dilations[axis], extent) ||
      llvm::AddOverflow(extent, int64_t(1), extent) || llvm::AddOverflow(size, before, padded) ||
      llvm::AddOverflow(padded, after, padded) || extent > padded) {
    emitError() << "expected the window's " << (axis == 0 ? "height" : "width")
                << " to fit the padded input (" << size << " + " << before << " + " << after
                << "), but got " << window.kernel[axis] << " with dilation "
                << window.dilations[axis];
    return failure();
  }
  return (padded - extent) / window.strides[axis] + 1;
}

static FailureOr<Type> inferWindowType(RankedTensorType input, const Window &window,
                                       int64_t features, Type elementType, EmitError emitError) {
  if (failed(verifyWindow(window, emitError)))
    return failure();
  FailureOr<int64_t> height = windowResultDim(input.getDimSize(1), window, 0, emitError);
  if (failed(height))
    return failure();
  FailureOr<int64_t> width = windowResultDim(input.getDimSize(2), window, 1, emitError);
  if (failed(width))
    return failure();
  return Type(RankedTensorType::get({input.getDimSize(0), *height, *width, features}, elementType));
}

static LogicalResult verifyRank(RankedTensorType type, StringRef name, int64_t rank,
                                EmitError emitError) {
  if (type.getRank() == rank)
    return success();
  emitError() << "expected " << name << " rank to be " << rank << ", but got " << type.getRank();
  return failure();
}

static LogicalResult verifyConvOperands(RankedTensorType input, RankedTensorType filter,
                                        int64_t filterRank, EmitError emitError) {
  if (failed(verifyRank(input, "input", 4, emitError)) ||
      failed(verifyRank(filter, "filter", filterRank, emitError)))
    return failure();
  if (input.getElementType() == filter.getElementType())
    return success();
  emitError() << "expected filter element type to be that of input (" << input.getElementType()
              << "), but got " << filter.getElementType();
  return failure();
}

//===-------------------------------------------------------------------------------------------===//
// Convolution
//===-------------------------------------------------------------------------------------------===//

static LogicalResult verifyGroups(RankedTensorType input, int64_t filterChannels, int64_t features,
                                  int64_t groups, EmitError emitError) {
  int64_t channels = input.getDimSize(3);
  if (groups < 1) {
    emitError() << "expected groups to be at least 1, but got " << groups;
    return failure();
  }
  if (!ShapedType::isDynamic(features) && features % groups != 0) {
    emitError() << "expected filter dim 3 (" << features << ") to be a multiple of groups ("
                << groups << ")";
    return failure();
  }
  if (ShapedType::isDynamic(channels) || ShapedType::isDynamic(filterChannels))
    return success();
  if (channels % groups != 0 || channels / groups != filterChannels) {
    emitError() << "expected input dim 3 (" << channels << ") to equal filter dim 2 ("
                << filterChannels << ") times groups (" << groups << ")";
    return failure();
  }
  return success();
}

static FailureOr<Type> inferPackedConvType(Conv2DOp::Adaptor adaptor, RankedTensorType input,
                                           RankedTensorType filter, EmitError emitError) {
  std::optional<ArrayRef<int64_t>> kernel = adaptor.getKernel();
  if (!kernel) {
    emitError() << "expected kernel with packed_n";
    return failure();
  }
  if (adaptor.getGroups() != 1) {
    emitError() << "expected groups to be 1 with packed_n, but got " << adaptor.getGroups();
    return failure();
  }
  if (failed(verifyIntegers(*kernel, "kernel", 2, 1, emitError)) ||
      failed(verifyConvOperands(input, filter, packedRank(filter.getElementType()), emitError)) ||
      failed(verifyPacked(*adaptor.getPackedN(), filter.getDimSize(0), filter.getDimSize(2),
                          "filter", 0, emitError)))
    return failure();
  int64_t channels = input.getDimSize(3), depth = filter.getDimSize(1);
  if (!ShapedType::isDynamic(channels)) {
    int64_t expected;
    if (llvm::MulOverflow((*kernel)[0], (*kernel)[1], expected) ||
        llvm::MulOverflow(expected, channels, expected) ||
        dimsDiffer(packedDepth(expected, groupOf(filter)), depth)) {
      emitError() << "expected filter dim 1 (" << depth << ") to equal kernel " << (*kernel)[0]
                  << "x" << (*kernel)[1] << " times input dim 3 (" << channels << ")";
      return failure();
    }
  }
  Window window{{(*kernel)[0], (*kernel)[1]},
                adaptor.getStrides(),
                adaptor.getDilations(),
                adaptor.getPads(),
                adaptor.getDynamicPads().size()};
  return inferWindowType(input, window, *adaptor.getPackedN(),
                         contractionElementType(input.getElementType()), emitError);
}

FailureOr<Type> Conv2DOp::inferResultType(Adaptor adaptor, EmitError emitError) {
  auto input = cast<RankedTensorType>(adaptor.getInput().getType());
  auto filter = cast<RankedTensorType>(adaptor.getFilter().getType());
  if (adaptor.getPackedN())
    return inferPackedConvType(adaptor, input, filter, emitError);
  if (adaptor.getKernel()) {
    emitError() << "expected no kernel without packed_n";
    return failure();
  }
  if (failed(verifyConvOperands(input, filter, 4, emitError)) ||
      failed(verifyGroups(input, filter.getDimSize(2), filter.getDimSize(3), adaptor.getGroups(),
                          emitError)))
    return failure();
  Window window{{filter.getDimSize(0), filter.getDimSize(1)},
                adaptor.getStrides(),
                adaptor.getDilations(),
                adaptor.getPads(),
                adaptor.getDynamicPads().size()};
  return inferWindowType(input, window, filter.getDimSize(3),
                         contractionElementType(input.getElementType()), emitError);
}

FailureOr<Type> DepthwiseConv2DOp::inferResultType(Adaptor adaptor, EmitError emitError) {
  auto input = cast<RankedTensorType>(adaptor.getInput().getType());
  auto filter = cast<RankedTensorType>(adaptor.getFilter().getType());
  if (failed(verifyConvOperands(input, filter, 3, emitError)))
    return failure();
  int64_t channels = input.getDimSize(3), filterChannels = filter.getDimSize(2);
  if (dimsDiffer(channels, filterChannels)) {
    emitError() << "expected input dim 3 (" << channels << ") to equal filter dim 2 ("
                << filterChannels << ")";
    return failure();
  }
  Window window{{filter.getDimSize(0), filter.getDimSize(1)},
                adaptor.getStrides(),
                adaptor.getDilations(),
                adaptor.getPads(),
                adaptor.getDynamicPads().size()};
  return inferWindowType(input, window, ShapedType::isDynamic(channels) ? filterChannels : channels,
                         contractionElementType(input.getElementType()), emitError);
}

//===-------------------------------------------------------------------------------------------===//
// Pooling
//===-------------------------------------------------------------------------------------------===//

template <typename Adaptor>
static FailureOr<Type> inferPoolType(Adaptor adaptor, EmitError emitError) {
  auto input = cast<RankedTensorType>(adaptor.getInput().getType());
  if (failed(verifyRank(input, "input", 4, emitError)) ||
      failed(verifyIntegers(adaptor.getKernel(), "kernel", 2, 1, emitError)))
    return failure();
  Window window{{adaptor.getKernel()[0], adaptor.getKernel()[1]},
                adaptor.getStrides(),
                adaptor.getDilations(),
                adaptor.getPads(),
                adaptor.getDynamicPads().size()};
  return inferWindowType(input, window, input.getDimSize(3), input.getElementType(), emitError);
}

FailureOr<Type> MaxPool2DOp::inferResultType(Adaptor adaptor, EmitError emitError) {
  return inferPoolType(adaptor, emitError);
}

FailureOr<Type> AvgPool2DOp::inferResultType(Adaptor adaptor, EmitError emitError) {
  return inferPoolType(adaptor, emitError);
}

//===-------------------------------------------------------------------------------------------===//
// Windows and sizes
//===-------------------------------------------------------------------------------------------===//

std::array<int64_t, 2> Conv2DOp::getWindow() {
  if (std::optional<ArrayRef<int64_t>> kernel = getKernel())
    return {(*kernel)[0], (*kernel)[1]};
  auto filter = cast<RankedTensorType>(getFilter().getType());
  return {filter.getDimSize(0), filter.getDimSize(1)};
}

std::array<int64_t, 2> DepthwiseConv2DOp::getWindow() {
  auto filter = cast<RankedTensorType>(getFilter().getType());
  return {filter.getDimSize(0), filter.getDimSize(1)};
}

std::array<int64_t, 2> MaxPool2DOp::getWindow() {
  return {getKernel()[0], getKernel()[1]};
}

std::array<int64_t, 2> AvgPool2DOp::getWindow() {
  return {getKernel()[0], getKernel()[1]};
}

// (size + before + after - (window - 1) * dilation - 1) floordiv stride + 1, for both sides.
template <typename OpTy>
static SmallVector<OpFoldResult> reifyWindowShape(OpBuilder &b, OpTy op, Value filter,
                                                  OpFoldResult features) {
  Location loc = op.getLoc();
  SmallVector<OpFoldResult> pads = op.getMixedPads();
  SmallVector<OpFoldResult> sizes = {tensor::getMixedSize(b, loc, op.getInput(), 0)};
  std::array<int64_t, 2> window = op.getWindow();
  AffineExpr size, before, after, extent;
  bindDims(b.getContext(), size, before, after, extent);
  for (int axis = 0; axis < 2; ++axis) {
    OpFoldResult kernel = ShapedType::isDynamic(window[axis])
                              ? tensor::getMixedSize(b, loc, filter, axis)
                              : OpFoldResult(b.getIndexAttr(window[axis]));
    AffineExpr result = (size + before + after - (extent - 1) * op.getDilations()[axis] - 1)
                            .floorDiv(op.getStrides()[axis]) +
                        1;
    sizes.push_back(affine::makeComposedFoldedAffineApply(
        b, loc, result,
        {tensor::getMixedSize(b, loc, op.getInput(), axis + 1), pads[axis], pads[axis + 2],
         kernel}));
  }
  sizes.push_back(features);
  return sizes;
}

LogicalResult Conv2DOp::reifyResultShapes(OpBuilder &b, ReifiedRankedShapedTypeDims &shapes) {
  OpFoldResult features = getPackedN() ? OpFoldResult(b.getIndexAttr(*getPackedN()))
                                       : tensor::getMixedSize(b, getLoc(), getFilter(), 3);
  shapes.push_back(reifyWindowShape(b, *this, getFilter(), features));
  return success();
}

LogicalResult DepthwiseConv2DOp::reifyResultShapes(OpBuilder &b,
                                                   ReifiedRankedShapedTypeDims &shapes) {
  OpFoldResult channels = tensor::getMixedSize(b, getLoc(), getInput(), 3);
  shapes.push_back(reifyWindowShape(b, *this, getFilter(), channels));
  return success();
}

LogicalResult MaxPool2DOp::reifyResultShapes(OpBuilder &b, ReifiedRankedShapedTypeDims &shapes) {
  OpFoldResult channels = tensor::getMixedSize(b, getLoc(), getInput(), 3);
  shapes.push_back(reifyWindowShape(b, *this, Value(), channels));
  return success();
}

LogicalResult AvgPool2DOp::reifyResultShapes(OpBuilder &b, ReifiedRankedShapedTypeDims &shapes) {
  OpFoldResult channels = tensor::getMixedSize(b, getLoc(), getInput(), 3);
  shapes.push_back(reifyWindowShape(b, *this, Value(), channels));
  return success();
}

//===-------------------------------------------------------------------------------------------===//
// Builders
//===-------------------------------------------------------------------------------------------===//

// With a null result type the type is inferred, which must succeed.
template <typename OpTy> static void inferBuiltType(OpBuilder &builder, OperationState &state) {
  state.types.clear();
  if (failed(OpTy::inferReturnTypes(builder.getContext(), state.location, state.operands,
                                    state.attributes.getDictionary(builder.getContext()),
                                    state.getRawProperties(), state.regions, state.types)))
    mlir::detail::reportFatalInferReturnTypesError(state);
}

void Conv2DOp::build(OpBuilder &builder, OperationState &state, Type result, Value input,
                     Value filter, ArrayRef<int64_t> strides, ArrayRef<int64_t> dilations,
                     ArrayRef<int64_t> pads, int64_t groups) {
  build(builder, state, result, input, filter, ValueRange(), strides, dilations, pads, groups,
        IntegerAttr(), DenseI64ArrayAttr());
}

void Conv2DOp::build(OpBuilder &builder, OperationState &state, Value input, Value filter,
                     ArrayRef<int64_t> strides, ArrayRef<int64_t> dilations, ArrayRef<int64_t> pads,
                     int64_t groups) {
  build(builder, state, Type(), input, filter, strides, dilations, pads, groups);
  inferBuiltType<Conv2DOp>(builder, state);
}

void DepthwiseConv2DOp::build(OpBuilder &builder, OperationState &state, Type result, Value input,
                              Value filter, ArrayRef<int64_t> strides, ArrayRef<int64_t> dilations,
                              ArrayRef<int64_t> pads) {
  build(builder, state, result, input, filter, ValueRange(), strides, dilations, pads);
}

void DepthwiseConv2DOp::build(OpBuilder &builder, OperationState &state, Value input, Value filter,
                              ArrayRef<int64_t> strides, ArrayRef<int64_t> dilations,
                              ArrayRef<int64_t> pads) {
  build(builder, state, Type(), input, filter, strides, dilations, pads);
  inferBuiltType<DepthwiseConv2DOp>(builder, state);
}

void MaxPool2DOp::build(OpBuilder &builder, OperationState &state, Type result, Value input,
                        ArrayRef<int64_t> kernel, ArrayRef<int64_t> strides,
                        ArrayRef<int64_t> dilations, ArrayRef<int64_t> pads) {
  build(builder, state, result, input, ValueRange(), kernel, strides, dilations, pads);
}

void MaxPool2DOp::build(OpBuilder &builder, OperationState &state, Value input,
                        ArrayRef<int64_t> kernel, ArrayRef<int64_t> strides,
                        ArrayRef<int64_t> dilations, ArrayRef<int64_t> pads) {
  build(builder, state, Type(), input, kernel, strides, dilations, pads);
  inferBuiltType<MaxPool2DOp>(builder, state);
}

void AvgPool2DOp::build(OpBuilder &builder, OperationState &state, Type result, Value input,
                        ArrayRef<int64_t> kernel, ArrayRef<int64_t> strides,
                        ArrayRef<int64_t> dilations, ArrayRef<int64_t> pads, bool countIncludePad) {
  build(builder, state, result, input, ValueRange(), kernel, strides, dilations, pads,
        countIncludePad);
}

void AvgPool2DOp::build(OpBuilder &builder, OperationState &state, Value input,
                        ArrayRef<int64_t> kernel, ArrayRef<int64_t> strides,
                        ArrayRef<int64_t> dilations, ArrayRef<int64_t> pads, bool countIncludePad) {
  build(builder, state, Type(), input, kernel, strides, dilations, pads, countIncludePad);
  inferBuiltType<AvgPool2DOp>(builder, state);
}

} // namespace tessera::npu
