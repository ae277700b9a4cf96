// The sums of a block of outputs of a convolution, tile by tile.
#pragma once

#include "tessera/kernels/ConvPanel.h"
#include "tessera/kernels/ConvSpan.h"
#include "tessera/kernels/ConvTile.h"

namespace tessera::kernels {

/// Where the sums of a block go, and what its tiles share.
template <class Arch> struct ConvPart {
  std::int64_t y0, y1, x0, x1; ///< the outputs
  const float *x;              ///< the image
  float *y;                    ///< output (y0, x0)
  std::int64_t yRow, yPixel;
  std::int64_t firstIn;          ///< the first channel of the group
  std::int64_t columns, vectors; ///< of the panel
  ConvPass<Arch> pass;
  std::int64_t length = 0, shares = 0; ///< of the slab that comes next
};

template <class Arch> struct ConvSum {
  using Run = ConvRun<Arch>;
  using Span = ConvSpan<Arch>;
  using Part = ConvPart<Arch>;
  static constexpr std::int64_t kLanes = ConvPanel<Arch>::kLanes;
  static constexpr int kVectors = ConvPanel<Arch>::kVectors;
  /// Pixels of a tile that fills the registers, and of narrower ones.
  static constexpr int kRows = MatmulShape<Arch>::kRows;
  static constexpr int kNarrowRows = kRows + 2;
  /// Stretches of the sum that are listed at a time.
  static constexpr std::int64_t kRuns = 512;

  ConvLayout xl;
  ConvAxis<Arch> rowsAxis, colsAxis;
  std::int64_t inC;   ///< channels of a group
  std::int64_t depth; ///< kh * kw * inC
  std::int64_t slab;  ///< rows of a panel used at a time

  /// How many rows of a panel have at most kRuns runs: those of each block of channels, and the
  /// ends of taps.
  static TESSERA_INLINE std::int64_t mostListed(const ConvLayout &layout, std::int64_t inC) {
    return (kRuns - 6) * layout.block * inC / (inC + 2 * layout.block + 1);
  }

  /// From an image's first channel to another of the same pixel.
  static TESSERA_INLINE std::int64_t channelAt(const ConvLayout &layout, std::int64_t channel) {
    return channel / layout.block * layout.blockStride + channel % layout.block * layout.channel;
  }

  /// Computes the outputs of a part.
  void compute(Part &part) const {
    Run runs[kRuns];
    part.pass.runs = runs;
    std::int64_t from = 0;
    do {
      const std::int64_t to = least(from + slab, depth);
      part.length = to - from;
      part.pass.resumes = from > 0;
      part.pass.last = to == depth;
      // What follows the slab will be needed next: each of the first tiles asks for a share.
      part.pass.later = part.pass.filter + to * part.pass.filterRow - from * kLanes;
      part.shares = part.vectors;
      rowsAxis.spans(part.y0, part.y1, [&](const Span &rows) {
        colsAxis.spans(part.x0, part.x1, [&](const Span &cols) {
          part.pass.count = list(rows, cols, part.firstIn, from, to, runs);
          part.pass.ahead = ahead(cols, part.length);
          pickVectors<kVectors>(part, rows, cols);
        });
      });
      from = to;
    } while (from < depth);
  }

private:
  static TESSERA_INLINE std::int64_t least(std::int64_t a, std::int64_t b) { return a < b ? a : b; }

  /// From a pixel to memory that is not in L1 yet: the next tile's; a little on in long rows, of
  /// which L1 would not hold two tiles (and whose pixels may all fall into one set of it); in NCHW
  /// the next line, as one serves some tiles.
  TESSERA_INLINE std::int64_t ahead(const Span &cols, std::int64_t length) const {
    if (xl.channel != 1)
      return kLanes;
    return length > 512 ? 64 : kRows * cols.inputStep * xl.pixel;
  }

  /// The runs of the rows [from, to) of the panel for the outputs of two spans; returns how many.
  std::int64_t list(const Span &rows, const Span &cols, std::int64_t channel, std::int64_t from,
                    std::int64_t to, Run *runs) const {
    std::int64_t count = 0;
    for (std::int64_t i = 0; i < rows.taps; ++i)
      for (std::int64_t j = 0; j < cols.taps; ++j) {
        const std::int64_t tap =
            ((rows.tap + i * rows.tapStep) * colsAxis.kernel + cols.tap + j * cols.tapStep) * inC;
        const std::int64_t at = i * rows.tapInput * xl.row + j * cols.tapInput * xl.pixel;
        std::int64_t ch = tap < from ? from - tap : 0;
        while (ch < inC && tap + ch < to) {
          const std::int64_t left = xl.block - (channel + ch) % xl.block;
          const Run run{at + channelAt(xl, channel + ch), tap + ch,
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
  TESSERA_INLINE void pickVectors(Part &part, const Span &rows, const Span &cols) const {
    if (V == 1 || part.vectors == V) {
      tiles<V>(part, rows, cols);
      return;
    }
    if constexpr (V > 1)
      pickVectors<V - 1>(part, rows, cols);
  }

  template <int V>
  __attribute__((noinline)) void tiles(Part &part, const Span &rows, const Span &cols) const {
    constexpr int R = V == kVectors ? kRows : kNarrowRows;
    // Tiles of about equal height: a short one at the end would wait for its own sums.
    const std::int64_t pixels = rows.count * cols.count;
    const std::int64_t number = (pixels + R - 1) / R, height = pixels / number;
    const std::int64_t taller = pixels % number;
    std::int64_t row = 0, col = 0;
    for (std::int64_t t = 0; t < number; ++t) {
      const std::int64_t now = height + (t < taller ? 1 : 0);
      pickRows<R, V>(now, part, rows, cols, row, col);
      if (part.shares > 0 && --part.shares > 0)
        part.pass.later += part.length * kLanes;
      for (col += now; col >= cols.count; ++row)
        col -= cols.count;
    }
  }

  template <int R, int V>
  TESSERA_INLINE void pickRows(std::int64_t now, Part &part, const Span &rows, const Span &cols,
                               std::int64_t row, std::int64_t col) const {
    if (R == 1 || now == R) {
      tile<R, V>(part, rows, cols, row, col);
      return;
    }
    if constexpr (R > 1)
      pickRows<R - 1, V>(now, part, rows, cols, row, col);
  }

  template <int R, int V>
  __attribute__((noinline)) void tile(Part &part, const Span &rows, const Span &cols,
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
