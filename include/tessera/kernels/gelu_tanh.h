// The gelu_tanh operator on vectors of floats.
#pragma once

#include "tessera/kernels/MathCore.h"
#include "tessera/kernels/elementwise.h"

namespace tessera::kernels {

/// y = 0.5 x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))) (Hendrycks, Gimpel 2016), as max(x, 0) -
/// |x| s(|x|) with s(t) = 1 / (1 + e^2u), u the argument of tanh. s or its root comes from
/// piecewise polynomials where they can be looked up, and is zero from 5 on. At most 8 ulp for
/// x > -1, 1e-7 absolute down to -4 and 3e-7 below; gelu_tanh(-inf) = 0.
template <class Arch> struct GeluTanh : UnaryKernel<GeluTanh<Arch>, Arch> {
  using S = Simd<Arch>;
  using F = typename S::F;
  using Core = MathCore<Arch>;

  static TESSERA_INLINE F step(F x) {
    if constexpr (S::kLookup > 0) {
      return Core::template lessTail<GeluTanhRootTable<Arch, 32>, GeluTanhTable<Arch, 8>>(x);
    } else {
      return exponential(x);
    }
  }

private:
  static TESSERA_INLINE F exponential(F x) {
    const F u = x * S::fma(x * x, F(0.0713548162726f), F(1.59576912161f)); // 2 sqrt(2/pi) (...)
    const F z = Core::expOrZero(S::neg(S::abs(u)));
    return S::max(F(-14.0f), x) * (S::select(u < F(0.0f), z, F(1.0f)) / (z + F(1.0f)));
  }
};

} // namespace tessera::kernels
