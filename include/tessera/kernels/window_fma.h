// The window_fma operator: depthwise convolution.
#pragma once

#include "tessera/kernels/window.h"

namespace tessera::kernels {

template <class Arch> struct WindowFma : WindowKernel<WindowFma<Arch>, Arch> {
  using S = Simd<Arch>;
  using F = typename S::F;
  static constexpr Family kFamily = Family::WindowFma;
  static constexpr bool kUsesFilter = true;

  /// out[oy, ox, ch] = sum over the taps inside the h x w x c image x, as in
  /// WindowFoldKernel::run, of x * filter[(ky * kw + kx) * tapStride + ch].
  static void run(const float *x, std::int64_t h, std::int64_t w, std::int64_t c,
                  std::int64_t rowStride, std::int64_t pixelStride, const float *filter,
                  std::int64_t tapStride, std::int64_t kh, std::int64_t kw, std::int64_t strideH,
                  std::int64_t strideW, std::int64_t dilationH, std::int64_t dilationW,
                  std::int64_t top, std::int64_t left, float *out, std::int64_t outH,
                  std::int64_t outW, std::int64_t outRowStride, std::int64_t outPixelStride) {
    const WindowGeometry<Arch> g{h,    w,       c,       rowStride,    pixelStride,    kh,
                                 kw,   strideH, strideW, dilationH,    dilationW,      top,
                                 left, outH,    outW,    outRowStride, outPixelStride, tapStride};
    WindowFma::image(x, filter, out, g);
  }

  static TESSERA_INLINE F start() { return F(0.0f); }
  static TESSERA_INLINE F combine(F acc, F x, F tap) { return S::fma(x, tap, acc); }
  static TESSERA_INLINE F finish(F acc, std::int64_t) { return acc; }
};

} // namespace tessera::kernels
