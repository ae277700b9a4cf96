// Convolution by 1 x 1 kernels of images in NCHW: each output plane is a sum of input planes, so
// that vectors of pixels are read and written as they lie and nothing is transposed.
#pragma once

#include "tessera/kernels/ConvPanel.h"
#include "tessera/kernels/ConvRuns.h"

namespace tessera::kernels {

/// Arguments as those of Conv2d::run.
template <class Arch> struct ConvPlanes {
  using S = Simd<Arch>;
  using F = typename S::F;
  using Panel = ConvPanel<Arch>;
  static constexpr std::int64_t kLanes = S::kLanes;
  /// The tile: output channels by vectors of pixels. Three vectors, so that two tiles of eight
  /// channels use up a line of the packed filter.
  static constexpr int kSums = MatmulShape<Arch>::kRows * MatmulShape<Arch>::kVectors;
  static constexpr int kVectors = kSums % 3 == 0 ? 3 : MatmulShape<Arch>::kVectors;
  static constexpr int kRows = kSums / kVectors;

  /// Whether the planes are without gaps, and are read where they are or are worth gathering: at
  /// most one lane of sixteen may be to spare, and wide panels of the filter use a line of the
  /// input often enough without that where blocks are few. `l1` is the size of that cache.
  static bool serves(const ConvShape &s, const ConvLayout &xl, const ConvLayout &yl,
                     std::int64_t l1) {
    const bool plain = s.kh == 1 && s.kw == 1 && s.strideH == 1 && s.strideW == 1 && s.top == 0 &&
                       s.left == 0 && s.outH == s.h && s.outW == s.w && !s.transposed;
    const bool planes = xl.pixel == 1 && xl.row == s.w && xl.block >= s.c && yl.pixel == 1 &&
                        yl.row == s.w && yl.block >= s.outC;
    const std::int64_t pixels = s.h * s.w;
    const bool gathers =
        (Panel::kVectors * kLanes < 64 || pixels >= 4 * kTiles * kVectors * kLanes) &&
        parts(pixels, kLanes) * kLanes * 15 <= pixels * 16;
    return plain && planes && pixels >= kVectors * kLanes && (near(s.c / s.groups, l1) || gathers);
  }

  ConvPlanes(const ConvShape &s, const ConvLayout &xLayout, const float *input, const float *packed,
             const ConvLayout &yLayout, float *output, const ConvEpilogue &ending, std::int64_t l1)
      : xl(xLayout), yl(yLayout), x(input), filter(packed), y(output), epilogue(ending),
        pixels(s.h * s.w), inC(s.c / s.groups), outC(s.outC / s.groups), groups(s.groups),
        width(Panel::width(outC)), vectors(parts(pixels, kLanes)), tiles(parts(vectors, kVectors)),
        blocks(even(parts(tiles, kTiles))), number(s.n * groups * blocks), inPlace(near(inC, l1)),
        clips(convClips<Arch>(ending)) {}

  std::int64_t count() const { return number; }

  /// Computes block `index`; `self` is a ConvPlanes.
  static void task(void *self, std::int64_t index) {
    const ConvPlanes &planes = *static_cast<const ConvPlanes *>(self);
    if (planes.inPlace)
      planes.block(index);
    else
      planes.gathered(index);
  }

private:
  /// Tiles of a block, for each of which a panel of the filter is read.
  static constexpr std::int64_t kTiles = 4;
  /// Channels of a block that are gathered at a time: what 64 KiB of the stack hold.
  static constexpr std::int64_t kSlab = (1 << 14) / (kTiles * kVectors * kLanes);

  const ConvLayout &xl, &yl;
  const float *x, *filter;
  float *y;
  const ConvEpilogue &epilogue;
  std::int64_t pixels, inC, outC, groups, width, vectors, tiles, blocks, number;
  bool inPlace, clips;

  static TESSERA_INLINE std::int64_t least(std::int64_t a, std::int64_t b) { return a < b ? a : b; }
  static TESSERA_INLINE std::int64_t parts(std::int64_t a, std::int64_t b) {
    return (a + b - 1) / b;
  }
  /// Blocks in pairs, for two threads.
  static TESSERA_INLINE std::int64_t even(std::int64_t count) {
    return count > 1 ? count + count % 2 : count;
  }
  /// Whether so many pixels of all channels as a tile has take at most half of L1, where each
  /// serves all output channels.
  static TESSERA_INLINE bool near(std::int64_t channels, std::int64_t l1) {
    return channels * kVectors * kLanes * 4 <= l1 / 2;
  }

  /// What a block reads and writes.
  struct Block {
    std::int64_t firstTile, lastTile; ///< its tiles of pixels; the second is behind them
    const float *x;                   ///< pixel 0 of the first input channel
    float *y;                         ///< pixel 0 of the first output channel
    std::int64_t channel;             ///< the first output channel
    const float *filter;
    const float *residual; ///< pixel 0 of the first output channel, or null
  };

  /// The first pixel of a tile. Tiles are of about equal width, the wider first: a narrow one waits
  /// for its own sums.
  TESSERA_INLINE std::int64_t pixelAt(std::int64_t tile) const {
    return (tile * (vectors / tiles) + least(tile, vectors % tiles)) * kLanes;
  }

  /// What a tile reads and writes.
  struct Place {
    const float *x, *filter; ///< the first pixel of the first channel; its weights
    std::int64_t xStep;      ///< between channels
    std::int64_t depth;      ///< channels
    float *y;
    const float *bias, *residual; ///< of the first output channel, or null
    std::int64_t tail;            ///< pixels of the last vector
    std::int64_t ahead;           ///< in place: from x to pixels that will be needed soon
    const float *soon;            ///< gathered: a line for each channel that will be
    std::int64_t soonStep;        ///< between them
    bool resumes, last;           ///< starts from what is in the output; ends the sum
  };

  /// What will be needed soon, a line of each channel for each tile that runs until then.
  struct Soon {
    const float *filter, *x;
    std::int64_t filterLines, xLines;

    TESSERA_INLINE void next(Place &place, std::int64_t filterStep, std::int64_t xStep) {
      place.soon = place.x;
      place.soonStep = 0;
      if (filterLines > 0) {
        place.soon = filter;
        place.soonStep = filterStep;
        filter += 16;
        --filterLines;
      } else if (xLines > 0) {
        place.soon = x;
        place.soonStep = xStep;
        x += 16;
        --xLines;
      }
    }
  };

  Block blockOf(std::int64_t index) const {
    const std::int64_t b = index % blocks, g = index / blocks % groups,
                       image = index / blocks / groups;
    const std::int64_t to = image * yl.image + g * outC * yl.channel;
    return {tiles * b / blocks,
            tiles * (b + 1) / blocks,
            x + image * xl.image + g * inC * xl.channel,
            y + to,
            g * outC,
            filter + g * parts(outC, width) * inC * width,
            epilogue.residual == nullptr ? nullptr : epilogue.residual + to};
  }

  /// The input read where it is.
  void block(std::int64_t index) const {
    const Block block = blockOf(index);
    Soon soon{};
    panels<false>(block, 0, inC, soon, [&](std::int64_t tile, Place &place) {
      place.x = block.x + pixelAt(tile);
      place.xStep = xl.channel;
      place.ahead = kVectors * kLanes;
    });
  }

  /// The input gathered, some channels at a time: planes are pages apart, of which the processor
  /// remembers few, and their lines may meet in the same sets of L1.
  void gathered(std::int64_t index) const {
    alignas(64) float stage[kSlab * kTiles * kVectors * kLanes];
    const Block block = blockOf(index);
    const std::int64_t slabs = parts(inC, kSlab);
    const std::int64_t first = pixelAt(block.firstTile), last = pixelAt(block.lastTile);
    for (std::int64_t slab = 0; slab < slabs; ++slab) {
      const std::int64_t from = inC * slab / slabs, to = inC * (slab + 1) / slabs;
      gather(block, from, to, stage);
      // Next are more channels of these pixels, or the pixels behind them.
      const float *next = to < inC ? block.x + to * xl.channel + first : block.x + last;
      Soon soon{nullptr, next, 0, (last - first) / 16 + 1};
      panels<true>(block, from, to, soon, [&](std::int64_t tile, Place &place) {
        place.x = stage + (pixelAt(tile) - first) * (to - from);
        place.xStep = pixelAt(tile + 1) - pixelAt(tile);
      });
    }
  }

  /// Leaves the channels [from, to) of a block tile by tile, what is behind the last pixel zero.
  void gather(const Block &block, std::int64_t from, std::int64_t to, float *stage) const {
    const float *channel = block.x + from * xl.channel;
    for (std::int64_t ch = from; ch < to; ++ch, channel += xl.channel) {
      float *dst = stage;
      for (std::int64_t tile = block.firstTile; tile < block.lastTile; ++tile) {
        const std::int64_t begin = pixelAt(tile), end = pixelAt(tile + 1);
        for (std::int64_t i = begin; i < end; i += kLanes)
          S::store(dst + (ch - from) * (end - begin) + i - begin,
                   pixels - i >= kLanes ? S::load(channel + i)
                                        : S::loadPart(channel + i, pixels - i));
        dst += (end - begin) * (to - from);
      }
    }
  }

  /// All output channels, summed over the input channels [from, to); `read(tile, place)` says where
  /// a tile reads.
  template <bool Gathered, class Read>
  TESSERA_INLINE void panels(const Block &block, std::int64_t from, std::int64_t to, Soon &soon,
                             Read read) const {
    for (std::int64_t p = 0; p < parts(outC, width); ++p) {
      const std::int64_t channel = p * width, columns = least(outC - channel, width);
      const float *weights = block.filter + (p * inC + from) * width;
      soon.filter = weights + inC * width;
      soon.filterLines = p + 1 < parts(outC, width) ? parts(width, 16) : 0;
      for (std::int64_t tile = block.firstTile; tile < block.lastTile; ++tile) {
        const std::int64_t begin = pixelAt(tile), end = pixelAt(tile + 1);
        const std::int64_t shift = channel * yl.channel + begin;
        Place place{};
        place.filter = weights;
        place.depth = to - from;
        place.y = block.y + shift;
        place.bias = epilogue.bias == nullptr ? nullptr : epilogue.bias + block.channel + channel;
        place.residual = block.residual == nullptr ? nullptr : block.residual + shift;
        place.tail = least(pixels - end + kLanes, kLanes);
        place.resumes = from > 0;
        place.last = to == inC;
        read(tile, place);
        pickVectors<kVectors, Gathered>((end - begin) / kLanes, columns, place, soon);
      }
    }
  }

  template <int V, bool Gathered>
  TESSERA_INLINE void pickVectors(std::int64_t now, std::int64_t columns, Place &place,
                                  Soon &soon) const {
    if constexpr (V > 1)
      if (now < V)
        return pickVectors<V - 1, Gathered>(now, columns, place, soon);
    rows<V, Gathered>(columns, place, soon);
  }

  /// All output channels of a panel, in tiles of about equal height.
  template <int V, bool Gathered>
  __attribute__((noinline)) void rows(std::int64_t columns, Place &place, Soon &soon) const {
    const std::int64_t count = parts(columns, kRows), height = columns / count;
    const std::int64_t taller = columns % count;
    for (std::int64_t t = 0; t < count; ++t) {
      const std::int64_t now = height + (t < taller ? 1 : 0);
      if constexpr (Gathered) {
        soon.next(place, width, xl.channel);
        pickRows<kRows, V, true, false>(now, place);
      } else if (place.tail == kLanes) {
        pickRows<kRows, V, false, false>(now, place);
      } else {
        pickRows<kRows, V, false, true>(now, place);
      }
      place.filter += now;
      place.y += now * yl.channel;
      place.bias += place.bias == nullptr ? 0 : now;
      place.residual += place.residual == nullptr ? 0 : now * yl.channel;
      place.ahead += t < V ? kLanes : 0;
    }
  }

  template <int R, int V, bool Gathered, bool Part>
  TESSERA_INLINE void pickRows(std::int64_t rows, const Place &place) const {
    if constexpr (R > 1)
      if (rows < R)
        return pickRows<R - 1, V, Gathered, Part>(rows, place);
    tile<R, V, Gathered, Part>(place);
  }

  /// Of the last vector only the first `tail` lanes when `part`.
  template <int V>
  static TESSERA_INLINE F load(const float *p, int v, std::int64_t tail, bool part) {
    return part && v + 1 == V ? S::loadPart(p + v * kLanes, tail) : S::load(p + v * kLanes);
  }

  /// The sums before the first product.
  template <int R, int V>
  TESSERA_INLINE void start(F (&acc)[R][V], const Place &place, bool resumes, bool part) const {
    const float *from = resumes ? place.y : place.residual;
    TESSERA_UNROLL
    for (int r = 0; r < R; ++r) {
      TESSERA_UNROLL
      for (int v = 0; v < V; ++v) {
        acc[r][v] = F(resumes || place.bias == nullptr ? 0.0f : place.bias[r]);
        if (from != nullptr)
          acc[r][v] += load<V>(from + r * yl.channel, v, place.tail, part);
      }
    }
  }

  /// Part: the last vector of the input has only `tail` pixels.
  template <int R, int V, bool Gathered, bool Part>
  __attribute__((noinline)) void tile(const Place &place) const {
    const bool part = Gathered ? place.tail != kLanes : Part;
    F acc[R][V];
    start(acc, place, Gathered && place.resumes, part);
    const float *from = place.x, *weights = place.filter, *soon = place.soon;
    const auto channel = [&](std::int64_t) __attribute__((always_inline)) {
      __builtin_prefetch(Gathered ? soon : from + place.ahead);
      F pixel[V];
      TESSERA_UNROLL
      for (int v = 0; v < V; ++v)
        pixel[v] = load<V>(from, v, place.tail, Part);
      TESSERA_UNROLL
      for (int r = 0; r < R; ++r) {
        const F weight(weights[r]);
        TESSERA_UNROLL
        for (int v = 0; v < V; ++v)
          acc[r][v] = S::fma(pixel[v], weight, acc[r][v]);
      }
      soon += place.soonStep;
      from += place.xStep;
      weights += width;
    };
    // The outputs come from memory while the products run, row by row: of all at once some would
    // wait for others, and the pixels with them.
    const std::int64_t step = place.depth / (2 * R);
    for (int r = 0; r < R; ++r) {
      for (std::int64_t line = 0; line < V * kLanes; line += 16)
        __builtin_prefetch(place.y + r * yl.channel + line, 1);
      for (std::int64_t ch = 0; ch < step; ++ch)
        channel(ch);
    }
    inTurns(place.depth - R * step, channel);
    if (clips && place.last)
      clip(acc);
    TESSERA_UNROLL
    for (int r = 0; r < R; ++r) {
      float *to = place.y + r * yl.channel;
      TESSERA_UNROLL
      for (int v = 0; v < V; ++v)
        if (part && v + 1 == V)
          S::storePart(to + v * kLanes, acc[r][v], place.tail);
        else
          S::store(to + v * kLanes, acc[r][v]);
    }
    if (place.last && epilogue.activation != nullptr)
      for (int r = 0; r < R; ++r) {
        float *to = place.y + r * yl.channel;
        epilogue.activation(to, to, (V - 1) * kLanes + place.tail, epilogue.params);
      }
  }

  template <int R, int V> TESSERA_INLINE void clip(F (&acc)[R][V]) const {
    const F low(epilogue.low), high(epilogue.high);
    TESSERA_UNROLL
    for (int r = 0; r < R; ++r) {
      TESSERA_UNROLL
      for (int v = 0; v < V; ++v)
        acc[r][v] = S::min(high, S::max(low, acc[r][v]));
    }
  }
};

} // namespace tessera::kernels
