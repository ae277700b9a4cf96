// Running sums along rows.
#pragma once

#include "tessera/kernels/Family.h"
#include "tessera/kernels/Simd.h"

namespace tessera::kernels {

template <class Arch> struct Cumsum {
  static constexpr Family kFamily = Family::Scan;
  using S = Simd<Arch>;

  /// y[r, c] = the sum of x[r, 0..c], with `exclusive` without x[r, c]; with `reverse` of
  /// x[r, c..cols). Strides in elements; y is x (with its stride) or does not overlap it. Each row
  /// is summed in order; eight rows go side by side, which hides the latency of additions.
  static void run(const float *x, std::int64_t xRow, float *y, std::int64_t yRow, std::int64_t rows,
                  std::int64_t cols, std::int32_t exclusive, std::int32_t reverse) {
    for (std::int64_t r = 0; r < rows; r += 8) {
      const std::int64_t count = rows - r < 8 ? rows - r : 8;
      float sums[8] = {};
      for (std::int64_t i = 0; i < cols; ++i) {
        const std::int64_t c = reverse ? cols - 1 - i : i;
        for (std::int64_t u = 0; u < count; ++u) {
          const float before = sums[u];
          sums[u] = before + x[(r + u) * xRow + c];
          y[(r + u) * yRow + c] = exclusive ? before : sums[u];
        }
      }
    }
  }
};

} // namespace tessera::kernels
