// Packing of the filter of an 8-bit depthwise convolution.
#pragma once

#include "tessera/kernels/DepthwiseTileInt8.h"
#include "tessera/kernels/Family.h"

namespace tessera::kernels {

template <class Arch> struct DepthwiseInt8Pack {
  static constexpr Family kFamily = Family::DepthwisePack;
  using Tile = DepthwiseTileInt8<Arch, std::uint8_t>;

  /// Lays out the filter for depthwise_int8 of the same instruction set and returns the bytes that
  /// takes; with dst null it only returns them. The weight of tap (ky, kx) of a channel is at (ky *
  /// kw + kx) * tapStride + channel * channelStride, in elements. dst does not overlap the filter.
  static std::int64_t run(const ConvShape *shape, const std::int8_t *filter, std::int64_t tapStride,
                          std::int64_t channelStride, void *dst) {
    const std::int64_t bytes = Tile::blockBytes(*shape);
    const std::int64_t blocks = (shape->c + Tile::kChannels - 1) / Tile::kChannels;
    auto *out = static_cast<std::int8_t *>(dst);
    if (out != nullptr)
      for (std::int64_t ch = 0; ch < shape->c; ch += Tile::kChannels, out += bytes)
        block(*shape, filter + ch * channelStride, tapStride, channelStride,
              shape->c - ch < Tile::kChannels ? shape->c - ch : Tile::kChannels, out);
    return blocks * bytes;
  }

private:
  static void block(const ConvShape &s, const std::int8_t *filter, std::int64_t tapStride,
                    std::int64_t channelStride, std::int64_t channels, std::int8_t *out) {
    __builtin_memset(out, 0, static_cast<std::size_t>(Tile::blockBytes(s)));
    std::int32_t sums[Tile::kChannels] = {};
    std::int8_t *taps = out + Tile::kChannels * 4;
    for (std::int64_t ky = 0; ky < s.kh; ++ky)
      for (std::int64_t kx = 0; kx < s.kw; ++kx)
        for (std::int64_t ch = 0; ch < channels; ++ch) {
          const std::int8_t x = filter[(ky * s.kw + kx) * tapStride + ch * channelStride];
          for (std::int64_t copy = 0; copy < Tile::copies(channels); ++copy)
            taps[Tile::at(s, ky, kx, ch + copy * Tile::kHalf, channels)] = x;
          sums[ch] += x;
        }
    __builtin_memcpy(out, sums, sizeof sums);
  }
};

} // namespace tessera::kernels
