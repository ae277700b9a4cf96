// Convolution by 1 x 1 kernels of images in NCHW: each output plane is a sum of input planes, so
// that vectors of pixels are read and written where they lie and nothing is transposed.
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

  /// Whether the planes are without gaps, and so many pixels of all channels as a tile has take at
  /// most half of L1, where each serves all output channels.
  static bool serves(const ConvShape &s, const ConvLayout &xl, const ConvLayout &yl,
                     std::int64_t l1) {
    const bool plain = s.kh == 1 && s.kw == 1 && s.strideH == 1 && s.strideW == 1 && s.top == 0 &&
                       s.left == 0 && s.outH == s.h && s.outW == s.w && !s.transposed;
    const bool planes = xl.pixel == 1 && xl.row == s.w && xl.block >= s.c && yl.pixel == 1 &&
                        yl.row == s.w && yl.block >= s.outC;
    const std::int64_t channels = s.c / s.groups;
    return plain && planes && s.h * s.w >= kVectors * kLanes &&
           channels * kVectors * kLanes * 4 <= l1 / 2;
  }

  ConvPlanes(const ConvShape &s, const ConvLayout &xLayout, const float *input, const float *packed,
             const ConvLayout &yLayout, float *output, const ConvEpilogue &ending)
      : xl(xLayout), yl(yLayout), x(input), filter(packed), y(output), epilogue(ending),
        pixels(s.h * s.w), inC(s.c / s.groups), outC(s.outC / s.groups), groups(s.groups),
        width(Panel::width(outC)), blocks((pixels + kPixels - 1) / kPixels),
        number(s.n * groups * blocks), clips(convClips<Arch>(ending)) {}

  std::int64_t count() const { return number; }

  /// Computes block `index`; `self` is a ConvPlanes.
  static void task(void *self, std::int64_t index) {
    static_cast<const ConvPlanes *>(self)->block(index);
  }

private:
  /// Pixels of a block: a few tiles' for each reading of a panel of the filter.
  static constexpr std::int64_t kPixels = 4 * kVectors * kLanes;

  const ConvLayout &xl, &yl;
  const float *x, *filter;
  float *y;
  const ConvEpilogue &epilogue;
  std::int64_t pixels, inC, outC, groups, width, blocks, number;
  bool clips;

  static TESSERA_INLINE std::int64_t least(std::int64_t a, std::int64_t b) { return a < b ? a : b; }

  /// What a tile reads and writes.
  struct Place {
    const float *x, *filter; ///< the first pixel of the first channel; its weights
    float *y;
    const float *bias, *residual; ///< of the first output channel, or null
    std::int64_t tail;            ///< pixels of the last vector
    std::int64_t soon;            ///< from x to pixels that will be needed soon
  };

  void block(std::int64_t index) const {
    const std::int64_t first = index % blocks * kPixels, last = least(first + kPixels, pixels);
    const std::int64_t g = index / blocks % groups, image = index / blocks / groups;
    const float *from = x + image * xl.image + g * inC * xl.channel;
    const std::int64_t panels = (outC + width - 1) / width;
    for (std::int64_t p = 0; p < panels; ++p) {
      const std::int64_t channel = g * outC + p * width, columns = least(outC - p * width, width);
      const float *weights = filter + (g * panels + p) * inC * width;
      for (std::int64_t j = first; j < last; j += kVectors * kLanes) {
        const std::int64_t to = image * yl.image + channel * yl.channel + j;
        const std::int64_t now = least(last - j, kVectors * kLanes);
        Place place{from + j,
                    weights,
                    y + to,
                    epilogue.bias == nullptr ? nullptr : epilogue.bias + channel,
                    epilogue.residual == nullptr ? nullptr : epilogue.residual + to,
                    now - (now - 1) / kLanes * kLanes,
                    kVectors * kLanes};
        pickVectors<kVectors>((now + kLanes - 1) / kLanes, columns, place);
      }
    }
  }

  template <int V>
  TESSERA_INLINE void pickVectors(std::int64_t vectors, std::int64_t columns, Place &place) const {
    if constexpr (V > 1)
      if (vectors < V)
        return pickVectors<V - 1>(vectors, columns, place);
    tiles<V>(columns, place);
  }

  /// All output channels of a panel, in tiles of about equal height.
  template <int V> __attribute__((noinline)) void tiles(std::int64_t columns, Place &place) const {
    const std::int64_t count = (columns + kRows - 1) / kRows, height = columns / count;
    const std::int64_t taller = columns % count;
    for (std::int64_t t = 0; t < count; ++t) {
      const std::int64_t rows = height + (t < taller ? 1 : 0);
      if (place.tail == kLanes)
        pickRows<kRows, V, false>(rows, place);
      else
        pickRows<kRows, V, true>(rows, place);
      place.filter += rows;
      place.y += rows * yl.channel;
      place.bias += place.bias == nullptr ? 0 : rows;
      place.residual += place.residual == nullptr ? 0 : rows * yl.channel;
      place.soon += t < V ? kLanes : 0;
    }
  }

  template <int R, int V, bool Part>
  TESSERA_INLINE void pickRows(std::int64_t rows, const Place &place) const {
    if constexpr (R > 1)
      if (rows < R)
        return pickRows<R - 1, V, Part>(rows, place);
    tile<R, V, Part>(place);
  }

  template <int V, bool Part>
  static TESSERA_INLINE F load(const float *p, int v, std::int64_t tail) {
    return Part && v + 1 == V ? S::loadPart(p + v * kLanes, tail) : S::load(p + v * kLanes);
  }

  template <int R, int V, bool Part> __attribute__((noinline)) void tile(const Place &place) const {
    F acc[R][V];
    TESSERA_UNROLL
    for (int r = 0; r < R; ++r) {
      TESSERA_UNROLL
      for (int v = 0; v < V; ++v) {
        acc[r][v] = F(place.bias == nullptr ? 0.0f : place.bias[r]);
        if (place.residual != nullptr)
          acc[r][v] += load<V, Part>(place.residual + r * yl.channel, v, place.tail);
      }
    }
    const float *from = place.x, *weights = place.filter;
    for (std::int64_t ch = 0; ch < inC; ++ch, from += xl.channel, weights += width) {
      __builtin_prefetch(from + place.soon);
      F pixel[V];
      TESSERA_UNROLL
      for (int v = 0; v < V; ++v)
        pixel[v] = load<V, Part>(from, v, place.tail);
      TESSERA_UNROLL
      for (int r = 0; r < R; ++r) {
        const F weight(weights[r]);
        TESSERA_UNROLL
        for (int v = 0; v < V; ++v)
          acc[r][v] = S::fma(pixel[v], weight, acc[r][v]);
      }
    }
    if (clips)
      clip(acc);
    TESSERA_UNROLL
    for (int r = 0; r < R; ++r) {
      float *to = place.y + r * yl.channel;
      TESSERA_UNROLL
      for (int v = 0; v < V; ++v)
        if (Part && v + 1 == V)
          S::storePart(to + v * kLanes, acc[r][v], place.tail);
        else
          S::store(to + v * kLanes, acc[r][v]);
    }
    if (epilogue.activation != nullptr)
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
