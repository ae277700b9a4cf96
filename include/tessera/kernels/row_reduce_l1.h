// The row_reduce_l1 operator.
#pragma once

#include "tessera/kernels/reduction.h"

namespace tessera::kernels {

/// The sum of the magnitudes of each row, 0 for an empty one.
template <class Arch> struct RowReduceL1 : RowSumKernel<RowReduceL1<Arch>, Arch> {
  using S = Simd<Arch>;
  using F = typename S::F;

  static TESSERA_INLINE F take(F x) { return S::abs(x); }
};

} // namespace tessera::kernels
