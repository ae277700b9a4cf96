// Softmax along rows.
#pragma once

#include "tessera/kernels/MathCore.h"
#include "tessera/kernels/rows.h"

namespace tessera::kernels {

template <class Arch> struct Softmax {
  static constexpr Family kFamily = Family::RowMap;
  using S = Simd<Arch>;
  using F = typename S::F;
  using Core = MathCore<Arch>;

  /// y[r, c] = e^(x[r, c] - max) / sum of the row, rows x cols, strides in elements. y is x (with
  /// its stride) or does not overlap it. A row that holds NaN or inf, or only -inf, becomes NaN.
  /// Relative error at most 1e-6 + d 2^-23 for an element d below the maximum.
  /// Takes 68 KiB of stack.
  static void run(const float *x, std::int64_t xRow, float *y, std::int64_t yRow, std::int64_t rows,
                  std::int64_t cols) {
    // Shorter rows have no time to fetch the next ones.
    if (cols >= 4 * S::kLanes && cols <= kWaiting && Streaming<Arch>::pays(rows * cols))
      all<true>(x, xRow, y, yRow, rows, cols);
    else
      all<false>(x, xRow, y, yRow, rows, cols);
  }

  /// The same, past the caches or not; past them rows have at most kWaiting elements, which wait
  /// for their sum on the stack.
  template <bool Past>
  static TESSERA_INLINE void all(const float *x, std::int64_t xRow, float *y, std::int64_t yRow,
                                 std::int64_t rows, std::int64_t cols) {
    alignas(64) float waiting[Past ? kWaiting + kPageBytes / 4 : 1];
    float *const wait = waiting;
    Rows<Arch>::groups(rows, cols, [=](std::int64_t first, std::int64_t count) {
      float high[Rows<Arch>::kGroup], sum[Rows<Arch>::kGroup];
      const std::int64_t ahead = Rows<Arch>::together(cols) * xRow;
      const float *from = x + first * xRow;
      float *to = y + first * yRow, *e = Past ? halfAPageFrom(from, wait) : to;
      const std::int64_t eRow = Past ? cols : yRow;
      for (std::int64_t r = 0; r < count; ++r)
        high[r] = Rows<Arch>::highest(from + r * xRow, cols);
      for (std::int64_t r = 0; r < count; ++r)
        sum[r] = exponentials<Past>(from + r * xRow, e + r * eRow, cols, F(high[r]), ahead);
      for (std::int64_t r = 0; r < count; ++r) {
        const F scale(1.0f / sum[r]);
        const auto step = [scale](F v, std::int64_t, std::int64_t) { return v * scale; };
        if constexpr (Past)
          Rows<Arch>::mapPast(e + r * eRow, to + r * yRow, cols, step, from + r * xRow + ahead);
        else
          Rows<Arch>::map(e + r * eRow, to + r * yRow, cols, step);
      }
    });
    if (Past)
      S::fence();
  }

  /// e^(x - high) for x <= high.
  static TESSERA_INLINE F exponential(F x, F high) { return Core::expNegativeNear(x - high); }

private:
  static constexpr std::int64_t kWaiting = 16384;
  static constexpr std::int64_t kPageBytes = 4096;

  /// The first of `wait` that is half a page from x within a page: a load that seems to read what
  /// has just been stored, whole pages away, waits for it. That would take up to 15 % of the time.
  static TESSERA_INLINE float *halfAPageFrom(const float *x, float *wait) {
    const auto apart = reinterpret_cast<std::uintptr_t>(x) -
                       reinterpret_cast<std::uintptr_t>(wait) + kPageBytes / 2;
    return wait + apart % kPageBytes / 64 * 16;
  }

  /// y = e^(x - high), while the row at x + ahead is fetched; returns the sum.
  template <bool Past>
  static TESSERA_INLINE float exponentials(const float *x, float *y, std::int64_t cols, F high,
                                           std::int64_t ahead) {
    F acc[4] = {F(0.0f), F(0.0f), F(0.0f), F(0.0f)};
    std::int64_t c = 0;
    for (; c + 4 * S::kLanes <= cols; c += 4 * S::kLanes) {
      Rows<Arch>::template fetch<Past>(x + c + ahead);
      TESSERA_UNROLL
      for (int i = 0; i < 4; ++i) {
        const F e = exponential(S::load(x + c + i * S::kLanes), high);
        acc[i] = acc[i] + e;
        S::store(y + c + i * S::kLanes, e);
      }
    }
    for (; c < cols; c += S::kLanes) {
      const std::int64_t count = cols - c < S::kLanes ? cols - c : S::kLanes;
      const F e = exponential(S::loadPart(x + c, count), high);
      S::storePart(y + c, e, count);
      acc[0] = S::blendPart(acc[0] + e, acc[0], count);
    }
    return S::sum((acc[0] + acc[1]) + (acc[2] + acc[3]));
  }
};

} // namespace tessera::kernels
