// The clip operator on vectors of floats.
#pragma once

#include "tessera/kernels/elementwise.h"

namespace tessera::kernels {

/// y = min(max(x, low), high); an absent bound is an infinity. NaN stays NaN.
template <class Arch> struct Clip : UnaryKernel<Clip<Arch>, Arch, 2> {
  using S = Simd<Arch>;
  using F = typename S::F;

  static TESSERA_INLINE F step(F x, F low, F high) { return S::min(high, S::max(low, x)); }
};

} // namespace tessera::kernels
