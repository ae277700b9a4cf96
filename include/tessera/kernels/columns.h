// The column reduction family: one number per column, by the operation of a row reduction.
#pragma once

#include "tessera/kernels/reduction.h"

namespace tessera::kernels {

/// The reduction of RowReduce along the other axis.
template <class RowReduce, class Arch> struct ColReduceKernel {
  using S = Simd<Arch>;
  using F = typename S::F;
  using Op = Reduction<RowReduce, Arch>;
  static constexpr Family kFamily = Family::ColReduce;

  /// out[c] = combine over r < rows of x[r * rowStride + c], for c < cols; strides in elements.
  /// With accumulate != 0 the value of out[c] is combined in as well. rows == 0 gives the identity.
  /// Each column is combined in order of its rows. out does not overlap x. A reduction along the
  /// middle one of three dimensions is one call for each index of the first.
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
      acc[v] = F(RowReduce::kIdentity);
    for (std::int64_t r = 0; r < rows; ++r) {
      TESSERA_UNROLL
      for (int v = 0; v < Vectors; ++v)
        acc[v] =
            RowReduce::combine(acc[v], Op::take(part(x + r * rowStride + v * S::kLanes, tail)));
    }
    TESSERA_UNROLL
    for (int v = 0; v < Vectors; ++v) {
      float *to = out + v * S::kLanes;
      F value = Op::finish(acc[v], rows);
      if (accumulate)
        value = Op::join(part(to, tail), value);
      if (tail == S::kLanes)
        S::store(to, value);
      else
        S::storePart(to, value, tail);
    }
  }

  static TESSERA_INLINE F part(const float *p, std::int64_t tail) {
    return tail == S::kLanes ? S::load(p) : S::loadPart(p, tail);
  }
};

} // namespace tessera::kernels
