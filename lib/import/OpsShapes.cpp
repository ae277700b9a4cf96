// Operators about shapes: views under another shape, the shape itself, and constants.
#include "NodeImport.h"

#include "llvm/ADT/STLExtras.h"

#include <algorithm>
#include <functional>
#include <iterator>

using namespace mlir;

namespace tessera::import_ {

namespace {

/// The product of the dims; dynamic when one is.
int64_t product(ArrayRef<int64_t> shape) {
  int64_t total = 1;
  for (int64_t size : shape) {
    if (ShapedType::isDynamic(size))
      return ShapedType::kDynamic;
    total *= size;
  }
  return total;
}

/// The dim that Reshape's -1 stands for: what the others leave, when that is known.
int64_t solveWildDim(ArrayRef<int64_t> from, ArrayRef<int64_t> others) {
  // Dynamic dims on both sides cancel when they are the same ones, copied by a 0.
  int64_t source = 1, target = 1;
  int64_t unknown = 0;
  for (int64_t size : from)
    ShapedType::isDynamic(size) ? ++unknown : source *= size;
  for (int64_t size : others)
    ShapedType::isDynamic(size) ? --unknown : target *= size;
  if (unknown != 0 || target == 0)
    return ShapedType::kDynamic;
  return source / target;
}

LogicalResult importReshape(NodeImport &n) {
  Value x = n.input(0);
  if (!x)
    return failure();
  const HostArray *target = n.host(1);
  if (!target || !target->isInteger() || target->shape.size() != 1)
    return n.fail("its target shape must be a constant vector of integers");
  ArrayRef<int64_t> from = typeOf(x).getShape();
  bool allowZero = n.integer("allowzero", 0) != 0;
  SmallVector<int64_t> shape, others;
  std::optional<size_t> wild;
  bool hasUnknown = false;
  for (size_t i = 0; i < target->integers.size(); ++i) {
    int64_t size = target->integers[i];
    if (target->isUnknown(i)) {
      size = ShapedType::kDynamic;
      hasUnknown = true;
    } else if (size == 0 && !allowZero) {
      if (i >= from.size())
        return n.fail("dim " + Twine(i) + " copies a dimension that the operand does not have");
      size = from[i];
    } else if (size == -1) {
      if (wild)
        return n.fail("more than one dim is -1");
      wild = i;
      shape.push_back(ShapedType::kDynamic);
      continue;
    } else if (size < 0) {
      return n.fail("dim " + Twine(i) + " is " + Twine(size));
    }
    shape.push_back(size);
    others.push_back(size);
  }
  std::vector<int64_t> known;
  llvm::copy_if(others, std::back_inserter(known), std::not_fn(ShapedType::isDynamic));
  if (!elementCount(known))
    return n.fail("the result is too large");
  if (wild && !hasUnknown)
    shape[*wild] = solveWildDim(from, others);
  else if (!wild && hasUnknown && others.size() == known.size() + 1)
    *llvm::find_if(shape, ShapedType::isDynamic) = solveWildDim(from, known);
  return n.result(n.reshape(x, shape));
}

LogicalResult importFlatten(NodeImport &n) {
  Value x = n.input(0);
  if (!x)
    return failure();
  ArrayRef<int64_t> from = typeOf(x).getShape();
  int64_t axis = n.integer("axis", 1), rank = from.size();
  if (axis < -rank || axis > rank)
    return n.fail("axis " + Twine(axis) + " is outside rank " + Twine(rank));
  axis += axis < 0 ? rank : 0;
  return n.result(n.reshape(x, {product(from.take_front(axis)), product(from.drop_front(axis))}));
}

LogicalResult importUnsqueeze(NodeImport &n) {
  Value x = n.input(0);
  auto axes = n.integers(1, "axes");
  if (!x || !n.problem.empty())
    return failure();
  if (!axes || axes->size() > 16)
    return n.fail("expected at most 16 axes");
  int64_t rank = typeOf(x).getRank() + axes->size();
  SmallVector<bool> added(rank, false);
  for (int64_t axis : *axes) {
    if (axis < -rank || axis >= rank || added[axis < 0 ? axis + rank : axis])
      return n.fail("axis " + Twine(axis) + " is repeated or outside rank " + Twine(rank));
    added[axis < 0 ? axis + rank : axis] = true;
  }
  SmallVector<int64_t> shape;
  ArrayRef<int64_t> from = typeOf(x).getShape();
  for (bool isNew : added) {
    shape.push_back(isNew ? 1 : from.front());
    from = isNew ? from : from.drop_front();
  }
  return n.result(n.reshape(x, shape));
}

LogicalResult importSqueeze(NodeImport &n) {
  Value x = n.input(0);
  auto axes = n.integers(1, "axes");
  if (!x || !n.problem.empty())
    return failure();
  ArrayRef<int64_t> from = typeOf(x).getShape();
  int64_t rank = from.size();
  SmallVector<bool> dropped(rank, false);
  for (int64_t i = 0; !axes && i < rank; ++i)
    dropped[i] = from[i] == 1;
  for (int64_t axis : axes ? *axes : SmallVector<int64_t>()) {
    if (axis < -rank || axis >= rank)
      return n.fail("axis " + Twine(axis) + " is outside rank " + Twine(rank));
    axis += axis < 0 ? rank : 0;
    if (from[axis] != 1)
      return n.fail("expected dim " + Twine(axis) + " to be 1, but got " +
                    (ShapedType::isDynamic(from[axis]) ? Twine("?") : Twine(from[axis])));
    dropped[axis] = true;
  }
  SmallVector<int64_t> shape;
  for (int64_t i = 0; i < rank; ++i)
    if (!dropped[i])
      shape.push_back(from[i]);
  return n.result(n.reshape(x, shape));
}

LogicalResult importIdentity(NodeImport &n) {
  return n.forward(0);
}

LogicalResult importShape(NodeImport &n) {
  std::optional<SmallVector<int64_t>> shape = n.shape(0);
  if (!shape)
    return failure();
  int64_t rank = shape->size();
  auto limit = [&](int64_t at) { return std::clamp<int64_t>(at < 0 ? at + rank : at, 0, rank); };
  int64_t start = limit(n.integer("start", 0)), end = limit(n.integer("end", rank));
  HostArray array;
  for (int64_t i = start; i < end; ++i) {
    bool isUnknown = ShapedType::isDynamic((*shape)[i]);
    array.integers.push_back(isUnknown ? HostArray::kUnknown : (*shape)[i]);
    array.partial |= isUnknown;
  }
  array.shape = {static_cast<int64_t>(array.integers.size())};
  return n.result(std::move(array));
}

LogicalResult importSize(NodeImport &n) {
  std::optional<SmallVector<int64_t>> shape = n.shape(0);
  if (!shape)
    return failure();
  HostArray array;
  int64_t count = product(*shape);
  array.partial = ShapedType::isDynamic(count);
  array.integers = {array.partial ? HostArray::kUnknown : count};
  return n.result(std::move(array));
}

template <typename T>
LogicalResult resultOf(NodeImport &n, ElementType type, ArrayRef<T> values, bool isScalar) {
  std::vector<int64_t> shape;
  if (!isScalar)
    shape.push_back(values.size());
  std::optional<Tensor> tensor = Tensor::allocate(type, shape);
  if (!tensor)
    return n.fail("out of memory");
  llvm::copy(values, tensor->as<T>());
  return n.result(std::move(*tensor));
}

LogicalResult importConstant(NodeImport &n) {
  for (const auto &[name, value] : n.node.attributes) {
    if (value.kind == Attribute::Kind::Tensor && name == "value")
      return n.result(value.tensor);
    if (value.kind == Attribute::Kind::Float)
      return resultOf<float>(n, ElementType::F32, value.real, true);
    if (value.kind == Attribute::Kind::Floats)
      return resultOf<float>(n, ElementType::F32, value.reals, false);
    if (value.kind == Attribute::Kind::Int)
      return resultOf<int64_t>(n, ElementType::I64, value.integer, true);
    if (value.kind == Attribute::Kind::Ints)
      return resultOf<int64_t>(n, ElementType::I64, value.integers, false);
  }
  return n.fail("expected a dense tensor or numbers as its value");
}

/// Only those too large to evaluate come here.
LogicalResult importConstantOfShape(NodeImport &n) {
  auto shape = n.integers(0, nullptr);
  if (!shape)
    return n.fail("its shape must be a constant");
  const Tensor *value = tensorOf(n.node, "value");
  Type type = elementTypeFor(n.builder.getContext(), value ? value->type : ElementType::F32);
  if (!type || (value && value->count != 1))
    return n.fail("expected one value of a supported type");
  if (!elementCount(std::vector<int64_t>(shape->begin(), shape->end())))
    return n.fail("its shape is invalid or too large");
  return n.result(n.splat(value ? realAt(*value, 0) : 0, type, *shape));
}

} // namespace

void addShapes(ImportTable &table) {
  table["Identity"] = importIdentity;
  table["Reshape"] = importReshape;
  table["Flatten"] = importFlatten;
  table["Unsqueeze"] = importUnsqueeze;
  table["Squeeze"] = importSqueeze;
  table["Shape"] = importShape;
  table["Size"] = importSize;
  table["Constant"] = importConstant;
  table["ConstantOfShape"] = importConstantOfShape;
}

} // namespace tessera::import_
