// The gelu operator on vectors of floats.
#pragma once

#include "tessera/kernels/MathCore.h"
#include "tessera/kernels/elementwise.h"

namespace tessera::kernels {

/// y = x Phi(x), Phi the normal distribution function (the erf form). Phi(-|x|) = e^q(|x|) with a
/// polynomial q = ln Phi, so that the left tail is relative too: 16 ulp for x > -4, and 2^-20 (1 +
/// x^2 / 4) of y down to -8. gelu(-inf) is NaN, as -inf * 0 is.
template <class Arch> struct Gelu : UnaryKernel<Gelu<Arch>, Arch> {
  using S = Simd<Arch>;
  using F = typename S::F;
  using Core = MathCore<Arch>;

  static TESSERA_INLINE F step(F x) {
    const F t = S::abs(x);
    F q(-0x1.b7fd54p-29f);
    q = S::fma(q, t, F(0x1.10cb38p-23f));
    q = S::fma(q, t, F(-0x1.17ead6p-19f));
    q = S::fma(q, t, F(0x1.226a8cp-16f));
    q = S::fma(q, t, F(-0x1.d3d4bap-15f));
    q = S::fma(q, t, F(-0x1.5652ecp-12f));
    q = S::fma(q, t, F(0x1.59e510p-8f));
    q = S::fma(q, t, F(-0x1.2cce92p-5f));
    q = S::fma(q, t, F(-0x1.45cbc8p-2f));
    q = S::fma(q, t, F(-0x1.988744p-1f));
    q = S::fma(q, t, F(-0x1.62e41ep-1f));
    const F tail = Core::exp(q);
    return x * S::select(x < F(0.0f), tail, F(1.0f) - tail);
  }
};

} // namespace tessera::kernels
