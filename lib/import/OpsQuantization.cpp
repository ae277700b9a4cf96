// ONNX's operators on quantised tensors, as arithmetic on their integers. npu-integer-products
// makes products of integers of what is multiplied here.
#include "NodeImport.h"

#include "llvm/ADT/STLExtras.h"

using namespace mlir;

namespace tessera::import_ {

namespace {

// ONNX's numbers of element types.
constexpr int64_t kUint8 = 2;
constexpr int64_t kInt8 = 3;
// What an i8 holds, and uint8 less 128.
constexpr float kLeast = -128.0f;
constexpr float kMost = 127.0f;

/// Where a scale or zero point of several elements stands in the tensor that it belongs to.
struct Place {
  /// The dim, counted from the last one.
  int64_t fromLast = 0;
};

/// A scale or zero point so shaped that it broadcasts. One of a single element becomes a scalar.
Value spread(NodeImport &n, Value x, Place place) {
  if (!x)
    return x;
  RankedTensorType type = typeOf(x);
  if (type.hasStaticShape() && type.getNumElements() == 1)
    return n.reshape(x, {});
  // With a dim for each of the tensor's it is in place already.
  if (type.getRank() != 1)
    return x;
  SmallVector<int64_t> shape{type.getDimSize(0)};
  shape.append(place.fromLast, 1);
  return n.reshape(x, shape);
}

/// The numbers that zero point `index` stands for in the program, as elements of `type`; null where
/// they are all 0. `isUnsigned`: it belongs to a tensor of uint8, whose elements are shifted.
Value zeroPoint(NodeImport &n, size_t index, bool isUnsigned, Type type, Place place) {
  if (!n.has(index))
    return isUnsigned ? n.splat(-kUnsignedShift, type) : Value();
  const Tensor *constant = n.tensor(index);
  if (!constant)
    return spread(n, n.cast(n.input(index), type), place);
  const bool shifts = constant->type == ElementType::U8;
  const auto target = elementTypeOf(type);
  std::optional<Tensor> numbers = Tensor::allocate(*target, constant->shape);
  if (!numbers)
    return n.failValue("out of memory");
  bool allZero = true;
  for (int64_t i = 0; i < constant->count; ++i) {
    const int64_t number = integerAt(*constant, i) - (shifts ? kUnsignedShift : 0);
    allZero &= number == 0;
    storeReal(*numbers, i, static_cast<double>(number));
  }
  return allZero ? Value() : spread(n, n.constant(*numbers), place);
}

/// False with a message for what is quantised in blocks, or has a wrong number of scales.
bool checkScale(NodeImport &n, size_t index, RankedTensorType x, int64_t axis) {
  std::optional<SmallVector<int64_t>> shape = n.shape(index);
  if (!shape)
    return false;
  if (n.integer("block_size", 0) != 0 || shape->size() > 1)
    return succeeded(n.fail("quantisation in blocks is not supported"));
  if (shape->empty() || shape->front() == 1)
    return true;
  if (axis < 0 || axis >= x.getRank())
    return succeeded(n.fail("axis is outside rank " + Twine(x.getRank())));
  const int64_t size = x.getDimSize(axis);
  if (ShapedType::isDynamic(size) || size == shape->front())
    return true;
  return succeeded(n.fail("expected " + Twine(size) + " scales for dim " + Twine(axis) +
                          ", but got " + Twine(shape->front())));
}

/// `x` less its zero point, in `type`.
Value centred(NodeImport &n, Value x, size_t zero, bool isUnsigned, Type type, Place place) {
  x = n.cast(x, type);
  Value point = zeroPoint(n, zero, isUnsigned, type, place);
  return point && x ? n.emit("sub", {x, point}) : x;
}

/// (x - zero point) * scale in f32.
Value dequantize(NodeImport &n, Value x, size_t scale, bool isUnsigned, Place place) {
  Type f32 = n.builder.getF32Type();
  x = centred(n, x, scale + 1, isUnsigned, f32, place);
  return n.emit("mul", {x, spread(n, n.cast(n.input(scale), f32), place)});
}

/// x / scale, to the nearest integer, halves to even, plus the zero point, within the type.
Value quantize(NodeImport &n, Value x, Value scale, Value zero) {
  x = n.emit("round", n.emit("div", {x, scale}));
  if (zero)
    x = n.emit("add", {x, zero});
  x = n.emit("clip", x, {n.single("min", kLeast), n.single("max", kMost)});
  return n.cast(x, n.builder.getI8Type());
}

/// The place of attribute `axis` in a tensor of this rank.
Place placeOf(RankedTensorType type, int64_t axis) {
  return {std::clamp<int64_t>(type.getRank() - 1 - axis, 0, type.getRank())};
}

int64_t axisOf(NodeImport &n, RankedTensorType type) {
  int64_t axis = n.integer("axis", 1);
  return axis < 0 ? axis + type.getRank() : axis;
}

LogicalResult importDequantizeLinear(NodeImport &n) {
  Value x = n.input(0);
  if (!x)
    return failure();
  int64_t axis = axisOf(n, typeOf(x));
  if (!checkScale(n, 1, typeOf(x), axis))
    return failure();
  Value scale = n.input(1);
  Value y = dequantize(n, x, 1, n.isUnsigned(0), placeOf(typeOf(x), axis));
  return n.result(y && scale ? n.cast(y, typeOf(scale).getElementType()) : y);
}

LogicalResult importQuantizeLinear(NodeImport &n) {
  Value x = n.input(0);
  if (!x)
    return failure();
  int64_t axis = axisOf(n, typeOf(x));
  if (!checkScale(n, 1, typeOf(x), axis))
    return failure();
  bool isUnsigned = n.has(2) ? n.isUnsigned(2) : true;
  Value zero = n.has(2) ? n.input(2) : Value();
  if (n.has(2) && !zero)
    return failure();
  if (zero && !typeOf(zero).getElementType().isInteger(8))
    return n.fail("only int8 and uint8 are quantised to");
  if (int64_t type = n.integer("output_dtype", 0)) {
    if (type != kUint8 && type != kInt8)
      return n.fail("only int8 and uint8 are quantised to, but ONNX type " + Twine(type) +
                    " is asked for");
    isUnsigned = type == kUint8;
  }
  Type f32 = n.builder.getF32Type();
  Place place = placeOf(typeOf(x), axis);
  Value scale = spread(n, n.cast(n.input(1), f32), place);
  Value y = quantize(n, n.cast(x, f32), scale, zeroPoint(n, 2, isUnsigned, f32, place));
  return n.result(y, 0, isUnsigned);
}

/// Scale and zero point from the largest and the least element, both outputs as well.
LogicalResult importDynamicQuantizeLinear(NodeImport &n) {
  Value x = n.input(0);
  if (!x)
    return failure();
  Type f32 = n.builder.getF32Type();
  auto all = llvm::to_vector(llvm::seq<int64_t>(0, typeOf(x).getRank()));
  Value zero = n.splat(0, f32), most = x, least = x;
  if (!all.empty()) {
    most = n.emit("reduce_max", x, n.list("axes", all));
    least = n.emit("reduce_min", x, n.list("axes", all));
  }
  most = n.emit("max", {most, zero});
  least = n.emit("min", {least, zero});
  Value scale = n.emit("div", {n.emit("sub", {most, least}), n.splat(255, f32)});
  // Of zeros alone, every scale is right but 0.
  Value isZero =
      n.emit("compare", {scale, zero}, n.named("predicate", n.builder.getI32IntegerAttr(/*eq*/ 0)));
  scale = n.emit("select", {isZero, n.splat(1, f32), scale});
  Value point = n.emit("round", n.emit("div", {n.emit("sub", {zero, least}), scale}));
  point = n.emit("clip", point, {n.single("min", 0), n.single("max", 255)});
  point = n.emit("add", {point, n.splat(-kUnsignedShift, f32)});
  if (failed(n.result(quantize(n, x, scale, point), 0, true)) || failed(n.result(scale, 1)))
    return failure();
  return n.result(n.cast(point, n.builder.getI8Type()), 2, true);
}

/// y_scale and y_zero_point from `index` on, which say the result's type too.
LogicalResult requantized(NodeImport &n, Value y, size_t index) {
  const bool isUnsigned = n.isUnsigned(index + 1);
  Type f32 = n.builder.getF32Type();
  Value scale = spread(n, n.input(index), {});
  return n.result(y ? quantize(n, y, scale, zeroPoint(n, index + 1, isUnsigned, f32, {})) : y, 0,
                  isUnsigned);
}

/// a, its scale and zero point, b, its scale and zero point, the result's.
LogicalResult importQLinearMatMul(NodeImport &n) {
  // Of a, scales and zero points may be per row; of b, per column.
  Value a = dequantize(n, n.input(0), 1, n.isUnsigned(0), {1});
  Value b = dequantize(n, n.input(3), 4, n.isUnsigned(3), {0});
  return requantized(n, multiplyMatrices(n, a, b), 6);
}

LogicalResult importMatMulInteger(NodeImport &n) {
  Type i32 = n.builder.getI32Type();
  Value a = centred(n, n.input(0), 2, n.isUnsigned(0), i32, {1});
  Value b = centred(n, n.input(1), 3, n.isUnsigned(1), i32, {0});
  return n.result(multiplyMatrices(n, a, b));
}

/// x, its scale and zero point, w, its scale and zero point, the result's, a bias of i32 in units
/// of both scales. npu has channels and features last.
LogicalResult importQLinearConv(NodeImport &n) {
  Convolution quantised;
  quantised.filterIndex = 3;
  quantised.onImage = [&](Value x) { return dequantize(n, x, 1, n.isUnsigned(0), {0}); };
  quantised.onFilter = [&](Value w) { return dequantize(n, w, 4, n.isUnsigned(3), {0}); };
  if (n.has(8)) {
    Value units = n.emit("mul", {spread(n, n.input(1), {}), spread(n, n.input(4), {})});
    quantised.bias = n.emit("mul", {n.cast(n.input(8), n.builder.getF32Type()), units});
  }
  return requantized(n, convolve(n, quantised), 6);
}

LogicalResult importConvInteger(NodeImport &n) {
  Type i32 = n.builder.getI32Type();
  Convolution integers;
  integers.onImage = [&](Value x) { return centred(n, x, 2, n.isUnsigned(0), i32, {0}); };
  integers.onFilter = [&](Value w) { return centred(n, w, 3, n.isUnsigned(1), i32, {0}); };
  return n.result(convolve(n, integers));
}

} // namespace

void addQuantization(ImportTable &table) {
  table["QuantizeLinear"] = importQuantizeLinear;
  table["DequantizeLinear"] = importDequantizeLinear;
  table["DynamicQuantizeLinear"] = importDynamicQuantizeLinear;
  table["QLinearMatMul"] = importQLinearMatMul;
  table["QLinearConv"] = importQLinearConv;
  table["MatMulInteger"] = importMatMulInteger;
  table["ConvInteger"] = importConvInteger;
}

} // namespace tessera::import_
