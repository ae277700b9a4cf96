// The gather that turns a convolution into a matrix product: one row per output pixel.
#pragma once

#include "tessera/kernels/movement.h"

namespace tessera::kernels {

/// T: the type of an element.
template <class Arch, class T> struct Im2col {
  static constexpr Family kFamily = Family::Im2col;

  /// Rows for the output pixels [firstPixel, firstPixel + count), counted row-major over an output
  /// map of width outW: row i is dst[i * dstRow ...] = x at (oy * strideH - top + ky * dilationH,
  /// ox * strideW - left + kx * dilationW, ch) in order (ky, kx, ch), zero where that lies outside
  /// the h x w x c image. x has the given strides in elements, its channels are contiguous.
  static void run(const void *xData, std::int64_t h, std::int64_t w, std::int64_t c,
                  std::int64_t rowStride, std::int64_t pixelStride, std::int64_t kh,
                  std::int64_t kw, std::int64_t strideH, std::int64_t strideW,
                  std::int64_t dilationH, std::int64_t dilationW, std::int64_t top,
                  std::int64_t left, std::int64_t firstPixel, std::int64_t count, std::int64_t outW,
                  void *dstData, std::int64_t dstRow) {
    if (count <= 0)
      return;
    const T *x = static_cast<const T *>(xData);
    T *dst = static_cast<T *>(dstData);
    std::int64_t oy = firstPixel / outW;
    std::int64_t ox = firstPixel % outW;
    for (std::int64_t i = 0; i < count; ++i, dst += dstRow) {
      const std::int64_t y0 = oy * strideH - top, x0 = ox * strideW - left;
      // Taps of one kernel row are one run of memory when nothing is skipped or outside.
      const bool run = dilationW == 1 && pixelStride == c && x0 >= 0 && x0 + kw <= w;
      T *to = dst;
      for (std::int64_t ky = 0; ky < kh; ++ky, to += kw * c) {
        const std::int64_t y = y0 + ky * dilationH;
        if (y < 0 || y >= h)
          zero(to, kw * c);
        else if (run)
          copy(to, x + y * rowStride + x0 * pixelStride, kw * c);
        else
          taps(x + y * rowStride, w, c, pixelStride, kw, dilationW, x0, to);
      }
      if (++ox == outW) {
        ox = 0;
        ++oy;
      }
    }
  }

private:
  static TESSERA_INLINE void copy(T *dst, const T *src, std::int64_t count) {
    if constexpr (sizeof(T) == sizeof(float))
      Move<Arch>::copy(dst, src, count);
    else
      __builtin_memcpy(dst, src, static_cast<std::size_t>(count) * sizeof(T));
  }
  static TESSERA_INLINE void zero(T *dst, std::int64_t count) {
    if constexpr (sizeof(T) == sizeof(float))
      Move<Arch>::zero(dst, count);
    else
      __builtin_memset(dst, 0, static_cast<std::size_t>(count) * sizeof(T));
  }

  static void taps(const T *line, std::int64_t w, std::int64_t c, std::int64_t pixelStride,
                   std::int64_t kw, std::int64_t dilationW, std::int64_t x0, T *to) {
    for (std::int64_t kx = 0; kx < kw; ++kx, to += c) {
      const std::int64_t x = x0 + kx * dilationW;
      if (x < 0 || x >= w)
        zero(to, c);
      else
        copy(to, line + x * pixelStride, c);
    }
  }
};

template <class Arch> using Im2colF32 = Im2col<Arch, float>;
template <class Arch> using Im2colS8 = Im2col<Arch, std::int8_t>;

} // namespace tessera::kernels
