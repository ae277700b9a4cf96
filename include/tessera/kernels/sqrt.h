// The sqrt operator on vectors of floats.
#pragma once

#include "tessera/kernels/elementwise.h"

namespace tessera::kernels {

/// y = sqrt(x), correctly rounded. sqrt(-0) = -0, NaN below zero.
template <class Arch> struct Sqrt : UnaryKernel<Sqrt<Arch>, Arch> {
  using S = Simd<Arch>;
  using F = typename S::F;

  static TESSERA_INLINE F step(F x) { return S::sqrt(x); }
};

} // namespace tessera::kernels
