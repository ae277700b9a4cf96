// Layer normalisation along rows.
#pragma once

#include "tessera/kernels/rows.h"

namespace tessera::kernels {

template <class Arch> struct LayerNorm {
  static constexpr Family kFamily = Family::RowNorm;
  using S = Simd<Arch>;
  using F = typename S::F;

  /// y = (x - mean) / sqrt(variance + epsilon) * scale + bias per row (Ba et al. 2016), rows x
  /// cols, strides in elements; the variance is the mean of squared deviations, in a pass of its
  /// own where the mean is far from zero. scale and bias have cols elements or are null. y is x
  /// (with its stride) or does not overlap it.
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
      alignas(64) float mean[S::kLanes] = {}, gain[S::kLanes] = {};
      const float *from = x + first * xRow;
      for (std::int64_t r = 0; r < count; ++r)
        sums(from + r * xRow, cols, mean[r], gain[r]);
      const F center = S::load(mean) * F(inverse);
      S::store(mean, center);
      S::store(gain, S::fma(F(0.0f) - center, center, S::load(gain) * F(inverse)));
      for (std::int64_t r = 0; r < count; ++r)
        if (!(mean[r] * mean[r] <= kNear * gain[r] && gain[r] <= kLargest)) // NaN and overflow too
          gain[r] = inverse * squares(from + r * xRow, cols, F(mean[r]));
      S::store(gain, S::rsqrt(S::load(gain) + F(epsilon)));
      apply<Past>(from, xRow, y + first * yRow, yRow, count, cols, mean, gain, scale, bias, ahead);
    });
    if (Past)
      S::fence();
  }

  /// y = (x - mean[r]) * gain[r] * scale + bias of a group of rows.
  template <bool Past>
  static TESSERA_INLINE void apply(const float *x, std::int64_t xRow, float *y, std::int64_t yRow,
                                   std::int64_t rows, std::int64_t cols, const float *mean,
                                   const float *gain, const float *scale, const float *bias,
                                   std::int64_t ahead) {
    if (!Past && scale && rows == Rows<Arch>::kGroup) {
      bias ? group<true>(x, xRow, y, yRow, cols, mean, gain, scale, bias)
           : group<false>(x, xRow, y, yRow, cols, mean, gain, scale, bias);
      return;
    }
    for (std::int64_t r = 0; r < rows; ++r) {
      const F center(mean[r]), factor(gain[r]);
      const auto step = [=](F v, std::int64_t c, std::int64_t count) {
        return affine((v - center) * factor, scale, bias, c, count);
      };
      if constexpr (Past)
        Rows<Arch>::mapPast(x + r * xRow, y + r * yRow, cols, step, x + r * xRow + ahead);
      else
        Rows<Arch>::map(x + r * xRow, y + r * yRow, cols, step);
    }
  }

private:
  /// Up to so many variances, the square of the mean may be subtracted from the mean of squares: it
  /// costs up to four bits.
  static constexpr float kNear = 4.0f, kLargest = __FLT_MAX__;

  /// The sums of a row's elements and of their squares.
  static TESSERA_INLINE void sums(const float *x, std::int64_t cols, float &sum, float &square) {
    F s[4] = {F(0.0f), F(0.0f), F(0.0f), F(0.0f)}, q[4] = {s[0], s[0], s[0], s[0]};
    std::int64_t c = 0;
    for (; c + 4 * S::kLanes <= cols; c += 4 * S::kLanes) {
      TESSERA_UNROLL
      for (int i = 0; i < 4; ++i) {
        const F v = S::load(x + c + i * S::kLanes);
        s[i] = s[i] + v;
        q[i] = S::fma(v, v, q[i]);
      }
    }
    for (; c < cols; c += S::kLanes) {
      const F v = part(x + c, cols - c < S::kLanes ? cols - c : S::kLanes);
      s[0] = s[0] + v;
      q[0] = S::fma(v, v, q[0]);
    }
    sum = S::sum((s[0] + s[1]) + (s[2] + s[3]));
    square = S::sum((q[0] + q[1]) + (q[2] + q[3]));
  }

  /// The sum of a row's squared distances from `center`.
  static TESSERA_INLINE float squares(const float *x, std::int64_t cols, F center) {
    return Rows<Arch>::sum(x, cols,
                           [center](F a, F v) { return S::fma(v - center, v - center, a); });
  }

  /// The rows of one group, which share what is loaded of scale and bias.
  template <bool Bias>
  static TESSERA_INLINE void group(const float *x, std::int64_t xRow, float *y, std::int64_t yRow,
                                   std::int64_t cols, const float *mean, const float *gain,
                                   const float *scale, const float *bias) {
    constexpr int kRows = Rows<Arch>::kGroup;
    F center[kRows], factor[kRows];
    TESSERA_UNROLL
    for (int r = 0; r < kRows; ++r)
      center[r] = F(mean[r]), factor[r] = F(gain[r]);
    std::int64_t c = 0;
    for (; c + S::kLanes <= cols; c += S::kLanes) {
      const F s = S::load(scale + c), b = Bias ? S::load(bias + c) : F(0.0f);
      TESSERA_UNROLL
      for (int r = 0; r < kRows; ++r) {
        const F v = (S::load(x + r * xRow + c) - center[r]) * factor[r];
        S::store(y + r * yRow + c, Bias ? S::fma(v, s, b) : v * s);
      }
    }
    for (int r = 0; r < kRows && c < cols; ++r)
      S::storePart(y + r * yRow + c,
                   affine((S::loadPart(x + r * xRow + c, cols - c) - center[r]) * factor[r], scale,
                          bias, c, cols - c),
                   cols - c);
  }

  /// v * scale[c...] + bias[c...], where either may be null.
  static TESSERA_INLINE F affine(F v, const float *scale, const float *bias, std::int64_t c,
                                 std::int64_t count) {
    if (scale && bias)
      return S::fma(v, part(scale + c, count), part(bias + c, count));
    if (scale)
      return v * part(scale + c, count);
    return bias ? v + part(bias + c, count) : v;
  }

  static TESSERA_INLINE F part(const float *p, std::int64_t count) {
    return count == S::kLanes ? S::load(p) : S::loadPart(p, count);
  }
};

} // namespace tessera::kernels
