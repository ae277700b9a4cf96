// The sign operator on vectors of floats.
#pragma once

#include "tessera/kernels/elementwise.h"

namespace tessera::kernels {

/// y = -1, 0 or 1 with the sign of x; zero and NaN stay as they are.
template <class Arch> struct Sign : UnaryKernel<Sign<Arch>, Arch> {
  using S = Simd<Arch>;
  using F = typename S::F;

  static TESSERA_INLINE F step(F x) {
    const F y = S::select(x > F(0.0f), F(1.0f), x);
    return S::select(x < F(0.0f), F(-1.0f), y);
  }
};

} // namespace tessera::kernels
