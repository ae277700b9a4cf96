// The gelu operator on vectors of floats.
#pragma once

#include "tessera/kernels/MathCore.h"
#include "tessera/kernels/elementwise.h"

namespace tessera::kernels {

/// y = x Phi(x), Phi the normal distribution function (the erf form), as max(x, 0) - |x| Phi(-|x|).
/// Phi(-t) or its root comes from piecewise polynomials where they can be looked up, and is zero
/// from 5.6 on; elsewhere it is e^q(t) with a polynomial q. At most 16 ulp for x > -1 and 1.6e-7
/// absolute below; gelu(-inf) = 0.
template <class Arch> struct Gelu : UnaryKernel<Gelu<Arch>, Arch> {
  using S = Simd<Arch>;
  using F = typename S::F;
  using Core = MathCore<Arch>;

  static TESSERA_INLINE F step(F x) {
    if constexpr (S::kLookup > 0) {
      return Core::template lessTail<GeluRootTable<Arch, 32>, GeluTable<Arch, 8>>(x);
    } else {
      return exponential(x);
    }
  }

private:
  static TESSERA_INLINE F exponential(F x) {
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
    const F tail = Core::expOrZero(q);
    return S::max(F(-14.0f), x) * S::select(x < F(0.0f), tail, F(1.0f) - tail);
  }
};

} // namespace tessera::kernels
