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

  /// dst[i * dstStride] = src[i * srcStride] for i < count.
  template <class T>
  static TESSERA_INLINE void strided(const T *src, std::int64_t srcStride, T *dst,
                                     std::int64_t dstStride, std::int64_t count) {
    if (srcStride == 1 && dstStride == 1 && count > 1)
      __builtin_memcpy(dst, src, static_cast<std::size_t>(count) * sizeof(T));
    else
      for (std::int64_t i = 0; i < count; ++i)
        dst[i * dstStride] = src[i * srcStride];
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
