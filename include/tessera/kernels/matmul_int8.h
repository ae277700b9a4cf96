// Multiplication of 8-bit integers with a packed right operand, exact, and requantisation.
#pragma once

#include "tessera/kernels/Family.h"
#include "tessera/kernels/TileInt8.h"

namespace tessera::kernels {

/// T: the type of the left operand.
template <class Arch, class T> struct MatmulInt8 {
  static constexpr Family kFamily = Family::MatmulInt8;
  using S = SimdInt8<Arch>;
  using V = typename S::V;
  using Left = typename S::Left;
  using Layout = Int8Layout<Arch>;
  using Rows_ = Int8Left<Arch, T>;
  static constexpr int kRows = Int8Shape<Arch>::kRows;
  static constexpr int kVectors = Int8Shape<Arch>::kVectors;

  /// c[i * cRow + j] from a[i * aRow + p] and b as pack_rhs_int8 of the same instruction set leaves
  /// it, strides in elements; Int8.h says what c is. c overlaps neither a nor b nor what the
  /// epilogue points to. k == 0 gives the sums 0. Takes 140 KiB of stack.
  static void run(const void *a, std::int64_t aRow, const void *b, void *c, std::int64_t cRow,
                  std::int64_t m, std::int64_t n, std::int64_t k, const Int8Epilogue *e) {
    const Call call{
        static_cast<const T *>(a), aRow, static_cast<const std::int8_t *>(b), c, cRow, n, k, e};
    if (padded(k) * kRows <= kPrepared)
      blocks(call, m);
    else
      for (std::int64_t i = 0; i < m; i += kRows)
        longRows(call, i, m - i < kRows ? m - i : kRows);
  }

private:
  struct Call {
    const T *a;
    std::int64_t aRow;
    const std::int8_t *b;
    void *c;
    std::int64_t cRow, n, k;
    const Int8Epilogue *e;

    void *cAt(std::int64_t i) const {
      const std::int64_t size =
          e->output == Int8Output::I32 || e->output == Int8Output::F32 ? 4 : 1;
      return static_cast<char *>(c) + i * cRow * size;
    }
    std::int32_t aZero() const { return e->aZero + Rows_::kShift; }
  };

  /// Elements of the prepared block of the left operand, which stays in L2 while all of b passes.
  static constexpr std::int64_t kPrepared = 128 * 1024 / static_cast<std::int64_t>(sizeof(Left));
  static constexpr std::int64_t kMostRows = 192;

  /// Elements of a prepared row: whole cache lines, an odd number of them, so that the rows of a
  /// tile do not meet in the same set of L1.
  static TESSERA_INLINE std::int64_t padded(std::int64_t k) {
    constexpr std::int64_t kLine = 64 / static_cast<std::int64_t>(sizeof(Left));
    return ((k + kLine - 1) / kLine | 1) * kLine;
  }

  static void blocks(const Call &call, std::int64_t m) {
    alignas(64) Left left[kPrepared];
    std::int32_t rowSums[kMostRows];
    const std::int64_t stride = padded(call.k);
    std::int64_t most = kPrepared / stride;
    most = most < kMostRows ? most / kRows * kRows : kMostRows / kRows * kRows;
    for (std::int64_t i = 0; i < m; i += most) {
      const std::int64_t rows = m - i < most ? m - i : most;
      for (std::int64_t r = 0; r < rows; ++r) {
        const T *row = call.a + (i + r) * call.aRow;
        Rows_::row(row, left + r * stride, call.k);
        rowSums[r] = call.e->bZero ? Rows_::sum(row, call.k) : 0;
      }
      panels(call, i, rows, left, stride, rowSums);
    }
  }

  /// All columns of `rows` rows that are prepared.
  static void panels(const Call &call, std::int64_t i, std::int64_t rows, const Left *left,
                     std::int64_t stride, const std::int32_t *rowSums) {
    const std::int8_t *b = call.b;
    for (std::int64_t j = 0; j < call.n; j += Layout::kPanel, b += Layout::panelBytes(call.k)) {
      const std::int64_t columns = call.n - j < Layout::kPanel ? call.n - j : Layout::kPanel;
      alignas(64) std::int32_t first[Layout::kPanel];
      Int8Finish<Arch>::first(first, reinterpret_cast<const std::int32_t *>(b), j, columns, call.k,
                              call.aZero(), *call.e);
      pickVectors<kVectors>(call, i, rows, j, columns, left, stride, rowSums, b, first);
    }
  }

  template <int Vs>
  static TESSERA_INLINE void pickVectors(const Call &call, std::int64_t i, std::int64_t rows,
                                         std::int64_t j, std::int64_t columns, const Left *left,
                                         std::int64_t stride, const std::int32_t *rowSums,
                                         const std::int8_t *b, const std::int32_t *first) {
    if constexpr (Vs > 1)
      if (columns <= (Vs - 1) * S::kLanes)
        return pickVectors<Vs - 1>(call, i, rows, j, columns, left, stride, rowSums, b, first);
    column<Vs>(call, i, rows, j, columns, left, stride, rowSums, b, first);
  }

  /// One panel, all rows.
  template <int Vs>
  static __attribute__((noinline)) void
  column(const Call &call, std::int64_t i, std::int64_t rows, std::int64_t j, std::int64_t columns,
         const Left *left, std::int64_t stride, const std::int32_t *rowSums, const std::int8_t *b,
         const std::int32_t *first) {
    const std::int8_t *bytes = b + Layout::kSumBytes;
    const std::int64_t groups = Layout::groups(call.k);
    alignas(64) std::int32_t sums[kRows * Layout::kPanel];
    for (std::int64_t r = 0; r < rows; r += kRows) {
      const std::int64_t count = rows - r < kRows ? rows - r : kRows;
      pickRows<kRows, Vs>(count, left + r * stride, stride, bytes, groups, first, sums);
      Int8Finish<Arch>::run(sums, rowSums + r, call.cAt(i + r), call.cRow, count, j, columns,
                            *call.e);
    }
  }

  template <int R, int Vs>
  static TESSERA_INLINE void pickRows(std::int64_t count, const Left *left, std::int64_t stride,
                                      const std::int8_t *bytes, std::int64_t groups,
                                      const std::int32_t *first, std::int32_t *sums) {
    if constexpr (R > 1)
      if (count < R)
        return pickRows<R - 1, Vs>(count, left, stride, bytes, groups, first, sums);
    using Tile = Int8Tile<Arch, R, Vs>;
    V acc[R][Vs];
    Tile::start(acc, first);
    Tile::multiply(acc, left, stride, bytes, Layout::kGroupBytes, groups);
    Tile::store(acc, sums, Layout::kPanel);
  }

  /// At most kRows rows that are too long to be prepared whole: in parts, again for every panel.
  static __attribute__((noinline)) void longRows(const Call &call, std::int64_t i,
                                                 std::int64_t rows) {
    constexpr std::int64_t kStride = kPrepared / kRows / 64 * 64;
    alignas(64) Left left[kRows * kStride];
    alignas(64) std::int32_t sums[kRows * Layout::kPanel];
    std::int32_t rowSums[kRows] = {};
    for (std::int64_t r = 0; r < rows && call.e->bZero; ++r)
      rowSums[r] = Rows_::sum(call.a + (i + r) * call.aRow, call.k);
    const std::int8_t *b = call.b;
    for (std::int64_t j = 0; j < call.n; j += Layout::kPanel, b += Layout::panelBytes(call.k)) {
      const std::int64_t columns = call.n - j < Layout::kPanel ? call.n - j : Layout::kPanel;
      Int8Finish<Arch>::first(sums, reinterpret_cast<const std::int32_t *>(b), j, columns, call.k,
                              call.aZero(), *call.e);
      for (std::int64_t r = 1; r < rows; ++r)
        __builtin_memcpy(sums + r * Layout::kPanel, sums, Layout::kPanel * 4);
      const std::int8_t *bytes = b + Layout::kSumBytes;
      for (std::int64_t p = 0; p < call.k;
           p += kStride, bytes += kStride / S::kGroup * Layout::kGroupBytes) {
        const std::int64_t depth = call.k - p < kStride ? call.k - p : kStride;
        for (std::int64_t r = 0; r < rows; ++r) {
          Rows_::row(call.a + (i + r) * call.aRow + p, left, depth);
          V acc[1][kVectors];
          using Tile = Int8Tile<Arch, 1, kVectors>;
          Tile::start(acc, sums + r * Layout::kPanel);
          Tile::multiply(acc, left, 0, bytes, Layout::kGroupBytes, Layout::groups(depth));
          Tile::store(acc, sums + r * Layout::kPanel, Layout::kPanel);
        }
      }
      Int8Finish<Arch>::run(sums, rowSums, call.cAt(i), call.cRow, rows, j, columns, *call.e);
    }
  }
};

template <class Arch> using MatmulU8S8 = MatmulInt8<Arch, std::uint8_t>;
template <class Arch> using MatmulS8S8 = MatmulInt8<Arch, std::int8_t>;

} // namespace tessera::kernels
