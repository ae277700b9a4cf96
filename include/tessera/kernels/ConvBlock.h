// The blocks of a convolution: which part of the output is computed at a time, from which part of
// the input and of the filter.
#pragma once

#include "tessera/kernels/ConvStage.h"
#include "tessera/kernels/ConvSum.h"

namespace tessera::kernels {

template <class Arch> struct ConvBlock {
  using Sum = ConvSum<Arch>;
  using Part = typename Sum::Part;
  using Stage = ConvStage<Arch>;
  using Panel = ConvPanel<Arch>;
  static constexpr std::int64_t kLanes = Panel::kLanes;

  ConvBlock(const ConvShape &shape, const ConvLayout &xLayout, const float *input,
            const float *packed, const ConvLayout &yLayout, float *output,
            const ConvEpilogue &ending, std::int64_t cacheBytes)
      : s(shape), xl(xLayout), yl(yLayout), x(input), filter(packed), y(output), epilogue(ending),
        sum(s, xl, s.c / s.groups) {
    outC = s.outC / s.groups;
    panel = Panel::width(outC);
    panels = parts(outC, panel);
    staged = Stage::needed(yl, s.outC, outC);
    divide(cacheBytes);
  }

  /// Number of tasks.
  std::int64_t count() const { return s.n * highBlocks * wideBlocks * s.groups * panels; }

  /// Computes block `index`; `self` is a ConvBlock.
  static void task(void *self, std::int64_t index) {
    const ConvBlock &block = *static_cast<const ConvBlock *>(self);
    if (block.staged)
      block.aside(index);
    else
      block.inPlace(index);
  }

private:
  ConvShape s;
  ConvLayout xl, yl;
  const float *x, *filter;
  float *y;
  ConvEpilogue epilogue;
  Sum sum;
  std::int64_t outC, panel, panels;
  std::int64_t high, wide, highBlocks, wideBlocks;
  bool staged;

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
    std::int64_t cols = most(floats / 4 / most(row / most(s.outW, 1), 1), 8 * Sum::kRows);
    if (staged) {
      cols = least(cols, Stage::kFloats / panel);
      rows = least(rows, Stage::kFloats / panel / most(least(cols, s.outW), 1));
    }
    highBlocks = parts(s.outH, rows);
    wideBlocks = parts(s.outW, cols);
    high = highBlocks > 0 ? parts(s.outH, highBlocks) : 1;
    wide = wideBlocks > 0 ? parts(s.outW, wideBlocks) : 1;
    highBlocks = parts(s.outH, high);
    wideBlocks = parts(s.outW, wide);
    sum.slab = most(least(floats / 4 / panel, sum.mostListed()), 1);
    sum.slab = sum.depth > 0 ? parts(sum.depth, parts(sum.depth, sum.slab)) : 1;
  }

  Part partOf(std::int64_t index, std::int64_t &image, std::int64_t &firstOut) const {
    Part part{};
    const std::int64_t p = index % panels, g = index / panels % s.groups;
    index /= panels * s.groups;
    const std::int64_t bx = index % wideBlocks, by = index / wideBlocks % highBlocks;
    image = index / wideBlocks / highBlocks;
    part.y0 = by * high;
    part.y1 = least(part.y0 + high, s.outH);
    part.x0 = bx * wide;
    part.x1 = least(part.x0 + wide, s.outW);
    part.x = x + image * xl.image;
    part.firstIn = g * sum.inC;
    firstOut = g * outC + p * panel;
    part.columns = least(outC - p * panel, panel);
    part.vectors = parts(part.columns, kLanes);
    part.pass.step = xl.channel;
    part.pass.filter = filter + (g * panels + p) * sum.depth * panel;
    part.pass.filterRow = panel;
    part.pass.tail = part.columns - (part.vectors - 1) * kLanes;
    part.pass.bias = epilogue.bias == nullptr ? nullptr : epilogue.bias + firstOut;
    part.pass.epilogue = &epilogue;
    part.pass.clips = convClips<Arch>(epilogue);
    part.pass.adds = epilogue.residual != nullptr;
    return part;
  }

  void inPlace(std::int64_t index) const {
    std::int64_t image = 0, firstOut = 0;
    Part part = partOf(index, image, firstOut);
    part.y = y + image * yl.image + part.y0 * yl.row + part.x0 * yl.pixel;
    part.yRow = yl.row;
    part.yPixel = yl.pixel;
    part.pass.residual = part.pass.adds ? epilogue.residual - y : 0;
    for (std::int64_t v = 0; v < part.vectors; ++v)
      part.pass.vectorAt[v] = Sum::channelAt(yl, firstOut + v * kLanes);
    sum.compute(part);
  }

  /// Computes the block on the stack and moves it where it belongs.
  void aside(std::int64_t index) const {
    alignas(64) float stage[Stage::kFloats];
    std::int64_t image = 0, firstOut = 0;
    Part part = partOf(index, image, firstOut);
    part.y = stage;
    part.yPixel = panel;
    part.yRow = (part.x1 - part.x0) * panel;
    for (std::int64_t v = 0; v < part.vectors; ++v)
      part.pass.vectorAt[v] = v * kLanes;
    const std::int64_t at = image * yl.image + part.y0 * yl.row + part.x0 * yl.pixel;
    const Stage move{yl, firstOut, part.columns, panel, part.y1 - part.y0, part.x1 - part.x0};
    if (part.pass.adds)
      move.load(epilogue.residual + at, stage);
    sum.compute(part);
    move.store(stage, y + at);
  }
};

} // namespace tessera::kernels
