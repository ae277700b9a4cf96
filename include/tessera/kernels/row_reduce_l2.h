// The row_reduce_l2 operator.
#pragma once

#include "tessera/kernels/reduction.h"

namespace tessera::kernels {

/// The square root of the sum of squares of each row, 0 for an empty one; infinite where a square
/// is. Accumulated results are those of the rows put together.
template <class Arch> struct RowReduceL2 : RowReduceKernel<RowReduceL2<Arch>, Arch> {
  using S = Simd<Arch>;
  using F = typename S::F;
  static constexpr float kIdentity = 0.0f;

  static TESSERA_INLINE F combine(F a, F b) { return a + b; }
  static TESSERA_INLINE float combine(float a, float b) { return a + b; }
  static TESSERA_INLINE float fold(F x) { return S::sum(x); }
  static TESSERA_INLINE F take(F x) { return x * x; }
  static TESSERA_INLINE float take(float x) { return x * x; }
  static TESSERA_INLINE float finish(float sum, std::int64_t) { return __builtin_sqrtf(sum); }
  static TESSERA_INLINE float join(float a, float b) { return __builtin_sqrtf(a * a + b * b); }
};

} // namespace tessera::kernels
