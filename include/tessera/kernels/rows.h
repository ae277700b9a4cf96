// What the row operators (softmax, norms) share: passes over one row with a vector step.
#pragma once

#include "tessera/kernels/Family.h"
#include "tessera/kernels/Simd.h"

namespace tessera::kernels {

template <class Arch> struct Rows {
  using S = Simd<Arch>;
  using F = typename S::F;

  /// y[c] = step(x[c], c) for c < cols, in vectors; step gets the column of its first lane and the
  /// number of lanes that count.
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

  /// `x` with the lanes from `count` on set to zero.
  static TESSERA_INLINE F keep(F x, std::int64_t count) {
    alignas(64) float lanes[S::kLanes];
    x.store_aligned(lanes);
    return S::loadPart(lanes, count);
  }
};

} // namespace tessera::kernels
