// A copy of rows of 32-bit elements between two strides.
#pragma once

#include "tessera/kernels/movement.h"

namespace tessera::kernels {

template <class Arch> struct Copy2d {
  static constexpr Family kFamily = Family::Copy2d;

  /// dst[r * dstRow + c] = src[r * srcRow + c] for r < rows, c < cols, 32-bit elements, strides
  /// in elements. dst does not overlap src.
  static void run(const void *src, std::int64_t srcRow, void *dst, std::int64_t dstRow,
                  std::int64_t rows, std::int64_t cols) {
    for (std::int64_t r = 0; r < rows; ++r)
      Move<Arch>::copy(static_cast<float *>(dst) + r * dstRow,
                       static_cast<const float *>(src) + r * srcRow, cols);
  }
};

} // namespace tessera::kernels
