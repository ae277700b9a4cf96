// Root mean square normalisation along rows.
#pragma once

#include "tessera/kernels/layer_norm.h"

namespace tessera::kernels {

template <class Arch> struct RmsNorm {
  static constexpr Family kFamily = Family::RowNorm;
  using S = Simd<Arch>;
  using F = typename S::F;

  /// y = x / sqrt(mean(x^2) + epsilon) * scale + bias per row (Zhang, Sennrich 2019); arguments as
  /// in LayerNorm::run.
  static void run(const float *x, std::int64_t xRow, float *y, std::int64_t yRow, std::int64_t rows,
                  std::int64_t cols, const float *scale, const float *bias, float epsilon) {
    if (Streaming<Arch>::pays(rows * cols))
      all<true>(x, xRow, y, yRow, rows, cols, scale, bias, epsilon);
    else
      all<false>(x, xRow, y, yRow, rows, cols, scale, bias, epsilon);
  }

  /// The same, past the caches or not.
  template <bool Past>
  static TESSERA_INLINE void all(const float *x, std::int64_t xRow, float *y, std::int64_t yRow,
                                 std::int64_t rows, std::int64_t cols, const float *scale,
                                 const float *bias, float epsilon) {
    const float inverse = 1.0f / static_cast<float>(cols);
    const std::int64_t ahead = Rows<Arch>::together(cols) * xRow;
    Rows<Arch>::groups(rows, cols, [=](std::int64_t first, std::int64_t count) {
      alignas(64) float gain[S::kLanes] = {};
      const float *from = x + first * xRow;
      for (std::int64_t r = 0; r < count; ++r)
        gain[r] = inverse *
                  Rows<Arch>::sum(from + r * xRow, cols, [](F a, F v) { return S::fma(v, v, a); });
      S::store(gain, S::rsqrt(S::load(gain) + F(epsilon)));
      alignas(64) const float mean[S::kLanes] = {};
      LayerNorm<Arch>::template apply<Past>(from, xRow, y + first * yRow, yRow, count, cols, mean,
                                            gain, scale, bias, ahead);
    });
    if (Past)
      S::fence();
  }
};

} // namespace tessera::kernels
