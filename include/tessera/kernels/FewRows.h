// Multiplication of few rows by a plain right operand, which streams past the registers unpacked.
#pragma once

#include "tessera/kernels/MicroTile.h"

namespace tessera::kernels {

/// c[m, n] (+)= a[m, k] * b[k, n] for a small m, limited by how fast b arrives: each element of b
/// serves m products only, so that packing would cost more than it saves.
template <class Arch, int Rows, int Vectors> struct FewRows {
  using S = Simd<Arch>;

  /// A right operand of at most so many elements stays in L1 as it is.
  static constexpr std::int64_t kNear = 4096;

  /// Whether it is better not to pack b: few rows use each element too rarely, and what stays in
  /// L1 need not be moved.
  static TESSERA_INLINE bool suits(std::int64_t bK, std::int64_t m, std::int64_t k) {
    return m <= 2 * Rows || k * bK <= kNear;
  }

  /// As Matmul::run with bN == 1. Each element is summed in order of k.
  static void run(const float *a, std::int64_t aRow, std::int64_t aK, const float *b,
                  std::int64_t bK, float *c, std::int64_t cRow, std::int64_t m, std::int64_t n,
                  std::int64_t k, bool accumulate) {
    const std::int64_t group = groupOf(bK, m, n, k);
    if (group == 0)
      direct(a, aRow, aK, b, bK, c, cRow, m, n, k, accumulate);
    else
      streams(a, aRow, aK, b, bK, c, cRow, m, n, k, group, accumulate, isFar(n, k));
  }

  /// No more rows of a than this share what streams past.
  static constexpr std::int64_t kStreamed = 4;

  /// Rows of b that stream past at once, each a stream for the prefetcher and the TLB to follow; 0
  /// to read b by columns, where c need not make a trip through the registers for each group.
  /// Eight streams were fastest from memory, up to three times columns, and for one or two rows
  /// from L3; for three and four rows sixteen were, where columns do not fetch ahead.
  static TESSERA_INLINE std::int64_t groupOf(std::int64_t bK, std::int64_t m, std::int64_t n,
                                             std::int64_t k) {
    if (k * bK <= kNear)
      return 0;
    if (m <= 2 || (isFar(n, k) && (m <= kStreamed || kAhead == 0)))
      return 8;
    return m <= kStreamed && kAhead == 0 ? 16 : 0;
  }

  /// Whether a right operand of k x n floats comes from memory, or as slowly.
  static TESSERA_INLINE bool isFar(std::int64_t n, std::int64_t k) { return k * n > kFar; }

  /// As run, but that k == 0 leaves c as it is: in long rows of b, `group` at once. `fetches`: b is
  /// far.
  static __attribute__((noinline)) void streams(const float *a, std::int64_t aRow, std::int64_t aK,
                                                const float *b, std::int64_t bK, float *c,
                                                std::int64_t cRow, std::int64_t m, std::int64_t n,
                                                std::int64_t k, std::int64_t group, bool accumulate,
                                                bool fetches) {
    const auto pick = fetches ? &pickRows<Rows, kLinesAhead> : &pickRows<Rows, 0>;
    const std::int64_t width = m <= Rows ? n : kColumns;
    for (std::int64_t p = 0; p < k; p += group)
      for (std::int64_t j = 0; j < n; j += width)
        for (std::int64_t i = 0; i < m; i += Rows)
          pick(m - i, a + i * aRow + p * aK, aRow, aK, b + p * bK + j, bK, c + i * cRow + j, cRow,
               least(n - j, width), least(k - p, group), accumulate || p > 0);
  }

private:
  /// Depth of a block of a b that is read by columns. This and the numbers below are fixed: the
  /// compiler's device library has this code too, which links nothing and asks no machine.
  static constexpr std::int64_t kDepth = 384;
  /// Columns between two visits of a group when a has more rows than one register tile: the
  /// second tile finds them in L1.
  static constexpr std::int64_t kColumns = 256;
  /// Rows of b that are fetched ahead of a tile that reads it by columns, when those are several
  /// lines wide: no prefetcher follows so many short pieces. On Zen 4 four rows by 3072x768 in L3
  /// ran at 79 instead of 46 Gflop/s in long rows; 16 and 64 rows ahead were slower.
  static constexpr int kAhead = Vectors * S::kLanes >= 64 ? 32 : 0;
  /// More elements than this arrive fastest in long rows all the same: where columns fetch ahead,
  /// those that come from memory to at most four rows of a, else all that come from beyond L2.
  static constexpr std::int64_t kFar = std::int64_t(1) << (kAhead > 0 ? 22 : 18);

  /// Lines of each long row that are fetched ahead, where it comes from memory: up to 1.2 times as
  /// fast; 8 to 64 lines were the same. From L2 it would take up to a third longer.
  static constexpr int kLinesAhead = 8;

  static TESSERA_INLINE std::int64_t least(std::int64_t a, std::int64_t b) { return a < b ? a : b; }

  static TESSERA_INLINE void direct(const float *a, std::int64_t aRow, std::int64_t aK,
                                    const float *b, std::int64_t bK, float *c, std::int64_t cRow,
                                    std::int64_t m, std::int64_t n, std::int64_t k,
                                    bool accumulate) {
    if (k * bK <= kNear)
      columns<0>(a, aRow, aK, b, bK, c, cRow, m, n, k, accumulate);
    else
      columns<kAhead>(a, aRow, aK, b, bK, c, cRow, m, n, k, accumulate);
  }

  template <int Ahead>
  static TESSERA_INLINE void columns(const float *a, std::int64_t aRow, std::int64_t aK,
                                     const float *b, std::int64_t bK, float *c, std::int64_t cRow,
                                     std::int64_t m, std::int64_t n, std::int64_t k,
                                     bool accumulate) {
    constexpr std::int64_t kWidth = Vectors * S::kLanes;
    const std::int64_t whole = n - n % S::kLanes;
    std::int64_t p = 0;
    do {
      const std::int64_t depth = least(k - p, kDepth);
      const float *as = a + p * aK, *bs = b + p * bK;
      for (std::int64_t j = 0; j < whole; j += kWidth)
        TileColumn<Arch, Rows, Vectors, false, Ahead>::run(as, aRow, aK, bs + j, bK, c + j, cRow, m,
                                                           least(whole - j, kWidth), depth,
                                                           accumulate || p > 0);
      if (whole < n)
        TileColumn<Arch, Rows, 1, true>::run(as, aRow, aK, bs + whole, bK, c + whole, cRow, m,
                                             n - whole, depth, accumulate || p > 0);
      p += depth;
    } while (p < k);
  }

  template <int R, int Lines>
  static void pickRows(std::int64_t left, const float *a, std::int64_t aRow, std::int64_t aK,
                       const float *b, std::int64_t bK, float *c, std::int64_t cRow, std::int64_t n,
                       std::int64_t k, bool accumulate) {
    if (R == 1 || left >= R) {
      strips<R, Lines>(a, aRow, aK, b, bK, c, cRow, n, k, accumulate);
      return;
    }
    if constexpr (R > 1)
      pickRows<R - 1, Lines>(left, a, aRow, aK, b, bK, c, cRow, n, k, accumulate);
  }

  /// The register tile of R rows has as many accumulators as the full one, but no more columns
  /// than eight vectors.
  template <int R> static constexpr int kVectors = Rows * Vectors / R < 8 ? Rows * Vectors / R : 8;

  template <int R, int Lines>
  static __attribute__((noinline)) void
  strips(const float *a, std::int64_t aRow, std::int64_t aK, const float *b, std::int64_t bK,
         float *c, std::int64_t cRow, std::int64_t n, std::int64_t k, bool accumulate) {
    std::int64_t j = 0;
    for (; j + kVectors<R> * S::kLanes <= n; j += kVectors<R> * S::kLanes)
      MicroTile<Arch, R, kVectors<R>, false, -Lines>::run(a, aRow, aK, b + j, bK, c + j, cRow, k,
                                                          S::kLanes, accumulate);
    for (; j + S::kLanes <= n; j += S::kLanes)
      MicroTile<Arch, R, 1>::run(a, aRow, aK, b + j, bK, c + j, cRow, k, S::kLanes, accumulate);
    if (j < n)
      MicroTile<Arch, R, 1, true>::run(a, aRow, aK, b + j, bK, c + j, cRow, k, n - j, accumulate);
  }
};

} // namespace tessera::kernels
