// Evaluates small operators while a model is imported: shape arithmetic and scalar constants.
#pragma once

#include "OnnxModel.h"

#include <optional>
#include <string>
#include <vector>

namespace tessera::import_ {

/// A small tensor whose elements are known, or (in an integer tensor that comes from the shape of a
/// value with dynamic dims) known in part.
struct HostArray {
  std::string name;
  ElementType type = ElementType::I64;
  std::vector<int64_t> shape;
  /// Elements, in the one of the two that isInteger(type) chooses.
  std::vector<int64_t> integers;
  std::vector<double> reals;
  /// When set, integers equal to kUnknown are not known.
  bool partial = false;

  static constexpr int64_t kUnknown = INT64_MIN;
  bool isInteger() const { return import_::isInteger(type); }
  int64_t count() const { return isInteger() ? integers.size() : reals.size(); }
  bool isUnknown(int64_t index) const { return partial && integers[index] == kUnknown; }
  bool allKnown() const;
};

/// Larger tensors are left to the compiled program.
constexpr int64_t kHostLimit = 1 << 16;

/// Nothing when the tensor exceeds kHostLimit.
std::optional<HostArray> toHost(const Tensor &tensor);
/// Nothing when elements are unknown or memory is short.
std::optional<Tensor> toTensor(const HostArray &array);

/// True when the operator has a rule here at all.
bool canEvaluate(const std::string &opType);

/// Evaluates the node. Inputs that are absent are null. False when there is no rule, the result
/// would exceed kHostLimit, or the inputs do not suit the operator.
bool evaluate(const Node &node, int64_t opset, const std::vector<const HostArray *> &inputs,
              std::vector<HostArray> &outputs);

} // namespace tessera::import_
