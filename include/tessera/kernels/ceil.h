// The ceil operator on vectors of floats.
#pragma once

#include "tessera/kernels/elementwise.h"

namespace tessera::kernels {

/// y = the smallest integer not below x; keeps the sign of zero.
template <class Arch> struct Ceil : UnaryKernel<Ceil<Arch>, Arch> {
  using S = Simd<Arch>;
  using F = typename S::F;

  static TESSERA_INLINE F step(F x) { return S::ceil(x); }
};

} // namespace tessera::kernels
