// The log operator on vectors of floats.
#pragma once

#include "tessera/kernels/MathCore.h"
#include "tessera/kernels/elementwise.h"

namespace tessera::kernels {

/// y = ln x, at most 2 ulp. log(0) = -inf, log of a negative number is NaN.
template <class Arch> struct Log : UnaryKernel<Log<Arch>, Arch> {
  using S = Simd<Arch>;
  using F = typename S::F;
  using Core = MathCore<Arch>;

  static TESSERA_INLINE F step(F x) { return Core::log(x); }
};

} // namespace tessera::kernels
