// What describes a two-dimensional convolution: its sizes, how its images lie in memory, and what
// is done to its sums.
#pragma once

#include <cstdint>

namespace tessera::kernels {

/// How images lie in memory: element (n, y, x, ch) is at n * image + y * row + x * pixel +
/// (ch / block) * blockStride + ch % block * channel, in elements. NHWC: channel = 1, pixel =
/// block = c. NCHW: pixel = 1, channel = h * w, block = c. Blocks of sixteen (nChw16c): channel =
/// 1, pixel = block = 16, blockStride = h * w * 16.
struct ConvLayout {
  std::int64_t image, row, pixel, channel, block, blockStride;
};

/// The sizes of a convolution. Output (y, x) sums over the taps (ky, kx) inside the h x w image
/// the input at (y * strideH - top + ky * dilationH, x * strideW - left + kx * dilationW); what
/// lies outside counts as zero. Output channel j belongs to group j / (outC / groups) and sees the
/// c / groups input channels of that group. `groups` divides both. When `transposed`, input
/// (y, x) instead adds to the outputs at those places: the strides, dilations and pads are those
/// of the convolution whose transpose this is, and belong to the output.
struct ConvShape {
  std::int64_t n, h, w, c;
  std::int64_t outH, outW, outC;
  std::int64_t groups, kh, kw;
  std::int64_t strideH, strideW, dilationH, dilationW;
  std::int64_t top, left;
  bool transposed = false;
};

/// out = activation(min(max(sum + bias + residual, low), high)). NaN stays NaN.
struct ConvEpilogue {
  const float *bias = nullptr;     ///< one per output channel, or null
  const float *residual = nullptr; ///< an image in the layout of the output, or null; may be it
  float low = -__builtin_huge_valf(), high = __builtin_huge_valf();
  /// Any kernel of the unary family (elementwise.h) with its parameters, or null.
  void (*activation)(const float *x, float *y, std::int64_t count, const float *params) = nullptr;
  const float *params = nullptr;
};

} // namespace tessera::kernels
