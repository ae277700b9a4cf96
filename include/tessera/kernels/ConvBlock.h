// The blocks of a convolution: which part of the output is computed at a time, from which part of
// the input and of the filter.
#pragma once

#include "tessera/kernels/ConvGather.h"
#include "tessera/kernels/ConvStage.h"
#include "tessera/kernels/ConvSum.h"

namespace tessera::kernels {

template <class Arch> struct ConvBlock {
  using Sum = ConvSum<Arch>;
  using Part = typename Sum::Part;
  using Stage = ConvStage<Arch>;
  using Gather = ConvGather<Arch>;
  using Panel = ConvPanel<Arch>;
  static constexpr std::int64_t kLanes = Panel::kLanes;

  ConvBlock(const ConvShape &shape, const ConvLayout &xLayout, const float *input,
            const float *packed, const ConvLayout &yLayout, float *output,
            const ConvEpilogue &ending, std::int64_t cacheBytes)
      : s(shape), xl(xLayout), yl(yLayout), x(input), filter(packed), y(output), epilogue(ending),
        sum(s, xl, s.c / s.groups), gather{s, xl, s.c / s.groups} {
    outC = s.outC / s.groups;
    panel = Panel::width(outC);
    panels = parts(outC, panel);
    staged = Stage::needed(yl, s.outC, outC);
    gathers = gather.pays(panel) && gather.fits(1, kRows);
    together = gathers && panels > 0 ? least(gather.together(panel), panels) : 1;
    divide(cacheBytes);
  }

  /// Number of tasks.
  std::int64_t count() const {
    return s.n * highBlocks * wideBlocks * s.groups * parts(panels, together);
  }

  /// Computes block `index`; `self` is a ConvBlock.
  static void task(void *self, std::int64_t index) {
    const ConvBlock &block = *static_cast<const ConvBlock *>(self);
    const Place place = block.placeOf(index);
    if (block.gathers)
      block.gathered(place);
    else
      block.each(place, block.sum, block.x + place.image * block.xl.image,
                 place.group * block.sum.inC);
  }

private:
  ConvShape s;
  ConvLayout xl, yl;
  const float *x, *filter;
  float *y;
  ConvEpilogue epilogue;
  Sum sum;
  Gather gather;
  std::int64_t outC, panel, panels;
  std::int64_t wide, highBlocks, wideBlocks;
  std::int64_t together; ///< panels of a task
  bool staged, gathers;

  /// The outputs [y0, y1) x [x0, x1) and the panels of a task.
  struct Place {
    std::int64_t image, group, firstPanel, lastPanel, y0, y1, x0, x1;
  };
  static constexpr std::int64_t kRows = Sum::kRows;
  /// Tasks that threads share well, and pixels that a task has at least when it is made for that:
  /// the stem of ResNet-50 had three tasks, which two threads did in two thirds of the time of one.
  static constexpr std::int64_t kEnough = 16, kPixels = 512;

  static TESSERA_INLINE std::int64_t least(std::int64_t a, std::int64_t b) { return a < b ? a : b; }
  static TESSERA_INLINE std::int64_t most(std::int64_t a, std::int64_t b) { return a > b ? a : b; }
  static TESSERA_INLINE std::int64_t parts(std::int64_t a, std::int64_t b) {
    return (a + b - 1) / b;
  }

  /// Blocks of about equal size: the input of a block takes a quarter of the cache, and a slab of
  /// a panel half of it.
  void divide(std::int64_t cacheBytes) {
    const std::int64_t floats = (cacheBytes > 0 ? cacheBytes : 1 << 18) / 4;
    const std::int64_t row = s.transposed ? sum.inC * s.w / s.strideH : sum.inC * s.w * s.strideH;
    std::int64_t rows = most(floats / 4 / most(row, 1), 1);
    std::int64_t cols = most(floats / 4 / most(row / most(s.outW, 1), 1), 8 * kRows);
    if (staged) {
      cols = least(cols, Stage::kFloats / panel);
      rows = least(rows, Stage::kFloats / panel / most(least(cols, s.outW), 1));
    }
    while (gathers && rows > 1 && !gather.fits(rows, least(cols, s.outW)))
      rows -= parts(rows, 8);
    while (gathers && cols > kRows && !gather.fits(rows, least(cols, s.outW)))
      cols = most(cols - parts(cols, 8), kRows);
    wideBlocks = parts(s.outW, cols);
    wide = wideBlocks > 0 ? parts(s.outW, wideBlocks) : 1;
    wideBlocks = parts(s.outW, wide);
    highBlocks = parts(s.outH, rows);
    // More where threads would have too few to share, but none so small that the filter, which each
    // block reads anew, takes longer than the products.
    const std::int64_t others = s.n * wideBlocks * s.groups * parts(panels, together);
    const std::int64_t wanted = least(parts(kEnough, most(others, 1)), s.outH * wide / kPixels);
    highBlocks = most(highBlocks, least(wanted, s.outH)); // a line at least
    sum.slab = most(least(floats / 4 / panel, sum.mostListed()), 1);
    sum.slab = sum.depth > 0 ? parts(sum.depth, parts(sum.depth, sum.slab)) : 1;
  }

  Place placeOf(std::int64_t index) const {
    const std::int64_t chunks = parts(panels, together);
    const std::int64_t chunk = index % chunks, group = index / chunks % s.groups;
    index /= chunks * s.groups;
    const std::int64_t row = index / wideBlocks % highBlocks, x0 = index % wideBlocks * wide;
    return {index / wideBlocks / highBlocks,
            group,
            chunk * together,
            least((chunk + 1) * together, panels),
            s.outH * row / highBlocks,
            s.outH * (row + 1) / highBlocks,
            x0,
            least(x0 + wide, s.outW)};
  }

  /// All panels of a task. The input is read from `image` as `sums` says; the group begins with its
  /// channel `firstIn`.
  TESSERA_INLINE void each(const Place &place, const Sum &sums, const float *image,
                           std::int64_t firstIn) const {
    for (std::int64_t p = place.firstPanel; p < place.lastPanel; ++p) {
      Part part = partOf(place, p);
      part.x = image;
      part.firstIn = firstIn;
      part.pass.step = sums.xl.channel;
      const std::int64_t firstOut = place.group * outC + p * panel;
      if (staged)
        aside(part, sums, place.image, firstOut);
      else
        inPlace(part, sums, place.image, firstOut);
    }
  }

  /// The same, the input gathered before it.
  __attribute__((noinline)) void gathered(const Place &place) const {
    alignas(64) float input[Gather::kFloats];
    Sum sums = sum;
    sums.xl = gather.layout(place.x0, place.x1);
    const float *planes = x + place.image * xl.image + place.group * sum.inC * xl.channel;
    each(place, sums, gather.run(planes, place.y0, place.y1, place.x0, place.x1, input), 0);
  }

  Part partOf(const Place &place, std::int64_t p) const {
    Part part{};
    const std::int64_t firstOut = place.group * outC + p * panel;
    part.y0 = place.y0;
    part.y1 = place.y1;
    part.x0 = place.x0;
    part.x1 = place.x1;
    part.columns = least(outC - p * panel, panel);
    part.vectors = parts(part.columns, kLanes);
    part.pass.filter = filter + (place.group * panels + p) * sum.depth * panel;
    part.pass.filterRow = panel;
    part.pass.tail = part.columns - (part.vectors - 1) * kLanes;
    part.pass.bias = epilogue.bias == nullptr ? nullptr : epilogue.bias + firstOut;
    part.pass.epilogue = &epilogue;
    part.pass.clips = convClips<Arch>(epilogue);
    part.pass.adds = epilogue.residual != nullptr;
    return part;
  }

  void inPlace(Part &part, const Sum &sums, std::int64_t image, std::int64_t firstOut) const {
    part.y = y + image * yl.image + part.y0 * yl.row + part.x0 * yl.pixel;
    part.yRow = yl.row;
    part.yPixel = yl.pixel;
    part.pass.residual = part.pass.adds ? epilogue.residual - y : 0;
    for (std::int64_t v = 0; v < part.vectors; ++v)
      part.pass.vectorAt[v] = Sum::channelAt(yl, firstOut + v * kLanes);
    sums.compute(part);
  }

  /// Computes the block on the stack and moves it where it belongs.
  void aside(Part &part, const Sum &sums, std::int64_t image, std::int64_t firstOut) const {
    alignas(64) float stage[Stage::kFloats];
    part.y = stage;
    part.yPixel = panel;
    part.yRow = (part.x1 - part.x0) * panel;
    for (std::int64_t v = 0; v < part.vectors; ++v)
      part.pass.vectorAt[v] = v * kLanes;
    const std::int64_t at = image * yl.image + part.y0 * yl.row + part.x0 * yl.pixel;
    const Stage move{yl, firstOut, part.columns, panel, part.y1 - part.y0, part.x1 - part.x0};
    if (part.pass.adds)
      move.load(epilogue.residual + at, stage);
    sums.compute(part);
    move.store(stage, y + at);
  }
};

} // namespace tessera::kernels
