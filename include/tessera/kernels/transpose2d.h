// Transposition of a matrix of 32-bit elements.
#pragma once

#include "tessera/kernels/Streaming.h"
#include "tessera/kernels/movement.h"

namespace tessera::kernels {

template <class Arch> struct Transpose2d {
  static constexpr Family kFamily = Family::Copy2d;
  using S = Simd<Arch>;

  /// dst[c * dstRow + r] = src[r * srcRow + c] for r < rows, c < cols, 32-bit elements, strides
  /// in elements. dst does not overlap src.
  static void run(const void *src, std::int64_t srcRow, void *dst, std::int64_t dstRow,
                  std::int64_t rows, std::int64_t cols) {
    // Both matrices count: neither stays in the caches.
    if (!Streaming<Arch>::pays(2 * rows * cols))
      return inCaches(src, srcRow, dst, dstRow, rows, cols);
    const float *from = static_cast<const float *>(src);
    float *to = static_cast<float *>(dst);
    const std::int64_t wholeRows = rows - rows % kRows, wholeCols = cols - cols % kLine;
    past(from, srcRow, to, dstRow, wholeRows, wholeCols);
    inCaches(from + wholeRows * srcRow, srcRow, to + wholeRows, dstRow, rows - wholeRows,
             wholeCols);
    inCaches(from + wholeCols, srcRow, to + wholeCols * dstRow, dstRow, rows, cols - wholeCols);
  }

  /// The same for matrices that need not go past the caches.
  static void inCaches(const void *src, std::int64_t srcRow, void *dst, std::int64_t dstRow,
                       std::int64_t rows, std::int64_t cols) {
    const float *from = static_cast<const float *>(src);
    float *to = static_cast<float *>(dst);
    constexpr std::int64_t kStep = S::kTransposeLanes;
    const std::int64_t wholeRows = rows - rows % kStep, wholeCols = cols - cols % kStep;
    // Down the rows of src first: each line of dst is completed while it is still in L1.
    for (std::int64_t c = 0; c < wholeCols; c += kStep)
      for (std::int64_t r = 0; r < wholeRows; r += kStep)
        S::transpose(from + r * srcRow + c, srcRow, to + c * dstRow + r, dstRow);
    corner(from, srcRow, to, dstRow, wholeRows, rows, 0, wholeCols);
    corner(from, srcRow, to, dstRow, 0, rows, wholeCols, cols);
  }

private:
  /// Floats of a line of the caches.
  static constexpr std::int64_t kLine = 16;
  /// Rows taken together: with two whole lines of results memory writes 1.2 times as fast as with
  /// one, and the lines of more rows, a power of two apart, would meet in too few sets of L2.
  static constexpr std::int64_t kRows = 32;
  /// Columns before the next rows begin. Each writes to another page, and the second TLB holds so
  /// many pages.
  static constexpr std::int64_t kStrip = 1024;
  /// Columns that are asked for before their turn: no prefetcher follows so many rows.
  static constexpr std::int64_t kAhead = 2 * kLine;

  /// For whole blocks of kRows by kLine that come from memory and go there: every line is read once
  /// and, where dst allows it, written once and past the caches.
  static __attribute__((noinline)) void past(const float *from, std::int64_t srcRow, float *to,
                                             std::int64_t dstRow, std::int64_t rows,
                                             std::int64_t cols) {
    const bool aligned = Streaming<Arch>::head(to, kLine) == 0 && dstRow % S::kLanes == 0;
    for (std::int64_t strip = 0; strip < cols; strip += kStrip) {
      const std::int64_t end = strip + kStrip < cols ? strip + kStrip : cols;
      for (std::int64_t r = 0; r < rows; r += kRows)
        for (std::int64_t c = strip; c < end; c += kLine) {
          const float *x = from + r * srcRow + c;
          float *y = to + c * dstRow + r;
          const std::int64_t ahead = c + kAhead < end ? kAhead : 0;
          for (std::int64_t i = 0; i < kRows; ++i)
            __builtin_prefetch(x + i * srcRow + ahead, 0, 2);
          if (aligned)
            stream(x, srcRow, y, dstRow);
          else
            block(x, srcRow, y, dstRow);
        }
    }
    S::fence();
  }

  static TESSERA_INLINE void block(const float *x, std::int64_t srcRow, float *y,
                                   std::int64_t dstRow) {
    // Lines are used up one after the other: so many rows may meet in one set of L1.
    for (std::int64_t r = 0; r < kRows; r += S::kTransposeLanes)
      TESSERA_UNROLL
    for (std::int64_t c = 0; c < kLine; c += S::kTransposeLanes)
      S::transpose(x + r * srcRow + c, srcRow, y + c * dstRow + r, dstRow);
  }

  /// The same past the caches, by way of L1: a line that does not leave whole is written twice.
  static TESSERA_INLINE void stream(const float *x, std::int64_t srcRow, float *y,
                                    std::int64_t dstRow) {
    alignas(64) float lines[kLine * kRows];
    block(x, srcRow, lines, kRows);
    for (std::int64_t c = 0; c < kLine; ++c) {
      TESSERA_UNROLL
      for (std::int64_t r = 0; r < kRows; r += S::kLanes)
        S::stream(y + c * dstRow + r, S::load(lines + c * kRows + r));
    }
  }

  static TESSERA_INLINE void corner(const float *from, std::int64_t srcRow, float *to,
                                    std::int64_t dstRow, std::int64_t r0, std::int64_t r1,
                                    std::int64_t c0, std::int64_t c1) {
    if constexpr (S::kTransposeLanes == 16) {
      // Half-size blocks: the [16][8] fractal blocks of f32 are nothing else.
      for (; c0 + 8 <= c1 && r1 - r0 >= 8; c0 += 8) {
        std::int64_t r = r0;
        for (; r + 8 <= r1; r += 8)
          S::transpose8(from + r * srcRow + c0, srcRow, to + c0 * dstRow + r, dstRow);
        single(from, srcRow, to, dstRow, r, r1, c0, c0 + 8);
      }
    }
    single(from, srcRow, to, dstRow, r0, r1, c0, c1);
  }

  static TESSERA_INLINE void single(const float *from, std::int64_t srcRow, float *to,
                                    std::int64_t dstRow, std::int64_t r0, std::int64_t r1,
                                    std::int64_t c0, std::int64_t c1) {
    for (std::int64_t r = r0; r < r1; ++r)
      for (std::int64_t c = c0; c < c1; ++c)
        to[c * dstRow + r] = from[r * srcRow + c];
  }
};

} // namespace tessera::kernels
