// The row_reduce_prod operator.
#pragma once

#include "tessera/kernels/reduction.h"

namespace tessera::kernels {

/// The product of each row; 1 for an empty one.
template <class Arch> struct RowReduceProd : RowReduceKernel<RowReduceProd<Arch>, Arch> {
  using S = Simd<Arch>;
  using F = typename S::F;
  static constexpr float kIdentity = 1.0f;

  static TESSERA_INLINE F combine(F a, F b) { return a * b; }
  static TESSERA_INLINE float combine(float a, float b) { return a * b; }
  static TESSERA_INLINE float fold(F x) { return S::product(x); }
};

} // namespace tessera::kernels
