// The rsqrt operator on vectors of floats.
#pragma once

#include "tessera/kernels/elementwise.h"

namespace tessera::kernels {

/// y = 1 / sqrt(x), at most 1.5 ulp. rsqrt(0) = inf, NaN below zero.
template <class Arch> struct Rsqrt : UnaryKernel<Rsqrt<Arch>, Arch> {
  using S = Simd<Arch>;
  using F = typename S::F;

  static TESSERA_INLINE F step(F x) { return S::rsqrt(x); }
};

} // namespace tessera::kernels
