// The blocks of a convolution: which part of the output is computed at a time, from which part of
// the input and of the filter.
#pragma once

#include "tessera/kernels/ConvPanel.h"
#include "tessera/kernels/ConvSpan.h"
#include "tessera/kernels/ConvStage.h"
#include "tessera/kernels/ConvTile.h"

namespace tessera::kernels {

template <class Arch> struct ConvBlock {
  using Run = ConvRun<Arch>;
  using Span = ConvSpan<Arch>;
  using Stage = ConvStage<Arch>;
  using Panel = ConvPanel<Arch>;
  static constexpr std::int64_t kLanes = Panel::kLanes;
  static constexpr int kVectors = Panel::kVectors;
  /// Pixels of a tile that fills the registers, and of narrower ones.
  static constexpr int kRows = MatmulShape<Arch>::kRows;
  static constexpr int kNarrowRows = kRows + 2;
  /// Stretches of the sum that are listed at a time.
  static constexpr std::int64_t kRuns = 512;

  ConvBlock(const ConvShape &shape, const ConvLayout &xLayout, const float *input,
            const float *packed, const ConvLayout &yLayout, float *output,
            const ConvEpilogue &ending, std::int64_t cacheBytes)
      : s(shape), xl(xLayout), yl(yLayout), x(input), filter(packed), y(output), epilogue(ending),
        rowsAxis{s.h, s.kh, s.strideH, s.dilationH, s.top, s.transposed},
        colsAxis{s.w, s.kw, s.strideW, s.dilationW, s.left, s.transposed} {
    inC = s.c / s.groups;
    outC = s.outC / s.groups;
    panel = Panel::width(outC);
    panels = parts(outC, panel);
    depth = s.kh * s.kw * inC;
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
  ConvAxis<Arch> rowsAxis, colsAxis;
  std::int64_t inC, outC, panel, panels, depth, slab;
  std::int64_t high, wide, highBlocks, wideBlocks;
  bool staged;

  /// Where a task works, and what its tiles share.
  struct Part {
    std::int64_t y0, y1, x0, x1; ///< the outputs
    const float *x;              ///< the image
    float *y;                    ///< output (y0, x0)
    std::int64_t yRow, yPixel;
    std::int64_t image, firstIn, firstOut, columns, vectors;
    ConvPass<Arch> pass;
  };

  static TESSERA_INLINE std::int64_t least(std::int64_t a, std::int64_t b) { return a < b ? a : b; }
  static TESSERA_INLINE std::int64_t most(std::int64_t a, std::int64_t b) { return a > b ? a : b; }
  static TESSERA_INLINE std::int64_t parts(std::int64_t a, std::int64_t b) {
    return (a + b - 1) / b;
  }

  /// Blocks of about equal size: the input of a block takes a quarter of the cache, and a slab of
  /// a panel half of it.
  void divide(std::int64_t cacheBytes) {
    const std::int64_t floats = (cacheBytes > 0 ? cacheBytes : 1 << 18) / 4;
    const std::int64_t row = s.transposed ? inC * s.w / s.strideH : inC * s.w * s.strideH;
    std::int64_t rows = most(floats / 4 / most(row, 1), 1);
    std::int64_t cols = most(floats / 4 / most(row / most(s.outW, 1), 1), 8 * kRows);
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
    // Rows of a panel that have no more than kRuns runs: those of each block of channels, and the
    // ends of taps.
    const std::int64_t listed = (kRuns - 6) * xl.block * inC / (inC + 2 * xl.block + 1);
    slab = most(least(floats / 2 / panel, listed), 1);
    slab = depth > 0 ? parts(depth, parts(depth, slab)) : 1;
  }

  Part partOf(std::int64_t index) const {
    Part part{};
    const std::int64_t p = index % panels, g = index / panels % s.groups;
    index /= panels * s.groups;
    const std::int64_t bx = index % wideBlocks, by = index / wideBlocks % highBlocks;
    part.image = index / wideBlocks / highBlocks;
    part.y0 = by * high;
    part.y1 = least(part.y0 + high, s.outH);
    part.x0 = bx * wide;
    part.x1 = least(part.x0 + wide, s.outW);
    part.x = x + part.image * xl.image;
    part.firstIn = g * inC;
    part.firstOut = g * outC + p * panel;
    part.columns = least(outC - p * panel, panel);
    part.vectors = parts(part.columns, kLanes);
    part.pass.step = xl.channel;
    part.pass.filter = filter + (g * panels + p) * depth * panel;
    part.pass.filterRow = panel;
    part.pass.tail = part.columns - (part.vectors - 1) * kLanes;
    part.pass.bias = epilogue.bias == nullptr ? nullptr : epilogue.bias + part.firstOut;
    part.pass.epilogue = &epilogue;
    part.pass.adds = epilogue.residual != nullptr;
    return part;
  }

  void inPlace(std::int64_t index) const {
    Part part = partOf(index);
    part.y = y + part.image * yl.image + part.y0 * yl.row + part.x0 * yl.pixel;
    part.yRow = yl.row;
    part.yPixel = yl.pixel;
    part.pass.residual = part.pass.adds ? epilogue.residual - y : 0;
    for (std::int64_t v = 0; v < part.vectors; ++v)
      part.pass.vectorAt[v] = Stage::channelAt(yl, part.firstOut + v * kLanes);
    compute(part);
  }

  /// Computes the block on the stack and moves it where it belongs.
  void aside(std::int64_t index) const {
    alignas(64) float stage[Stage::kFloats];
    Part part = partOf(index);
    part.y = stage;
    part.yPixel = panel;
    part.yRow = (part.x1 - part.x0) * panel;
    for (std::int64_t v = 0; v < part.vectors; ++v)
      part.pass.vectorAt[v] = v * kLanes;
    const std::int64_t at = part.image * yl.image + part.y0 * yl.row + part.x0 * yl.pixel;
    const Stage move{yl, part.firstOut, part.columns, panel, part.y1 - part.y0, part.x1 - part.x0};
    if (part.pass.adds)
      move.load(epilogue.residual + at, stage);
    compute(part);
    move.store(stage, y + at);
  }

  void compute(Part &part) const {
    Run runs[kRuns];
    part.pass.runs = runs;
    std::int64_t from = 0;
    do {
      const std::int64_t to = least(from + slab, depth);
      part.pass.resumes = from > 0;
      part.pass.last = to == depth;
      rowsAxis.spans(part.y0, part.y1, [&](const Span &rows) {
        colsAxis.spans(part.x0, part.x1, [&](const Span &cols) {
          part.pass.count = list(rows, cols, part.firstIn, from, to, runs);
          // The next tile's pixels; in NCHW the same lines serve some tiles.
          part.pass.ahead = xl.channel == 1 ? kRows * cols.inputStep * xl.pixel : kLanes;
          pickVectors<kVectors>(part, rows, cols);
        });
      });
      from = to;
    } while (from < depth);
  }

  /// The runs of the rows [from, to) of the panel for the outputs of two spans; returns how many.
  std::int64_t list(const Span &rows, const Span &cols, std::int64_t channel, std::int64_t from,
                    std::int64_t to, Run *runs) const {
    std::int64_t count = 0;
    for (std::int64_t i = 0; i < rows.taps; ++i)
      for (std::int64_t j = 0; j < cols.taps; ++j) {
        const std::int64_t tap =
            ((rows.tap + i * rows.tapStep) * s.kw + cols.tap + j * cols.tapStep) * inC;
        const std::int64_t at = i * rows.tapInput * xl.row + j * cols.tapInput * xl.pixel;
        std::int64_t ch = tap < from ? from - tap : 0;
        while (ch < inC && tap + ch < to) {
          const std::int64_t left = xl.block - (channel + ch) % xl.block;
          const Run run{at + Stage::channelAt(xl, channel + ch), tap + ch,
                        least(least(left, inC - ch), to - tap - ch)};
          ch += run.length;
          count = appended(runs, count, run);
        }
      }
    return count;
  }

  /// A run that continues the one before it prolongs that.
  std::int64_t appended(Run *runs, std::int64_t count, const Run &run) const {
    if (count > 0) {
      Run &back = runs[count - 1];
      if (back.input + back.length * xl.channel == run.input &&
          back.filter + back.length == run.filter) {
        back.length += run.length;
        return count;
      }
    }
    runs[count] = run;
    return count + 1;
  }

  template <int V>
  TESSERA_INLINE void pickVectors(const Part &part, const Span &rows, const Span &cols) const {
    if (V == 1 || part.vectors == V) {
      tiles<V>(part, rows, cols);
      return;
    }
    if constexpr (V > 1)
      pickVectors<V - 1>(part, rows, cols);
  }

  template <int V>
  __attribute__((noinline)) void tiles(const Part &part, const Span &rows, const Span &cols) const {
    constexpr int R = V == kVectors ? kRows : kNarrowRows;
    // Tiles of about equal height: a short one at the end would wait for its own sums.
    const std::int64_t pixels = rows.count * cols.count;
    const std::int64_t number = parts(pixels, R), height = pixels / number;
    const std::int64_t taller = pixels % number;
    std::int64_t row = 0, col = 0;
    for (std::int64_t t = 0; t < number; ++t) {
      const std::int64_t now = height + (t < taller ? 1 : 0);
      pickRows<R, V>(now, part, rows, cols, row, col);
      for (col += now; col >= cols.count; ++row)
        col -= cols.count;
    }
  }

  template <int R, int V>
  TESSERA_INLINE void pickRows(std::int64_t now, const Part &part, const Span &rows,
                               const Span &cols, std::int64_t row, std::int64_t col) const {
    if (R == 1 || now == R) {
      tile<R, V>(part, rows, cols, row, col);
      return;
    }
    if constexpr (R > 1)
      pickRows<R - 1, V>(now, part, rows, cols, row, col);
  }

  template <int R, int V>
  __attribute__((noinline)) void tile(const Part &part, const Span &rows, const Span &cols,
                                      std::int64_t row, std::int64_t col) const {
    const float *pixels[R];
    float *out[R];
    TESSERA_UNROLL
    for (int r = 0; r < R; ++r) {
      pixels[r] = part.x + (rows.input + row * rows.inputStep) * xl.row +
                  (cols.input + col * cols.inputStep) * xl.pixel;
      out[r] = part.y + (rows.first - part.y0 + row * rows.step) * part.yRow +
               (cols.first - part.x0 + col * cols.step) * part.yPixel;
      if (++col == cols.count) {
        col = 0;
        ++row;
      }
    }
    ConvTile<Arch, R, V>::run(part.pass, pixels, out);
  }
};

} // namespace tessera::kernels
