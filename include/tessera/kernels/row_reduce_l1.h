// The row_reduce_l1 operator.
#pragma once

#include "tessera/kernels/reduction.h"

namespace tessera::kernels {

/// The sum of the magnitudes of each row, 0 for an empty one.
template <class Arch> struct RowReduceL1 : RowReduceKernel<RowReduceL1<Arch>, Arch> {
  using S = Simd<Arch>;
  using F = typename S::F;
  static constexpr float kIdentity = 0.0f;

  static TESSERA_INLINE F combine(F a, F b) { return a + b; }
  static TESSERA_INLINE float combine(float a, float b) { return a + b; }
  static TESSERA_INLINE float fold(F x) { return S::sum(x); }
  static TESSERA_INLINE F take(F x) { return S::abs(x); }
  static TESSERA_INLINE float take(float x) { return __builtin_fabsf(x); }
};

} // namespace tessera::kernels
