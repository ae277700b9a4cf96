// The floor operator on vectors of floats.
#pragma once

#include "tessera/kernels/elementwise.h"

namespace tessera::kernels {

/// y = the largest integer not above x; keeps the sign of zero.
template <class Arch> struct Floor : UnaryKernel<Floor<Arch>, Arch> {
  using S = Simd<Arch>;
  using F = typename S::F;

  static TESSERA_INLINE F step(F x) { return S::floor(x); }
};

} // namespace tessera::kernels
