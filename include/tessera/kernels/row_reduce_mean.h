// The row_reduce_mean operator.
#pragma once

#include "tessera/kernels/reduction.h"

namespace tessera::kernels {

/// The mean of each row, NaN for an empty one. Accumulated results are sums of means.
template <class Arch> struct RowReduceMean : RowReduceKernel<RowReduceMean<Arch>, Arch> {
  using S = Simd<Arch>;
  using F = typename S::F;
  static constexpr float kIdentity = 0.0f;

  static TESSERA_INLINE F combine(F a, F b) { return a + b; }
  static TESSERA_INLINE float combine(float a, float b) { return a + b; }
  static TESSERA_INLINE float fold(F x) { return S::sum(x); }
  static TESSERA_INLINE float finish(float sum, std::int64_t cols) {
    return sum / static_cast<float>(cols);
  }
};

} // namespace tessera::kernels
