// Evaluation rules that convert elements or choose between them.
#include "EvaluatorRules.h"

#include <cmath>

namespace tessera::import_ {

namespace {

bool cast(Evaluation &call) {
  const HostArray *x = call.input(0);
  // ONNX numbers of the types that shape arithmetic meets.
  auto type = [&]() -> std::optional<ElementType> {
    switch (integerOf(call.node, "to", 0)) {
    case 1:
      return ElementType::F32;
    case 6:
      return ElementType::I32;
    case 7:
      return ElementType::I64;
    case 9:
      return ElementType::Bool;
    case 11:
      return ElementType::F64;
    default:
      return std::nullopt;
    }
  }();
  auto result = x && type ? makeArray(*type, x->shape) : std::nullopt;
  if (!result || (!result->isInteger() && !x->allKnown()))
    return false;
  result->partial = x->partial;
  for (int64_t i = 0; i < x->count(); ++i) {
    if (!result->isInteger()) {
      double value = x->isInteger() ? static_cast<double>(x->integers[i]) : x->reals[i];
      result->reals[i] = roundTo(*type, value);
    } else if (x->isInteger()) {
      result->integers[i] = x->isUnknown(i) ? x->integers[i] : wrap(*type, x->integers[i]);
    } else {
      if (!(std::fabs(x->reals[i]) < 9e18))
        return false;
      result->integers[i] = *type == ElementType::Bool
                                ? x->reals[i] != 0
                                : wrap(*type, static_cast<int64_t>(x->reals[i]));
    }
  }
  call.outputs.push_back(std::move(*result));
  return true;
}

bool where(Evaluation &call) {
  const HostArray *condition = call.input(0), *a = call.input(1), *b = call.input(2);
  if (!condition || !a || !b || a->type != b->type || !condition->isInteger())
    return false;
  auto inner = broadcastShape(a->shape, b->shape);
  auto shape = inner ? broadcastShape(*inner, condition->shape) : std::nullopt;
  auto result = shape ? makeArray(a->type, *shape) : std::nullopt;
  if (!result || !condition->allKnown())
    return false;
  auto chosen = broadcastIndices(condition->shape, *shape);
  auto left = broadcastIndices(a->shape, *shape), right = broadcastIndices(b->shape, *shape);
  if (!chosen || !left || !right)
    return false;
  result->partial = a->partial || b->partial;
  for (int64_t i = 0; i < result->count(); ++i) {
    bool takeA = condition->integers[(*chosen)[i]] != 0;
    const HostArray *source = takeA ? a : b;
    int64_t index = takeA ? (*left)[i] : (*right)[i];
    if (a->isInteger())
      result->integers[i] = source->integers[index];
    else
      result->reals[i] = source->reals[index];
  }
  call.outputs.push_back(std::move(*result));
  return true;
}

} // namespace

void addConversionRules(RuleTable &rules) {
  rules["Cast"] = cast;
  rules["Where"] = where;
}

} // namespace tessera::import_
