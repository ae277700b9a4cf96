// The round operator on vectors of floats.
#pragma once

#include "tessera/kernels/elementwise.h"

namespace tessera::kernels {

/// y = the nearest integer, ties to even; keeps the sign of zero.
template <class Arch> struct Round : UnaryKernel<Round<Arch>, Arch> {
  using S = Simd<Arch>;
  using F = typename S::F;

  static TESSERA_INLINE F step(F x) { return S::round(x); }
};

} // namespace tessera::kernels
