// The k largest elements of each row.
#pragma once

#include "tessera/kernels/Family.h"
#include "tessera/kernels/Simd.h"

namespace tessera::kernels {

template <class Arch> struct TopK {
  static constexpr Family kFamily = Family::TopK;
  using S = Simd<Arch>;
  using F = typename S::F;

  /// values[r * k + i], indices[r * k + i] = the i-th largest element of row r of x[rows, cols] and
  /// its column, for i < k <= cols; NaN counts as larger than all numbers, equal elements come in
  /// the order of their columns. Fast for small k: of n elements in random order about k ln(n / k)
  /// are inserted into a list of k, the others are passed over in whole vectors.
  static void run(const float *x, std::int64_t rows, std::int64_t rowStride, std::int64_t cols,
                  std::int64_t k, float *values, std::int64_t *indices) {
    for (std::int64_t r = 0; r < rows && k > 0; ++r)
      row(x + r * rowStride, cols, k, values + r * k, indices + r * k);
  }

private:
  /// Whether a comes before b.
  static TESSERA_INLINE bool above(float a, float b) { return a > b || (a != a && b == b); }

  static void row(const float *x, std::int64_t cols, std::int64_t k, float *values,
                  std::int64_t *indices) {
    std::int64_t held = 0;
    for (std::int64_t c = 0; c < cols; ++c) {
      if (held == k && c + S::kLanes <= cols) {
        // Not below or equal: larger, or NaN.
        const F least(values[k - 1]);
        while (c + S::kLanes <= cols && !S::any(!(S::load(x + c) <= least)))
          c += S::kLanes;
        if (c == cols)
          return;
      }
      if (held < k || above(x[c], values[k - 1]))
        insert(x[c], c, held < k ? held++ : k - 1, values, indices);
    }
  }

  /// Puts an element into the list whose first `held` places are taken, and may lose the last.
  static TESSERA_INLINE void insert(float value, std::int64_t index, std::int64_t held,
                                    float *values, std::int64_t *indices) {
    std::int64_t at = held;
    for (; at > 0 && above(value, values[at - 1]); --at) {
      values[at] = values[at - 1];
      indices[at] = indices[at - 1];
    }
    values[at] = value;
    indices[at] = index;
  }
};

} // namespace tessera::kernels
