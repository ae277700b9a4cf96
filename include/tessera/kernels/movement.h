// The data movement families: copies of two-dimensional pieces of memory, without arithmetic.
#pragma once

#include "tessera/kernels/Family.h"
#include "tessera/kernels/Simd.h"

namespace tessera::kernels {

/// Straight copies on which the movement kernels build.
template <class Arch> struct Move {
  using S = Simd<Arch>;
  using F = typename S::F;

  static TESSERA_INLINE void copy(float *dst, const float *src, std::int64_t count) {
    std::int64_t i = 0;
    for (; i + S::kLanes <= count; i += S::kLanes)
      S::store(dst + i, S::load(src + i));
    if (i < count)
      S::storePart(dst + i, S::loadPart(src + i, count - i), count - i);
  }

  static TESSERA_INLINE void zero(float *dst, std::int64_t count) {
    std::int64_t i = 0;
    for (; i + S::kLanes <= count; i += S::kLanes)
      S::store(dst + i, F(0.0f));
    if (i < count)
      S::storePart(dst + i, F(0.0f), count - i);
  }
};

} // namespace tessera::kernels
