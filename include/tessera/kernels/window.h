// The window family on one NHWC image, channel by channel: depthwise convolution and pooling. The
// family supplies the loops over pixels, taps and channels; an operator says how taps combine.
#pragma once

#include "tessera/kernels/Family.h"
#include "tessera/kernels/Simd.h"

namespace tessera::kernels {

/// Sizes and strides of a window operation; strides in elements, channels contiguous.
template <class Arch> struct WindowGeometry {
  std::int64_t h, w, c, rowStride, pixelStride;
  std::int64_t kh, kw, strideH, strideW, dilationH, dilationW, top, left;
  std::int64_t outH, outW, outRowStride, outPixelStride;
};

/// Base of Kernel<Arch> with `F start()`, `F combine(F acc, F x, F tap)`, `F finish(F acc,
/// float taps, int64_t all)` and `kUsesFilter`. Taps outside the image are left out.
template <class Kernel, class Arch> struct WindowKernel {
  using S = Simd<Arch>;
  using F = typename S::F;
  using Geometry = WindowGeometry<Arch>;
  /// Output pixels that share one load of each filter tap.
  static constexpr int kBlock = 4;

  static TESSERA_INLINE void image(const float *x, const float *filter, float *out,
                                   const Geometry &g) {
    for (std::int64_t oy = 0; oy < g.outH; ++oy) {
      // Taps [firstY, lastY) of this output row lie inside the image.
      const std::int64_t y0 = oy * g.strideH - g.top;
      const std::int64_t firstY = firstTap(y0, g.dilationH);
      const std::int64_t lastY = lastTap(y0, g.dilationH, g.h, g.kh);
      std::int64_t ox = 0;
      while (ox < g.outW) {
        const std::int64_t x0 = ox * g.strideW - g.left;
        const std::int64_t end = x0 + (kBlock - 1) * g.strideW + (g.kw - 1) * g.dilationW;
        float *to = out + oy * g.outRowStride + ox * g.outPixelStride;
        if (ox + kBlock <= g.outW && x0 >= 0 && end < g.w) {
          channels<kBlock>(x, filter, to, g, y0, x0, firstY, lastY, 0, g.kw);
          ox += kBlock;
        } else {
          channels<1>(x, filter, to, g, y0, x0, firstY, lastY, firstTap(x0, g.dilationW),
                      lastTap(x0, g.dilationW, g.w, g.kw));
          ++ox;
        }
      }
    }
  }

private:
  /// The first tap at or after position 0, and the number of taps before position `size`.
  static TESSERA_INLINE std::int64_t firstTap(std::int64_t start, std::int64_t dilation) {
    return start >= 0 ? 0 : (dilation - 1 - start) / dilation;
  }
  static TESSERA_INLINE std::int64_t lastTap(std::int64_t start, std::int64_t dilation,
                                             std::int64_t size, std::int64_t taps) {
    if (start >= size)
      return 0;
    const std::int64_t inside = (size - start + dilation - 1) / dilation;
    return inside < taps ? inside : taps;
  }

  template <int Pixels>
  static TESSERA_INLINE void channels(const float *x, const float *filter, float *out,
                                      const Geometry &g, std::int64_t y0, std::int64_t x0,
                                      std::int64_t firstY, std::int64_t lastY, std::int64_t firstX,
                                      std::int64_t lastX) {
    std::int64_t ch = 0;
    for (; ch + S::kLanes <= g.c; ch += S::kLanes)
      taps<Pixels, false>(x + ch, filter + ch, out + ch, g, y0, x0, firstY, lastY, firstX, lastX,
                          S::kLanes);
    if (ch < g.c)
      taps<Pixels, true>(x + ch, filter + ch, out + ch, g, y0, x0, firstY, lastY, firstX, lastX,
                         g.c - ch);
  }

  template <int Pixels, bool Part>
  static TESSERA_INLINE void taps(const float *x, const float *filter, float *out,
                                  const Geometry &g, std::int64_t y0, std::int64_t x0,
                                  std::int64_t firstY, std::int64_t lastY, std::int64_t firstX,
                                  std::int64_t lastX, std::int64_t lanes) {
    F acc[Pixels];
    TESSERA_UNROLL
    for (int p = 0; p < Pixels; ++p)
      acc[p] = Kernel::start();
    for (std::int64_t ky = firstY; ky < lastY; ++ky) {
      for (std::int64_t kx = firstX; kx < lastX; ++kx) {
        const float *from =
            x + (y0 + ky * g.dilationH) * g.rowStride + (x0 + kx * g.dilationW) * g.pixelStride;
        F tap(0.0f);
        if constexpr (Kernel::kUsesFilter)
          tap = load<Part>(filter + (ky * g.kw + kx) * g.c, lanes);
        TESSERA_UNROLL
        for (int p = 0; p < Pixels; ++p)
          acc[p] =
              Kernel::combine(acc[p], load<Part>(from + p * g.strideW * g.pixelStride, lanes), tap);
      }
    }
    const std::int64_t inside =
        lastY > firstY && lastX > firstX ? (lastY - firstY) * (lastX - firstX) : 0;
    TESSERA_UNROLL
    for (int p = 0; p < Pixels; ++p) {
      const F y = Kernel::finish(acc[p], inside);
      if constexpr (Part)
        S::storePart(out + p * g.outPixelStride, y, lanes);
      else
        S::store(out + p * g.outPixelStride, y);
    }
  }

  template <bool Part> static TESSERA_INLINE F load(const float *p, std::int64_t lanes) {
    if constexpr (Part)
      return S::loadPart(p, lanes);
    else
      return S::load(p);
  }
};

/// The signature of window kernels without a filter.
template <class Kernel, class Arch> struct WindowFoldKernel : WindowKernel<Kernel, Arch> {
  static constexpr Family kFamily = Family::WindowFold;
  static constexpr bool kUsesFilter = false;

  /// out[oy, ox, ch] = combination over the kh x kw taps at (oy * strideH - top + ky * dilationH,
  /// ox * strideW - left + kx * dilationW) that lie inside the h x w x c image x. Strides in
  /// elements, channels contiguous; out does not overlap x.
  static void run(const float *x, std::int64_t h, std::int64_t w, std::int64_t c,
                  std::int64_t rowStride, std::int64_t pixelStride, std::int64_t kh,
                  std::int64_t kw, std::int64_t strideH, std::int64_t strideW,
                  std::int64_t dilationH, std::int64_t dilationW, std::int64_t top,
                  std::int64_t left, float *out, std::int64_t outH, std::int64_t outW,
                  std::int64_t outRowStride, std::int64_t outPixelStride) {
    const WindowGeometry<Arch> g{h,    w,       c,       rowStride,    pixelStride,   kh,
                                 kw,   strideH, strideW, dilationH,    dilationW,     top,
                                 left, outH,    outW,    outRowStride, outPixelStride};
    WindowKernel<Kernel, Arch>::image(x, x, out, g);
  }
};

} // namespace tessera::kernels
