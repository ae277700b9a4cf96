// The exp operator on vectors of floats.
#pragma once

#include "tessera/kernels/MathCore.h"
#include "tessera/kernels/elementwise.h"

namespace tessera::kernels {

/// y = e^x, at most 2 ulp. Denormal results are kept; exp(-inf) = 0, NaN stays NaN.
template <class Arch> struct Exp : UnaryKernel<Exp<Arch>, Arch> {
  using S = Simd<Arch>;
  using F = typename S::F;
  using Core = MathCore<Arch>;

  static TESSERA_INLINE F step(F x) { return Core::exp(x); }
};

} // namespace tessera::kernels
