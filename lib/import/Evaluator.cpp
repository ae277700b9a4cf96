// Evaluation: conversions, broadcasting and the arithmetic rules.
#include "EvaluatorRules.h"

#include <algorithm>
#include <cmath>

namespace tessera::import_ {

bool HostArray::allKnown() const {
  return !partial || std::find(integers.begin(), integers.end(), kUnknown) == integers.end();
}

std::optional<HostArray> makeArray(ElementType type, std::vector<int64_t> shape) {
  std::optional<int64_t> count = elementCount(shape);
  if (!count || *count > kHostLimit)
    return std::nullopt;
  HostArray array;
  array.type = type;
  array.shape = std::move(shape);
  if (isInteger(type))
    array.integers.resize(*count);
  else
    array.reals.resize(*count);
  return array;
}

std::optional<HostArray> toHost(const Tensor &tensor) {
  std::optional<HostArray> array = makeArray(tensor.type, tensor.shape);
  if (!array)
    return std::nullopt;
  for (int64_t i = 0; i < tensor.count; ++i)
    if (array->isInteger())
      array->integers[i] = integerAt(tensor, i);
    else
      array->reals[i] = realAt(tensor, i);
  return array;
}

std::optional<Tensor> toTensor(const HostArray &array) {
  if (!array.allKnown())
    return std::nullopt;
  std::optional<Tensor> tensor = Tensor::allocate(array.type, array.shape);
  if (tensor)
    tensor->name = array.name;
  for (int64_t i = 0; tensor && i < array.count(); ++i)
    if (array.isInteger())
      storeInteger(*tensor, i, array.integers[i]);
    else
      storeReal(*tensor, i, array.reals[i]);
  return tensor;
}

HostArray pick(const HostArray &source, std::vector<int64_t> shape,
               const std::vector<int64_t> &indices) {
  HostArray result;
  result.type = source.type;
  result.shape = std::move(shape);
  result.partial = source.partial;
  for (int64_t index : indices)
    if (source.isInteger())
      result.integers.push_back(source.integers[index]);
    else
      result.reals.push_back(source.reals[index]);
  return result;
}

bool normalizeAxis(int64_t &axis, int64_t rank) {
  if (axis < -rank || axis >= rank)
    return false;
  axis += axis < 0 ? rank : 0;
  return true;
}

std::optional<std::vector<int64_t>> broadcastShape(const std::vector<int64_t> &a,
                                                   const std::vector<int64_t> &b) {
  const auto &longer = a.size() >= b.size() ? a : b;
  const auto &shorter = a.size() >= b.size() ? b : a;
  std::vector<int64_t> result = longer;
  size_t offset = longer.size() - shorter.size();
  for (size_t i = 0; i < shorter.size(); ++i) {
    int64_t &size = result[offset + i];
    if (size == 1)
      size = shorter[i];
    else if (shorter[i] != 1 && shorter[i] != size)
      return std::nullopt;
  }
  return result;
}

std::optional<std::vector<int64_t>> broadcastIndices(const std::vector<int64_t> &from,
                                                     const std::vector<int64_t> &to) {
  std::optional<int64_t> count = elementCount(to);
  if (!count || *count > kHostLimit || from.size() > to.size())
    return std::nullopt;
  size_t rank = to.size(), offset = rank - from.size();
  std::vector<int64_t> strides(rank, 0), index(rank, 0), result;
  int64_t stride = 1;
  for (size_t i = from.size(); i-- > 0;) {
    if (from[i] != 1 && from[i] != to[offset + i])
      return std::nullopt;
    strides[offset + i] = from[i] == 1 ? 0 : stride;
    stride *= from[i];
  }
  int64_t flat = 0;
  for (int64_t i = 0; i < *count; ++i) {
    result.push_back(flat);
    for (size_t dim = rank; dim-- > 0;) {
      flat += strides[dim];
      if (++index[dim] < to[dim])
        break;
      flat -= strides[dim] * to[dim];
      index[dim] = 0;
    }
  }
  return result;
}

std::optional<std::vector<int64_t>> Evaluation::integers(size_t index,
                                                         const char *attribute) const {
  if (const HostArray *array = input(index))
    return array->isInteger() && array->allKnown() ? std::optional(array->integers) : std::nullopt;
  const std::vector<int64_t> *list = attribute ? integersOf(node, attribute) : nullptr;
  return list ? std::optional(*list) : std::nullopt;
}

int64_t wrap(ElementType type, int64_t value) {
  switch (type) {
  case ElementType::Bool:
    return value != 0;
  case ElementType::I8:
    return static_cast<int8_t>(value);
  case ElementType::I16:
    return static_cast<int16_t>(value);
  case ElementType::I32:
    return static_cast<int32_t>(value);
  case ElementType::U8:
    return static_cast<uint8_t>(value);
  case ElementType::U16:
    return static_cast<uint16_t>(value);
  case ElementType::U32:
    return static_cast<uint32_t>(value);
  default:
    return value;
  }
}

double roundTo(ElementType type, double value) {
  switch (type) {
  case ElementType::F16:
    return floatFromHalf(halfFromFloat(static_cast<float>(value)));
  case ElementType::BF16:
    return floatFromBfloat(bfloatFromFloat(static_cast<float>(value)));
  case ElementType::F32:
    return static_cast<float>(value);
  default:
    return value;
  }
}

namespace {

using IntegerStep = int64_t (*)(int64_t, int64_t);
using RealStep = double (*)(double, double);

/// `result` is Bool for comparisons, else the operands' type.
bool binary(Evaluation &call, IntegerStep integerStep, RealStep realStep, bool compares) {
  const HostArray *a = call.input(0), *b = call.input(1);
  if (!a || !b || a->type != b->type || (a->isInteger() ? !integerStep : !realStep))
    return false;
  auto shape = broadcastShape(a->shape, b->shape);
  auto result = shape ? makeArray(compares ? ElementType::Bool : a->type, *shape) : std::nullopt;
  if (!result)
    return false;
  auto left = broadcastIndices(a->shape, *shape), right = broadcastIndices(b->shape, *shape);
  if (!left || !right)
    return false;
  result->partial = a->partial || b->partial;
  for (int64_t i = 0; i < result->count(); ++i) {
    int64_t l = (*left)[i], r = (*right)[i];
    if (!a->isInteger()) {
      double value = realStep(a->reals[l], b->reals[r]);
      if (compares)
        result->integers[i] = value != 0;
      else
        result->reals[i] = roundTo(a->type, value);
    } else if (a->isUnknown(l) || b->isUnknown(r)) {
      result->integers[i] = HostArray::kUnknown;
    } else {
      result->integers[i] = wrap(result->type, integerStep(a->integers[l], b->integers[r]));
    }
  }
  call.outputs.push_back(std::move(*result));
  return true;
}

bool unary(Evaluation &call, int64_t (*integerStep)(int64_t), double (*realStep)(double)) {
  const HostArray *x = call.input(0);
  if (!x || (x->isInteger() ? !integerStep : !realStep))
    return false;
  HostArray result = *x;
  for (int64_t i = 0; i < result.count(); ++i)
    if (!x->isInteger())
      result.reals[i] = roundTo(x->type, realStep(x->reals[i]));
    else if (!x->isUnknown(i))
      result.integers[i] = wrap(x->type, integerStep(x->integers[i]));
  call.outputs.push_back(std::move(result));
  return true;
}

/// Min and Max take any number of inputs.
bool variadic(Evaluation &call, IntegerStep integerStep, RealStep realStep) {
  if (!call.input(0))
    return false;
  HostArray accumulated = *call.input(0);
  for (size_t i = 1; i < call.inputs.size(); ++i) {
    std::vector<const HostArray *> pair{&accumulated, call.input(i)};
    std::vector<HostArray> result;
    Evaluation step{call.node, call.opset, pair, result};
    if (!binary(step, integerStep, realStep, false))
      return false;
    accumulated = std::move(result[0]);
  }
  call.outputs.push_back(std::move(accumulated));
  return true;
}

/// Over all elements only, as shape arithmetic does.
bool reduceAll(Evaluation &call, int64_t start, IntegerStep step) {
  const HostArray *x = call.input(0);
  if (!x || !x->isInteger() || !x->allKnown() || x->shape.size() != 1)
    return false;
  auto axes = call.integers(1, "axes");
  if (axes && axes->size() == 1 && (*axes)[0] != 0 && (*axes)[0] != -1)
    return false;
  if ((axes && axes->size() > 1) || (!axes && call.input(1)))
    return false;
  if (start == INT64_MAX && x->integers.empty())
    return false;
  int64_t total = start == INT64_MAX ? x->integers[0] : start;
  for (int64_t value : x->integers)
    total = step(total, value);
  bool keep = integerOf(call.node, "keepdims", 1) != 0;
  auto result = makeArray(x->type, keep ? std::vector<int64_t>{1} : std::vector<int64_t>{});
  result->integers[0] = wrap(x->type, total);
  call.outputs.push_back(std::move(*result));
  return true;
}

// Signed overflow is undefined; shape arithmetic of a hostile file wraps instead.
int64_t addWrapped(int64_t a, int64_t b) {
  return static_cast<int64_t>(uint64_t(a) + uint64_t(b));
}
int64_t subWrapped(int64_t a, int64_t b) {
  return static_cast<int64_t>(uint64_t(a) - uint64_t(b));
}
int64_t mulWrapped(int64_t a, int64_t b) {
  return static_cast<int64_t>(uint64_t(a) * uint64_t(b));
}
int64_t divSafe(int64_t a, int64_t b) {
  return b == 0 ? 0 : b == -1 ? subWrapped(0, a) : a / b;
}
int64_t modFloor(int64_t a, int64_t b) {
  if (b == 0 || b == -1)
    return 0;
  int64_t rest = a % b;
  return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}
int64_t smaller(int64_t a, int64_t b) {
  return std::min(a, b);
}
int64_t larger(int64_t a, int64_t b) {
  return std::max(a, b);
}

Rule arithmetic(IntegerStep integers, RealStep reals) {
  return [=](Evaluation &call) { return binary(call, integers, reals, false); };
}
Rule comparison(IntegerStep integers, RealStep reals) {
  return [=](Evaluation &call) { return binary(call, integers, reals, true); };
}
Rule oneByOne(int64_t (*integers)(int64_t), double (*reals)(double)) {
  return [=](Evaluation &call) { return unary(call, integers, reals); };
}

} // namespace

void addArithmeticRules(RuleTable &rules) {
  rules["Add"] = arithmetic(addWrapped, [](double a, double b) { return a + b; });
  rules["Sub"] = arithmetic(subWrapped, [](double a, double b) { return a - b; });
  rules["Mul"] = arithmetic(mulWrapped, [](double a, double b) { return a * b; });
  rules["Div"] = arithmetic(divSafe, [](double a, double b) { return a / b; });
  rules["Mod"] = [](Evaluation &call) {
    return integerOf(call.node, "fmod", 0) == 0 && binary(call, modFloor, nullptr, false);
  };
  rules["Pow"] = arithmetic(nullptr, [](double a, double b) { return std::pow(a, b); });
  rules["Min"] = [](Evaluation &call) { return variadic(call, smaller, nullptr); };
  rules["Max"] = [](Evaluation &call) { return variadic(call, larger, nullptr); };
  rules["And"] = arithmetic([](int64_t a, int64_t b) { return a & b; }, nullptr);
  rules["Or"] = arithmetic([](int64_t a, int64_t b) { return a | b; }, nullptr);
  rules["Equal"] = comparison([](int64_t a, int64_t b) -> int64_t { return a == b; },
                              [](double a, double b) -> double { return a == b; });
  rules["Less"] = comparison([](int64_t a, int64_t b) -> int64_t { return a < b; },
                             [](double a, double b) -> double { return a < b; });
  rules["Greater"] = comparison([](int64_t a, int64_t b) -> int64_t { return a > b; },
                                [](double a, double b) -> double { return a > b; });
  rules["LessOrEqual"] = comparison([](int64_t a, int64_t b) -> int64_t { return a <= b; },
                                    [](double a, double b) -> double { return a <= b; });
  rules["GreaterOrEqual"] = comparison([](int64_t a, int64_t b) -> int64_t { return a >= b; },
                                       [](double a, double b) -> double { return a >= b; });
  rules["Not"] = oneByOne([](int64_t a) -> int64_t { return !a; }, nullptr);
  rules["Neg"] = oneByOne([](int64_t a) { return subWrapped(0, a); }, [](double a) { return -a; });
  rules["Abs"] = oneByOne([](int64_t a) { return a < 0 ? subWrapped(0, a) : a; },
                          [](double a) { return std::fabs(a); });
  rules["Sqrt"] = oneByOne(nullptr, [](double a) { return std::sqrt(a); });
  rules["Floor"] = oneByOne(nullptr, [](double a) { return std::floor(a); });
  rules["Ceil"] = oneByOne(nullptr, [](double a) { return std::ceil(a); });
  rules["Round"] = oneByOne(nullptr, [](double a) { return std::nearbyint(a); });
  rules["Reciprocal"] = oneByOne(nullptr, [](double a) { return 1 / a; });
  rules["ReduceProd"] = [](Evaluation &call) { return reduceAll(call, 1, mulWrapped); };
  rules["ReduceSum"] = [](Evaluation &call) { return reduceAll(call, 0, addWrapped); };
  rules["ReduceMax"] = [](Evaluation &call) { return reduceAll(call, INT64_MAX, larger); };
  rules["ReduceMin"] = [](Evaluation &call) { return reduceAll(call, INT64_MAX, smaller); };
}

static const RuleTable &ruleTable() {
  static const RuleTable table = [] {
    RuleTable rules;
    addArithmeticRules(rules);
    addConversionRules(rules);
    addMovementRules(rules);
    return rules;
  }();
  return table;
}

bool canEvaluate(const std::string &opType) {
  return ruleTable().count(opType) != 0;
}

bool evaluate(const Node &node, int64_t opset, const std::vector<const HostArray *> &inputs,
              std::vector<HostArray> &outputs) {
  auto rule = ruleTable().find(node.opType);
  if (!node.domain.empty() || rule == ruleTable().end())
    return false;
  Evaluation call{node, opset, inputs, outputs};
  return rule->second(call);
}

} // namespace tessera::import_
