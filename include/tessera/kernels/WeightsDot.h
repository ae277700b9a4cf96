// One row of floats by weights of four bits with vpdpbusd: an instruction multiplies 64 weights
// where they would take four as floats, and eight more to become floats.
#pragma once

#include "tessera/kernels/SimdInt8.h"
#include "tessera/kernels/WeightsArgs.h"
#include "tessera/kernels/WeightsFormat.h"

namespace tessera::kernels {

/// The floats of a group become whole numbers of 24 bits, multiples of its largest by 2^-23, and
/// those three signed bytes, so that products and sums within the group are exact. An element is
/// off by 2^-23 of the largest in its group at most, or 2^-127 where those are below 2^-104.
template <class Arch> struct WeightsDot {
  using S = Simd<Arch>;
  using D = SimdInt8<Arch>;
  using Format = QuantizedWeights<Arch, 4>;
  using F = typename S::F;
  using I = typename S::I;
  static constexpr int kVectors = MatmulShape<Arch>::kVectors;
  static constexpr std::int64_t kPanel = Format::kPanel;
  static_assert(kPanel == kVectors * S::kLanes);
  /// Depths that are prepared at a time, on the stack: 44 KiB.
  static constexpr std::int64_t kDepth = 8192;

  static TESSERA_INLINE bool serves(std::int64_t group) {
    return group >= Format::kPerWord && group <= kDepth;
  }

  /// As MatmulWeights::run for one row, where it serves groups of the size.
  static void run(const WeightsArgs &g) {
    Prepared row;
    const std::int64_t step = kDepth / g.group * g.group;
    std::int64_t p = 0;
    do {
      row.from = p;
      row.depth = least(g.k - p, step);
      row.args = &g;
      prepare(row);
      const std::int64_t panels = (g.n + kPanel - 1) / kPanel;
      if (g.parallelFor)
        g.parallelFor(g.pool, panels, &panel, &row);
      else
        for (std::int64_t i = 0; i < panels; ++i)
          panel(&row, i);
      p += step;
    } while (p < g.k);
  }

private:
  static constexpr int kParts = 3;
  /// The largest of a group becomes this: with rounding, three signed bytes hold it.
  static constexpr float kMost = 127.0f * 65536.0f;
  static constexpr float kLeast = 0x1p-104f;

  struct Group {
    std::int32_t start[kParts]; ///< takes the default zero point from every weight
    float unit;                 ///< of the whole numbers, by the factor of the format
    float sum;                  ///< of the whole numbers
  };
  struct Prepared {
    const WeightsArgs *args;
    std::int64_t from, depth;
    /// By word of weights: for each part those of its even depths, then of the odd ones.
    std::int32_t parts[kDepth / Format::kPerWord][kParts][2];
    Group groups[kDepth / Format::kPerWord];
  };

  static TESSERA_INLINE std::int64_t least(std::int64_t a, std::int64_t b) { return a < b ? a : b; }

  static __attribute__((noinline)) void prepare(Prepared &row) {
    const std::int64_t group = row.args->group;
    for (std::int64_t p = 0; p < row.depth; p += group)
      prepareGroup(row.args->a + row.from + p, least(row.depth - p, group),
                   row.parts + p / Format::kPerWord, row.groups[p / group]);
  }

  static TESSERA_INLINE void prepareGroup(const float *a, std::int64_t depth,
                                          std::int32_t (*parts)[kParts][2], Group &group) {
    F top(kLeast), strange(0.0f);
    for (std::int64_t i = 0; i < depth; i += S::kLanes) {
      const F x = S::loadPart(a + i, least(depth - i, S::kLanes));
      top = S::max(S::abs(x), top);
      strange = strange + (x - x); // NaN for infinities and NaN
    }
    const float most = S::across(top, [](F x, F y) { return S::max(x, y); });
    const F factor(kMost / most);
    I sums[kParts] = {I(0), I(0), I(0)};
    for (std::int64_t i = 0; i < depth; i += S::kLanes) {
      const std::int64_t count = least(depth - i, S::kLanes);
      I rest(D::toInt(S::loadPart(a + i, count) * factor));
      alignas(64) std::uint64_t bytes[kParts][S::kLanes / 8];
      TESSERA_UNROLL
      for (int part = kParts - 1; part >= 0; --part) {
        const I low = (rest << 24) >> 24;
        rest = (rest - low) >> 8;
        sums[part] = sums[part] + low;
        D::storeBytes(bytes[part], low, S::kLanes);
      }
      for (std::int64_t w = 0; w * Format::kPerWord < count; ++w)
        for (int part = 0; part < kParts; ++part) {
          const std::uint64_t x = bytes[part][w];
          parts[i / Format::kPerWord + w][part][0] = evenBytes(x);
          parts[i / Format::kPerWord + w][part][1] = evenBytes(x >> 8);
        }
    }
    std::int64_t total = 0;
    for (int part = 0; part < kParts; ++part) {
      alignas(64) std::int32_t lanes[S::kLanes];
      D::store(lanes, sums[part]);
      std::int32_t sum = 0;
      for (const std::int32_t lane : lanes)
        sum += lane;
      group.start[part] = -Format::kDefaultZero * sum;
      total = total * 256 + sum;
    }
    group.sum = static_cast<float>(total);
    group.unit = most / kMost / Format::kFactor + S::sum(strange);
  }

  /// Bytes 0, 2, 4 and 6.
  static TESSERA_INLINE std::int32_t evenBytes(std::uint64_t x) {
    x &= 0x00ff00ff00ff00ffu;
    x = (x | x >> 8) & 0x0000ffff0000ffffu;
    return static_cast<std::int32_t>(static_cast<std::uint32_t>(x | x >> 16));
  }

  static void panel(void *data, std::int64_t index) {
    const Prepared &row = *static_cast<const Prepared *>(data);
    const WeightsArgs &g = *row.args;
    const std::int64_t bytes = Format::groupBytes(g.group, g.zeros), j = index * kPanel;
    const char *b = static_cast<const char *>(g.weights) +
                    index * Format::panelBytes(g.k, g.group, g.zeros) + row.from / g.group * bytes;
    F total[kVectors];
    const float *begin = row.from > 0 ? g.c : g.bias;
    TESSERA_UNROLL
    for (int v = 0; v < kVectors; ++v)
      total[v] = begin ? S::loadPart(begin + at(g, j, v), left(g, j, v)) : F(0.0f);
    for (std::int64_t p = 0; p < row.depth; p += g.group, b += bytes)
      group(total, row.groups[p / g.group], row.parts + p / Format::kPerWord,
            Format::words(least(row.depth - p, g.group)), b, g.zeros);
    TESSERA_UNROLL
    for (int v = 0; v < kVectors; ++v)
      S::storePart(g.c + at(g, j, v), total[v], left(g, j, v));
  }

  /// The first column of a vector of a panel, and how many of its columns there are.
  static TESSERA_INLINE std::int64_t at(const WeightsArgs &g, std::int64_t j, int v) {
    return least(j + v * S::kLanes, g.n);
  }
  static TESSERA_INLINE std::int64_t left(const WeightsArgs &g, std::int64_t j, int v) {
    return least(g.n - at(g, j, v), S::kLanes);
  }

  static TESSERA_INLINE void group(F (&total)[kVectors], const Group &group,
                                   const std::int32_t (*parts)[kParts][2], std::int64_t words,
                                   const char *b, bool zeros) {
    typename D::V sums[kParts][kVectors];
    TESSERA_UNROLL
    for (int part = 0; part < kParts; ++part) {
      TESSERA_UNROLL
      for (int v = 0; v < kVectors; ++v)
        sums[part][v] = I(group.start[part]);
    }
    const char *word = b + Format::headBytes(zeros);
    for (std::int64_t w = 0; w < words; ++w, word += kPanel * 4) {
      const I nibble(0x0f0f0f0f);
      PageAhead<Arch>::fetch(word, kPanel * 4);
      TESSERA_UNROLL
      for (int v = 0; v < kVectors; ++v) {
        const I x = Format::words(word + v * S::kLanes * 4);
        const I even = x & nibble, odd = (x >> 4) & nibble;
        TESSERA_UNROLL
        for (int part = 0; part < kParts; ++part) {
          sums[part][v] = D::dot(sums[part][v], even, I(parts[w][part][0]));
          sums[part][v] = D::dot(sums[part][v], odd, I(parts[w][part][1]));
        }
      }
    }
    const auto *scale = reinterpret_cast<const float *>(b);
    TESSERA_UNROLL
    for (int v = 0; v < kVectors; ++v) {
      const F low = S::fma(D::toFloat(sums[1][v]), F(256.0f), D::toFloat(sums[2][v]));
      F sum = S::fma(D::toFloat(sums[0][v]), F(65536.0f), low);
      if (zeros) // as far as it is from the default
        sum = S::fnma(S::fma(S::load(scale + kPanel + v * S::kLanes), F(Format::kFactor),
                             F(-Format::kFactor * Format::centre(Format::kDefaultZero))),
                      F(group.sum), sum);
      total[v] = S::fma(S::load(scale + v * S::kLanes) * F(group.unit), sum, total[v]);
    }
  }
};

} // namespace tessera::kernels
