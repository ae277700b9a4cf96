// Operators that move elements: slices, pads, gathers, joins and repeats.
#include "NodeImport.h"

#include "llvm/ADT/STLExtras.h"

#include <algorithm>
#include <numeric>

using namespace mlir;

namespace tessera::import_ {

namespace {

constexpr int64_t kMaxIndices = 1 << 24;

bool normalize(NodeImport &n, int64_t &axis, int64_t rank) {
  if (axis < -rank || axis >= rank) {
    (void)n.fail("axis " + Twine(axis) + " is outside rank " + Twine(rank));
    return false;
  }
  axis += axis < 0 ? rank : 0;
  return true;
}

/// Offsets 0, the operand's sizes (-1 where dynamic), strides 1.
struct Section {
  SmallVector<int64_t> offsets, sizes, strides;

  explicit Section(Value x)
      : offsets(typeOf(x).getRank(), 0), sizes(typeOf(x).getShape()),
        strides(typeOf(x).getRank(), 1) {
    for (int64_t &size : sizes)
      size = ShapedType::isDynamic(size) ? -1 : size;
  }
  Value emit(NodeImport &n, Value x) const {
    // An empty section has no place to start from.
    if (llvm::is_contained(sizes, 0) && !llvm::is_contained(sizes, -1))
      return n.splat(0, typeOf(x).getElementType(), sizes);
    return n.emit("slice", x,
                  {n.list("offsets", offsets), n.list("sizes", sizes), n.list("strides", strides)});
  }
};

/// The elements at constant positions along one axis.
Value pickAlong(NodeImport &n, Value x, int64_t axis, ArrayRef<int64_t> positions) {
  std::optional<Tensor> indices =
      Tensor::allocate(ElementType::I64, {static_cast<int64_t>(positions.size())});
  if (!indices)
    return n.failValue("out of memory");
  llvm::copy(positions, indices->as<int64_t>());
  return n.emit("gather", {x, n.constant(*indices)}, n.number("axis", axis));
}

LogicalResult importTranspose(NodeImport &n) {
  Value x = n.input(0);
  if (!x)
    return failure();
  SmallVector<int64_t> perm(typeOf(x).getRank());
  std::iota(perm.rbegin(), perm.rend(), int64_t(0));
  if (const std::vector<int64_t> *given = integersOf(n.node, "perm"))
    perm.assign(given->begin(), given->end());
  if (static_cast<int64_t>(perm.size()) != typeOf(x).getRank())
    return n.fail("perm: expected " + Twine(typeOf(x).getRank()) + " numbers, but got " +
                  Twine(perm.size()));
  return n.result(n.transpose(x, perm));
}

LogicalResult importConcat(NodeImport &n) {
  std::vector<Value> values = n.allInputs();
  if (values.empty() || !values[0])
    return n.fail("it has no inputs");
  int64_t axis = n.integer("axis", 1);
  if (!normalize(n, axis, typeOf(values[0]).getRank()))
    return failure();
  if (values.size() == 1)
    return n.result(values[0]);
  return n.result(n.emit("concat", values, n.number("axis", axis)));
}

LogicalResult importSplit(NodeImport &n) {
  Value x = n.input(0);
  if (!x)
    return failure();
  int64_t axis = n.integer("axis", 0), parts = n.node.outputs.size();
  if (!normalize(n, axis, typeOf(x).getRank()))
    return failure();
  int64_t size = typeOf(x).getDimSize(axis);
  std::optional<SmallVector<int64_t>> sizes = n.integers(1, "split");
  if (!n.problem.empty())
    return failure();
  if (ShapedType::isDynamic(size))
    return n.fail("the dimension to split is dynamic; give the model's shapes");
  if (!sizes) {
    // The last part may be smaller.
    int64_t each = (size + parts - 1) / std::max<int64_t>(parts, 1);
    sizes.emplace();
    for (int64_t i = 0; i < parts; ++i)
      sizes->push_back(std::clamp<int64_t>(size - i * each, 0, each));
  }
  if (static_cast<int64_t>(sizes->size()) != parts)
    return n.fail("expected " + Twine(parts) + " sizes, but got " + Twine(sizes->size()));
  int64_t left = size;
  for (int64_t part : *sizes) {
    if (part < 0 || part > left)
      return n.fail("the sizes do not add up to " + Twine(size));
    left -= part;
  }
  if (left != 0)
    return n.fail("the sizes do not add up to " + Twine(size));
  Section section(x);
  for (int64_t i = 0; i < parts; ++i) {
    section.sizes[axis] = (*sizes)[i];
    if (failed(n.result(section.emit(n, x), i)))
      return failure();
    section.offsets[axis] += (*sizes)[i];
  }
  return success();
}

/// One axis of a Slice.
struct Cut {
  int64_t axis, start, end, step;
};

/// Counts backwards by constant indices; npu's slice only goes forwards.
Value cutBackwards(NodeImport &n, Value x, const Cut &cut, int64_t size) {
  int64_t start = std::clamp<int64_t>(cut.start + (cut.start < 0 ? size : 0), -1, size - 1);
  int64_t end = std::clamp<int64_t>(cut.end + (cut.end < 0 ? size : 0), -1, size - 1);
  int64_t step = std::max<int64_t>(cut.step, -size - 1);
  if (size > kMaxIndices)
    return n.failValue("negative steps over " + Twine(size) + " elements are not supported");
  SmallVector<int64_t> positions;
  for (int64_t i = start; i > end; i += step)
    positions.push_back(i);
  return pickAlong(n, x, cut.axis, positions);
}

Value applyCut(NodeImport &n, Value x, const Cut &cut) {
  if (!x)
    return x;
  int64_t size = typeOf(x).getDimSize(cut.axis);
  Section section(x);
  section.strides[cut.axis] = std::min<int64_t>(cut.step, INT32_MAX);
  if (ShapedType::isDynamic(size)) {
    if (cut.step < 0 || cut.start < 0 || cut.end < INT32_MAX)
      return n.failValue("the bounds of a slice depend on a dynamic dimension; give the model's "
                         "shapes");
    section.offsets[cut.axis] = cut.start;
    return section.emit(n, x);
  }
  if (cut.step < 0)
    return cutBackwards(n, x, cut, size);
  int64_t start = std::clamp<int64_t>(cut.start + (cut.start < 0 ? size : 0), 0, size);
  int64_t end = std::clamp<int64_t>(cut.end + (cut.end < 0 ? size : 0), start, size);
  if (start == 0 && end == size && cut.step == 1)
    return x;
  int64_t span = end - start, step = section.strides[cut.axis];
  section.offsets[cut.axis] = start;
  section.sizes[cut.axis] = (span + step - 1) / step;
  return section.emit(n, x);
}

LogicalResult importSlice(NodeImport &n) {
  Value x = n.input(0);
  auto starts = n.integers(1, "starts"), ends = n.integers(2, "ends");
  auto axes = n.integers(3, "axes"), steps = n.integers(4, nullptr);
  if (!x || !n.problem.empty())
    return failure();
  if (!starts || !ends || starts->size() != ends->size() ||
      (axes && axes->size() != starts->size()) || (steps && steps->size() != starts->size()))
    return n.fail("starts, ends, axes and steps are not of one length");
  for (size_t i = 0; i < starts->size(); ++i) {
    int64_t axis = axes ? (*axes)[i] : static_cast<int64_t>(i);
    if (!normalize(n, axis, typeOf(x).getRank()))
      return failure();
    Cut cut{axis, (*starts)[i], (*ends)[i], steps ? (*steps)[i] : 1};
    if (cut.step == 0)
      return n.fail("a step of 0 is not allowed");
    x = applyCut(n, x, cut);
    if (!x)
      return failure();
  }
  return n.result(x);
}

/// Where the element that a reflecting, repeating or wrapping pad puts at `at` comes from.
int64_t padSource(StringRef mode, int64_t at, int64_t size) {
  if (mode == "edge")
    return std::clamp<int64_t>(at, 0, size - 1);
  if (mode == "wrap")
    return ((at % size) + size) % size;
  if (size == 1)
    return 0;
  int64_t period = 2 * (size - 1);
  at = ((at % period) + period) % period;
  return at < size ? at : period - at;
}

Value padByCopy(NodeImport &n, Value x, StringRef mode, ArrayRef<int64_t> low,
                ArrayRef<int64_t> high) {
  for (size_t axis = 0; x && axis < low.size(); ++axis) {
    int64_t size = typeOf(x).getDimSize(axis);
    if (low[axis] == 0 && high[axis] == 0)
      continue;
    if (ShapedType::isDynamic(size) || size == 0 || size + low[axis] + high[axis] > kMaxIndices)
      return n.failValue("padding by copies needs a known, moderate size");
    SmallVector<int64_t> positions;
    for (int64_t i = -low[axis]; i < size + high[axis]; ++i)
      positions.push_back(padSource(mode, i, size));
    x = pickAlong(n, x, axis, positions);
  }
  return x;
}

/// Negative pads cut; done first, they leave only what is added. False when more is cut than
/// there is.
bool cutNegativePads(NodeImport &n, Value &x, MutableArrayRef<int64_t> low,
                     MutableArrayRef<int64_t> high) {
  for (size_t i = 0; x && i < low.size(); ++i) {
    if (low[i] >= 0 && high[i] >= 0)
      continue;
    Cut cut{static_cast<int64_t>(i), std::max<int64_t>(-low[i], 0),
            high[i] < 0 ? high[i] : INT64_MAX, 1};
    x = applyCut(n, x, cut);
    low[i] = std::max<int64_t>(low[i], 0);
    high[i] = std::max<int64_t>(high[i], 0);
  }
  return x != nullptr;
}

LogicalResult importPad(NodeImport &n) {
  Value x = n.input(0);
  auto pads = n.integers(1, "pads"), axes = n.integers(3, nullptr);
  if (!x || !n.problem.empty())
    return failure();
  int64_t rank = typeOf(x).getRank();
  size_t count = axes ? axes->size() : rank;
  if (!pads || pads->size() != 2 * count)
    return n.fail("expected " + Twine(2 * count) + " pads, but got " +
                  Twine(pads ? pads->size() : 0));
  SmallVector<int64_t> low(rank, 0), high(rank, 0);
  for (size_t i = 0; i < count; ++i) {
    int64_t axis = axes ? (*axes)[i] : static_cast<int64_t>(i);
    if (!normalize(n, axis, rank))
      return failure();
    low[axis] = (*pads)[i];
    high[axis] = (*pads)[count + i];
    if (std::max(low[axis], high[axis]) > INT32_MAX || std::min(low[axis], high[axis]) < INT32_MIN)
      return n.fail("a pad is out of range");
  }
  if (!cutNegativePads(n, x, low, high))
    return failure();
  std::string mode = textOf(n.node, "mode", "constant");
  if (mode == "edge" || mode == "reflect" || mode == "wrap")
    return n.result(padByCopy(n, x, mode, low, high));
  if (mode != "constant")
    return n.fail("pad mode '" + Twine(mode) + "' is not supported");
  double value = n.real("value", 0.0f);
  if (n.has(2)) {
    const Tensor *given = n.tensor(2);
    const HostArray *array = given ? nullptr : n.host(2);
    if (given && given->count == 1)
      value = realAt(*given, 0);
    else if (array && array->count() == 1)
      value = array->isInteger() ? static_cast<double>(array->integers[0]) : array->reals[0];
    else
      return n.fail("the pad value must be a constant scalar");
  }
  if (n.isUnsigned(0))
    value -= kUnsignedShift;
  return n.result(n.emit("pad", x,
                         {n.list("low", low), n.list("high", high),
                          n.named("value", n.builder.getF64FloatAttr(value))}));
}

LogicalResult importGather(NodeImport &n) {
  Value x = n.input(0);
  if (!x)
    return failure();
  int64_t axis = n.integer("axis", 0), rank = typeOf(x).getRank();
  if (!normalize(n, axis, rank))
    return failure();
  const Tensor *indices = n.tensor(1);
  int64_t size = typeOf(x).getDimSize(axis);
  if (indices && isInteger(indices->type) && !ShapedType::isDynamic(size))
    for (int64_t i = 0; i < indices->count; ++i)
      if (int64_t at = integerAt(*indices, i); at < -size || at >= size)
        return n.fail("index " + Twine(at) + " is outside dim " + Twine(axis) + " of size " +
                      Twine(size));
  // One constant index is a slice, which needs no copy of the indices.
  if (!indices || !indices->shape.empty() || ShapedType::isDynamic(size))
    return n.result(n.emit("gather", {x, n.input(1)}, n.number("axis", axis)));
  Section section(x);
  int64_t at = integerAt(*indices, 0);
  section.offsets[axis] = at < 0 ? at + size : at;
  section.sizes[axis] = 1;
  SmallVector<int64_t> shape(typeOf(x).getShape());
  shape.erase(shape.begin() + axis);
  return n.result(n.reshape(section.emit(n, x), shape));
}

LogicalResult importExpand(NodeImport &n) {
  Value x = n.input(0);
  const HostArray *target = n.host(1);
  if (!x)
    return failure();
  if (!target || !target->isInteger())
    return n.fail("its target shape must be a constant integer tensor");
  SmallVector<int64_t> shape(llvm::ArrayRef<int64_t>(target->integers));
  ArrayRef<int64_t> from = typeOf(x).getShape();
  for (size_t i = 0; i < shape.size(); ++i) {
    if (!target->isUnknown(i))
      continue;
    // A dim not known must be the operand's own.
    int64_t at = static_cast<int64_t>(i + from.size()) - static_cast<int64_t>(shape.size());
    if (at < 0 || !ShapedType::isDynamic(from[at]))
      return n.fail("its target shape depends on a dynamic dimension; give the model's shapes");
    shape[i] = 1;
  }
  return n.result(n.expand(x, shape));
}

/// [d0, d1] repeated r1 times along dim 1 is [d0, 1, d1] expanded to [d0, r1, d1].
LogicalResult importTile(NodeImport &n) {
  Value x = n.input(0);
  auto repeats = n.integers(1, nullptr);
  if (!x || !repeats)
    return n.fail("its repeats must be constant");
  ArrayRef<int64_t> from = typeOf(x).getShape();
  if (repeats->size() != from.size() || !typeOf(x).hasStaticShape())
    return n.fail("expected " + Twine(from.size()) + " repeats of a static shape, but got " +
                  Twine(repeats->size()));
  SmallVector<int64_t> split, wide, result;
  for (size_t i = 0; i < from.size(); ++i) {
    int64_t times = (*repeats)[i], size;
    if (times < 0 || __builtin_mul_overflow(times, from[i], &size))
      return n.fail("a repeat of " + Twine(times) + " is out of range");
    if (times != 1) {
      split.push_back(1);
      wide.push_back(times);
    }
    split.push_back(from[i]);
    wide.push_back(from[i]);
    result.push_back(size);
  }
  Value y = n.reshape(x, split);
  // Not n.expand: that keeps the operand's dim where the target has a 1, and 0 repeats are 0.
  if (y && typeOf(y).getShape() != ArrayRef<int64_t>(wide))
    y = n.emit("expand", y, {}, typeOf(y).clone(wide));
  return n.result(n.reshape(y, result));
}

/// Blocks of channels become squares of pixels, or back.
LogicalResult importDepthToSpace(NodeImport &n) {
  Value x = n.input(0);
  if (!x)
    return failure();
  bool toSpace = n.node.opType == "DepthToSpace";
  int64_t block = n.integer("blocksize", 0);
  ArrayRef<int64_t> s = typeOf(x).getShape();
  if (s.size() != 4 || !typeOf(x).hasStaticShape() || block < 1 || block > 1024)
    return n.fail("expected an image of static shape and a blocksize, but got rank " +
                  Twine(s.size()) + " and " + Twine(block));
  int64_t depth = s[1], height = s[2], width = s[3];
  if (toSpace ? depth % (block * block) : height % block || width % block)
    return n.fail("the blocksize " + Twine(block) + " does not divide the shape");
  if (toSpace) {
    int64_t out = depth / (block * block);
    bool columnsFirst = textOf(n.node, "mode", "DCR") == "CRD";
    Value y = columnsFirst ? n.reshape(x, {s[0], out, block, block, height, width})
                           : n.reshape(x, {s[0], block, block, out, height, width});
    y = columnsFirst ? n.transpose(y, {0, 1, 4, 2, 5, 3}) : n.transpose(y, {0, 3, 4, 1, 5, 2});
    return n.result(n.reshape(y, {s[0], out, height * block, width * block}));
  }
  Value y = n.reshape(x, {s[0], depth, height / block, block, width / block, block});
  y = n.transpose(y, {0, 3, 5, 1, 2, 4});
  return n.result(n.reshape(y, {s[0], depth * block * block, height / block, width / block}));
}

} // namespace

void addMovement(ImportTable &table) {
  table["Transpose"] = importTranspose;
  table["Concat"] = importConcat;
  table["Split"] = importSplit;
  table["Slice"] = importSlice;
  table["Pad"] = importPad;
  table["Gather"] = importGather;
  table["Expand"] = importExpand;
  table["Tile"] = importTile;
  table["DepthToSpace"] = importDepthToSpace;
  table["SpaceToDepth"] = importDepthToSpace;
}

} // namespace tessera::import_
