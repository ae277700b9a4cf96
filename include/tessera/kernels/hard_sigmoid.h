// The hard_sigmoid operator on vectors of floats.
#pragma once

#include "tessera/kernels/elementwise.h"

namespace tessera::kernels {

/// y = min(max(alpha x + beta, 0), 1).
template <class Arch> struct HardSigmoid : UnaryKernel<HardSigmoid<Arch>, Arch, 2> {
  using S = Simd<Arch>;
  using F = typename S::F;

  static TESSERA_INLINE F step(F x, F alpha, F beta) {
    return S::min(F(1.0f), S::max(F(0.0f), S::fma(alpha, x, beta)));
  }
};

} // namespace tessera::kernels
