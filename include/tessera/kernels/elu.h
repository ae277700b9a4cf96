// The elu operator on vectors of floats.
#pragma once

#include "tessera/kernels/MathCore.h"
#include "tessera/kernels/elementwise.h"

namespace tessera::kernels {

/// y = x where x >= 0, alpha (e^x - 1) elsewhere, at most 4 ulp.
template <class Arch> struct Elu : UnaryKernel<Elu<Arch>, Arch, 1> {
  using S = Simd<Arch>;
  using F = typename S::F;
  using Core = MathCore<Arch>;

  static TESSERA_INLINE F step(F x, F alpha) {
    const F m = Core::expm1(S::min(F(0.0f), x));
    return S::select(x < F(0.0f), alpha * m, x);
  }
};

} // namespace tessera::kernels
