// The tanh operator on vectors of floats.
#pragma once

#include "tessera/kernels/MathCore.h"
#include "tessera/kernels/elementwise.h"

namespace tessera::kernels {

/// y = tanh x, at most 4 ulp: piecewise polynomials where they can be looked up, else from
/// e^(-2|x|) - 1. Odd; keeps the sign of zero.
template <class Arch> struct Tanh : UnaryKernel<Tanh<Arch>, Arch> {
  using S = Simd<Arch>;
  using F = typename S::F;
  using Core = MathCore<Arch>;

  static TESSERA_INLINE F step(F x) {
    if constexpr (S::kLookup == 32) {
      // tanh is 1 in float from 9.01 on.
      const F bounded = S::max(F(-9.02f), S::min(F(9.02f), x));
      return bounded * Core::template piecewiseEven<TanhTable<Arch, S::kLookup>>(S::abs(bounded));
    } else {
      const F size = S::min(F(10.0f), S::abs(x));
      const F m = Core::expm1(F(-2.0f) * size);
      return S::copysign(m / (m + F(2.0f)), x);
    }
  }
};

} // namespace tessera::kernels
