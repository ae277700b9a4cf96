// How gemm.h multiplies small matrices, where they are: what counts is how soon the first product
// begins and how little surrounds the last.
#pragma once

#include "tessera/kernels/GemmArgs.h"
#include "tessera/kernels/GemmTile.h"

namespace tessera::kernels {

template <class Arch> struct GemmSmall {
  using S = Simd<Arch>;
  using Half = typename HalfVectors<Arch>::type;
  static constexpr std::int64_t kMost = 32;

  /// Matrices that L1 holds together.
  static TESSERA_INLINE bool suits(const GemmArgs &g) {
    return g.aK == 1 && g.bN == 1 && g.n <= kMost && g.m <= kMost && g.k <= kMost;
  }

  /// The product without its epilogue, for 0 < m and 0 < n.
  static TESSERA_INLINE void run(const GemmArgs &g) {
    if constexpr (!__is_same(Half, Arch))
      if (g.n == Simd<Half>::kLanes)
        return rows<Half, 1, false>(g, 0, Simd<Half>::kLanes);
    std::int64_t j = 0;
    if constexpr (2 * S::kLanes < kMost)
      for (; g.n - j > 2 * S::kLanes; j += 2 * S::kLanes)
        rows<Arch, 2, false>(g, j, S::kLanes);
    const std::int64_t left = g.n - j;
    if (left == 2 * S::kLanes)
      rows<Arch, 2, false>(g, j, S::kLanes);
    else if (left > S::kLanes)
      rows<Arch, 2, true>(g, j, left - S::kLanes);
    else if (left == S::kLanes)
      rows<Arch, 1, false>(g, j, S::kLanes);
    else
      rows<Arch, 1, true>(g, j, left);
  }

private:
  /// Rows of a tile of V vectors: of one they keep two units busy that take four cycles, and of two
  /// they fit the registers of every instruction set but SSE2, which has no fused operations
  /// either.
  template <int V>
  static constexpr int kRows = S::kLanes < 8              ? 4
                               : S::kLanes < 16 && V == 2 ? 6
                                                          : 8;

  /// All rows of V vectors of columns.
  template <class Vectors, int V, bool Part>
  static __attribute__((noinline)) void rows(const GemmArgs &g, std::int64_t j, std::int64_t tail) {
    constexpr int R = kRows<V>;
    // Known here, so that no tile asks.
    if constexpr (!Part)
      tail = Simd<Vectors>::kLanes;
    if constexpr (2 * S::kLanes >= kMost)
      j = 0;
    // One or two rows would wait for their own sums: they share those of the tile before them. With
    // AVX-512 a vector takes both units, and two rows keep them busy.
    constexpr bool kShares = S::kLanes < 16 && V == 2;
    std::int64_t i = 0;
    // One vector has as many loads as products: what a tile begins and ends with weighs more.
    if constexpr (Simd<Vectors>::kLanes >= 16 && V == 1)
      for (; g.m - i >= 2 * R; i += 2 * R)
        tile<Vectors, 2 * R, V, Part>(g, i, j, tail);
    for (std::int64_t left = g.m - i; left >= R; i += R, left = g.m - i) {
      if (kShares && left > R && left <= R + 2)
        break;
      tile<Vectors, R, V, Part>(g, i, j, tail);
    }
    while (i < g.m) {
      const std::int64_t left = g.m - i, now = kShares && left > R ? (left + 1) / 2 : left;
      last<Vectors, R - 1, V, Part>(now, g, i, j, tail);
      if constexpr (!kShares)
        break;
      i += now;
    }
  }

  template <class Vectors, int R, int V, bool Part>
  static TESSERA_INLINE void last(std::int64_t now, const GemmArgs &g, std::int64_t i,
                                  std::int64_t j, std::int64_t tail) {
    if constexpr (R > 1)
      if (now < R)
        return last<Vectors, R - 1, V, Part>(now, g, i, j, tail);
    tile<Vectors, R, V, Part>(g, i, j, tail);
  }

  template <class Vectors, int R, int V, bool Part>
  static TESSERA_INLINE void tile(const GemmArgs &g, std::int64_t i, std::int64_t j,
                                  std::int64_t tail) {
    MicroTile<Vectors, R, V, Part>::run(static_cast<const float *>(g.a) + i * g.aRow, g.aRow, 1,
                                        static_cast<const float *>(g.b) + j, g.bK,
                                        g.c + i * g.cRow + j, g.cRow, g.k, tail, g.accumulate);
  }
};

} // namespace tessera::kernels
