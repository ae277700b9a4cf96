// The hard_swish operator on vectors of floats.
#pragma once

#include "tessera/kernels/elementwise.h"

namespace tessera::kernels {

/// y = x min(max(x + 3, 0), 6) / 6, at most 3 ulp.
template <class Arch> struct HardSwish : UnaryKernel<HardSwish<Arch>, Arch> {
  using S = Simd<Arch>;
  using F = typename S::F;

  static TESSERA_INLINE F step(F x) {
    // x + 3 first: it is exact near -3, where the product vanishes.
    const F gate = S::min(F(6.0f), S::max(F(0.0f), x + F(3.0f)));
    return x * (gate * F(1.0f / 6.0f));
  }
};

} // namespace tessera::kernels
