// The logarithm of softmax along rows.
#pragma once

#include "tessera/kernels/softmax.h"

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
    if (Streaming<Arch>::pays(rows * cols))
      all<true>(x, xRow, y, yRow, rows, cols);
    else
      all<false>(x, xRow, y, yRow, rows, cols);
  }

  /// The same, past the caches or not.
  template <bool Past>
  static TESSERA_INLINE void all(const float *x, std::int64_t xRow, float *y, std::int64_t yRow,
                                 std::int64_t rows, std::int64_t cols) {
    const std::int64_t ahead = Rows<Arch>::together(cols) * xRow;
    Rows<Arch>::groups(rows, cols, [=](std::int64_t first, std::int64_t count) {
      alignas(64) float high[S::kLanes] = {}, sum[S::kLanes] = {};
      const float *from = x + first * xRow;
      for (std::int64_t r = 0; r < count; ++r)
        high[r] = Rows<Arch>::highest(from + r * xRow, cols);
      for (std::int64_t r = 0; r < count; ++r) {
        const F top(high[r]);
        sum[r] = Rows<Arch>::template sum<Past>(
            from + r * xRow, cols,
            [top](F a, F v) { return a + Softmax<Arch>::exponential(v, top); }, ahead);
      }
      S::store(sum, Core::log(S::load(sum)));
      for (std::int64_t r = 0; r < count; ++r) {
        const F top(high[r]), shift(sum[r]);
        const auto step = [top, shift](F v, std::int64_t, std::int64_t) {
          return (v - top) - shift;
        };
        float *to = y + (first + r) * yRow;
        if constexpr (Past)
          Rows<Arch>::mapPast(from + r * xRow, to, cols, step, from + r * xRow + ahead);
        else
          Rows<Arch>::map(from + r * xRow, to, cols, step);
      }
    });
    if (Past)
      S::fence();
  }
};

} // namespace tessera::kernels
