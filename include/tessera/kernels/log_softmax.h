// The logarithm of softmax along rows.
#pragma once

#include "tessera/kernels/MathCore.h"
#include "tessera/kernels/row_reduce_max.h"
#include "tessera/kernels/rows.h"

namespace tessera::kernels {

template <class Arch> struct LogSoftmax {
  static constexpr Family kFamily = Family::RowMap;
  using S = Simd<Arch>;
  using F = typename S::F;
  using Core = MathCore<Arch>;

  /// y[r, c] = x[r, c] - max - ln(sum of e^(x - max)), rows x cols, strides in elements. y is x
  /// (with its stride) or does not overlap it. A row that holds NaN or inf, or only -inf, is NaN.
  static void run(const float *x, std::int64_t xRow, float *y, std::int64_t yRow, std::int64_t rows,
                  std::int64_t cols) {
    for (std::int64_t r = 0; r < rows; ++r) {
      const float *from = x + r * xRow;
      const F high(RowReduceMax<Arch>::row(from, cols));
      const float sum = Rows<Arch>::sum(from, cols, [high](F v) { return Core::exp(v - high); });
      const F shift = Core::log(F(sum));
      Rows<Arch>::map(from, y + r * yRow, cols, [high, shift](F v, std::int64_t, std::int64_t) {
        return (v - high) - shift;
      });
    }
  }
};

} // namespace tessera::kernels
