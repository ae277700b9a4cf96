// The register tiles of gemm.h: columns of them, over packed panels or operands where they are.
#pragma once

#include "tessera/kernels/MicroTile.h"

namespace tessera::kernels {

/// The vectors for rows that half a vector holds: a processor that does 512 bits in two halves
/// does 256 in one.
template <class Arch> struct HalfVectors {
  using type = Arch;
};
#if XSIMD_WITH_AVX512BW
template <> struct HalfVectors<xsimd::avx512bw> {
  using type = xsimd::fma3<xsimd::avx2>;
};
#endif

/// What to fetch into L2 while computing: rows of what comes next. Null for nothing.
struct GemmAhead {
  const char *at = nullptr;
  std::int64_t rowBytes = 0, share = 0; ///< share: rows for each tile
  std::int64_t width = 0;               ///< bytes of each row
  const char *end = nullptr;
  /// Whether b itself comes from memory: then a panel that one tile uses up has that tile fetch it
  /// ahead, and not what comes next.
  bool own = false;
};

/// Vec: the tag of the vectors, Arch's own or half as wide.
template <class Arch, class Vec = Arch> struct GemmTile {
  using S = Simd<Vec>;
  using Half = typename HalfVectors<Vec>::type;
  using F = typename S::F;
  static constexpr int kRows = MatmulShape<Arch>::kRows;
  static constexpr int kVectors = MatmulShape<Arch>::kVectors;
  static constexpr std::int64_t kPanel = kVectors * S::kLanes;
  /// Rows of a tile of V vectors: the fewer vectors the more rows, as many sums all in all.
  template <int V>
  static constexpr int kRowsOf = kRows * kVectors / V < 12 ? kRows * kVectors / V : 12;

  using Ahead = GemmAhead;

  /// c[m, columns] (+)= a[m, k] * the panel b, whose rows are bK apart and readable up to a whole
  /// vector of columns.
  static void packedColumn(const float *a, std::int64_t aRow, const float *b, std::int64_t bK,
                           float *c, std::int64_t cRow, std::int64_t m, std::int64_t columns,
                           std::int64_t k, bool accumulate, Ahead ahead) {
    pickVectors<kVectors, true>(a, aRow, 1, b, bK, c, cRow, m, columns, k, accumulate, ahead);
  }

  /// The same with b where it is. bN other than 1 is slow.
  static void column(const float *a, std::int64_t aRow, std::int64_t aK, const float *b,
                     std::int64_t bK, std::int64_t bN, float *c, std::int64_t cRow, std::int64_t m,
                     std::int64_t columns, std::int64_t k, bool accumulate, Ahead ahead) {
    if (bN == 1)
      pickVectors<kVectors, false>(a, aRow, aK, b, bK, c, cRow, m, columns, k, accumulate, ahead);
    else
      for (std::int64_t i = 0; i < m; ++i)
        for (std::int64_t j = 0; j < columns; ++j) {
          float sum = accumulate ? c[i * cRow + j] : 0.0f;
          for (std::int64_t p = 0; p < k; ++p)
            sum += a[i * aRow + p * aK] * b[p * bK + j * bN];
          c[i * cRow + j] = sum;
        }
  }

  /// One tile of 1 <= rows <= kRows and 1 <= columns <= kPanel with packed operands, which fetches
  /// all that `ahead` says.
  static TESSERA_INLINE void one(const float *a, std::int64_t aRow, const float *b, float *c,
                                 std::int64_t cRow, std::int64_t rows, std::int64_t columns,
                                 std::int64_t k, bool accumulate, const Ahead &ahead) {
    oneOf<kRows, kVectors, false>(a, aRow, b, kPanel, nullptr, c, cRow, rows, columns, k,
                                  accumulate, ahead);
  }

  /// The same with b where it is, rows of `columns` floats that are bK apart; leaves them at
  /// `packed` as `one` takes them.
  static TESSERA_INLINE void onePacking(const float *a, std::int64_t aRow, const float *b,
                                        std::int64_t bK, float *packed, float *c, std::int64_t cRow,
                                        std::int64_t rows, std::int64_t columns, std::int64_t k,
                                        bool accumulate) {
    oneOf<kRows, kVectors, true>(a, aRow, b, bK, packed, c, cRow, rows, columns, k, accumulate,
                                 Ahead{});
  }

private:
  template <class, class> friend struct GemmTile;

  /// Rows of a panel, two pages of them, that its only tile fetches ahead from memory: four rows
  /// were up to 1.6 times as fast as with what the processor fetches itself.
  static constexpr int kOwnAhead = 8192 / (kPanel * 4);

  template <int R, int V, bool Packs>
  static TESSERA_INLINE void oneOf(const float *a, std::int64_t aRow, const float *b,
                                   std::int64_t bK, float *packed, float *c, std::int64_t cRow,
                                   std::int64_t rows, std::int64_t columns, std::int64_t k,
                                   bool accumulate, const Ahead &ahead) {
    if constexpr (V > 1)
      if (columns <= (V - 1) * S::kLanes)
        return oneOf<R, V - 1, Packs>(a, aRow, b, bK, packed, c, cRow, rows, columns, k, accumulate,
                                      ahead);
    if constexpr (R > 1)
      if (rows < R)
        return oneOf<R - 1, V, Packs>(a, aRow, b, bK, packed, c, cRow, rows, columns, k, accumulate,
                                      ahead);
    const std::int64_t tail = columns - (V - 1) * S::kLanes;
    if constexpr (!Packs)
      call<R, V>(a, aRow, b, c, cRow, tail, k, accumulate, ahead);
    else if (tail == S::kLanes)
      packing<R, V, false>(a, aRow, b, bK, packed, c, cRow, tail, k, accumulate);
    else
      packing<R, V, true>(a, aRow, b, bK, packed, c, cRow, tail, k, accumulate);
  }

  template <int R, int V>
  static __attribute__((noinline)) void call(const float *a, std::int64_t aRow, const float *b,
                                             float *c, std::int64_t cRow, std::int64_t tail,
                                             std::int64_t k, bool accumulate, const Ahead &ahead) {
    tile<R, V, false>(a, aRow, 1, b, kPanel, c, cRow, tail, k, accumulate, ahead);
  }

  template <int R, int V, bool Part>
  static __attribute__((noinline)) void
  packing(const float *a, std::int64_t aRow, const float *b, std::int64_t bK, float *packed,
          float *c, std::int64_t cRow, std::int64_t tail, std::int64_t k, bool accumulate) {
    using Micro = MicroTile<Vec, R, V, Part>;
    F acc[R][V];
    Micro::clear(acc);
    Micro::template multiply<true>(acc, a, aRow, 1, b, bK, k, tail, packed, kPanel);
    if (accumulate)
      add<R, V>(acc, c, cRow, tail);
    Micro::storeTile(acc, c, cRow, tail);
  }

  template <int V, bool Packed>
  static TESSERA_INLINE void pickVectors(const float *a, std::int64_t aRow, std::int64_t aK,
                                         const float *b, std::int64_t bK, float *c,
                                         std::int64_t cRow, std::int64_t m, std::int64_t columns,
                                         std::int64_t k, bool accumulate, Ahead ahead) {
    if constexpr (V > 1)
      if (columns <= (V - 1) * S::kLanes)
        return pickVectors<V - 1, Packed>(a, aRow, aK, b, bK, c, cRow, m, columns, k, accumulate,
                                          ahead);
    if constexpr (V == 1 && !__is_same(Half, Vec))
      if (columns <= Simd<Half>::kLanes)
        return GemmTile<Arch, Half>::template pickVectors<1, Packed>(a, aRow, aK, b, bK, c, cRow, m,
                                                                     columns, k, accumulate, ahead);
    const std::int64_t tail = columns - (V - 1) * S::kLanes;
    if (Packed || tail == S::kLanes)
      rows<V, false>(a, aRow, aK, b, bK, c, cRow, m, tail, k, accumulate, ahead);
    else
      rows<V, true>(a, aRow, aK, b, bK, c, cRow, m, tail, k, accumulate, ahead);
  }

  template <int V, bool Part>
  static __attribute__((noinline)) void rows(const float *a, std::int64_t aRow, std::int64_t aK,
                                             const float *b, std::int64_t bK, float *c,
                                             std::int64_t cRow, std::int64_t m, std::int64_t tail,
                                             std::int64_t k, bool accumulate, Ahead ahead) {
    constexpr int R = kRowsOf<V>;
    if constexpr (V == kVectors && !Part && kOwnAhead > 0)
      // A single row waits for nothing else in any case.
      if (ahead.own && m > 1 && m <= R && aK == 1 && bK == kPanel)
        return fromMemory(a, aRow, b, c, cRow, m, tail, k, accumulate);
    if (m < R)
      return someRows<R - 1, V, Part>(m, a, aRow, aK, b, bK, c, cRow, tail, k, accumulate);
    // The last two tiles of several are of about equal height: from L2, b comes no faster than four
    // rows use it.
    const std::int64_t whole = m / R, rest = m - whole * R;
    const std::int64_t even = whole > 1 && rest > 0 && rest < R - 1 ? R + rest : rest;
    const std::int64_t tiles = even > R ? whole + 1 : whole;
    // Each tile fetches its share of the rows ahead.
    ahead.share = (k + tiles - 1) / tiles;
    ahead.end = ahead.at ? ahead.at + k * ahead.rowBytes : nullptr;
    std::int64_t i = 0;
    for (; i + R <= m - even; i += R) {
      tile<R, V, Part>(a + i * aRow, aRow, aK, b, bK, c + i * cRow, cRow, tail, k, accumulate,
                       ahead);
      if (ahead.at)
        ahead.at += ahead.share * ahead.rowBytes;
    }
    for (std::int64_t left = even; left > 0;) {
      const std::int64_t rows = left < R ? left : (left + 1) / 2;
      someRows<R - 1, V, Part>(rows, a + i * aRow, aRow, aK, b, bK, c + i * cRow, cRow, tail, k,
                               accumulate, even > R ? ahead : Ahead{});
      if (ahead.at)
        ahead.at += ahead.share * ahead.rowBytes;
      i += rows, left -= rows;
    }
  }

  /// The only tile of a packed panel, m <= kRows.
  static __attribute__((noinline)) void fromMemory(const float *a, std::int64_t aRow,
                                                   const float *b, float *c, std::int64_t cRow,
                                                   std::int64_t m, std::int64_t tail,
                                                   std::int64_t k, bool accumulate) {
    someRows<kRows, kVectors, false, kOwnAhead>(m, a, aRow, 1, b, kPanel, c, cRow, tail, k,
                                                accumulate);
  }

  /// acc += a * b, and the lines ahead fetched evenly between: many at once would wait for memory.
  template <class Micro, int R, int V>
  static TESSERA_INLINE void multiply(F (&acc)[R][V], const float *a, std::int64_t aRow,
                                      const float *b, std::int64_t bK, std::int64_t k,
                                      std::int64_t tail, Ahead ahead) {
    // A few hundred cycles' work: each step begins and ends a loop.
    constexpr std::int64_t kStep = S::kLanes >= 16 ? 16 : 64;
    const char *at = ahead.at;
    std::int64_t byte = 0;
    const std::int64_t lines = (ahead.share * ((ahead.width + 63) / 64) * kStep + k - 1) / k;
    for (std::int64_t p = 0; p < k; p += kStep) {
      for (std::int64_t i = 0; i < lines && at < ahead.end; ++i) {
        __builtin_prefetch(at + byte, 0, 2);
        byte += 64;
        if (byte >= ahead.width)
          byte = 0, at += ahead.rowBytes;
      }
      Micro::multiply(acc, a + p, aRow, 1, b + p * bK, bK, k - p < kStep ? k - p : kStep, tail);
    }
  }

  /// One tile of 1 <= rows <= R, which fetches `Rows` rows of b ahead.
  template <int R, int V, bool Part, int Rows = 0>
  static TESSERA_INLINE void someRows(std::int64_t rows, const float *a, std::int64_t aRow,
                                      std::int64_t aK, const float *b, std::int64_t bK, float *c,
                                      std::int64_t cRow, std::int64_t tail, std::int64_t k,
                                      bool accumulate, const Ahead &ahead = {}) {
    if constexpr (R > 1)
      if (rows < R)
        return someRows<R - 1, V, Part, Rows>(rows, a, aRow, aK, b, bK, c, cRow, tail, k,
                                              accumulate, ahead);
    tile<R, V, Part, Rows>(a, aRow, aK, b, bK, c, cRow, tail, k, accumulate, ahead);
  }

  /// c is added last and fetched first, so that it comes from memory while the products run.
  template <int R, int V, bool Part, int Rows = 0>
  static TESSERA_INLINE void tile(const float *a, std::int64_t aRow, std::int64_t aK,
                                  const float *b, std::int64_t bK, float *c, std::int64_t cRow,
                                  std::int64_t tail, std::int64_t k, bool accumulate,
                                  const Ahead &ahead = {}) {
    using Micro = MicroTile<Vec, R, V, Part, Rows>;
    if (k >= 64)
      for (int r = 0; r < R; ++r)
        for (std::int64_t line = 0; line < V * S::kLanes; line += 16)
          __builtin_prefetch(c + r * cRow + line, 1, 3);
    F acc[R][V];
    Micro::clear(acc);
    if (aK == 1 && ahead.at)
      multiply<Micro>(acc, a, aRow, b, bK, k, tail, ahead);
    else if (aK == 1)
      Micro::multiply(acc, a, aRow, 1, b, bK, k, tail);
    else
      Micro::multiply(acc, a, aRow, aK, b, bK, k, tail);
    if (accumulate)
      add<R, V>(acc, c, cRow, tail);
    Micro::storeTile(acc, c, cRow, tail);
  }

  template <int R, int V>
  static TESSERA_INLINE void add(F (&acc)[R][V], const float *c, std::int64_t cRow,
                                 std::int64_t tail) {
    TESSERA_UNROLL
    for (int r = 0; r < R; ++r) {
      TESSERA_UNROLL
      for (int v = 0; v < V; ++v) {
        const float *at = c + r * cRow + v * S::kLanes;
        acc[r][v] =
            acc[r][v] + (v + 1 < V || tail == S::kLanes ? S::load(at) : S::loadPart(at, tail));
      }
    }
  }
};

} // namespace tessera::kernels
