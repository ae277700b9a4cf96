// The relu operator on vectors of floats.
#pragma once

#include "tessera/kernels/elementwise.h"

namespace tessera::kernels {

/// y = max(x, 0) per element. NaN stays NaN.
template <class Arch> struct Relu : UnaryKernel<Relu<Arch>, Arch> {
  using S = Simd<Arch>;
  using F = typename S::F;

  static TESSERA_INLINE F step(F x) { return S::select(x < F(0.0f), F(0.0f), x); }
};

} // namespace tessera::kernels
