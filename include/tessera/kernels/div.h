// The div operator on pairs of vectors of floats.
#pragma once

#include "tessera/kernels/elementwise.h"

namespace tessera::kernels {

/// y = a / b, correctly rounded.
template <class Arch> struct Div : BinaryKernel<Div<Arch>, Arch> {
  using S = Simd<Arch>;
  using F = typename S::F;

  static TESSERA_INLINE F step(F a, F b) { return a / b; }
};

} // namespace tessera::kernels
