// The gelu_tanh operator on vectors of floats.
#pragma once

#include "tessera/kernels/MathCore.h"
#include "tessera/kernels/elementwise.h"

namespace tessera::kernels {

/// y = 0.5 x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))) (Hendrycks, Gimpel 2016), computed as
/// x sigmoid(2 u). At most 4 ulp for x > -2; below, the error of u counts, 2^-23 |u| of y.
template <class Arch> struct GeluTanh : UnaryKernel<GeluTanh<Arch>, Arch> {
  using S = Simd<Arch>;
  using F = typename S::F;
  using Core = MathCore<Arch>;

  static TESSERA_INLINE F step(F x) {
    const F u = x * S::fma(x * x, F(0.0713548162726f), F(1.59576912161f)); // 2 sqrt(2/pi) (...)
    const F z = Core::exp(S::neg(S::abs(u)));
    return x * (S::select(u < F(0.0f), z, F(1.0f)) / (z + F(1.0f)));
  }
};

} // namespace tessera::kernels
