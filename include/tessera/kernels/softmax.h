// Softmax along rows.
#pragma once

#include "tessera/kernels/MathCore.h"
#include "tessera/kernels/row_reduce_max.h"
#include "tessera/kernels/rows.h"

namespace tessera::kernels {

template <class Arch> struct Softmax {
  static constexpr Family kFamily = Family::RowMap;
  using S = Simd<Arch>;
  using F = typename S::F;
  using Core = MathCore<Arch>;

  /// y[r, c] = e^(x[r, c] - max) / sum of the row, rows x cols, strides in elements. y is x (with
  /// its stride) or does not overlap it. A row that holds NaN or inf, or only -inf, becomes NaN.
  static void run(const float *x, std::int64_t xRow, float *y, std::int64_t yRow, std::int64_t rows,
                  std::int64_t cols) {
    for (std::int64_t r = 0; r < rows; ++r)
      one(x + r * xRow, y + r * yRow, cols);
  }

private:
  static TESSERA_INLINE void one(const float *x, float *y, std::int64_t cols) {
    const F high(RowReduceMax<Arch>::row(x, cols));
    F acc[2] = {F(0.0f), F(0.0f)};
    std::int64_t c = 0;
    for (; c + 2 * S::kLanes <= cols; c += 2 * S::kLanes) {
      TESSERA_UNROLL
      for (int i = 0; i < 2; ++i) {
        const F e = Core::exp(S::load(x + c + i * S::kLanes) - high);
        acc[i] = acc[i] + e;
        S::store(y + c + i * S::kLanes, e);
      }
    }
    for (; c < cols; c += S::kLanes) {
      const std::int64_t count = cols - c < S::kLanes ? cols - c : S::kLanes;
      const F e = Core::exp(S::loadPart(x + c, count) - high);
      S::storePart(y + c, e, count);
      acc[0] = acc[0] + S::loadPart(y + c, count);
    }
    const F scale(1.0f / S::sum(acc[0] + acc[1]));
    Rows<Arch>::map(y, y, cols, [scale](F e, std::int64_t, std::int64_t) { return e * scale; });
  }
};

} // namespace tessera::kernels
