// The column reduction family: one number per column, by the operation of a row reduction.
#pragma once

#include "tessera/kernels/reduction.h"

namespace tessera::kernels {

/// The reduction of RowReduce along the other axis.
template <class RowReduce, class Arch> struct ColReduceKernel {
  using S = Simd<Arch>;
  using F = typename S::F;
  static constexpr Family kFamily = Family::ColReduce;

  /// out[c] = combine over r < rows of x[r * rowStride + c], for c < cols; strides in elements.
  /// With accumulate != 0 the value of out[c] is combined in first. rows == 0 gives the identity.
  /// Each column is combined in order of its rows. out does not overlap x.
  static void run(const float *x, std::int64_t rows, std::int64_t rowStride, std::int64_t cols,
                  float *out, std::int32_t accumulate) {
    std::int64_t c = 0;
    for (; c + 4 * S::kLanes <= cols; c += 4 * S::kLanes)
      strip<4>(x + c, rows, rowStride, out + c, S::kLanes, accumulate != 0);
    for (; c < cols; c += S::kLanes)
      strip<1>(x + c, rows, rowStride, out + c, cols - c < S::kLanes ? cols - c : S::kLanes,
               accumulate != 0);
  }

private:
  template <int Vectors>
  static TESSERA_INLINE void strip(const float *x, std::int64_t rows, std::int64_t rowStride,
                                   float *out, std::int64_t tail, bool accumulate) {
    F acc[Vectors];
    TESSERA_UNROLL
    for (int v = 0; v < Vectors; ++v)
      acc[v] = accumulate ? part(out + v * S::kLanes, tail) : F(RowReduce::kIdentity);
    for (std::int64_t r = 0; r < rows; ++r) {
      TESSERA_UNROLL
      for (int v = 0; v < Vectors; ++v)
        acc[v] = RowReduce::combine(acc[v], part(x + r * rowStride + v * S::kLanes, tail));
    }
    TESSERA_UNROLL
    for (int v = 0; v < Vectors; ++v)
      if (tail == S::kLanes)
        S::store(out + v * S::kLanes, acc[v]);
      else
        S::storePart(out + v * S::kLanes, acc[v], tail);
  }

  static TESSERA_INLINE F part(const float *p, std::int64_t tail) {
    return tail == S::kLanes ? S::load(p) : S::loadPart(p, tail);
  }
};

} // namespace tessera::kernels
