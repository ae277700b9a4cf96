// Resizing of images of channels, NHWC, by precomputed taps along each axis.
#pragma once

#include "tessera/kernels/Family.h"
#include "tessera/kernels/Simd.h"

namespace tessera::kernels {

template <class Arch> struct Resize {
  static constexpr Family kFamily = Family::Resize;
  using S = Simd<Arch>;
  using F = typename S::F;

  /// out[y, x, :] = sum over ty, tx < taps of rowWeights[y, ty] colWeights[x, tx] in[rows[y, ty],
  /// cols[x, tx], :] for one image h x w x c, with tables of outH x taps and outW x taps entries
  /// that fix the method: nearest has 1 tap, linear 2, cubic 4, and coordinates are transformed,
  /// clamped or excluded as the tables say. Strides in elements; channels are contiguous. in and
  /// out do not overlap. Summed in order of ty, then tx; taps of weight 0 are skipped, so that
  /// nothing is read where a table points outside with weight 0.
  static void run(const float *in, std::int64_t inRow, std::int64_t inPixel, std::int64_t c,
                  float *out, std::int64_t outRow, std::int64_t outPixel, std::int64_t outH,
                  std::int64_t outW, std::int64_t taps, const std::int32_t *rows,
                  const float *rowWeights, const std::int32_t *cols, const float *colWeights) {
    for (std::int64_t y = 0; y < outH; ++y)
      for (std::int64_t x = 0; x < outW; ++x)
        pixel(in, inRow, inPixel, c, out + y * outRow + x * outPixel, taps, rows + y * taps,
              rowWeights + y * taps, cols + x * taps, colWeights + x * taps);
  }

private:
  static TESSERA_INLINE void pixel(const float *in, std::int64_t inRow, std::int64_t inPixel,
                                   std::int64_t c, float *out, std::int64_t taps,
                                   const std::int32_t *rows, const float *rowWeights,
                                   const std::int32_t *cols, const float *colWeights) {
    for (std::int64_t i = 0; i < c; i += S::kLanes) {
      const std::int64_t count = c - i < S::kLanes ? c - i : S::kLanes;
      F sum(0.0f);
      for (std::int64_t ty = 0; ty < taps; ++ty) {
        if (rowWeights[ty] == 0.0f)
          continue;
        F line(0.0f);
        for (std::int64_t tx = 0; tx < taps; ++tx) {
          if (colWeights[tx] == 0.0f)
            continue;
          const float *from = in + rows[ty] * inRow + cols[tx] * inPixel + i;
          line = S::fma(F(colWeights[tx]),
                        count == S::kLanes ? S::load(from) : S::loadPart(from, count), line);
        }
        sum = S::fma(F(rowWeights[ty]), line, sum);
      }
      if (count == S::kLanes)
        S::store(out + i, sum);
      else
        S::storePart(out + i, sum, count);
    }
  }
};

} // namespace tessera::kernels
