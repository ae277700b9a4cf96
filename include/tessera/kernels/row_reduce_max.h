// The row_reduce_max operator.
#pragma once

#include "tessera/kernels/reduction.h"

namespace tessera::kernels {

/// The largest element of each row, -inf for an empty one; NaN when there is a NaN.
template <class Arch> struct RowReduceMax : RowReduceKernel<RowReduceMax<Arch>, Arch> {
  using S = Simd<Arch>;
  using F = typename S::F;
  static constexpr float kIdentity = -__builtin_inff();

  /// The comparison does not wait for a, the running result; max(b, NaN) is NaN.
  static TESSERA_INLINE F combine(F a, F b) { return S::select(b == b, S::max(b, a), b); }
};

} // namespace tessera::kernels
