// The mish operator on vectors of floats.
#pragma once

#include "tessera/kernels/MathCore.h"
#include "tessera/kernels/elementwise.h"

namespace tessera::kernels {

/// y = x tanh(ln(1 + e^x)) = x (e^2x + 2 e^x) / (e^2x + 2 e^x + 2), at most 6 ulp for
/// x > -87; beyond, x times the denormal tanh.
/// mish(-inf) is NaN, as -inf * 0 is.
template <class Arch> struct Mish : UnaryKernel<Mish<Arch>, Arch> {
  using S = Simd<Arch>;
  using F = typename S::F;
  using Core = MathCore<Arch>;

  static TESSERA_INLINE F step(F x) {
    // From 20 on the quotient is 1 in float; the clamp keeps e^2x finite.
    const F z = Core::exp(S::min(F(20.0f), x));
    const F w = z * (z + F(2.0f));
    return x * (w / (w + F(2.0f)));
  }
};

} // namespace tessera::kernels
