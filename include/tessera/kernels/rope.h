// Rotary position embedding.
#pragma once

#include "tessera/kernels/Family.h"
#include "tessera/kernels/Simd.h"

namespace tessera::kernels {

template <class Arch> struct Rope {
  static constexpr Family kFamily = Family::Rope;
  using S = Simd<Arch>;
  using F = typename S::F;

  /// Rotates pairs of each row of x[rows, size], size even, by the angles whose cosines and sines
  /// are cos[rows, size / 2] and sin (Su et al. 2021): (a, b) becomes (a cos - b sin, b cos + a
  /// sin). The pairs are elements i and i + size / 2, or with `interleaved` 2 i and 2 i + 1.
  /// Strides in elements; angleRow 0 gives all rows the same angles. y is x (with its stride) or
  /// does not overlap it. Two roundings per result.
  static void run(const float *x, std::int64_t xRow, float *y, std::int64_t yRow, const float *cos,
                  const float *sin, std::int64_t angleRow, std::int64_t rows, std::int64_t size,
                  std::int32_t interleaved) {
    for (std::int64_t r = 0; r < rows; ++r)
      if (interleaved)
        pairs(x + r * xRow, y + r * yRow, cos + r * angleRow, sin + r * angleRow, size / 2);
      else
        halves(x + r * xRow, y + r * yRow, cos + r * angleRow, sin + r * angleRow, size / 2);
  }

private:
  static TESSERA_INLINE void halves(const float *x, float *y, const float *cos, const float *sin,
                                    std::int64_t half) {
    std::int64_t i = 0;
    for (; i + S::kLanes <= half; i += S::kLanes) {
      const F a = S::load(x + i), b = S::load(x + half + i), c = S::load(cos + i);
      const F s = S::load(sin + i);
      S::store(y + i, S::fnma(b, s, a * c));
      S::store(y + half + i, S::fma(a, s, b * c));
    }
    if (i < half) {
      const std::int64_t rest = half - i;
      const F a = S::loadPart(x + i, rest), b = S::loadPart(x + half + i, rest);
      const F c = S::loadPart(cos + i, rest), s = S::loadPart(sin + i, rest);
      S::storePart(y + i, S::fnma(b, s, a * c), rest);
      S::storePart(y + half + i, S::fma(a, s, b * c), rest);
    }
  }

  static TESSERA_INLINE void pairs(const float *x, float *y, const float *cos, const float *sin,
                                   std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i) {
      const float a = x[2 * i], b = x[2 * i + 1];
      y[2 * i] = a * cos[i] - b * sin[i];
      y[2 * i + 1] = b * cos[i] + a * sin[i];
    }
  }
};

} // namespace tessera::kernels
