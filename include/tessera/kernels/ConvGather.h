// The part of an image in NCHW that a block of outputs of a convolution reads, gathered so that the
// channels of each pixel are neighbours.
#pragma once

#include "tessera/kernels/ConvPanel.h"
#include "tessera/kernels/ConvSpan.h"
#include "tessera/kernels/ConvTypes.h"
#include "tessera/kernels/transpose2d.h"

namespace tessera::kernels {

/// Planes are pages apart, of which the processor remembers few, and their lines may meet in the
/// same sets of L1; gathered, a pixel's channels are a few lines in a row.
template <class Arch> struct ConvGather {
  /// What the stack holds: 256 KiB.
  static constexpr std::int64_t kFloats = 1 << 16;

  ConvShape s;
  ConvLayout xl;
  std::int64_t channels; ///< of a group

  /// Whether this is such an image, and panels of so many columns use its lines so seldom that it
  /// is worth it: with AVX-512 it is not.
  TESSERA_INLINE bool pays(std::int64_t panel) const {
    return !s.transposed && xl.pixel == 1 && xl.channel != 1 && xl.block >= s.c && channels > 1 &&
           ConvPanel<Arch>::kVectors * ConvPanel<Arch>::kLanes < 64 &&
           s.kh * s.kw * panel >= kLeastProducts;
  }

  /// Whether the input of rows x cols outputs fits.
  TESSERA_INLINE bool fits(std::int64_t rows, std::int64_t cols) const {
    return reach(rows, s.strideH, s.kh, s.dilationH, s.h) *
               reach(cols, s.strideW, s.kw, s.dilationW, s.w) * channels <=
           kFloats;
  }

  /// How many panels of so many columns make the gathering small beside the products.
  TESSERA_INLINE std::int64_t together(std::int64_t panel) const {
    const std::int64_t products = s.kh * s.kw * panel;
    return (kProducts + products - 1) / products;
  }

  /// The layout of what `run` gathers.
  ConvLayout layout(std::int64_t x0, std::int64_t x1) const {
    const std::int64_t cols =
        inputEnd(x1, s.strideW, s.left, s.kw, s.dilationW, s.w) - inputBegin(x0, s.strideW, s.left);
    return {0, cols * channels, channels, 1, channels, 0};
  }

  /// Gathers the input of the outputs [y0, y1) x [x0, x1) from the planes of a group, and returns
  /// where its pixel (0, 0) would be.
  const float *run(const float *planes, std::int64_t y0, std::int64_t y1, std::int64_t x0,
                   std::int64_t x1, float *gathered) const {
    const std::int64_t top = inputBegin(y0, s.strideH, s.top);
    const std::int64_t bottom = inputEnd(y1, s.strideH, s.top, s.kh, s.dilationH, s.h);
    const std::int64_t left = inputBegin(x0, s.strideW, s.left);
    const std::int64_t cols = inputEnd(x1, s.strideW, s.left, s.kw, s.dilationW, s.w) - left;
    const float *from = planes + top * xl.row + left;
    if (cols == xl.row && s.strideH <= s.kh) // rows without a gap are one
      Transpose2d<Arch>::inCaches(from, xl.channel, gathered, channels, channels,
                                  most(bottom - top, 0) * cols);
    else if (cols > 0)
      for (std::int64_t y = top; y < bottom; ++y)
        if (used(y))
          Transpose2d<Arch>::inCaches(from + (y - top) * xl.row, xl.channel,
                                      gathered + (y - top) * cols * channels, channels, channels,
                                      cols);
    return gathered - (top * cols + left) * channels;
  }

private:
  /// Products of each input that take twenty times as long as gathering it, and as long.
  static constexpr std::int64_t kProducts = 256, kLeastProducts = 16;

  static TESSERA_INLINE std::int64_t least(std::int64_t a, std::int64_t b) { return a < b ? a : b; }
  static TESSERA_INLINE std::int64_t most(std::int64_t a, std::int64_t b) { return a > b ? a : b; }

  /// At most how much of an axis `outputs` of its outputs read.
  static TESSERA_INLINE std::int64_t reach(std::int64_t outputs, std::int64_t stride,
                                           std::int64_t kernel, std::int64_t dilation,
                                           std::int64_t size) {
    return least((outputs - 1) * stride + (kernel - 1) * dilation + 1, size);
  }
  /// The input of outputs [o0, o1) of an axis.
  static TESSERA_INLINE std::int64_t inputBegin(std::int64_t o0, std::int64_t stride,
                                                std::int64_t pad) {
    return most(o0 * stride - pad, 0);
  }
  static TESSERA_INLINE std::int64_t inputEnd(std::int64_t o1, std::int64_t stride,
                                              std::int64_t pad, std::int64_t kernel,
                                              std::int64_t dilation, std::int64_t size) {
    return least((o1 - 1) * stride - pad + (kernel - 1) * dilation + 1, size);
  }

  /// Whether some output reads row y.
  TESSERA_INLINE bool used(std::int64_t y) const {
    for (std::int64_t ky = 0; ky < s.kh; ++ky)
      if ((y + s.top - ky * s.dilationH) % s.strideH == 0)
        return true;
    return false;
  }
};

} // namespace tessera::kernels
