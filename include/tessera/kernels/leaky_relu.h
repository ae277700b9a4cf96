// The leaky_relu operator on vectors of floats.
#pragma once

#include "tessera/kernels/elementwise.h"

namespace tessera::kernels {

/// y = x where x >= 0, alpha x elsewhere.
template <class Arch> struct LeakyRelu : UnaryKernel<LeakyRelu<Arch>, Arch, 1> {
  using S = Simd<Arch>;
  using F = typename S::F;

  static TESSERA_INLINE F step(F x, F alpha) { return S::select(x < F(0.0f), alpha * x, x); }
};

} // namespace tessera::kernels
