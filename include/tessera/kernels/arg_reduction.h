// The family of reductions to an index: where the extreme element of each row is.
#pragma once

#include "tessera/kernels/Family.h"
#include "tessera/kernels/Simd.h"

namespace tessera::kernels {

/// The index of what RowReduce finds.
template <class RowReduce, class Arch> struct ArgReduceKernel {
  using S = Simd<Arch>;
  using F = typename S::F;
  static constexpr Family kFamily = Family::ArgReduce;

  /// out[r] = the first c < cols where x[r * rowStride + c] is the extreme element of row r; that
  /// of the first NaN if there is one; -1 if cols == 0.
  static void run(const float *x, std::int64_t rows, std::int64_t rowStride, std::int64_t cols,
                  std::int64_t *out) {
    for (std::int64_t r = 0; r < rows; ++r) {
      const float *from = x + r * rowStride;
      out[r] = cols > 0 ? find(from, cols, RowReduce::row(from, cols)) : -1;
    }
  }

private:
  static TESSERA_INLINE std::int64_t find(const float *x, std::int64_t cols, float value) {
    const F wanted(value);
    std::int64_t c = 0;
    if (value == value)
      while (c + S::kLanes <= cols && !S::any(S::load(x + c) == wanted))
        c += S::kLanes;
    while (c < cols - 1 && x[c] != value && (x[c] == x[c] || value == value))
      ++c;
    return c;
  }
};

} // namespace tessera::kernels
