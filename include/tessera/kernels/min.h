// The min operator on pairs of vectors of floats.
#pragma once

#include "tessera/kernels/elementwise.h"

namespace tessera::kernels {

/// y = min(a, b); NaN when either is NaN.
template <class Arch> struct Min : BinaryKernel<Min<Arch>, Arch> {
  using S = Simd<Arch>;
  using F = typename S::F;

  static TESSERA_INLINE F step(F a, F b) { return S::select(a == a, S::min(a, b), a); }
};

} // namespace tessera::kernels
