// The sigmoid operator on vectors of floats.
#pragma once

#include "tessera/kernels/MathCore.h"
#include "tessera/kernels/elementwise.h"

namespace tessera::kernels {

/// y = 1 / (1 + e^-x), at most 4 ulp, denormal results included.
template <class Arch> struct Sigmoid : UnaryKernel<Sigmoid<Arch>, Arch> {
  using S = Simd<Arch>;
  using F = typename S::F;
  using Core = MathCore<Arch>;

  static TESSERA_INLINE F step(F x) {
    const F z = Core::expNegative(S::neg(S::abs(x)));
    return S::select(x < F(0.0f), z, F(1.0f)) * S::reciprocalNearOne(z + F(1.0f));
  }
};

} // namespace tessera::kernels
