// Depthwise convolution of 8-bit images, exact, and requantisation.
#pragma once

#include "tessera/kernels/ConvTypes.h"
#include "tessera/kernels/DepthwiseTileInt8.h"
#include "tessera/kernels/Family.h"
#include "tessera/support/Parallel.h"

namespace tessera::kernels {

/// T: the type of the image.
template <class Arch, class T> struct DepthwiseInt8 {
  static constexpr Family kFamily = Family::DepthwiseInt8;
  using Tile = DepthwiseTileInt8<Arch, T>;

  /// As Conv2dInt8::run for shape->groups == shape->c == shape->outC, not transposed, with all
  /// channels of a pixel together in x and y (NHWC); `filter` is what depthwise_int8_pack of the
  /// same instruction set leaves. The epilogue's bZero is null: filters of depthwise convolutions
  /// are symmetric. The pool shares out lines, and channels of images of few lines; sums are exact,
  /// so that the number of threads changes nothing.
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
              (shape->outH + kLines - 1) / kLines,
              1};
    const std::int64_t tasks = shape->n * work.blocks;
    const std::int64_t products = // of a task
        least(kLines, shape->outH) * shape->outW * shape->kh * shape->kw * shape->c;
    work.parts = most(1, least(kTasks / most(tasks, 1), least(products / kLeast, work.channels())));
    parallelFor(pool, tasks * work.parts, &task, &work);
  }

private:
  /// Lines of a task: enough that preparing the epilogue of each block of channels costs little.
  static constexpr std::int64_t kLines = 8;
  /// Tasks that channels are shared for, and products of one at least: a microsecond or two.
  static constexpr std::int64_t kTasks = 16, kLeast = 1 << 16;

  static TESSERA_INLINE std::int64_t least(std::int64_t a, std::int64_t b) { return a < b ? a : b; }
  static TESSERA_INLINE std::int64_t most(std::int64_t a, std::int64_t b) { return a > b ? a : b; }

  struct Work {
    ConvShape s;
    ConvLayout xl, yl;
    const T *x;
    const std::int8_t *filter;
    char *y;
    Int8Epilogue e;
    std::int64_t blocks; ///< of lines
    std::int64_t parts;  ///< of channels

    /// Blocks of channels.
    std::int64_t channels() const { return (s.c + Tile::kChannels - 1) / Tile::kChannels; }
  };

  static void task(void *args, std::int64_t index) {
    const Work &w = *static_cast<const Work *>(args);
    const ConvShape &s = w.s;
    const std::int64_t part = index % w.parts, lines = index / w.parts;
    const std::int64_t image = lines / w.blocks, first = lines % w.blocks * kLines;
    const std::int64_t last = least(first + kLines, s.outH);
    const std::int64_t size =
        w.e.output == Int8Output::I32 || w.e.output == Int8Output::F32 ? 4 : 1;
    for (std::int64_t block = w.channels() * part / w.parts;
         block < w.channels() * (part + 1) / w.parts; ++block) {
      const std::int64_t ch = block * Tile::kChannels;
      const Tile tile(s, w.xl, w.x + image * w.xl.image + ch,
                      w.filter + block * Tile::blockBytes(s), ch, least(s.c - ch, Tile::kChannels),
                      w.e);
      tile.lines(first, last, w.y + image * w.yl.image * size, w.yl.row, w.yl.pixel);
    }
  }
};

template <class Arch> using DepthwiseU8S8 = DepthwiseInt8<Arch, std::uint8_t>;
template <class Arch> using DepthwiseS8S8 = DepthwiseInt8<Arch, std::int8_t>;

} // namespace tessera::kernels
