// Layer normalisation along rows.
#pragma once

#include "tessera/kernels/rows.h"

namespace tessera::kernels {

template <class Arch> struct LayerNorm {
  static constexpr Family kFamily = Family::RowNorm;
  using S = Simd<Arch>;
  using F = typename S::F;

  /// y = (x - mean) / sqrt(variance + epsilon) * scale + bias per row (Ba et al. 2016), rows x
  /// cols, strides in elements; the variance is the mean of squared deviations, taken in a second
  /// pass. scale and bias have cols elements or are null. y is x (with its stride) or does not
  /// overlap it.
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
    const std::int64_t together = Rows<Arch>::together(cols), ahead = together * xRow;
    Rows<Arch>::groups(rows, cols, [=](std::int64_t first, std::int64_t count) {
      alignas(64) float mean[S::kLanes] = {}, gain[S::kLanes] = {};
      const float *from = x + first * xRow;
      for (std::int64_t r = 0; r < count; ++r)
        mean[r] = inverse * Rows<Arch>::sum(from + r * xRow, cols, [](F a, F v) { return a + v; });
      for (std::int64_t r = 0; r < count; ++r) {
        const F center(mean[r]);
        // Long rows would leave L1 again before their turn.
        gain[r] = inverse * Rows<Arch>::sum(
                                from + r * xRow, cols,
                                [center](F a, F v) { return S::fma(v - center, v - center, a); },
                                !Past && together > 1 ? ahead : 0);
      }
      S::store(gain, F(1.0f) / S::sqrt(S::load(gain) + F(epsilon)));
      for (std::int64_t r = 0; r < count; ++r)
        apply<Past>(from + r * xRow, y + (first + r) * yRow, cols, F(mean[r]), F(gain[r]), scale,
                    bias, ahead);
    });
    if (Past)
      S::fence();
  }

  /// y = (x - center) * gain * scale + bias of one row.
  template <bool Past>
  static TESSERA_INLINE void apply(const float *x, float *y, std::int64_t cols, F center, F gain,
                                   const float *scale, const float *bias, std::int64_t ahead) {
    const auto step = [=](F v, std::int64_t c, std::int64_t count) {
      return affine((v - center) * gain, scale, bias, c, count);
    };
    if constexpr (Past)
      Rows<Arch>::mapPast(x, y, cols, step, x + ahead);
    else
      Rows<Arch>::map(x, y, cols, step);
  }

  /// v * scale[c...] + bias[c...], where either may be null.
  static TESSERA_INLINE F affine(F v, const float *scale, const float *bias, std::int64_t c,
                                 std::int64_t count) {
    if (scale)
      v = v * part(scale + c, count);
    if (bias)
      v = v + part(bias + c, count);
    return v;
  }

private:
  static TESSERA_INLINE F part(const float *p, std::int64_t count) {
    return count == S::kLanes ? S::load(p) : S::loadPart(p, count);
  }
};

} // namespace tessera::kernels
