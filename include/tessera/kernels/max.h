// The max operator on pairs of vectors of floats.
#pragma once

#include "tessera/kernels/elementwise.h"

namespace tessera::kernels {

/// y = max(a, b); NaN when either is NaN.
template <class Arch> struct Max : BinaryKernel<Max<Arch>, Arch> {
  using S = Simd<Arch>;
  using F = typename S::F;

  static TESSERA_INLINE F step(F a, F b) { return S::select(a == a, S::max(a, b), a); }
};

} // namespace tessera::kernels
