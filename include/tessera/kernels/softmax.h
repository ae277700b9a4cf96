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
      near(x, xRow, y, yRow, rows, cols);
  }

  /// The same for what stays in the caches. Three rows are in work: while one becomes exponentials,
  /// the one before is scaled and the maximum of a later one is found, which alone would wait for
  /// loads and stores. That takes more registers than 16: with AVX2 it is slower.
  static TESSERA_INLINE void near(const float *x, std::int64_t xRow, float *y, std::int64_t yRow,
                                  std::int64_t rows, std::int64_t cols) {
    if (!S::kHasScale || rows < 3) {
      all<false>(x, xRow, y, yRow, rows, cols);
      return;
    }
    float high = Rows<Arch>::highest(x, cols), next = Rows<Arch>::highest(x + xRow, cols);
    float sum = 0;
    for (std::int64_t r = 0; r < rows; ++r) {
      // Two rows ahead, so that nothing waits for the end of the maximum.
      const float *ahead = x + (r + 2 < rows ? r + 2 : rows - 1) * xRow;
      const float *from = x + r * xRow;
      float *to = y + r * yRow, later;
      const F shift = shiftOf(from, to, cols, high);
      if (r == 0)
        sum = pass<false>(from, to, cols, shift, to, F(0.0f), ahead, later);
      else
        sum = pass<true>(from, to, cols, shift, to - yRow, F(1.0f / sum), ahead, later);
      high = next;
      next = later;
    }
    scaleRow(y + (rows - 1) * yRow, cols, F(1.0f / sum));
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
      for (std::int64_t r = 0; r < count; ++r) {
        const float *row = from + r * xRow;
        const F shift = shiftOf(row, e + r * eRow, cols, high[r]);
        sum[r] = exponentials<Past>(row, e + r * eRow, cols, shift, from + r * xRow + ahead);
      }
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
  /// The shift of a row for `shifted`. A factor that all of a row have in common does not matter:
  /// the maximum may be subtracted after the multiplication by log2 e, in the same operation, as
  /// long as what rounding leaves of its own difference is small. Of greater rows, and of those
  /// that become NaN, it is subtracted first, to y, which takes the place of x.
  static TESSERA_INLINE F shiftOf(const float *&x, float *y, std::int64_t cols, float high) {
    if (!S::kHasScale)
      return F(high);
    if (__builtin_expect(!(high > -kShifted && high < kShifted), 0)) {
      Rows<Arch>::map(x, y, cols, [high](F v, std::int64_t, std::int64_t) { return v - F(high); });
      x = y;
      high = 0;
    }
    return F(-Core::kLog2E * high);
  }
  static TESSERA_INLINE F shifted(F x, F shift) {
    if constexpr (S::kHasScale)
      return Core::exp2Negative(S::fma(x, F(Core::kLog2E), shift));
    else
      return exponential(x, shift);
  }

  static constexpr float kShifted = 65536.0f;
  static constexpr std::int64_t kWaiting = 16384;
  static constexpr std::int64_t kPageBytes = 4096;

  /// The first of `wait` that is half a page from x within a page: a load that seems to read what
  /// has just been stored, whole pages away, waits for it. That would take up to 15 % of the time.
  static TESSERA_INLINE float *halfAPageFrom(const float *x, float *wait) {
    const auto apart = reinterpret_cast<std::uintptr_t>(x) -
                       reinterpret_cast<std::uintptr_t>(wait) + kPageBytes / 2;
    return wait + apart % kPageBytes / 64 * 16;
  }

  static TESSERA_INLINE void scaleRow(float *y, std::int64_t cols, F scale) {
    Rows<Arch>::map(y, y, cols, [scale](F v, std::int64_t, std::int64_t) { return v * scale; });
  }

  /// y = shifted(x, shift); returns the sum, added in the order of `exponentials`. Meanwhile
  /// multiplies `done` by `scale` and finds the maximum of `ahead`.
  template <bool Scales>
  static TESSERA_INLINE float pass(const float *x, float *y, std::int64_t cols, F shift,
                                   float *done, F scale, const float *ahead, float &top) {
    const F lowest(-__builtin_inff());
    F acc[4] = {F(0.0f), F(0.0f), F(0.0f), F(0.0f)}, tops[4] = {lowest, lowest, lowest, lowest};
    std::int64_t c = 0;
    for (; c + 4 * S::kLanes <= cols; c += 4 * S::kLanes) {
      TESSERA_UNROLL
      for (int i = 0; i < 4; ++i) {
        const std::int64_t at = c + i * S::kLanes;
        const F e = shifted(S::load(x + at), shift);
        acc[i] = acc[i] + e;
        S::store(y + at, e);
        tops[i] = S::max(S::load(ahead + at), tops[i]);
        if (Scales)
          S::store(done + at, S::load(done + at) * scale);
      }
    }
    for (; c < cols; c += S::kLanes) {
      const std::int64_t count = cols - c < S::kLanes ? cols - c : S::kLanes;
      const F e = shifted(S::loadPart(x + c, count), shift);
      S::storePart(y + c, e, count);
      acc[0] = S::blendPart(acc[0] + e, acc[0], count);
      tops[0] = S::max(S::blendPart(S::loadPart(ahead + c, count), lowest, count), tops[0]);
      if (Scales)
        S::storePart(done + c, S::loadPart(done + c, count) * scale, count);
    }
    top = S::across(S::max(S::max(tops[0], tops[1]), S::max(tops[2], tops[3])),
                    [](F a, F b) { return S::max(a, b); });
    return S::sum((acc[0] + acc[1]) + (acc[2] + acc[3]));
  }

  /// y = shifted(x, shift), while the row at `ahead` is fetched; returns the sum.
  template <bool Past>
  static TESSERA_INLINE float exponentials(const float *x, float *y, std::int64_t cols, F shift,
                                           const float *ahead) {
    F acc[4] = {F(0.0f), F(0.0f), F(0.0f), F(0.0f)};
    std::int64_t c = 0;
    for (; c + 4 * S::kLanes <= cols; c += 4 * S::kLanes) {
      Rows<Arch>::template fetch<Past>(ahead + c);
      TESSERA_UNROLL
      for (int i = 0; i < 4; ++i) {
        const F e = shifted(S::load(x + c + i * S::kLanes), shift);
        acc[i] = acc[i] + e;
        S::store(y + c + i * S::kLanes, e);
      }
    }
    for (; c < cols; c += S::kLanes) {
      const std::int64_t count = cols - c < S::kLanes ? cols - c : S::kLanes;
      const F e = shifted(S::loadPart(x + c, count), shift);
      S::storePart(y + c, e, count);
      acc[0] = S::blendPart(acc[0] + e, acc[0], count);
    }
    return S::sum((acc[0] + acc[1]) + (acc[2] + acc[3]));
  }
};

} // namespace tessera::kernels
