// What a convolution sums for outputs that use the same taps: stretches of the input beside rows of
// the packed filter.
#pragma once

#include "tessera/kernels/ConvSpan.h"
#include "tessera/kernels/ConvTypes.h"

namespace tessera::kernels {

/// Whether any number is outside the bounds of an epilogue.
template <class Arch> TESSERA_INLINE bool convClips(const ConvEpilogue &epilogue) {
  return !(epilogue.low == -__builtin_huge_valf() && epilogue.high == __builtin_huge_valf());
}

/// A stretch of the sum: the inputs at `input` + i * step from each pixel of a tile, times rows
/// `filter` + i of the packed filter, for i < length.
template <class Arch> struct ConvRun {
  std::int64_t input, filter, length;
};

template <class Arch> struct ConvRuns {
  using Run = ConvRun<Arch>;
  using Span = ConvSpan<Arch>;
  /// Stretches of the sum that are listed at a time.
  static constexpr std::int64_t kMost = 512;

  ConvLayout xl;
  ConvAxis<Arch> rowsAxis, colsAxis;
  std::int64_t inC;   ///< channels of a group
  std::int64_t depth; ///< kh * kw * inC

  ConvRuns(const ConvShape &s, const ConvLayout &layout, std::int64_t channels)
      : xl(layout), rowsAxis{s.h, s.kh, s.strideH, s.dilationH, s.top, s.transposed},
        colsAxis{s.w, s.kw, s.strideW, s.dilationW, s.left, s.transposed}, inC(channels),
        depth(s.kh * s.kw * channels) {}

  /// How many rows of a panel have at most kMost runs: those of each block of channels, and the
  /// ends of taps.
  TESSERA_INLINE std::int64_t mostListed() const {
    return (kMost - 6) * xl.block * inC / (inC + 2 * xl.block + 1);
  }

  /// Whether all rows of a panel always do.
  TESSERA_INLINE bool fits() const { return depth <= mostListed(); }

  /// From an image's first channel to another of the same pixel.
  static TESSERA_INLINE std::int64_t channelAt(const ConvLayout &layout, std::int64_t channel) {
    return channel / layout.block * layout.blockStride + channel % layout.block * layout.channel;
  }

  /// The runs of the rows [from, to) of the panel for the outputs of two spans, the group's first
  /// channel being `channel`; returns how many.
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

private:
  static TESSERA_INLINE std::int64_t least(std::int64_t a, std::int64_t b) { return a < b ? a : b; }

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
};

} // namespace tessera::kernels
