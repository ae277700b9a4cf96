// The row_reduce_l2 operator.
#pragma once

#include "tessera/kernels/reduction.h"

namespace tessera::kernels {

/// The square root of the sum of squares of each row, 0 for an empty one; infinite where a square
/// is. Accumulated results are those of the rows put together.
template <class Arch> struct RowReduceL2 : RowSumKernel<RowReduceL2<Arch>, Arch> {
  using S = Simd<Arch>;
  using F = typename S::F;

  static TESSERA_INLINE F take(F x) { return x * x; }
  static TESSERA_INLINE F finish(F sum, F) { return S::sqrt(sum); }
  static TESSERA_INLINE F join(F a, F b) { return S::sqrt(a * a + b * b); }
};

} // namespace tessera::kernels
