// A copy of rows of 32-bit elements between two strides.
#pragma once

#include "tessera/kernels/PageAhead.h"
#include "tessera/kernels/Streaming.h"
#include "tessera/kernels/movement.h"

namespace tessera::kernels {

template <class Arch> struct Copy2d {
  static constexpr Family kFamily = Family::Copy2d;
  using S = Simd<Arch>;

  /// dst[r * dstRow + c] = src[r * srcRow + c] for r < rows, c < cols, 32-bit elements, strides
  /// in elements. dst does not overlap src.
  static void run(const void *src, std::int64_t srcRow, void *dst, std::int64_t dstRow,
                  std::int64_t rows, std::int64_t cols) {
    const float *from = static_cast<const float *>(src);
    float *to = static_cast<float *>(dst);
    if (srcRow == cols && dstRow == cols)
      cols *= rows, rows = rows > 0 ? 1 : 0;
    const bool isPast = cols >= kLeastPast && Streaming<Arch>::pays(rows * cols);
    for (std::int64_t r = 0; r < rows; ++r)
      if (isPast)
        past(from + r * srcRow, to + r * dstRow, cols);
      else
        Move<Arch>::copy(to + r * dstRow, from + r * srcRow, cols);
    if (isPast)
      S::fence();
  }

private:
  /// Shorter rows stay in the caches: the lines at their ends do not leave whole, and are written
  /// twice.
  static constexpr std::int64_t kLeastPast = 256;

  static TESSERA_INLINE void past(const float *x, float *y, std::int64_t count) {
    std::int64_t i = Streaming<Arch>::head(y, count);
    Move<Arch>::copy(y, x, i);
    for (; i + S::kLanes <= count; i += S::kLanes) {
      PageAhead<Arch>::fetch(x + i, S::kLanes * 4);
      S::stream(y + i, S::load(x + i));
    }
    Move<Arch>::copy(y + i, x + i, count - i);
  }
};

} // namespace tessera::kernels
