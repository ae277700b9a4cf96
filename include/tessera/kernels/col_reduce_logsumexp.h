// The col_reduce_logsumexp operator.
#pragma once

#include "tessera/kernels/col_reduce_max.h"
#include "tessera/kernels/softmax.h"

namespace tessera::kernels {

template <class Arch> struct ColReduceLogsumexp {
  static constexpr Family kFamily = Family::ColReduce;
  using S = Simd<Arch>;
  using F = typename S::F;

  /// What row_reduce_logsumexp makes of rows, made of columns, as in ColReduceKernel::run.
  static void run(const float *x, std::int64_t rows, std::int64_t rowStride, std::int64_t cols,
                  float *out, std::int32_t accumulate) {
    for (std::int64_t c = 0; c < cols; c += S::kLanes) {
      const std::int64_t count = cols - c < S::kLanes ? cols - c : S::kLanes;
      F value = strip(x + c, rows, rowStride, count);
      if (accumulate) {
        alignas(64) float both[2 * S::kLanes] = {};
        S::storePart(both, S::loadPart(out + c, count), count);
        S::storePart(both + S::kLanes, value, count);
        value = strip(both, 2, S::kLanes, count);
      }
      S::storePart(out + c, value, count);
    }
  }

private:
  static TESSERA_INLINE F strip(const float *x, std::int64_t rows, std::int64_t rowStride,
                                std::int64_t count) {
    F high(RowReduceMax<Arch>::kIdentity);
    for (std::int64_t r = 0; r < rows; ++r)
      high = RowReduceMax<Arch>::combine(high, S::loadPart(x + r * rowStride, count));
    F sum(0.0f);
    for (std::int64_t r = 0; r < rows; ++r)
      sum = sum + Softmax<Arch>::exponential(S::loadPart(x + r * rowStride, count), high);
    // An infinite maximum is the result, and so is NaN.
    return S::select(high - high == F(0.0f), MathCore<Arch>::log(sum) + high, high);
  }
};

} // namespace tessera::kernels
