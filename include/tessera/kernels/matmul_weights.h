// Multiplication of floats by packed weights of few bits: a few rows straight from the packed form,
// as fast as memory brings it; more by panels of floats made on the fly.
#pragma once

#include "tessera/kernels/Family.h"
#include "tessera/kernels/WeightsDot.h"

namespace tessera::kernels {

template <class Arch, class Format> struct MatmulWeights {
  static constexpr Family kFamily = Family::MatmulWeights;
  using S = Simd<Arch>;
  using F = typename S::F;
  static constexpr std::int64_t kPanel = Format::kPanel;
  static constexpr int kVectors = MatmulShape<Arch>::kVectors;

  /// As WeightsArgs says, in f32. Each element is summed in order of k, group by group; the error
  /// is at most (k + 3) * 2^-24 times the sum of |a| * |w|, and for s4 of |a| * 31 * scale. Takes
  /// 80 KiB of stack. What is not finite in a row makes what it meets infinite or NaN.
  static void run(const WeightsArgs *args) {
    const std::int64_t panels = (args->n + kPanel - 1) / kPanel;
    if (args->m <= 0)
      return;
    if constexpr (Format::kDots)
      if (args->m == 1 && WeightsDot<Arch>::serves(args->group))
        return WeightsDot<Arch>::run(*args);
    if (args->parallelFor)
      args->parallelFor(args->pool, panels, &onePanel, const_cast<WeightsArgs *>(args));
    else
      for (std::int64_t i = 0; i < panels; ++i)
        onePanel(const_cast<WeightsArgs *>(args), i);
  }

private:
  /// So many rows are multiplied straight from the packed form.
  static constexpr std::int64_t kFew = Format::kGrouped || S::kLanes == 16 ? 8 : 4;
  /// Depths of a panel that L1 holds: as floats, or of 16 bits while they are read twice.
  static constexpr std::int64_t kDepth = 256;

  static TESSERA_INLINE std::int64_t least(std::int64_t a, std::int64_t b) { return a < b ? a : b; }

  static void onePanel(void *args, std::int64_t index) {
    const WeightsArgs &g = *static_cast<const WeightsArgs *>(args);
    const char *b =
        static_cast<const char *>(g.weights) + index * Format::panelBytes(g.k, g.group, g.zeros);
    const std::int64_t j = index * kPanel, columns = least(g.n - j, kPanel);
    if (g.m <= kFew)
      pickRows<static_cast<int>(kFew)>(g, b, j, columns);
    else
      manyRows(g, b, j, columns);
    if (g.bias)
      for (std::int64_t i = 0; i < g.m; ++i)
        for (std::int64_t q = j; q < j + columns; ++q)
          g.c[i * g.cRow + q] += g.bias[q];
  }

  template <int R>
  static TESSERA_INLINE void pickRows(const WeightsArgs &g, const char *b, std::int64_t j,
                                      std::int64_t columns) {
    if constexpr (R > 1)
      if (g.m < R)
        return pickRows<R - 1>(g, b, j, columns);
    fewRows<R>(g, b, j, columns);
  }

  /// Vectors of columns done together by R rows: sixteen sums at most, with groups besides the
  /// totals.
  template <int R>
  static constexpr int kTogether = R * kVectors <= (Format::kGrouped ? 8 : 16) ? kVectors
                                   : R * (kVectors / 2) <= 16                  ? (kVectors + 1) / 2
                                                                               : 1;

  template <int R>
  static __attribute__((noinline)) void fewRows(const WeightsArgs &g, const char *b, std::int64_t j,
                                                std::int64_t columns) {
    constexpr int V = kTogether<R>;
    // 16 bits that are read by two columns of sums: so many depths that they stay in L1.
    const std::int64_t step = Format::kGrouped || V == kVectors ? g.k : kDepth;
    std::int64_t p = 0;
    do {
      for (std::int64_t q = 0; q < columns; q += V * S::kLanes) {
        F total[R][V];
        MicroTile<Arch, R, V>::clear(total);
        if (p > 0)
          rows<R, V>(g, j + q, columns - q, [&](int r, int v, float *c, std::int64_t count) {
            total[r][v] = S::loadPart(c, count);
          });
        if constexpr (Format::kGrouped)
          groups<R, V>(total, g, b, q);
        else
          halves<R, V>(total, g, b + p * kPanel * 2, q, p, least(g.k - p, step));
        rows<R, V>(g, j + q, columns - q, [&](int r, int v, float *c, std::int64_t count) {
          S::storePart(c, total[r][v], count);
        });
      }
      p += step;
    } while (p < g.k);
  }

  /// Calls each(r, v, c, count) for the vectors of results from column j on, `columns` at most.
  template <int R, int V, class Each>
  static TESSERA_INLINE void rows(const WeightsArgs &g, std::int64_t j, std::int64_t columns,
                                  Each each) {
    TESSERA_UNROLL
    for (int r = 0; r < R; ++r) {
      TESSERA_UNROLL
      for (int v = 0; v < V; ++v)
        if (v * S::kLanes < columns)
          each(r, v, g.c + r * g.cRow + j + v * S::kLanes,
               least(columns - v * S::kLanes, S::kLanes));
    }
  }

  /// Adds depths [p, p + depth), which are at b.
  template <int R, int V>
  static TESSERA_INLINE void halves(F (&total)[R][V], const WeightsArgs &g, const char *b,
                                    std::int64_t q, std::int64_t p, std::int64_t depth) {
    const float *a = g.a + p;
    for (std::int64_t d = 0; d < depth; ++d, ++a, b += kPanel * 2) {
      PageAhead<Arch>::fetch(b + q * 2, V * S::kLanes * 2);
      TESSERA_UNROLL
      for (int v = 0; v < V; ++v) {
        const F w = Format::load(b + (q + v * S::kLanes) * 2);
        TESSERA_UNROLL
        for (int r = 0; r < R; ++r)
          total[r][v] = S::fma(F(a[r * g.aRow]), w, total[r][v]);
      }
    }
  }

  template <int R, int V>
  static TESSERA_INLINE void groups(F (&total)[R][V], const WeightsArgs &g, const char *b,
                                    std::int64_t q) {
    for (std::int64_t p = 0; p < g.k; p += g.group, b += Format::groupBytes(g.group, g.zeros)) {
      const char *words = b + Format::headBytes(g.zeros) + q * 4;
      const std::int64_t depth = least(g.k - p, g.group), whole = depth / Format::kPerWord;
      const float *a = g.a + p;
      F acc[R][V];
      MicroTile<Arch, R, V>::clear(acc);
      for (std::int64_t i = 0; i < whole; ++i)
        word<R, V>(acc, a + i * Format::kPerWord, g.aRow, words + i * kPanel * 4);
      if (whole * Format::kPerWord < depth)
        lastWord<R, V>(acc, a + whole * Format::kPerWord, g.aRow, depth % Format::kPerWord,
                       words + whole * kPanel * 4);
      TESSERA_UNROLL
      for (int r = 0; r < R; ++r) {
        const F sum(sumOf(a + r * g.aRow, depth));
        TESSERA_UNROLL
        for (int v = 0; v < V; ++v) {
          const auto *head = reinterpret_cast<const float *>(b) + q + v * S::kLanes;
          const F centre =
              g.zeros ? S::load(head + kPanel) : F(Format::centre(Format::kDefaultZero));
          total[r][v] = S::fma(S::load(head), S::fnma(centre, sum, acc[r][v]), total[r][v]);
        }
      }
    }
  }

  template <int R, int V>
  static TESSERA_INLINE void word(F (&acc)[R][V], const float *a, std::int64_t aRow,
                                  const char *words) {
    typename S::I w[V];
    PageAhead<Arch>::fetch(words, V * S::kLanes * 4);
    TESSERA_UNROLL
    for (int v = 0; v < V; ++v)
      w[v] = Format::words(words + v * S::kLanes * 4);
    TESSERA_UNROLL
    for (int i = 0; i < Format::kPerWord; ++i) {
      TESSERA_UNROLL
      for (int v = 0; v < V; ++v) {
        const F x = Format::expand(w[v], i);
        TESSERA_UNROLL
        for (int r = 0; r < R; ++r)
          acc[r][v] = S::fma(F(a[r * aRow + i]), x, acc[r][v]);
      }
    }
  }

  /// A word of which only `count` depths are within k.
  template <int R, int V>
  static TESSERA_INLINE void lastWord(F (&acc)[R][V], const float *a, std::int64_t aRow,
                                      std::int64_t count, const char *words) {
    float rows[R * Format::kPerWord] = {};
    for (int r = 0; r < R; ++r)
      for (std::int64_t i = 0; i < count; ++i)
        rows[r * Format::kPerWord + i] = a[r * aRow + i];
    word<R, V>(acc, rows, Format::kPerWord, words);
  }

  static TESSERA_INLINE float sumOf(const float *a, std::int64_t count) {
    F total(0.0f);
    std::int64_t i = 0;
    for (; i + S::kLanes <= count; i += S::kLanes)
      total = total + S::load(a + i);
    if (i < count)
      total = total + S::loadPart(a + i, count - i);
    return S::sum(total);
  }

  static __attribute__((noinline)) void manyRows(const WeightsArgs &g, const char *b,
                                                 std::int64_t j, std::int64_t columns) {
    alignas(64) float panel[kDepth * kPanel];
    std::int64_t p = 0;
    do {
      const std::int64_t depth = least(g.k - p, kDepth);
      expand(g, b, p, depth, panel);
      GemmTile<Arch>::packedColumn(g.a + p, g.aRow, panel, kPanel, g.c + j, g.cRow, g.m, columns,
                                   depth, p > 0, {});
      p += depth;
    } while (p < g.k);
  }

  /// Depths [p, p + depth) of a panel as floats.
  static __attribute__((noinline)) void expand(const WeightsArgs &g, const char *b, std::int64_t p,
                                               std::int64_t depth, float *panel) {
    for (std::int64_t d = p; d < p + depth; ++d, panel += kPanel)
      for (std::int64_t q = 0; q < kPanel; q += S::kLanes) {
        if constexpr (Format::kGrouped) {
          const std::int64_t in = d % g.group;
          const char *head = b + d / g.group * Format::groupBytes(g.group, g.zeros);
          const auto *scale = reinterpret_cast<const float *>(head) + q;
          const auto w = Format::words(head + Format::headBytes(g.zeros) +
                                       (in / Format::kPerWord * kPanel + q) * 4);
          if (in % Format::kPerWord == 0)
            PageAhead<Arch>::fetch(
                head + Format::headBytes(g.zeros) + (in / Format::kPerWord * kPanel + q) * 4, 1);
          const F centre =
              g.zeros ? S::load(scale + kPanel) : F(Format::centre(Format::kDefaultZero));
          const F x = Format::expand(w >> static_cast<int>(in % Format::kPerWord * kBits), 0);
          S::store(panel + q, (x - centre) * S::load(scale));
        } else {
          const char *at = b + (d * kPanel + q) * 2;
          if (q % 32 == 0)
            PageAhead<Arch>::fetch(at, 1);
          S::store(panel + q, Format::load(at));
        }
      }
  }
  static constexpr int bits() {
    if constexpr (Format::kGrouped)
      return 32 / Format::kPerWord;
    else
      return 16;
  }
  static constexpr int kBits = bits();
};

template <class Arch> using MatmulWeightsS4 = MatmulWeights<Arch, QuantizedWeights<Arch, 4>>;
template <class Arch> using MatmulWeightsS8 = MatmulWeights<Arch, QuantizedWeights<Arch, 8>>;
template <class Arch> using MatmulWeightsF16 = MatmulWeights<Arch, HalfWeights<Arch, false>>;
template <class Arch> using MatmulWeightsBf16 = MatmulWeights<Arch, HalfWeights<Arch, true>>;

} // namespace tessera::kernels
