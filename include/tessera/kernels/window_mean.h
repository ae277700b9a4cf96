// The window_mean operator.
#pragma once

#include "tessera/kernels/window.h"

namespace tessera::kernels {

/// The mean of the taps of each window that lie inside the image; 0 / 0 when none does.
template <class Arch> struct WindowMean : WindowFoldKernel<WindowMean<Arch>, Arch> {
  using S = Simd<Arch>;
  using F = typename S::F;

  static TESSERA_INLINE F start() { return F(0.0f); }
  static TESSERA_INLINE F combine(F acc, F x, F) { return acc + x; }
  static TESSERA_INLINE F finish(F acc, std::int64_t taps) {
    return acc / F(static_cast<float>(taps));
  }
};

} // namespace tessera::kernels
