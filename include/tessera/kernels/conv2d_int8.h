// Convolution of 8-bit images by a packed filter, exact, and requantisation.
#pragma once

#include "tessera/kernels/ConvBlockInt8.h"
#include "tessera/kernels/ConvLinesInt8.h"
#include "tessera/kernels/ConvWindowsInt8.h"
#include "tessera/kernels/Family.h"
#include "tessera/kernels/ProductInt8.h"
#include "tessera/support/Caches.h"
#include "tessera/support/Parallel.h"

namespace tessera::kernels {

/// T: the type of the image.
template <class Arch, class T> struct Conv2dInt8 {
  static constexpr Family kFamily = Family::Conv2dInt8;
  using S = SimdInt8<Arch>;
  using Left = typename S::Left;
  using Block = ConvBlockInt8<Arch, T>;
  using Lines = ConvLinesInt8<Arch, T>;
  using Windows = ConvWindowsInt8<Arch, T>;

  /// y = the convolution of x by the filter, in the sizes of `shape`; what lies outside x counts as
  /// the zero point aZero, and Int8.h says what y is. x lies in memory as xLayout says, any layout;
  /// y as yLayout says, with all channels of a pixel together (NHWC).
  ///
  /// `filter` is, for one group after the other, what pack_rhs_int8 of the same instruction set
  /// makes of the matrix [kh * kw * c / groups, outC / groups] whose rows are in order of (ky, kx,
  /// input channel). Zero points, bias and scales of the epilogue count the outC channels. y
  /// overlaps none of the others. Sizes and channels may be zero; kh, kw, strides, dilations,
  /// groups and xLayout's block are at least one. The pool shares out blocks of pixels, which touch
  /// up to 180 KiB of stack each, and 590 KiB where the windows of pixels are prepared one by one;
  /// sums are exact, so that the number of threads changes nothing.
  static void run(const ConvShape *shape, const ConvLayout *xLayout, const void *x,
                  const void *filter, const ConvLayout *yLayout, void *y, const Int8Epilogue *e,
                  ParallelFor parallelFor, void *pool) {
    if constexpr (kHasTiles<Arch>)
      if (inTiles(*shape, *xLayout, static_cast<const T *>(x),
                  static_cast<const std::int8_t *>(filter), *yLayout, static_cast<char *>(y), *e,
                  parallelFor, pool))
        return;
    if constexpr (sizeof(Left) == 1)
      if (Block::serves(*shape, *xLayout, *e)) {
        Block block(*shape, *xLayout, static_cast<const T *>(x),
                    static_cast<const std::int8_t *>(filter), *yLayout, static_cast<char *>(y), *e,
                    caches().l2);
        parallelFor(pool, block.count(), &Block::task, &block);
        return;
      }
    Lines lines(*shape, *xLayout, static_cast<const T *>(x),
                static_cast<const std::int8_t *>(filter), *yLayout, static_cast<char *>(y), *e);
    if (lines.serves()) {
      parallelFor(pool, lines.count(), &Lines::task, &lines);
      return;
    }
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
    const std::int64_t number = work.together > 0 ? pixels / work.together : 0;
    parallelFor(pool, shape->n * number * shape->groups * work.parts, &task, &work);
  }

private:
  /// The same in tiles, where they are faster; else false.
  static bool inTiles(const ConvShape &s, const ConvLayout &xl, const T *x,
                      const std::int8_t *filter, const ConvLayout &yl, char *y,
                      const Int8Epilogue &e, ParallelFor parallelFor, void *pool) {
    using Points = ConvPointsAmx<Arch, T>;
    if (Points::serves(s, xl, yl, e)) {
      Points points(s, xl, x, filter, yl, y, e);
      parallelFor(pool, points.count(), &Points::task, &points);
      return true;
    }
    using Lines = ConvLinesInt8<Arch, T, true>;
    Lines lines(s, xl, x, filter, yl, y, e);
    if (!lines.serves() || !lines.pays())
      return false;
    parallelFor(pool, lines.count(), &Lines::task, &lines);
    return true;
  }

  struct Work {
    ConvShape s;
    ConvLayout xl, yl;
    const T *x;
    const std::int8_t *filter;
    char *y;
    Int8Epilogue e;
    std::int64_t together, parts, each; ///< pixels evenly apart in y, and their blocks
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
    if (from < to && outC > 0)
      ProductInt8<Arch, T, Windows>::run(
          windows, w.filter + g * panels * Int8Layout<Arch>::panelBytes(depth), w.y + at * size,
          w.yl.pixel, first + from, first + to, outC, depth, &e);
  }
};

template <class Arch> using ConvU8S8 = Conv2dInt8<Arch, std::uint8_t>;
template <class Arch> using ConvS8S8 = Conv2dInt8<Arch, std::int8_t>;

} // namespace tessera::kernels
