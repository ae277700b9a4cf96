// The families of reductions to an index: where the extreme element of each row or column is.
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

/// The same of columns.
template <class RowReduce, class Arch> struct ColArgReduceKernel {
  using S = Simd<Arch>;
  using F = typename S::F;
  using I = typename S::I;
  static constexpr Family kFamily = Family::ColArgReduce;

  /// out[c] = the first r < rows where x[r * rowStride + c] is the extreme element of column c;
  /// that of the first NaN if there is one; -1 if rows == 0. rows < 2^31.
  static void run(const float *x, std::int64_t rows, std::int64_t rowStride, std::int64_t cols,
                  std::int64_t *out) {
    for (std::int64_t c = 0; c < cols; c += S::kLanes) {
      const std::int64_t count = cols - c < S::kLanes ? cols - c : S::kLanes;
      alignas(64) std::int32_t where[S::kLanes];
      find(x + c, rows, rowStride, count).store_aligned(where);
      for (std::int64_t i = 0; i < count; ++i)
        out[c + i] = rows > 0 ? where[i] : -1;
    }
  }

private:
  static TESSERA_INLINE I find(const float *x, std::int64_t rows, std::int64_t rowStride,
                               std::int64_t count) {
    F best = rows > 0 ? S::loadPart(x, count) : F(0.0f);
    F where = S::fromBits(I(0)); // numbers of rows, as bits
    for (std::int64_t r = 1; r < rows; ++r) {
      const F next = RowReduce::combine(best, S::loadPart(x + r * rowStride, count));
      // A NaN is where it ends, and an equal element no news.
      const auto kept = S::isNan(best) | (next == best);
      where = S::select(kept, where, S::fromBits(I(static_cast<std::int32_t>(r))));
      best = S::select(kept, best, next);
    }
    return S::bits(where);
  }
};

} // namespace tessera::kernels
