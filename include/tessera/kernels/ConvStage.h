// The block of outputs that a convolution computes aside when neighbouring channels of its output
// do not lie in whole vectors, as in NCHW.
#pragma once

#include "tessera/kernels/ConvSum.h"
#include "tessera/kernels/copy2d.h"
#include "tessera/kernels/transpose2d.h"

namespace tessera::kernels {

/// A block [high][wide][panel] for `columns` output channels from `firstOut` on.
template <class Arch> struct ConvStage {
  using S = Simd<Arch>;
  /// What the stack holds: 64 KiB.
  static constexpr std::int64_t kFloats = 1 << 14;

  ConvLayout layout;
  std::int64_t firstOut, columns, panel, high, wide;

  /// Whether some vector of the channels of a group is not together in memory.
  static TESSERA_INLINE bool needed(const ConvLayout &layout, std::int64_t channels,
                                    std::int64_t groupChannels) {
    if (layout.channel != 1)
      return true;
    if (layout.block >= channels)
      return false;
    return layout.block % S::kLanes != 0 ||
           (groupChannels < channels && groupChannels % S::kLanes != 0);
  }

  /// Moves the block to the image whose pixel is given.
  void store(const float *block, float *image) const {
    eachStretch([&](std::int64_t column, std::int64_t count, std::int64_t at) {
      const float *from = block + column;
      float *to = image + at;
      if (layout.channel == 1)
        for (std::int64_t i = 0; i < high; ++i)
          Copy2d<Arch>::run(from + i * wide * panel, panel, to + i * layout.row, layout.pixel, wide,
                            count);
      else if (layout.pixel == 1)
        for (std::int64_t i = 0; i < high; i += rowsTogether())
          Transpose2d<Arch>::run(from + i * wide * panel, panel, to + i * layout.row,
                                 layout.channel, rowsTogether() * wide, count);
      else
        eachElement(count, [&](std::int64_t inBlock, std::int64_t inImage) {
          to[inImage] = from[inBlock];
        });
    });
  }

  /// Fills the block from the image whose pixel is given.
  void load(const float *image, float *block) const {
    eachStretch([&](std::int64_t column, std::int64_t count, std::int64_t at) {
      const float *from = image + at;
      float *to = block + column;
      if (layout.channel == 1)
        for (std::int64_t i = 0; i < high; ++i)
          Copy2d<Arch>::run(from + i * layout.row, layout.pixel, to + i * wide * panel, panel, wide,
                            count);
      else if (layout.pixel == 1)
        for (std::int64_t i = 0; i < high; i += rowsTogether())
          Transpose2d<Arch>::run(from + i * layout.row, layout.channel, to + i * wide * panel,
                                 panel, count, rowsTogether() * wide);
      else
        eachElement(count, [&](std::int64_t inBlock, std::int64_t inImage) {
          to[inBlock] = from[inImage];
        });
    });
  }

private:
  /// All rows are one when they follow each other without a gap.
  TESSERA_INLINE std::int64_t rowsTogether() const { return layout.row == wide ? high : 1; }

  /// Calls each(column, count, at) for channels that are evenly spaced in the image.
  template <class Each> TESSERA_INLINE void eachStretch(Each each) const {
    for (std::int64_t column = 0; column < columns;) {
      const std::int64_t channel = firstOut + column;
      const std::int64_t left = layout.block - channel % layout.block;
      const std::int64_t count = left < columns - column ? left : columns - column;
      each(column, count, ConvRuns<Arch>::channelAt(layout, channel));
      column += count;
    }
  }

  template <class Each> TESSERA_INLINE void eachElement(std::int64_t count, Each each) const {
    for (std::int64_t i = 0; i < high; ++i)
      for (std::int64_t j = 0; j < wide; ++j)
        for (std::int64_t ch = 0; ch < count; ++ch)
          each((i * wide + j) * panel + ch,
               i * layout.row + j * layout.pixel + ch * layout.channel);
  }
};

} // namespace tessera::kernels
