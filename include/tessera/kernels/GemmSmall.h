// How gemm.h multiplies small matrices, where they are: what counts is how soon the first product
// begins and how little surrounds the last.
#pragma once

#include "tessera/kernels/GemmArgs.h"
#include "tessera/kernels/GemmTile.h"

namespace tessera::kernels {

template <class Arch> struct GemmSmall {
  using S = Simd<Arch>;
  using Half = typename HalfVectors<Arch>::type;
  /// Rows of a tile: of one vector they keep two units busy that take four cycles, and of two they
  /// fit the registers of every instruction set but SSE2, which has no fused operations either.
  static constexpr int kRows = S::kLanes < 8 ? 4 : S::kLanes < 16 ? 6 : 8;
  static constexpr std::int64_t kMost = 32;

  /// Rows of b no wider than two vectors, in matrices that L1 holds together.
  static TESSERA_INLINE bool suits(const GemmArgs &g) {
    return g.aK == 1 && g.bN == 1 && g.n <= 2 * S::kLanes && g.m <= kMost && g.k <= kMost;
  }

  /// The product without its epilogue, for 0 < m and 0 < n.
  static TESSERA_INLINE void run(const GemmArgs &g) {
    if constexpr (!__is_same(Half, Arch))
      if (g.n == Simd<Half>::kLanes)
        return rows<Half, 1, false>(g, Simd<Half>::kLanes);
    if (g.n == 2 * S::kLanes)
      rows<Arch, 2, false>(g, S::kLanes);
    else if (g.n > S::kLanes)
      rows<Arch, 2, true>(g, g.n - S::kLanes);
    else if (g.n == S::kLanes)
      rows<Arch, 1, false>(g, S::kLanes);
    else
      rows<Arch, 1, true>(g, g.n);
  }

private:
  template <class Vectors, int V, bool Part>
  static __attribute__((noinline)) void rows(const GemmArgs &g, std::int64_t tail) {
    if constexpr (!Part)
      tail = Simd<Vectors>::kLanes; // known here, so that no tile asks
    std::int64_t i = 0;
    for (; i + kRows <= g.m; i += kRows)
      tile<Vectors, kRows, V, Part>(g, i, tail);
    if (i < g.m)
      last<Vectors, kRows - 1, V, Part>(g, i, tail);
  }

  template <class Vectors, int R, int V, bool Part>
  static TESSERA_INLINE void last(const GemmArgs &g, std::int64_t i, std::int64_t tail) {
    if constexpr (R > 1)
      if (g.m - i < R)
        return last<Vectors, R - 1, V, Part>(g, i, tail);
    tile<Vectors, R, V, Part>(g, i, tail);
  }

  template <class Vectors, int R, int V, bool Part>
  static TESSERA_INLINE void tile(const GemmArgs &g, std::int64_t i, std::int64_t tail) {
    MicroTile<Vectors, R, V, Part>::run(static_cast<const float *>(g.a) + i * g.aRow, g.aRow, 1,
                                        static_cast<const float *>(g.b), g.bK, g.c + i * g.cRow,
                                        g.cRow, g.k, tail, g.accumulate);
  }
};

} // namespace tessera::kernels
