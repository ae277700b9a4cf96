// Evaluation rules that make, move or repeat elements.
#include "EvaluatorRules.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace tessera::import_ {

namespace {

std::vector<int64_t> iota(int64_t count) {
  std::vector<int64_t> indices(count);
  std::iota(indices.begin(), indices.end(), int64_t(0));
  return indices;
}

bool finish(Evaluation &call, const HostArray &source, std::vector<int64_t> shape) {
  std::optional<int64_t> count = elementCount(shape);
  if (!count || *count != source.count())
    return false;
  call.outputs.push_back(source);
  call.outputs.back().shape = std::move(shape);
  return true;
}

bool identity(Evaluation &call) {
  return call.input(0) && finish(call, *call.input(0), call.input(0)->shape);
}

bool constantOfShape(Evaluation &call) {
  auto shape = call.integers(0, nullptr);
  const Tensor *value = tensorOf(call.node, "value");
  if (!shape || (value && value->count != 1))
    return false;
  auto result = makeArray(value ? value->type : ElementType::F32, *shape);
  if (!result)
    return false;
  if (value && isInteger(value->type))
    std::fill(result->integers.begin(), result->integers.end(), integerAt(*value, 0));
  else if (value)
    std::fill(result->reals.begin(), result->reals.end(), realAt(*value, 0));
  call.outputs.push_back(std::move(*result));
  return true;
}

bool range(Evaluation &call) {
  const HostArray *start = call.input(0), *limit = call.input(1), *delta = call.input(2);
  if (!start || !limit || !delta || start->count() != 1 || limit->count() != 1 ||
      delta->count() != 1 || limit->type != start->type || delta->type != start->type)
    return false;
  auto at = [](const HostArray *x) {
    return x->isInteger() ? static_cast<double>(x->integers[0]) : x->reals[0];
  };
  if (!start->allKnown() || !limit->allKnown() || !delta->allKnown() || at(delta) == 0)
    return false;
  double steps = std::ceil((at(limit) - at(start)) / at(delta));
  if (!(steps <= kHostLimit))
    return false;
  auto result = makeArray(start->type, {std::max<int64_t>(0, static_cast<int64_t>(steps))});
  for (int64_t i = 0; i < result->count(); ++i)
    if (start->isInteger())
      result->integers[i] = start->integers[0] + i * delta->integers[0];
    else
      result->reals[i] = start->reals[0] + static_cast<double>(i) * delta->reals[0];
  call.outputs.push_back(std::move(*result));
  return true;
}

bool gather(Evaluation &call) {
  const HostArray *data = call.input(0), *indices = call.input(1);
  int64_t axis = integerOf(call.node, "axis", 0);
  if (!data || !indices || !indices->isInteger() || !indices->allKnown() ||
      !normalizeAxis(axis, data->shape.size()))
    return false;
  auto begin = data->shape.begin();
  int64_t size = data->shape[axis], outer = 1, inner = 1;
  for (int64_t i = 0; i < axis; ++i)
    outer *= data->shape[i];
  for (size_t i = axis + 1; i < data->shape.size(); ++i)
    inner *= data->shape[i];
  std::vector<int64_t> shape(begin, begin + axis), flat;
  shape.insert(shape.end(), indices->shape.begin(), indices->shape.end());
  shape.insert(shape.end(), begin + axis + 1, data->shape.end());
  std::optional<int64_t> count = elementCount(shape);
  if (!count || *count > kHostLimit)
    return false;
  for (int64_t o = 0; o < outer; ++o)
    for (int64_t index : indices->integers) {
      if (!normalizeAxis(index, size))
        return false;
      for (int64_t i = 0; i < inner; ++i)
        flat.push_back((o * size + index) * inner + i);
    }
  call.outputs.push_back(pick(*data, std::move(shape), flat));
  return true;
}

bool concat(Evaluation &call) {
  if (!call.input(0))
    return false;
  const HostArray &first = *call.input(0);
  int64_t axis = integerOf(call.node, "axis", 0), inner = 1, outer = 1;
  if (!normalizeAxis(axis, first.shape.size()))
    return false;
  std::vector<int64_t> shape = first.shape;
  shape[axis] = 0;
  for (const HostArray *part : call.inputs) {
    if (!part || part->type != first.type || part->shape.size() != shape.size())
      return false;
    for (size_t i = 0; i < shape.size(); ++i)
      if (static_cast<int64_t>(i) != axis && part->shape[i] != shape[i])
        return false;
    shape[axis] += part->shape[axis];
  }
  for (int64_t i = 0; i < axis; ++i)
    outer *= shape[i];
  for (size_t i = axis + 1; i < shape.size(); ++i)
    inner *= shape[i];
  auto result = makeArray(first.type, shape);
  if (!result)
    return false;
  int64_t at = 0;
  for (int64_t o = 0; o < outer; ++o)
    for (const HostArray *part : call.inputs) {
      result->partial |= part->partial;
      int64_t length = part->shape[axis] * inner;
      for (int64_t i = o * length; i < (o + 1) * length; ++i, ++at)
        if (first.isInteger())
          result->integers[at] = part->integers[i];
        else
          result->reals[at] = part->reals[i];
    }
  call.outputs.push_back(std::move(*result));
  return true;
}

bool unsqueeze(Evaluation &call) {
  const HostArray *x = call.input(0);
  auto axes = call.integers(1, "axes");
  if (!x || !axes || axes->size() > 16)
    return false;
  int64_t rank = x->shape.size() + axes->size();
  std::vector<bool> inserted(rank, false);
  for (int64_t axis : *axes) {
    if (!normalizeAxis(axis, rank) || inserted[axis])
      return false;
    inserted[axis] = true;
  }
  std::vector<int64_t> shape;
  size_t next = 0;
  for (int64_t i = 0; i < rank; ++i)
    shape.push_back(inserted[i] ? 1 : x->shape[next++]);
  return finish(call, *x, std::move(shape));
}

bool squeeze(Evaluation &call) {
  const HostArray *x = call.input(0);
  if (!x || (call.input(1) && !call.integers(1, nullptr)))
    return false;
  auto axes = call.integers(1, "axes");
  std::vector<bool> dropped(x->shape.size(), false);
  if (axes)
    for (int64_t axis : *axes) {
      if (!normalizeAxis(axis, x->shape.size()) || x->shape[axis] != 1)
        return false;
      dropped[axis] = true;
    }
  std::vector<int64_t> shape;
  for (size_t i = 0; i < x->shape.size(); ++i)
    if (axes ? !dropped[i] : x->shape[i] != 1)
      shape.push_back(x->shape[i]);
  return finish(call, *x, std::move(shape));
}

bool reshape(Evaluation &call) {
  const HostArray *x = call.input(0);
  auto shape = call.integers(1, nullptr);
  if (!x || !shape)
    return false;
  bool allowZero = integerOf(call.node, "allowzero", 0) != 0;
  int64_t known = 1, wild = -1;
  for (size_t i = 0; i < shape->size(); ++i) {
    int64_t &size = (*shape)[i];
    if (size == 0 && !allowZero && i < x->shape.size())
      size = x->shape[i];
    if (size == -1 && wild < 0)
      wild = i;
    else if (size < 0 || size > kHostLimit || (known *= size) > kHostLimit)
      return false;
  }
  if (wild >= 0) {
    if (known == 0)
      return false;
    (*shape)[wild] = x->count() / known;
  }
  return finish(call, *x, std::move(*shape));
}

/// Along one axis only: shape arithmetic slices vectors.
bool slice(Evaluation &call) {
  const HostArray *x = call.input(0);
  auto starts = call.integers(1, "starts"), ends = call.integers(2, "ends");
  auto axes = call.integers(3, "axes"), steps = call.integers(4, nullptr);
  if (!x || x->shape.size() != 1 || !starts || !ends || starts->size() != 1 || ends->size() != 1)
    return false;
  if (axes && (axes->size() != 1 || ((*axes)[0] != 0 && (*axes)[0] != -1)))
    return false;
  int64_t step = steps && steps->size() == 1 ? (*steps)[0] : 1, size = x->shape[0];
  if (step == 0 || step == INT64_MIN || (call.input(4) && !steps))
    return false;
  bool back = step < 0;
  auto limit = [&](int64_t value) {
    value += value < 0 ? size : 0;
    return std::clamp<int64_t>(value, back ? -1 : 0, back ? size - 1 : size);
  };
  int64_t start = limit((*starts)[0]), end = limit((*ends)[0]);
  std::vector<int64_t> flat;
  // A step longer than the vector takes one element; limiting it keeps the sum in range.
  step = std::clamp<int64_t>(step, -size - 1, size + 1);
  for (int64_t i = start; back ? i > end : i < end; i += step)
    flat.push_back(i);
  int64_t length = static_cast<int64_t>(flat.size());
  call.outputs.push_back(pick(*x, {length}, flat));
  return true;
}

bool transpose(Evaluation &call) {
  const HostArray *x = call.input(0);
  if (!x)
    return false;
  size_t rank = x->shape.size();
  std::vector<int64_t> perm = iota(rank), shape, strides(rank, 1), flat;
  std::reverse(perm.begin(), perm.end());
  if (const auto *given = integersOf(call.node, "perm"))
    perm = *given;
  std::vector<int64_t> sorted = perm;
  std::sort(sorted.begin(), sorted.end());
  if (sorted != iota(rank))
    return false;
  for (size_t i = rank; i-- > 1;)
    strides[i - 1] = strides[i] * x->shape[i];
  for (int64_t dim : perm)
    shape.push_back(x->shape[dim]);
  std::vector<int64_t> index(rank, 0);
  for (int64_t i = 0; i < x->count(); ++i) {
    int64_t at = 0;
    for (size_t dim = 0; dim < rank; ++dim)
      at += index[dim] * strides[perm[dim]];
    flat.push_back(at);
    for (size_t dim = rank; dim-- > 0 && ++index[dim] == shape[dim];)
      index[dim] = 0;
  }
  call.outputs.push_back(pick(*x, std::move(shape), flat));
  return true;
}

bool expand(Evaluation &call) {
  const HostArray *x = call.input(0);
  auto target = call.integers(1, nullptr);
  auto shape = x && target ? broadcastShape(x->shape, *target) : std::nullopt;
  auto flat = shape ? broadcastIndices(x->shape, *shape) : std::nullopt;
  if (!flat)
    return false;
  call.outputs.push_back(pick(*x, std::move(*shape), *flat));
  return true;
}

bool tileVector(Evaluation &call) {
  const HostArray *x = call.input(0);
  auto repeats = call.integers(1, nullptr);
  if (!x || !repeats || x->shape.size() != 1 || repeats->size() != 1 || (*repeats)[0] < 0 ||
      (*repeats)[0] > kHostLimit || (*repeats)[0] * x->count() > kHostLimit)
    return false;
  std::vector<int64_t> flat;
  for (int64_t i = 0; i < (*repeats)[0] * x->count(); ++i)
    flat.push_back(i % x->count());
  int64_t length = static_cast<int64_t>(flat.size());
  call.outputs.push_back(pick(*x, {length}, flat));
  return true;
}

bool nonZero(Evaluation &call) {
  const HostArray *x = call.input(0);
  if (!x || !x->allKnown())
    return false;
  std::vector<int64_t> found;
  for (int64_t i = 0; i < x->count(); ++i)
    if (x->isInteger() ? x->integers[i] != 0 : x->reals[i] != 0)
      found.push_back(i);
  int64_t rank = x->shape.size(), count = static_cast<int64_t>(found.size());
  auto result = makeArray(ElementType::I64, {rank, count});
  if (!result)
    return false;
  for (int64_t i = 0; i < count; ++i) {
    int64_t rest = found[i];
    for (int64_t dim = rank; dim-- > 0; rest /= x->shape[dim])
      result->integers[dim * count + i] = rest % x->shape[dim];
  }
  call.outputs.push_back(std::move(*result));
  return true;
}

} // namespace

void addMovementRules(RuleTable &rules) {
  rules["Identity"] = identity;
  rules["ConstantOfShape"] = constantOfShape;
  rules["Range"] = range;
  rules["Gather"] = gather;
  rules["Concat"] = concat;
  rules["Unsqueeze"] = unsqueeze;
  rules["Squeeze"] = squeeze;
  rules["Reshape"] = reshape;
  rules["Slice"] = slice;
  rules["Transpose"] = transpose;
  rules["Expand"] = expand;
  rules["Tile"] = tileVector;
  rules["NonZero"] = nonZero;
}

} // namespace tessera::import_
