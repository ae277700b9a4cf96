// What it takes to run cases: their text, their inputs, and outputs held against each other.
#pragma once
#include "Sweep.h"
#include "tessera/import/Tensors.h"
#include "tessera/runtime/Model.h"
#include <cstdlib>
#include <memory>

namespace tessera::sweep {

/// The cases' bodies in one @main; names get the number of their case.
std::string moduleOf(const std::vector<Case> &cases);

import_::Tensor fill(const Input &input, uint64_t seed);

/// An output between two guard zones.
struct Guarded {
  explicit Guarded(size_t bytes);
  ~Guarded() { std::free(memory); }
  Guarded(const Guarded &) = delete;
  char *data();
  bool intact() const;
  size_t size;
  char *memory;
};
using Outputs = std::vector<std::unique_ptr<Guarded>>;

Outputs runModel(const std::shared_ptr<const runtime::CompiledModel> &model,
                 const std::vector<import_::Tensor> &inputs, int threads);

/// Nothing when the tensors agree, else how they differ. Errors are relative to the largest element
/// wanted, or to `least` where that is more; one of `allowed` is none.
std::string difference(const runtime::TensorInfo &info, const char *got, const char *want,
                       const std::string &precision, double least = 1e-3, double allowed = 0);

/// The greatest difference of two finite elements.
double greatestDifference(const runtime::TensorInfo &info, const char *a, const char *b);

/// The inputs, those in f32 as f16 would keep them.
std::vector<import_::Tensor> roundedToF16(const std::vector<import_::Tensor> &inputs);

} // namespace tessera::sweep
