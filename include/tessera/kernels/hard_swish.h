// The hard_swish operator on vectors of floats.
#pragma once

#include "tessera/kernels/elementwise.h"

namespace tessera::kernels {

/// y = x min(max(x / 6 + 1/2, 0), 1).
template <class Arch> struct HardSwish : UnaryKernel<HardSwish<Arch>, Arch> {
  using S = Simd<Arch>;
  using F = typename S::F;

  static TESSERA_INLINE F step(F x) {
    const F gate = S::fma(x, F(1.0f / 6.0f), F(0.5f));
    return x * S::min(F(1.0f), S::max(F(0.0f), gate));
  }
};

} // namespace tessera::kernels
