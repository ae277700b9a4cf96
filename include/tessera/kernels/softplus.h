// The softplus operator on vectors of floats.
#pragma once

#include "tessera/kernels/MathCore.h"
#include "tessera/kernels/elementwise.h"

namespace tessera::kernels {

/// y = ln(1 + e^x) = max(x, 0) + ln(1 + e^-|x|), at most 4 ulp.
template <class Arch> struct Softplus : UnaryKernel<Softplus<Arch>, Arch> {
  using S = Simd<Arch>;
  using F = typename S::F;
  using Core = MathCore<Arch>;

  static TESSERA_INLINE F step(F x) {
    const F z = Core::exp(S::neg(S::abs(x)));
    return S::max(F(0.0f), x) + Core::log1pUnit(z);
  }
};

} // namespace tessera::kernels
