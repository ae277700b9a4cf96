// Transposition of a matrix of 32-bit elements.
#pragma once

#include "tessera/kernels/movement.h"

namespace tessera::kernels {

template <class Arch> struct Transpose2d {
  static constexpr Family kFamily = Family::Copy2d;
  using S = Simd<Arch>;

  /// dst[c * dstRow + r] = src[r * srcRow + c] for r < rows, c < cols, 32-bit elements, strides
  /// in elements. dst does not overlap src.
  static void run(const void *src, std::int64_t srcRow, void *dst, std::int64_t dstRow,
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
