// The row_reduce_sum operator.
#pragma once

#include "tessera/kernels/reduction.h"

namespace tessera::kernels {

/// The sum of each row; 0 for an empty one.
template <class Arch> struct RowReduceSum : RowReduceKernel<RowReduceSum<Arch>, Arch> {
  using S = Simd<Arch>;
  using F = typename S::F;
  static constexpr float kIdentity = 0.0f;

  static TESSERA_INLINE F combine(F a, F b) { return a + b; }
  static TESSERA_INLINE float combine(float a, float b) { return a + b; }
  static TESSERA_INLINE float fold(F x) { return S::sum(x); }
};

} // namespace tessera::kernels
