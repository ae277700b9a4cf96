// The row_reduce_min operator.
#pragma once

#include "tessera/kernels/reduction.h"

namespace tessera::kernels {

/// The smallest element of each row, inf for an empty one; NaN when there is a NaN.
template <class Arch> struct RowReduceMin : RowReduceKernel<RowReduceMin<Arch>, Arch> {
  using S = Simd<Arch>;
  using F = typename S::F;
  static constexpr float kIdentity = __builtin_inff();

  /// The comparison does not wait for a, the running result; min(b, NaN) is NaN.
  static TESSERA_INLINE F combine(F a, F b) { return S::select(b == b, S::min(b, a), b); }
};

} // namespace tessera::kernels
