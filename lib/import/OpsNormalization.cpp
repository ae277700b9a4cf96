// Softmax and the normalisations.
#include "NodeImport.h"

#include <cmath>

using namespace mlir;

namespace tessera::import_ {

namespace {

bool normalize(NodeImport &n, int64_t &axis, int64_t rank) {
  if (axis < -rank || axis >= rank) {
    (void)n.fail("axis " + Twine(axis) + " is outside rank " + Twine(rank));
    return false;
  }
  axis += axis < 0 ? rank : 0;
  return true;
}

/// Before opset 13 the dims from the axis on were taken as one.
LogicalResult importSoftmax(NodeImport &n) {
  const char *op = n.node.opType == "LogSoftmax" ? "log_softmax" : "softmax";
  Value x = n.input(0);
  if (!x)
    return failure();
  RankedTensorType type = typeOf(x);
  int64_t axis = n.integer("axis", n.opset < 13 ? 1 : -1);
  if (type.getRank() == 1 && n.opset < 13 && !n.node.attributes.count("axis"))
    axis = 0;
  if (!normalize(n, axis, type.getRank()))
    return failure();
  if (n.opset >= 13 || axis == type.getRank() - 1)
    return n.result(n.emit(op, x, n.number("axis", axis)));
  SmallVector<int64_t> flat(type.getShape().take_front(axis));
  int64_t inner = 1;
  for (int64_t size : type.getShape().drop_front(axis)) {
    bool dynamic = ShapedType::isDynamic(size) || ShapedType::isDynamic(inner);
    inner = dynamic ? ShapedType::kDynamic : inner * size;
  }
  flat.push_back(inner);
  Value y = n.emit(op, n.reshape(x, flat), n.number("axis", axis));
  return n.result(n.reshape(y, type.getShape()));
}

bool wantsExtraResults(NodeImport &n) {
  for (size_t i = 1; i < n.node.outputs.size(); ++i)
    if (!n.node.outputs[i].empty())
      return true;
  return false;
}

/// `count` dims of 1 after the only dim of a vector.
Value withTrailingOnes(NodeImport &n, Value vector, int64_t count) {
  if (!vector)
    return vector;
  SmallVector<int64_t> shape{typeOf(vector).getShape()};
  shape.append(count, 1);
  return n.reshape(vector, shape);
}

/// Vectors of factors and terms, one per channel, from constant statistics.
struct ScaleAndShift {
  Tensor scale;
  Tensor shift;
};

std::optional<ScaleAndShift> foldStatistics(NodeImport &n) {
  const Tensor *parts[4];
  for (size_t i = 0; i < 4; ++i) {
    parts[i] = n.tensor(i + 1);
    if (!parts[i] || parts[i]->count != parts[0]->count || parts[i]->shape.size() != 1)
      return std::nullopt;
  }
  auto scale = Tensor::allocate(parts[0]->type, parts[0]->shape);
  auto shift = Tensor::allocate(parts[0]->type, parts[0]->shape);
  if (!scale || !shift)
    return std::nullopt;
  double epsilon = n.real("epsilon", 1e-5f);
  for (int64_t i = 0; i < scale->count; ++i) {
    double factor = realAt(*parts[0], i) / std::sqrt(realAt(*parts[3], i) + epsilon);
    storeReal(*scale, i, factor);
    storeReal(*shift, i, realAt(*parts[1], i) - realAt(*parts[2], i) * factor);
  }
  scale->name = parts[0]->name + ".scale";
  shift->name = parts[1]->name + ".shift";
  return ScaleAndShift{*scale, *shift};
}

/// Runs `build` on x with the channels last, when x is an image: the transposes cancel with those
/// of neighbouring convolutions. The second argument is the number of dims after the channel's.
template <typename Build> Value channelsLast(NodeImport &n, Value x, Build build) {
  if (typeOf(x).getRank() != 4)
    return build(x, typeOf(x).getRank() - 2);
  return n.transpose(build(n.transpose(x, {0, 2, 3, 1}), int64_t(0)), {0, 3, 1, 2});
}

LogicalResult importBatchNormalization(NodeImport &n) {
  if (n.integer("training_mode", 0) || (n.opset < 14 && wantsExtraResults(n)))
    return n.fail("batch normalisation in training mode is not supported");
  if (n.integer("spatial", 1) == 0)
    return n.fail("batch normalisation with spatial = 0 is not supported");
  Value x = n.input(0);
  if (!x)
    return failure();
  if (typeOf(x).getRank() < 2)
    return n.fail("expected rank 2 or more, but got " + Twine(typeOf(x).getRank()));
  if (std::optional<ScaleAndShift> folded = foldStatistics(n)) {
    Value scale = n.constant(folded->scale), shift = n.constant(folded->shift);
    return n.result(channelsLast(n, x, [&](Value y, int64_t ones) {
      y = n.emit("mul", {y, withTrailingOnes(n, scale, ones)});
      return n.emit("add", {y, withTrailingOnes(n, shift, ones)});
    }));
  }
  Value scale = n.input(1), bias = n.input(2), mean = n.input(3), variance = n.input(4);
  if (!variance)
    return failure();
  Value epsilon = n.splat(n.real("epsilon", 1e-5f), typeOf(variance).getElementType());
  Value factor = n.emit("mul", {scale, n.emit("rsqrt", n.emit("add", {variance, epsilon}))});
  return n.result(channelsLast(n, x, [&](Value y, int64_t ones) {
    y = n.emit("sub", {y, withTrailingOnes(n, mean, ones)});
    y = n.emit("mul", {y, withTrailingOnes(n, factor, ones)});
    return n.emit("add", {y, withTrailingOnes(n, bias, ones)});
  }));
}

/// The second and third result: mean, and 1 / deviation, over the dims from axis on.
LogicalResult addStatistics(NodeImport &n, Value x, int64_t axis) {
  SmallVector<int64_t> axes;
  for (int64_t i = axis; i < typeOf(x).getRank(); ++i)
    axes.push_back(i);
  auto mean = [&](Value value) {
    return n.emit("reduce_mean", value, {n.list("axes", axes), n.flag("keepdims")});
  };
  Value center = mean(x);
  Value difference = n.emit("sub", {x, center});
  Value variance = mean(n.emit("mul", {difference, difference}));
  Value epsilon = n.splat(n.real("epsilon", 1e-5f), typeOf(x).getElementType());
  if (failed(n.result(center, 1)))
    return failure();
  return n.result(n.emit("rsqrt", n.emit("add", {variance, epsilon})), 2);
}

LogicalResult importLayerNormalization(NodeImport &n) {
  Value x = n.input(0);
  if (!x)
    return failure();
  int64_t axis = n.integer("axis", -1);
  if (!normalize(n, axis, typeOf(x).getRank()))
    return failure();
  if (wantsExtraResults(n) && failed(addStatistics(n, x, axis)))
    return failure();
  // Scale and bias may be given in a shape that broadcasts to the normalised dims.
  ArrayRef<int64_t> inner = typeOf(x).getShape().drop_front(axis);
  SmallVector<Value> operands{x};
  for (size_t i : {1, 2}) {
    if (!n.has(i))
      continue;
    Value part = n.expand(n.input(i), inner);
    if (!part)
      return failure();
    operands.push_back(part);
  }
  auto segments = n.builder.getDenseI32ArrayAttr({1, n.has(1) ? 1 : 0, n.has(2) ? 1 : 0});
  return n.result(n.emit("layer_norm", operands,
                         {n.number("axis", axis), n.single("epsilon", n.real("epsilon", 1e-5f)),
                          n.named("operandSegmentSizes", segments)}));
}

LogicalResult importRmsNormalization(NodeImport &n) {
  Value x = n.input(0);
  if (!x)
    return failure();
  int64_t axis = n.integer("axis", -1);
  if (!normalize(n, axis, typeOf(x).getRank()))
    return failure();
  SmallVector<Value> operands{x};
  if (n.has(1))
    operands.push_back(n.expand(n.input(1), typeOf(x).getShape().drop_front(axis)));
  return n.result(n.emit("rms_norm", operands,
                         {n.number("axis", axis), n.single("epsilon", n.real("epsilon", 1e-5f))}));
}

/// Mean 0 and variance 1 over the dims from the third on, for each channel of each image.
LogicalResult importInstanceNormalization(NodeImport &n) {
  Value x = n.input(0), scale = n.input(1), bias = n.input(2);
  if (!x || !scale || !bias)
    return failure();
  int64_t rank = typeOf(x).getRank();
  if (rank < 3)
    return n.fail("expected rank 3 or more, but got " + Twine(rank));
  auto segments = n.builder.getDenseI32ArrayAttr({1, 0, 0});
  Value y = n.emit("layer_norm", x,
                   {n.number("axis", 2), n.single("epsilon", n.real("epsilon", 1e-5f)),
                    n.named("operandSegmentSizes", segments)});
  y = n.emit("mul", {y, withTrailingOnes(n, scale, rank - 2)});
  return n.result(n.emit("add", {y, withTrailingOnes(n, bias, rank - 2)}));
}

} // namespace

void addNormalization(ImportTable &table) {
  table["Softmax"] = importSoftmax;
  table["LogSoftmax"] = importSoftmax;
  table["BatchNormalization"] = importBatchNormalization;
  table["LayerNormalization"] = importLayerNormalization;
  table["RMSNormalization"] = importRmsNormalization;
  table["InstanceNormalization"] = importInstanceNormalization;
}

} // namespace tessera::import_
