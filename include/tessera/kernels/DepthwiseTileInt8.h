// A line of outputs of an 8-bit depthwise convolution for a block of channels: one channel after
// the other here, with VNNI in DepthwiseTileVnni.h.
#pragma once

#include "tessera/kernels/ConvTypes.h"
#include "tessera/kernels/TileInt8.h"

namespace tessera::kernels {

/// T: the type of the image.
template <class Arch, class T> struct DepthwiseTileInt8 {
  static constexpr std::int64_t kChannels = Int8Layout<Arch>::kPanel, kHalf = 0;
  static constexpr int kVectors = Int8Shape<Arch>::kVectors;
  using Tile = Int8Tile<Arch, 1, kVectors>;

  /// Bytes of the packed filter for a block of channels: the sums of its taps (int32), then
  /// [kh][kw][kChannels].
  static TESSERA_INLINE std::int64_t blockBytes(const ConvShape &s) {
    return kChannels * (4 + s.kh * s.kw);
  }
  /// Where the weight of a channel and tap is in what follows the sums, in a block of so many.
  static TESSERA_INLINE std::int64_t at(const ConvShape &s, std::int64_t ky, std::int64_t kx,
                                        std::int64_t channel, std::int64_t) {
    return (ky * s.kw + kx) * kChannels + channel;
  }

  /// How often the channels of a block are in it.
  static TESSERA_INLINE std::int64_t copies(std::int64_t) { return 1; }

  /// Channels [channel, channel + channels) of one image, whose first pixel's are at x.
  DepthwiseTileInt8(const ConvShape &shape, const ConvLayout &layout, const T *image,
                    const std::int8_t *packed, std::int64_t firstChannel, std::int64_t count,
                    const Int8Epilogue &epilogue)
      : s(shape), xl(layout), x(image), filter(packed + kChannels * 4), channel(firstChannel),
        channels(count), e(epilogue) {
    Int8Finish<Arch>::first(first, reinterpret_cast<const std::int32_t *>(packed), channel,
                            channels, s.kh * s.kw, e.aZero, e);
  }

  /// Lines [begin, end) of the outputs of the image whose first pixel is at y; lines and pixels are
  /// `row` and `pixel` elements apart.
  void lines(std::int64_t begin, std::int64_t end, char *y, std::int64_t row,
             std::int64_t pixel) const {
    const std::int64_t size = e.output == Int8Output::I32 || e.output == Int8Output::F32 ? 4 : 1;
    for (std::int64_t oy = begin; oy < end; ++oy)
      line(oy, y + oy * row * size, pixel);
  }

private:
  const ConvShape &s;
  const ConvLayout &xl;
  const T *x;
  const std::int8_t *filter;
  std::int64_t channel, channels;
  const Int8Epilogue &e;
  alignas(64) std::int32_t first[kChannels];

  void line(std::int64_t oy, char *y, std::int64_t pixel) const {
    const std::int64_t size = e.output == Int8Output::I32 || e.output == Int8Output::F32 ? 4 : 1;
    for (std::int64_t ox = 0; ox < s.outW; ++ox) {
      alignas(64) std::int32_t sums[kChannels];
      if (channels == kChannels && Tile::finishes(e)) {
        whole(sums, oy, ox);
        typename SimdInt8<Arch>::V acc[1][kVectors];
        Tile::start(acc, sums);
        Tile::finish(acc, y + ox * pixel * size, 0, channel, channels, e);
        continue;
      }
      part(sums, oy, ox);
      const std::int32_t none = 0;
      Int8Finish<Arch>::run(sums, &none, y + ox * pixel * size, 0, 1, channel, channels, e);
    }
  }

  /// All channels of a block, in loops that compilers turn into vector code.
  TESSERA_INLINE void whole(std::int32_t *sums, std::int64_t oy, std::int64_t ox) const {
    T outside[kChannels];
    for (T &each : outside)
      each = static_cast<T>(e.aZero);
    std::int32_t acc[kChannels];
    __builtin_memcpy(acc, first, sizeof acc);
    for (std::int64_t ky = 0; ky < s.kh; ++ky)
      for (std::int64_t kx = 0; kx < s.kw; ++kx) {
        const std::int64_t yy = oy * s.strideH - s.top + ky * s.dilationH;
        const std::int64_t xx = ox * s.strideW - s.left + kx * s.dilationW;
        const bool inside = yy >= 0 && yy < s.h && xx >= 0 && xx < s.w;
        T values[kChannels];
        std::int8_t taps[kChannels];
        __builtin_memcpy(values, inside ? x + yy * xl.row + xx * xl.pixel : outside, sizeof values);
        __builtin_memcpy(taps, filter + at(s, ky, kx, 0, channels), sizeof taps);
        for (std::int64_t i = 0; i < kChannels; ++i) // a product of bytes fits into 16 bits
          acc[i] += static_cast<std::int16_t>(values[i] * taps[i]);
      }
    __builtin_memcpy(sums, acc, sizeof acc);
  }

  TESSERA_INLINE void part(std::int32_t *sums, std::int64_t oy, std::int64_t ox) const {
    __builtin_memcpy(sums, first, sizeof first);
    for (std::int64_t ky = 0; ky < s.kh; ++ky)
      for (std::int64_t kx = 0; kx < s.kw; ++kx)
        add(sums, oy * s.strideH - s.top + ky * s.dilationH,
            ox * s.strideW - s.left + kx * s.dilationW, filter + at(s, ky, kx, 0, channels));
  }

  void add(std::int32_t *sums, std::int64_t yy, std::int64_t xx, const std::int8_t *taps) const {
    if (yy < 0 || yy >= s.h || xx < 0 || xx >= s.w) {
      for (std::int64_t i = 0; i < channels; ++i)
        sums[i] += e.aZero * taps[i];
      return;
    }
    const T *from = x + yy * xl.row + xx * xl.pixel;
    for (std::int64_t i = 0; i < channels; ++i)
      sums[i] += from[i] * taps[i];
  }
};

} // namespace tessera::kernels

#include "tessera/kernels/DepthwiseTileVnni.h"
