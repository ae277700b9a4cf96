// What the row operators (softmax, norms) share: passes over one row with a vector step, and the
// order in which rows are passed over.
#pragma once

#include "tessera/kernels/Family.h"
#include "tessera/kernels/Simd.h"

namespace tessera::kernels {

template <class Arch> struct Rows {
  using S = Simd<Arch>;
  using F = typename S::F;

  /// Rows that are taken through one pass before the next begins, so that the ends of their sums
  /// overlap; together they stay in L1.
  static constexpr int kGroup = 4;
  static constexpr std::int64_t kGroupElements = 4096;

  /// Calls group(first, count) with count <= kGroup for all rows.
  template <class Group>
  static TESSERA_INLINE void groups(std::int64_t rows, std::int64_t cols, Group group) {
    const std::int64_t step = cols * kGroup <= kGroupElements ? kGroup : 1;
    for (std::int64_t r = 0; r < rows; r += step)
      group(r, rows - r < step ? rows - r : step);
  }

  /// y[c] = step(x[c], c, count) for c < cols, in vectors; step gets the column of its first lane
  /// and the number of lanes that count.
  template <class Step>
  static TESSERA_INLINE void map(const float *x, float *y, std::int64_t cols, Step step) {
    std::int64_t c = 0;
    for (; c + S::kLanes <= cols; c += S::kLanes)
      S::store(y + c, step(S::load(x + c), c, S::kLanes));
    if (c < cols)
      S::storePart(y + c, step(S::loadPart(x + c, cols - c), c, cols - c), cols - c);
  }

  /// Sum over c < cols of step(x[c]), with four partial sums. step(0) need not be 0.
  template <class Step>
  static TESSERA_INLINE float sum(const float *x, std::int64_t cols, Step step) {
    F acc[4] = {F(0.0f), F(0.0f), F(0.0f), F(0.0f)};
    std::int64_t c = 0;
    for (; c + 4 * S::kLanes <= cols; c += 4 * S::kLanes) {
      TESSERA_UNROLL
      for (int i = 0; i < 4; ++i)
        acc[i] = acc[i] + step(S::load(x + c + i * S::kLanes));
    }
    for (; c + S::kLanes <= cols; c += S::kLanes)
      acc[0] = acc[0] + step(S::load(x + c));
    if (c < cols)
      acc[1] = acc[1] + keep(step(S::loadPart(x + c, cols - c)), cols - c);
    return S::sum((acc[0] + acc[1]) + (acc[2] + acc[3]));
  }

  /// The largest element; any of them where there is a NaN, -inf for an empty row.
  static TESSERA_INLINE float highest(const float *x, std::int64_t cols) {
    const F lowest(-__builtin_inff());
    F acc[4] = {lowest, lowest, lowest, lowest};
    std::int64_t c = 0;
    for (; c + 4 * S::kLanes <= cols; c += 4 * S::kLanes) {
      TESSERA_UNROLL
      for (int i = 0; i < 4; ++i)
        acc[i] = S::max(S::load(x + c + i * S::kLanes), acc[i]);
    }
    for (; c + S::kLanes <= cols; c += S::kLanes)
      acc[0] = S::max(S::load(x + c), acc[0]);
    float high = S::maximum(S::max(S::max(acc[0], acc[1]), S::max(acc[2], acc[3])));
    for (; c < cols; ++c)
      high = x[c] > high ? x[c] : high;
    return high;
  }

  /// `x` with the lanes from `count` on set to zero.
  static TESSERA_INLINE F keep(F x, std::int64_t count) {
    alignas(64) float lanes[S::kLanes];
    x.store_aligned(lanes);
    return S::loadPart(lanes, count);
  }
};

} // namespace tessera::kernels
