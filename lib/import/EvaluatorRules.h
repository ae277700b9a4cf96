// What the two files of evaluation rules share.
#pragma once

#include "Evaluator.h"

#include <functional>
#include <unordered_map>

namespace tessera::import_ {

/// One evaluation: inputs may be null past the required ones, outputs are appended.
struct Evaluation {
  const Node &node;
  int64_t opset;
  const std::vector<const HostArray *> &inputs;
  std::vector<HostArray> &outputs;

  /// Null when absent.
  const HostArray *input(size_t index) const {
    return index < inputs.size() ? inputs[index] : nullptr;
  }
  /// Integers of an input or, failing that, of an attribute; nothing when neither is there or an
  /// element is unknown.
  std::optional<std::vector<int64_t>> integers(size_t index, const char *attribute) const;
};

using Rule = std::function<bool(Evaluation &)>;
using RuleTable = std::unordered_map<std::string, Rule>;

void addArithmeticRules(RuleTable &rules);
void addConversionRules(RuleTable &rules);
void addMovementRules(RuleTable &rules);

/// A value as the type would store it.
int64_t wrap(ElementType type, int64_t value);
double roundTo(ElementType type, double value);

/// An array of `type` and `shape` filled with zeros; nothing above kHostLimit.
std::optional<HostArray> makeArray(ElementType type, std::vector<int64_t> shape);
/// The elements of `source` at the flat indices, under a new shape of as many elements.
HostArray pick(const HostArray &source, std::vector<int64_t> shape,
               const std::vector<int64_t> &indices);
/// For each element of `to`, the flat index of the element of `from` that NumPy broadcasts there;
/// nothing when the shapes do not broadcast so.
std::optional<std::vector<int64_t>> broadcastIndices(const std::vector<int64_t> &from,
                                                     const std::vector<int64_t> &to);
std::optional<std::vector<int64_t>> broadcastShape(const std::vector<int64_t> &a,
                                                   const std::vector<int64_t> &b);
/// Adds rank to a negative axis; false when it is outside.
bool normalizeAxis(int64_t &axis, int64_t rank);

} // namespace tessera::import_
