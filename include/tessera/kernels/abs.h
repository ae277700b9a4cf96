// The abs operator on vectors of floats.
#pragma once

#include "tessera/kernels/elementwise.h"

namespace tessera::kernels {

/// y = |x|; clears the sign bit, also of NaN.
template <class Arch> struct Abs : UnaryKernel<Abs<Arch>, Arch> {
  using S = Simd<Arch>;
  using F = typename S::F;

  static TESSERA_INLINE F step(F x) { return S::abs(x); }
};

} // namespace tessera::kernels
