// The window_sum operator.
#pragma once

#include "tessera/kernels/window.h"

namespace tessera::kernels {

/// The sum of each window; 0 when no tap is inside.
template <class Arch> struct WindowSum : WindowFoldKernel<WindowSum<Arch>, Arch> {
  using S = Simd<Arch>;
  using F = typename S::F;

  static TESSERA_INLINE F start() { return F(0.0f); }
  static TESSERA_INLINE F combine(F acc, F x, F) { return acc + x; }
  static TESSERA_INLINE F finish(F acc, std::int64_t taps) {
    (void)taps;
    return acc;
  }
};

} // namespace tessera::kernels
