// The comparison family: one byte, 0 or 1, per pair of floats.
#pragma once

#include "tessera/kernels/Family.h"
#include "tessera/kernels/Simd.h"

namespace tessera::kernels {

/// Base of Kernel<Arch> with `static bool step(float, float)`.
template <class Kernel, class Arch> struct CompareKernel {
  static constexpr Family kFamily = Family::Compare;

  /// y[i] = step(a[i], b[i]) for i in [0, count). A stride of 0 for a or b means that its one
  /// element serves every i, otherwise it is 1. y overlaps neither. Comparisons with NaN are false,
  /// but for inequality. Compilers make vectors of these loops.
  static void run(const float *a, std::int64_t aStride, const float *b, std::int64_t bStride,
                  std::uint8_t *__restrict y, std::int64_t count) {
    if (aStride && bStride)
      for (std::int64_t i = 0; i < count; ++i)
        y[i] = Kernel::step(a[i], b[i]);
    else if (aStride)
      for (std::int64_t i = 0; i < count; ++i)
        y[i] = Kernel::step(a[i], b[0]);
    else
      for (std::int64_t i = 0; i < count; ++i)
        y[i] = Kernel::step(a[0], b[bStride ? i : 0]);
  }
};

} // namespace tessera::kernels
