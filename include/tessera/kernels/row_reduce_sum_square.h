// The row_reduce_sum_square operator.
#pragma once

#include "tessera/kernels/reduction.h"

namespace tessera::kernels {

/// The sum of the squares of each row, 0 for an empty one. Accumulated results are added.
template <class Arch> struct RowReduceSumSquare : RowSumKernel<RowReduceSumSquare<Arch>, Arch> {
  using S = Simd<Arch>;
  using F = typename S::F;

  static TESSERA_INLINE F take(F x) { return x * x; }
};

} // namespace tessera::kernels
