// The neg operator on vectors of floats.
#pragma once

#include "tessera/kernels/elementwise.h"

namespace tessera::kernels {

/// y = -x; flips the sign bit, also of zero and NaN.
template <class Arch> struct Neg : UnaryKernel<Neg<Arch>, Arch> {
  using S = Simd<Arch>;
  using F = typename S::F;

  static TESSERA_INLINE F step(F x) { return S::neg(x); }
};

} // namespace tessera::kernels
