// The windows of an 8-bit convolution as the rows of a matrix, for images that cannot be multiplied
// as they lie in memory.
#pragma once

#include "tessera/kernels/ConvTypes.h"
#include "tessera/kernels/TileInt8.h"

namespace tessera::kernels {

/// The windows of one group over one image; a source of ProductInt8. T: the type of the image.
template <class Arch, class T> struct ConvWindowsInt8 {
  using S = SimdInt8<Arch>;
  using Left = typename S::Left;

  const ConvShape &s;
  const ConvLayout &xl;
  const T *x;
  std::int64_t channel, inC; ///< the group's first, and how many
  T outside;

  /// Where the rows lie ready when they need no preparation: row i at the result + i * stride.
  const Left *ready(std::int64_t &stride) const {
    if constexpr (sizeof(Left) == 1 && kShift == 0) {
      const bool plain = s.kh == 1 && s.kw == 1 && s.top == 0 && s.left == 0 && s.strideH == 1 &&
                         s.strideW == 1 && s.outH == s.h && s.outW == s.w;
      if (plain && together() && inC % S::kGroup == 0 && xl.row == s.w * xl.pixel) {
        stride = xl.pixel;
        return reinterpret_cast<const Left *>(x + channel);
      }
    }
    stride = 0;
    return nullptr;
  }

  void prepare(std::int64_t pixel, std::int64_t from, std::int64_t count, Left *dst) const {
    const std::int64_t oy = pixel / s.outW, ox = pixel % s.outW;
    // The taps of one kernel row follow each other in memory when nothing is skipped.
    const bool line = s.dilationW == 1 && together() && xl.pixel == inC && !s.transposed;
    const std::int64_t length = line ? s.kw * inC : inC, pieces = line ? 1 : s.kw;
    std::int64_t ky = 0, kx = 0, at = from;
    if (from > 0) {
      kx = from / length % pieces;
      ky = from / length / pieces;
      at = from % length;
    }
    Left *to = dst, *const end = dst + count;
    for (; to < end; at = 0) {
      const std::int64_t now = least(length - at, end - to);
      const std::int64_t yy = inputOf(oy, ky, s.strideH, s.dilationH, s.top);
      const std::int64_t xx = inputOf(ox, kx, s.strideW, s.dilationW, s.left);
      // Elements [first, last) are inside the image.
      std::int64_t first = 0, last = 0;
      if (yy >= 0 && yy < s.h) {
        const std::int64_t width = line ? inC : length;
        first = line || xx >= 0 ? clamped(-xx * width - at, now) : now;
        last = line || xx < s.w ? clamped((s.w - xx) * width - at, now) : 0;
      }
      copy(x + yy * xl.row + xx * xl.pixel, at, now, first, last, to);
      to += now;
      if (++kx == pieces) {
        kx = 0;
        ++ky;
      }
    }
    for (std::int64_t p = count; p % S::kGroup != 0; ++p)
      *to++ = 0;
  }

  std::int32_t sum(std::int64_t pixel) const {
    const std::int64_t depth = s.kh * s.kw * inC;
    std::uint32_t total = 0;
    Left part[64];
    for (std::int64_t p = 0; p < depth; p += 64) {
      const std::int64_t now = least(64, depth - p);
      prepare(pixel, p, now, part);
      for (std::int64_t i = 0; i < now; ++i)
        total += static_cast<std::uint32_t>(part[i]);
    }
    return static_cast<std::int32_t>(total);
  }

private:
  static constexpr std::int32_t kShift = Int8Left<Arch, T>::kShift;
  static TESSERA_INLINE std::int64_t least(std::int64_t a, std::int64_t b) { return a < b ? a : b; }
  static TESSERA_INLINE std::int64_t clamped(std::int64_t a, std::int64_t most) {
    return a < 0 ? 0 : least(a, most);
  }

  /// Where along one axis a tap of an output is in the image; transposed, -1 for no input.
  TESSERA_INLINE std::int64_t inputOf(std::int64_t out, std::int64_t tap, std::int64_t stride,
                                      std::int64_t dilation, std::int64_t pad) const {
    if (!s.transposed)
      return out * stride - pad + tap * dilation;
    const std::int64_t at = out + pad - tap * dilation;
    return at < 0 || at % stride != 0 ? -1 : at / stride;
  }

  /// Whether the channels of a pixel lie together.
  TESSERA_INLINE bool together() const { return xl.channel == 1 && xl.block >= s.c; }

  /// Channels [at, at + count) of the group, on into the pixels that follow; those before `first`
  /// and from `last` on are outside the image.
  TESSERA_INLINE void copy(const T *pixel, std::int64_t at, std::int64_t count, std::int64_t first,
                           std::int64_t last, Left *to) const {
    if (together()) {
      S::prepareInside(pixel + channel + at, to, count, first, last, outside, kShift);
      return;
    }
    for (std::int64_t i = 0; i < count; ++i) {
      const std::int64_t ch = channel + at + i;
      const bool inside = i >= first && i < last;
      to[i] = static_cast<Left>(
          (inside ? pixel[ch / xl.block * xl.blockStride + ch % xl.block * xl.channel] : outside) +
          kShift);
    }
  }
};

} // namespace tessera::kernels
