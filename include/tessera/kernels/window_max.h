// The window_max operator.
#pragma once

#include "tessera/kernels/window.h"

namespace tessera::kernels {

/// The largest value in each window; NaN when there is a NaN, -inf when no tap is inside.
template <class Arch> struct WindowMax : WindowFoldKernel<WindowMax<Arch>, Arch> {
  using S = Simd<Arch>;
  using F = typename S::F;

  static TESSERA_INLINE F start() { return F(-__builtin_inff()); }
  static TESSERA_INLINE F combine(F acc, F x, F) {
    return S::select(acc == acc, S::max(acc, x), acc);
  }
  static TESSERA_INLINE F finish(F acc, std::int64_t taps) {
    (void)taps;
    return acc;
  }
};

} // namespace tessera::kernels
