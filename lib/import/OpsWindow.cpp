// Convolution and pooling: NCHW in ONNX, NHWC in npu.
#include "NodeImport.h"

#include "llvm/ADT/STLExtras.h"

using namespace mlir;

namespace tessera::import_ {

namespace {

constexpr int64_t kMaxExtent = 1 << 30;

/// The window of a convolution or pool, always two-dimensional: a vector is an image of height 1.
struct Window {
  int64_t kernel[2] = {1, 1};
  int64_t strides[2] = {1, 1};
  int64_t dilations[2] = {1, 1};
  /// Before and after, per dim.
  int64_t low[2] = {0, 0};
  int64_t high[2] = {0, 0};
  /// Added to `high` by ceil_mode; never counted in a mean.
  int64_t extra[2] = {0, 0};

  int64_t reach(int dim) const { return (kernel[dim] - 1) * dilations[dim] + 1; }
  SmallVector<int64_t> pads(bool withExtra) const {
    int64_t h = withExtra ? extra[0] : 0, w = withExtra ? extra[1] : 0;
    return {low[0], low[1], high[0] + h, high[1] + w};
  }
};

/// Copies an attribute of `count` numbers in [least, kMaxExtent] into the last of two places.
bool readPair(NodeImport &n, const char *name, int64_t rank, int64_t least, int64_t *target) {
  const std::vector<int64_t> *list = integersOf(n.node, name);
  if (!list)
    return true;
  if (static_cast<int64_t>(list->size()) != rank) {
    (void)n.fail(Twine(name) + ": expected " + Twine(rank) + " numbers, but got " +
                 Twine(list->size()));
    return false;
  }
  for (int64_t i = 0; i < rank; ++i) {
    int64_t value = (*list)[i];
    if (value < least || value > kMaxExtent) {
      (void)n.fail(Twine(name) + ": " + Twine(value) + " is out of range");
      return false;
    }
    target[2 - rank + i] = value;
  }
  return true;
}

bool readPads(NodeImport &n, int64_t rank, Window &window) {
  const std::vector<int64_t> *pads = integersOf(n.node, "pads");
  if (!pads)
    return true;
  if (static_cast<int64_t>(pads->size()) != 2 * rank) {
    (void)n.fail("pads: expected " + Twine(2 * rank) + " numbers, but got " + Twine(pads->size()));
    return false;
  }
  for (int64_t i = 0; i < rank; ++i) {
    int64_t low = (*pads)[i], high = (*pads)[rank + i];
    if (low < 0 || high < 0 || low > kMaxExtent || high > kMaxExtent) {
      (void)n.fail("pads: " + Twine(low < 0 ? low : high) + " is out of range");
      return false;
    }
    window.low[2 - rank + i] = low;
    window.high[2 - rank + i] = high;
  }
  return true;
}

/// SAME: as many results as strides fit into the input; an odd pad goes after (UPPER) or before.
bool padSame(NodeImport &n, ArrayRef<int64_t> spatial, bool upper, Window &window) {
  for (int dim = 0; dim < 2; ++dim) {
    if (ShapedType::isDynamic(spatial[dim])) {
      (void)n.fail("auto_pad needs a known image size; give the model's shapes");
      return false;
    }
    int64_t stride = window.strides[dim], size = spatial[dim];
    int64_t count = (size + stride - 1) / stride;
    int64_t total = std::max<int64_t>((count - 1) * stride + window.reach(dim) - size, 0);
    window.low[dim] = upper ? total / 2 : total - total / 2;
    window.high[dim] = total - window.low[dim];
  }
  return true;
}

/// Lets the last, partial window in: ceil_mode pads after until it is whole.
bool padForCeil(NodeImport &n, ArrayRef<int64_t> spatial, Window &window) {
  for (int dim = 0; dim < 2; ++dim) {
    if (ShapedType::isDynamic(spatial[dim])) {
      (void)n.fail("ceil_mode needs a known image size; give the model's shapes");
      return false;
    }
    int64_t stride = window.strides[dim];
    int64_t padded = spatial[dim] + window.low[dim] + window.high[dim];
    int64_t rest = padded - window.reach(dim);
    if (rest < 0)
      continue;
    int64_t count = (rest + stride - 1) / stride + 1;
    // A window that would start in the padding after the image is dropped.
    if ((count - 1) * stride >= spatial[dim] + window.low[dim])
      --count;
    window.extra[dim] = std::max<int64_t>((count - 1) * stride + window.reach(dim) - padded, 0);
  }
  return true;
}

/// Everything but the kernel's size, which the caller has set.
bool readWindow(NodeImport &n, int64_t rank, ArrayRef<int64_t> spatial, Window &window) {
  if (!readPair(n, "strides", rank, 1, window.strides) ||
      !readPair(n, "dilations", rank, 1, window.dilations))
    return false;
  std::string mode = textOf(n.node, "auto_pad", "NOTSET");
  if (mode == "SAME_UPPER" || mode == "SAME_LOWER") {
    if (!padSame(n, spatial, mode == "SAME_UPPER", window))
      return false;
  } else if (mode == "NOTSET" || mode.empty()) {
    if (!readPads(n, rank, window))
      return false;
  } else if (mode != "VALID") {
    (void)n.fail("unknown auto_pad '" + Twine(mode) + "'");
    return false;
  }
  return !n.integer("ceil_mode", 0) || padForCeil(n, spatial, window);
}

/// An image as NHWC, and the way back.
struct Image {
  Value value;
  int64_t spatialRank = 0;
  SmallVector<int64_t> spatial;
};

Image toImage(NodeImport &n, Value x) {
  Image image;
  if (!x)
    return image;
  RankedTensorType type = typeOf(x);
  image.spatialRank = type.getRank() - 2;
  if (image.spatialRank == 2) {
    image.spatial = SmallVector<int64_t>(type.getShape().take_back(2));
    image.value = n.transpose(x, {0, 2, 3, 1});
  } else if (image.spatialRank == 1) {
    image.spatial = {1, type.getDimSize(2)};
    image.value = n.reshape(n.transpose(x, {0, 2, 1}),
                            {type.getDimSize(0), 1, type.getDimSize(2), type.getDimSize(1)});
  } else {
    (void)n.fail("expected 1 or 2 spatial dims, but got " + Twine(image.spatialRank));
  }
  return image;
}

Value fromImage(NodeImport &n, Value y, int64_t spatialRank) {
  if (!y || spatialRank == 2)
    return n.transpose(y, {0, 3, 1, 2});
  RankedTensorType type = typeOf(y);
  y = n.reshape(y, {type.getDimSize(0), type.getDimSize(2), type.getDimSize(3)});
  return n.transpose(y, {0, 2, 1});
}

/// The filter FCHW as `perm` orders it, at import when it is a constant. A missing height is 1.
Value filterFor(NodeImport &n, size_t index, ArrayRef<int64_t> shape, ArrayRef<int64_t> perm) {
  if (const Tensor *constant = n.tensor(index)) {
    Tensor filter = *constant;
    filter.shape.assign(shape.begin(), shape.end());
    std::optional<Tensor> moved = transposed(filter, perm);
    return moved ? n.constant(*moved) : n.failValue("out of memory");
  }
  return n.transpose(n.reshape(n.input(index), shape), perm);
}

LogicalResult importConv(NodeImport &n) {
  Convolution plain;
  plain.bias = n.has(2) ? n.input(2) : Value();
  return n.result(convolve(n, plain));
}

LogicalResult importPool(NodeImport &n) {
  if (n.node.outputs.size() > 1 && !n.node.outputs[1].empty())
    return n.fail("the indices of a max pool are not supported");
  Image image = toImage(n, n.input(0));
  Window window;
  if (!image.value)
    return failure();
  if (!integersOf(n.node, "kernel_shape"))
    return n.fail("kernel_shape is missing");
  if (!readPair(n, "kernel_shape", image.spatialRank, 1, window.kernel) ||
      !readWindow(n, image.spatialRank, image.spatial, window))
    return failure();
  bool isMean = n.node.opType == "AveragePool";
  bool countPads = isMean && n.integer("count_include_pad", 0) != 0;
  SmallVector<int64_t> pads = window.pads(true);
  Value x = image.value;
  if (countPads && (window.extra[0] || window.extra[1])) {
    // Real pads count and ceil_mode's do not: make the real ones elements.
    x = n.emit("pad", x,
               {n.list("low", {0, window.low[0], window.low[1], 0}),
                n.list("high", {0, window.high[0], window.high[1], 0}),
                n.named("value", n.builder.getF64FloatAttr(0))});
    pads = {0, 0, window.extra[0], window.extra[1]};
    countPads = false;
  }
  SmallVector<NamedAttribute> attributes{
      n.list("kernel", window.kernel), n.list("strides", window.strides),
      n.list("dilations", window.dilations), n.list("pads", pads)};
  if (countPads)
    attributes.push_back(n.flag("count_include_pad"));
  Value y = n.emit(isMean ? "avg_pool2d" : "max_pool2d", x, attributes);
  return n.result(fromImage(n, y, image.spatialRank));
}

} // namespace

Value convolve(NodeImport &n, const Convolution &convolution) {
  auto changed = [](const std::function<Value(Value)> &change, Value x) {
    return change && x ? change(x) : x;
  };
  Image image = toImage(n, n.input(0));
  // The filter itself is not asked for: a constant one is made in npu's order only.
  std::optional<SmallVector<int64_t>> given = n.shape(convolution.filterIndex);
  if (!image.value || !given)
    return Value();
  SmallVector<int64_t> &shape = *given;
  if (ShapedType::isDynamicShape(shape) ||
      static_cast<int64_t>(shape.size()) != image.spatialRank + 2)
    return n.failValue("expected a filter of static shape and rank " +
                       Twine(image.spatialRank + 2) + ", but got rank " + Twine(shape.size()));
  if (image.spatialRank == 1)
    shape.insert(shape.begin() + 2, 1);
  Window window;
  window.kernel[0] = shape[2];
  window.kernel[1] = shape[3];
  if (!readWindow(n, image.spatialRank, image.spatial, window))
    return Value();
  int64_t groups = n.integer("group", 1), channels = typeOf(image.value).getDimSize(3);
  SmallVector<NamedAttribute> attributes{n.list("strides", window.strides),
                                         n.list("dilations", window.dilations),
                                         n.list("pads", window.pads(false))};
  const bool depthwise = groups > 1 && groups == channels && shape[0] == groups && shape[1] == 1;
  Value filter =
      depthwise ? filterFor(n, convolution.filterIndex, {shape[0], shape[2], shape[3]}, {1, 2, 0})
                : filterFor(n, convolution.filterIndex, shape, {2, 3, 1, 0});
  if (!depthwise)
    attributes.push_back(n.number("groups", groups));
  Value y =
      n.emit(depthwise ? "depthwise_conv2d" : "conv2d",
             {changed(convolution.onImage, image.value), changed(convolution.onFilter, filter)},
             attributes);
  if (convolution.bias)
    y = n.emit("add", {y, convolution.bias});
  return fromImage(n, y, image.spatialRank);
}

void addWindow(ImportTable &table) {
  table["Conv"] = importConv;
  table["MaxPool"] = importPool;
  table["AveragePool"] = importPool;
}

} // namespace tessera::import_
