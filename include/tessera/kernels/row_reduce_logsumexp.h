// The row_reduce_logsumexp operator.
#pragma once

#include "tessera/kernels/row_reduce_max.h"
#include "tessera/kernels/softmax.h"

namespace tessera::kernels {

template <class Arch> struct RowReduceLogsumexp {
  static constexpr Family kFamily = Family::RowReduce;
  using S = Simd<Arch>;
  using F = typename S::F;

  /// out[r] = ln(sum over c of e^x[r, c]), arguments as in RowReduceKernel::run, without overflow:
  /// the maximum is taken out. -inf for an empty row and for one of -inf, inf where there is an
  /// inf. Accumulated results are those of the rows put together. At most 1e-6 of the larger of the
  /// result and 1.
  static void run(const float *x, std::int64_t rows, std::int64_t rowStride, std::int64_t cols,
                  float *out, std::int32_t accumulate) {
    for (std::int64_t r = 0; r < rows; ++r) {
      const float value = row(x + r * rowStride, cols);
      const float both[2] = {accumulate ? out[r] : 0.0f, value};
      out[r] = accumulate ? row(both, 2) : value;
    }
  }

private:
  static TESSERA_INLINE float row(const float *x, std::int64_t cols) {
    const float high = Rows<Arch>::highest(x, cols);
    if (high - high != 0.0f) // an infinite maximum is the result, unless there is a NaN
      return RowReduceMax<Arch>::row(x, cols);
    const F top(high);
    const float sum = Rows<Arch>::sum(
        x, cols, [top](F a, F v) { return a + Softmax<Arch>::exponential(v, top); });
    alignas(64) float lanes[S::kLanes];
    S::store(lanes, MathCore<Arch>::log(F(sum)));
    return lanes[0] + high;
  }
};

} // namespace tessera::kernels
