// The choice between two arrays by an array of bytes.
#pragma once

#include "tessera/kernels/Family.h"
#include "tessera/kernels/Simd.h"

namespace tessera::kernels {

template <class Arch> struct Select {
  static constexpr Family kFamily = Family::Select;

  /// y[i] = condition[i] ? a[i] : b[i], bits unchanged, for i in [0, count). A stride of 0 for a or
  /// b means that its one element serves every i, otherwise it is 1. y is a or b or overlaps none.
  static void run(const std::uint8_t *condition, const float *a, std::int64_t aStride,
                  const float *b, std::int64_t bStride, float *y, std::int64_t count) {
    if (aStride && bStride)
      for (std::int64_t i = 0; i < count; ++i)
        y[i] = condition[i] ? a[i] : b[i];
    else if (aStride)
      for (std::int64_t i = 0; i < count; ++i)
        y[i] = condition[i] ? a[i] : b[0];
    else
      for (std::int64_t i = 0; i < count; ++i)
        y[i] = condition[i] ? a[0] : b[bStride ? i : 0];
  }
};

} // namespace tessera::kernels
