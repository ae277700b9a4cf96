// Convolution of 8-bit images by a packed filter, exact, and requantisation.
#pragma once

#include "tessera/kernels/ConvTypes.h"
#include "tessera/kernels/Family.h"
#include "tessera/kernels/ProductInt8.h"
#include "tessera/support/Parallel.h"

namespace tessera::kernels {

/// T: the type of the image.
template <class Arch, class T> struct Conv2dInt8 {
  static constexpr Family kFamily = Family::Conv2dInt8;
  using S = SimdInt8<Arch>;
  using Left = typename S::Left;

  /// y = the convolution of x by the filter, in the sizes of `shape`, which is not transposed; what
  /// lies outside x counts as the zero point aZero, and Int8.h says what y is. x lies in memory as
  /// xLayout says, any layout; y as yLayout says, with all channels of a pixel together (NHWC).
  ///
  /// `filter` is, for one group after the other, what pack_rhs_int8 of the same instruction set
  /// makes of the matrix [kh * kw * c / groups, outC / groups] whose rows are in order of (ky, kx,
  /// input channel). Zero points, bias and scales of the epilogue count the outC channels. y
  /// overlaps none of the others. Sizes and channels may be zero; kh, kw, strides, dilations,
  /// groups and xLayout's block are at least one. The pool shares out blocks of pixels, each of
  /// which takes 140 KiB of stack; sums are exact, so that the number of threads changes nothing.
  static void run(const ConvShape *shape, const ConvLayout *xLayout, const void *x,
                  const void *filter, const ConvLayout *yLayout, void *y, const Int8Epilogue *e,
                  ParallelFor parallelFor, void *pool) {
    Work work{*shape,
              *xLayout,
              *yLayout,
              static_cast<const T *>(x),
              static_cast<const std::int8_t *>(filter),
              static_cast<char *>(y),
              *e,
              0,
              0,
              0};
    const std::int64_t pixels = shape->outH * shape->outW;
    const std::int64_t depth = shape->kh * shape->kw * (shape->c / shape->groups);
    // Blocks of equal size, lest one has few rows; whole lines where lines are apart in y.
    const std::int64_t most = ProductInt8<Arch, T, Windows>::blockRows(depth);
    work.together = yLayout->row == shape->outW * yLayout->pixel ? pixels : shape->outW;
    work.parts = (work.together + most - 1) / most;
    work.each = work.parts > 0 ? (work.together + work.parts - 1) / work.parts : 0;
    const std::int64_t lines = work.together > 0 ? pixels / work.together : 0;
    parallelFor(pool, shape->n * lines * shape->groups * work.parts, &task, &work);
  }

private:
  struct Work {
    ConvShape s;
    ConvLayout xl, yl;
    const T *x;
    const std::int8_t *filter;
    char *y;
    Int8Epilogue e;
    std::int64_t together, parts, each; ///< pixels evenly apart in y, and their blocks
  };

  /// The windows of one group over one image as the rows of a matrix.
  struct Windows {
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
        if (plain && xl.channel == 1 && xl.block >= s.c && inC % S::kGroup == 0 &&
            xl.row == s.w * xl.pixel) {
          stride = xl.pixel;
          return reinterpret_cast<const Left *>(x + channel);
        }
      }
      stride = 0;
      return nullptr;
    }

    void prepare(std::int64_t pixel, std::int64_t from, std::int64_t count, Left *dst) const {
      const std::int64_t y0 = pixel / s.outW * s.strideH - s.top;
      const std::int64_t x0 = pixel % s.outW * s.strideW - s.left;
      // Taps of one kernel row follow each other in memory when nothing is skipped.
      const bool line = s.dilationW == 1 && xl.channel == 1 && xl.block >= s.c && xl.pixel == inC &&
                        x0 >= 0 && x0 + s.kw <= s.w;
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
        const std::int64_t yy = y0 + ky * s.dilationH, xx = x0 + kx * s.dilationW;
        if (yy < 0 || yy >= s.h || xx < 0 || xx >= s.w)
          fill(to, now);
        else
          copy(x + yy * xl.row + xx * xl.pixel, at, now, to);
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
    static TESSERA_INLINE std::int64_t least(std::int64_t a, std::int64_t b) {
      return a < b ? a : b;
    }

    TESSERA_INLINE void fill(Left *to, std::int64_t count) const {
      for (std::int64_t i = 0; i < count; ++i)
        to[i] = static_cast<Left>(outside + kShift);
    }

    /// Channels [at, at + count) of the group, on into the pixels that follow.
    TESSERA_INLINE void copy(const T *pixel, std::int64_t at, std::int64_t count, Left *to) const {
      if (xl.channel == 1 && xl.block >= s.c) {
        const T *src = pixel + channel + at;
        if constexpr (sizeof(Left) == 1)
          bytes(src, to, count);
        else
          for (std::int64_t i = 0; i < count; ++i)
            to[i] = static_cast<Left>(src[i] + kShift);
        return;
      }
      for (std::int64_t i = 0; i < count; ++i) {
        const std::int64_t ch = channel + at + i;
        to[i] = static_cast<Left>(
            pixel[ch / xl.block * xl.blockStride + ch % xl.block * xl.channel] + kShift);
      }
    }

    template <int N> static TESSERA_INLINE void chunk(const T *src, Left *to) {
      T x[N];
      __builtin_memcpy(x, src, N);
      for (int j = 0; j < N; ++j)
        x[j] = static_cast<T>(x[j] + kShift);
      __builtin_memcpy(to, x, N);
    }

    /// Whole chunks as far as they go, the last overlapping the one before.
    template <int N> static TESSERA_INLINE void chunks(const T *src, Left *to, std::int64_t count) {
      std::int64_t i = 0;
      for (; i + N <= count; i += N)
        chunk<N>(src + i, to + i);
      if (i < count)
        chunk<N>(src + count - N, to + count - N);
    }

    static TESSERA_INLINE void bytes(const T *src, Left *to, std::int64_t count) {
      if (count >= 64)
        return chunks<64>(src, to, count);
      if (count >= 16)
        return chunks<16>(src, to, count);
      if (count >= 4)
        return chunks<4>(src, to, count);
      for (std::int64_t i = 0; i < count; ++i)
        to[i] = static_cast<Left>(src[i] + kShift);
    }
  };

  static void task(void *args, std::int64_t index) {
    const Work &w = *static_cast<const Work *>(args);
    const ConvShape &s = w.s;
    const std::int64_t part = index % w.parts, g = index / w.parts % s.groups;
    index /= w.parts * s.groups;
    const std::int64_t lines = s.outH * s.outW / w.together;
    const std::int64_t line = index % lines, image = index / lines;
    const std::int64_t inC = s.c / s.groups, outC = s.outC / s.groups;
    const std::int64_t depth = s.kh * s.kw * inC;
    const std::int64_t size =
        w.e.output == Int8Output::I32 || w.e.output == Int8Output::F32 ? 4 : 1;
    const std::int64_t panels = (outC + Int8Layout<Arch>::kPanel - 1) / Int8Layout<Arch>::kPanel;
    Int8Epilogue e = w.e;
    e.bZero = e.bZero == nullptr ? nullptr : e.bZero + g * outC * e.bZeroStride;
    e.bias = e.bias == nullptr ? nullptr : e.bias + g * outC;
    e.scale = e.scale == nullptr ? nullptr : e.scale + g * outC * e.scaleStride;
    const Windows windows{s,       w.xl, w.x + image * w.xl.image,
                          g * inC, inC,  static_cast<T>(w.e.aZero)};
    // Row i of the product is pixel i of the image, so that y begins `first` rows before.
    const std::int64_t first = line * w.together, from = part * w.each;
    const std::int64_t to = from + w.each < w.together ? from + w.each : w.together;
    const std::int64_t at =
        image * w.yl.image + first / s.outW * w.yl.row - first * w.yl.pixel + g * outC;
    if (from < to)
      ProductInt8<Arch, T, Windows>::run(
          windows, w.filter + g * panels * Int8Layout<Arch>::panelBytes(depth), w.y + at * size,
          w.yl.pixel, first + from, first + to, outC, depth, &e);
  }
};

template <class Arch> using ConvU8S8 = Conv2dInt8<Arch, std::uint8_t>;
template <class Arch> using ConvS8S8 = Conv2dInt8<Arch, std::int8_t>;

} // namespace tessera::kernels
