// f16 and bf16 storage: conversion to float, by instruction where there is one, else by bits.
#pragma once

#include "tessera/kernels/Simd.h"

namespace tessera::kernels {

template <class Arch> struct Half {
  using S = Simd<Arch>;

  /// dst[i] = the value of the f16 src[i], for i < count. No overlap.
  static TESSERA_INLINE void widen(const std::uint16_t *src, float *dst, std::int64_t count) {
    std::int64_t i = 0;
    if constexpr (S::kHasFma) // such machines have F16C
      for (; i + S::kLanes <= count; i += S::kLanes)
        S::store(dst + i, S::loadHalf(src + i));
    for (; i < count; ++i)
      dst[i] = toFloat(src[i]);
  }

  static TESSERA_INLINE float toFloat(std::uint16_t half) {
    const std::uint32_t sign = static_cast<std::uint32_t>(half & 0x8000u) << 16;
    const std::uint32_t rest = half & 0x7fffu;
    if (rest >= 0x7c00u) // infinity, or NaN made quiet
      return __builtin_bit_cast(float, sign | 0x7f800000u | (rest & 0x3ffu) << 13 |
                                           (rest > 0x7c00u ? 0x400000u : 0u));
    // The exponent is off by 112; a multiplication fixes it for denormals too.
    const float scaled = __builtin_bit_cast(float, rest << 13) * 0x1p112f;
    return __builtin_bit_cast(float, sign | __builtin_bit_cast(std::uint32_t, scaled));
  }
};

template <class Arch> struct BrainHalf {
  /// dst[i] = the value of the bf16 src[i], for i < count. No overlap. A bf16 is the upper half of
  /// a float, and the loop is one that compilers turn into vector code.
  static TESSERA_INLINE void widen(const std::uint16_t *src, float *dst, std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i)
      dst[i] = __builtin_bit_cast(float, static_cast<std::uint32_t>(src[i]) << 16);
  }
};

} // namespace tessera::kernels
