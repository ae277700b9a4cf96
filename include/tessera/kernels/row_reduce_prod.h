// The row_reduce_prod operator.
#pragma once

#include "tessera/kernels/reduction.h"

namespace tessera::kernels {

/// The product of each row; 1 for an empty one.
template <class Arch> struct RowReduceProd : RowReduceKernel<RowReduceProd<Arch>, Arch> {
  using F = typename Simd<Arch>::F;
  static constexpr float kIdentity = 1.0f;

  static TESSERA_INLINE F combine(F a, F b) { return a * b; }
};

} // namespace tessera::kernels
