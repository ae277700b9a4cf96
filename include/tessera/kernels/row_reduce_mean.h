// The row_reduce_mean operator.
#pragma once

#include "tessera/kernels/reduction.h"

namespace tessera::kernels {

/// The mean of each row, NaN for an empty one. Accumulated results are sums of means.
template <class Arch> struct RowReduceMean : RowSumKernel<RowReduceMean<Arch>, Arch> {
  using F = typename Simd<Arch>::F;

  static TESSERA_INLINE F finish(F sum, F count) { return sum / count; }
};

} // namespace tessera::kernels
