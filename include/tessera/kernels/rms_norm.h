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
    const float inverse = 1.0f / static_cast<float>(cols);
    for (std::int64_t r = 0; r < rows; ++r) {
      const float *from = x + r * xRow;
      const float square = inverse * Rows<Arch>::sum(from, cols, [](F v) { return v * v; });
      const F gain = F(1.0f) / S::sqrt(F(square + epsilon));
      Rows<Arch>::map(from, y + r * yRow, cols, [=](F v, std::int64_t c, std::int64_t count) {
        return LayerNorm<Arch>::affine(v * gain, scale, bias, c, count);
      });
    }
  }
};

} // namespace tessera::kernels
