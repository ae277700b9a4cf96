// Running sums along columns.
#pragma once

#include "tessera/kernels/Family.h"
#include "tessera/kernels/Simd.h"

namespace tessera::kernels {

template <class Arch> struct ColCumsum {
  static constexpr Family kFamily = Family::Scan;
  using S = Simd<Arch>;
  using F = typename S::F;

  /// y[r, c] = the sum of x[0..r, c], with `exclusive` without x[r, c]; with `reverse` of
  /// x[r..rows, c]. Strides in elements; y is x (with its stride) or does not overlap it. Each
  /// column is summed in order.
  static void run(const float *x, std::int64_t xRow, float *y, std::int64_t yRow, std::int64_t rows,
                  std::int64_t cols, std::int32_t exclusive, std::int32_t reverse) {
    if (reverse && rows > 0) { // from the last row upwards
      x += (rows - 1) * xRow;
      y += (rows - 1) * yRow;
      xRow = -xRow;
      yRow = -yRow;
    }
    // Whole lines of several vectors a row: their sums stay in registers.
    constexpr int kVectors = 4;
    std::int64_t c = 0;
    for (; c + kVectors * S::kLanes <= cols; c += kVectors * S::kLanes)
      strip<kVectors>(x + c, xRow, y + c, yRow, rows, S::kLanes, exclusive);
    for (; c < cols; c += S::kLanes)
      strip<1>(x + c, xRow, y + c, yRow, rows, cols - c < S::kLanes ? cols - c : S::kLanes,
               exclusive);
  }

private:
  /// Vectors of columns, the last of `tail` lanes.
  template <int Vectors>
  static TESSERA_INLINE void strip(const float *x, std::int64_t xRow, float *y, std::int64_t yRow,
                                   std::int64_t rows, std::int64_t tail, std::int32_t exclusive) {
    F sums[Vectors];
    TESSERA_UNROLL
    for (int v = 0; v < Vectors; ++v)
      sums[v] = F(0.0f);
    for (std::int64_t r = 0; r < rows; ++r) {
      TESSERA_UNROLL
      for (int v = 0; v < Vectors; ++v) {
        const bool whole = v + 1 < Vectors || tail == S::kLanes;
        const float *from = x + r * xRow + v * S::kLanes;
        float *to = y + r * yRow + v * S::kLanes;
        const F before = sums[v];
        sums[v] = before + (whole ? S::load(from) : S::loadPart(from, tail));
        const F value = exclusive ? before : sums[v];
        if (whole)
          S::store(to, value);
        else
          S::storePart(to, value, tail);
      }
    }
  }
};

} // namespace tessera::kernels
