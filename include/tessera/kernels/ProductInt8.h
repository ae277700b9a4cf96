// Products of 8-bit integers by packed panels, whatever the rows of the left operand come from.
#pragma once

#include "tessera/kernels/TileInt8.h"

namespace tessera::kernels {

/// T: the type of the left operand. Source: `void prepare(i, from, count, Left *dst)` writes the
/// elements [from, from + count) of row i as Int8Left::row does, and `int32_t sum(i)` is the sum of
/// row i as Int8Left::sum has it. `const Left *ready(int64_t &stride)` says where rows lie that
/// need no preparation, row i at + i * stride, or null.
template <class Arch, class T, class Source> struct ProductInt8 {
  using S = SimdInt8<Arch>;
  using V = typename S::V;
  using Left = typename S::Left;
  using Layout = Int8Layout<Arch>;
  using Rows_ = Int8Left<Arch, T>;
  static constexpr int kRows = Int8Shape<Arch>::kRows;
  static constexpr int kVectors = Int8Shape<Arch>::kVectors;

  /// Row i of c from row i of the source, for `from` <= i < `to`. Takes 590 KiB of stack for long
  /// rows, of which it touches what the prepared rows need.
  static void run(const Source &source, const void *b, void *c, std::int64_t cRow,
                  std::int64_t from, std::int64_t to, std::int64_t n, std::int64_t k,
                  const Int8Epilogue *e) {
    const Call call{source, static_cast<const std::int8_t *>(b), c, cRow, n, k, e};
    if (Rows_::apart(k) * kRows <= kPrepared)
      blocks(call, from, to);
    else
      for (std::int64_t i = from; i < to; i += kRows)
        longRows(call, i, to - i < kRows ? to - i : kRows);
  }

  /// Rows that are prepared at a time; for long rows, those of a tile.
  static TESSERA_INLINE std::int64_t blockRows(std::int64_t k) {
    const std::int64_t most = kPrepared / Rows_::apart(k);
    return most < kRows       ? kRows
           : most < kMostRows ? most / kRows * kRows
                              : kMostRows / kRows * kRows;
  }

  struct Call {
    const Source &source;
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

  /// The columns [from, to) of `rows` rows from i on, which are prepared; from begins a panel, and
  /// to ends one or is n. rowSums are read where there are zero points of b.
  static void panels(const Call &call, std::int64_t i, std::int64_t rows, std::int64_t from,
                     std::int64_t to, const Left *left, std::int64_t stride,
                     const std::int32_t *rowSums) {
    const std::int8_t *b = call.b + from / Layout::kPanel * Layout::panelBytes(call.k);
    for (std::int64_t j = from; j < to; j += Layout::kPanel, b += Layout::panelBytes(call.k)) {
      const std::int64_t columns = call.n - j < Layout::kPanel ? call.n - j : Layout::kPanel;
      alignas(64) std::int32_t first[Layout::kPanel];
      Int8Finish<Arch>::first(first, reinterpret_cast<const std::int32_t *>(b), j, columns, call.k,
                              call.aZero(), *call.e);
      pickVectors<kVectors>(call, i, rows, j, columns, left, stride, rowSums, b, first);
    }
  }

private:
  /// Elements of the prepared block of the left operand, which stays in L2 while all of b passes.
  static constexpr std::int64_t kPrepared = 576 * 1024 / static_cast<std::int64_t>(sizeof(Left));
  static constexpr std::int64_t kMostRows = 192;

  static void blocks(const Call &call, std::int64_t from, std::int64_t to) {
    alignas(64) Left left[kPrepared];
    std::int32_t rowSums[kMostRows];
    // Blocks of about equal size.
    const std::int64_t fit = blockRows(call.k), count = (to - from + fit - 1) / fit;
    const std::int64_t most =
        to > from ? (((to - from + count - 1) / count) + kRows - 1) / kRows * kRows : fit;
    std::int64_t stride = 0;
    const Left *ready = call.source.ready(stride);
    if (ready == nullptr)
      stride = Rows_::apart(call.k);
    for (std::int64_t i = from; i < to; i += most) {
      const std::int64_t rows = to - i < most ? to - i : most;
      for (std::int64_t r = 0; r < rows; ++r) {
        if (ready == nullptr)
          call.source.prepare(i + r, 0, call.k, left + r * stride);
        rowSums[r] = call.e->bZero ? call.source.sum(i + r) : 0;
      }
      panels(call, i, rows, 0, call.n, ready == nullptr ? left : ready + i * stride, stride,
             rowSums);
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
    // Tiles of about equal height: a short one would wait for its own sums.
    const std::int64_t tiles = (rows + kRows - 1) / kRows, height = rows / tiles;
    std::int64_t taller = rows % tiles;
    for (std::int64_t r = 0; r < rows;) {
      const std::int64_t count = height + (taller-- > 0 ? 1 : 0);
      const Tail tail{call.cAt(i + r), call.cRow, j, columns, rowSums + r, call.e};
      pickRows<kRows, Vs>(count, left + r * stride, stride, bytes, groups, first, tail);
      r += count;
    }
  }

  /// Where the sums of a tile go.
  struct Tail {
    void *c;
    std::int64_t cRow, column, columns;
    const std::int32_t *rowSums;
    const Int8Epilogue *e;
  };

  template <int R, int Vs>
  static TESSERA_INLINE void pickRows(std::int64_t count, const Left *left, std::int64_t stride,
                                      const std::int8_t *bytes, std::int64_t groups,
                                      const std::int32_t *first, const Tail &tail) {
    if constexpr (R > 1)
      if (count < R)
        return pickRows<R - 1, Vs>(count, left, stride, bytes, groups, first, tail);
    using Tile = Int8Tile<Arch, R, Vs>;
    V acc[R][Vs];
    Tile::start(acc, first);
    Tile::multiply(acc, left, stride, bytes, Layout::kGroupBytes, groups);
    if (Tile::finishes(*tail.e)) {
      Tile::finish(acc, tail.c, tail.cRow, tail.column, tail.columns, *tail.e);
      return;
    }
    alignas(64) std::int32_t sums[kRows * Layout::kPanel];
    Tile::store(acc, sums, Layout::kPanel);
    Int8Finish<Arch>::run(sums, tail.rowSums, tail.c, tail.cRow, R, tail.column, tail.columns,
                          *tail.e);
  }

  /// At most kRows rows that are too long to be prepared whole: in parts, again for every panel.
  static __attribute__((noinline)) void longRows(const Call &call, std::int64_t i,
                                                 std::int64_t rows) {
    constexpr std::int64_t kStride = kPrepared / kRows / 64 * 64;
    alignas(64) Left left[kRows * kStride];
    alignas(64) std::int32_t sums[kRows * Layout::kPanel];
    std::int32_t rowSums[kRows] = {};
    for (std::int64_t r = 0; r < rows && call.e->bZero; ++r)
      rowSums[r] = call.source.sum(i + r);
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
          call.source.prepare(i + r, p, depth, left);
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

} // namespace tessera::kernels
