// The silu operator on vectors of floats.
#pragma once

#include "tessera/kernels/MathCore.h"
#include "tessera/kernels/elementwise.h"

namespace tessera::kernels {

/// y = x / (1 + e^-x), at most 5 ulp for x > -87; beyond, x times the denormal sigmoid. silu(-inf)
/// is NaN, as -inf * 0 is.
template <class Arch> struct Silu : UnaryKernel<Silu<Arch>, Arch> {
  using S = Simd<Arch>;
  using F = typename S::F;
  using Core = MathCore<Arch>;

  static TESSERA_INLINE F step(F x) {
    const F z = Core::expNegative(S::neg(S::abs(x)));
    return x * (S::select(x < F(0.0f), z, F(1.0f)) * S::reciprocalNearOne(z + F(1.0f)));
  }
};

} // namespace tessera::kernels
