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

  /// dst[i] = src[i] rounded to f16, ties to even, infinite from 65520 on; NaN becomes quiet.
  static TESSERA_INLINE void narrow(const float *src, std::uint16_t *dst, std::int64_t count) {
    std::int64_t i = 0;
    if constexpr (S::kHasFma)
      for (; i + S::kLanes <= count; i += S::kLanes)
        S::storeHalf(dst + i, S::load(src + i));
    for (; i < count; ++i)
      dst[i] = fromFloat(src[i]);
  }

  static TESSERA_INLINE std::uint16_t fromFloat(float x) {
    const std::uint32_t bits = __builtin_bit_cast(std::uint32_t, x);
    const std::uint32_t sign = bits >> 16 & 0x8000u, size = bits & 0x7fffffffu;
    if (size > 0x7f800000u)
      return static_cast<std::uint16_t>(sign | 0x7e00u | (size >> 13 & 0x3ffu));
    if (size >= 0x477ff000u) // 65520, halfway beyond the largest
      return static_cast<std::uint16_t>(sign | 0x7c00u);
    if (size < 0x38800000u) { // denormal: adding 1/2 leaves the rounded result in the low bits
      const float shifted = __builtin_bit_cast(float, size) + 0.5f;
      return static_cast<std::uint16_t>(sign |
                                        (__builtin_bit_cast(std::uint32_t, shifted) - 0x3f000000u));
    }
    const std::uint32_t rounded = size + 0xfffu + (size >> 13 & 1u);
    return static_cast<std::uint16_t>(sign | ((rounded - 0x38000000u) >> 13));
  }
};

template <class Arch> struct BrainHalf {
  /// dst[i] = the value of the bf16 src[i], for i < count. No overlap. A bf16 is the upper half of
  /// a float, and the loop is one that compilers turn into vector code.
  static TESSERA_INLINE void widen(const std::uint16_t *src, float *dst, std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i)
      dst[i] = __builtin_bit_cast(float, static_cast<std::uint32_t>(src[i]) << 16);
  }

  /// dst[i] = src[i] rounded to bf16, ties to even; NaN becomes quiet.
  static TESSERA_INLINE void narrow(const float *src, std::uint16_t *dst, std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i) {
      const std::uint32_t bits = __builtin_bit_cast(std::uint32_t, src[i]);
      const std::uint32_t rounded = bits + 0x7fffu + (bits >> 16 & 1u);
      dst[i] = static_cast<std::uint16_t>(
          ((bits & 0x7fffffffu) > 0x7f800000u ? bits | 0x400000u : rounded) >> 16);
    }
  }
};

} // namespace tessera::kernels
