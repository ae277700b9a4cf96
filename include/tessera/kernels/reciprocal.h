// The reciprocal operator on vectors of floats.
#pragma once

#include "tessera/kernels/elementwise.h"

namespace tessera::kernels {

/// y = 1 / x, correctly rounded.
template <class Arch> struct Reciprocal : UnaryKernel<Reciprocal<Arch>, Arch> {
  using S = Simd<Arch>;
  using F = typename S::F;

  static TESSERA_INLINE F step(F x) { return F(1.0f) / x; }
};

} // namespace tessera::kernels
