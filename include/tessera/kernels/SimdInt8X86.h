// Sums of products of 8-bit integers with the instructions of x86: vpdpbusd where there is VNNI,
// else bytes widened to 16 bits and vpmaddwd, which unlike vpmaddubsw never saturates.
#pragma once

#include "tessera/kernels/SimdInt8.h"

#if defined(__x86_64__)
#include <immintrin.h>

namespace tessera::kernels {

template <> struct SimdInt8<xsimd::sse2> : SimdInt8Base<xsimd::sse2> {
  using V = __m128i;
  using Right = __m128i;
  using Splat = __m128i;

  static TESSERA_INLINE V load(const std::int32_t *p) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i *>(p));
  }
  static TESSERA_INLINE void store(std::int32_t *p, V v) {
    _mm_storeu_si128(reinterpret_cast<__m128i *>(p), v);
  }
  static TESSERA_INLINE Right loadRight(const std::int8_t *p) {
    const __m128i bytes = _mm_loadl_epi64(reinterpret_cast<const __m128i *>(p));
    return _mm_srai_epi16(_mm_unpacklo_epi8(bytes, bytes), 8);
  }
  static TESSERA_INLINE Splat splatLeft(const std::int16_t *p) {
    std::int32_t pair;
    __builtin_memcpy(&pair, p, sizeof pair);
    return _mm_set1_epi32(pair);
  }
  static TESSERA_INLINE V dot(V acc, Splat a, Right b) {
    return _mm_add_epi32(acc, _mm_madd_epi16(a, b));
  }
  static TESSERA_INLINE V add(V v, std::int32_t x) { return _mm_add_epi32(v, _mm_set1_epi32(x)); }
  static TESSERA_INLINE F toFloat(V v) { return F(_mm_cvtepi32_ps(v)); }
  static TESSERA_INLINE V toInt(F x) { return _mm_cvtps_epi32(x); }
  static TESSERA_INLINE void storePart(std::int32_t *p, V v, std::int64_t count) {
    SimdInt8Base::V lanes;
    store(lanes.x, v);
    SimdInt8Base::storePart(p, lanes, count);
  }
  static TESSERA_INLINE void storeBytes(void *p, V v, std::int64_t count) {
    SimdInt8Base::V lanes;
    store(lanes.x, v);
    SimdInt8Base::storeBytes(p, lanes, count);
  }
};

#if XSIMD_WITH_FMA3_AVX2
template <> struct SimdInt8<xsimd::fma3<xsimd::avx2>> : SimdInt8Base<xsimd::fma3<xsimd::avx2>> {
  using V = __m256i;
  using Right = __m256i;
  using Splat = __m256i;

  static TESSERA_INLINE V load(const std::int32_t *p) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i *>(p));
  }
  static TESSERA_INLINE void store(std::int32_t *p, V v) {
    _mm256_storeu_si256(reinterpret_cast<__m256i *>(p), v);
  }
  static TESSERA_INLINE void storePart(std::int32_t *p, V v, std::int64_t count) {
    _mm256_maskstore_epi32(p, S::partMask(count), v);
  }
  static TESSERA_INLINE Right loadRight(const std::int8_t *p) {
    return _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i *>(p)));
  }
  static TESSERA_INLINE Splat splatLeft(const std::int16_t *p) {
    std::int32_t pair;
    __builtin_memcpy(&pair, p, sizeof pair);
    return _mm256_set1_epi32(pair);
  }
  static TESSERA_INLINE V dot(V acc, Splat a, Right b) {
    return _mm256_add_epi32(acc, _mm256_madd_epi16(a, b));
  }
  static TESSERA_INLINE V add(V v, std::int32_t x) {
    return _mm256_add_epi32(v, _mm256_set1_epi32(x));
  }
  static TESSERA_INLINE F toFloat(V v) { return F(_mm256_cvtepi32_ps(v)); }
  static TESSERA_INLINE V toInt(F x) { return _mm256_cvtps_epi32(x); }
  static TESSERA_INLINE void storeBytes(void *p, V v, std::int64_t count) {
    if (count < kLanes) {
      SimdInt8Base::V lanes;
      store(lanes.x, v);
      SimdInt8Base::storeBytes(p, lanes, count);
      return;
    }
    const __m256i first =
        _mm256_setr_epi8(0, 4, 8, 12, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 0, 4, 8, 12,
                         -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1);
    const __m256i bytes = _mm256_shuffle_epi8(v, first);
    _mm_storel_epi64(
        reinterpret_cast<__m128i *>(p),
        _mm_unpacklo_epi32(_mm256_castsi256_si128(bytes), _mm256_extracti128_si256(bytes, 1)));
  }
};
template <> struct Int8Shape<xsimd::fma3<xsimd::avx2>> {
  static constexpr int kRows = 6;
  static constexpr int kVectors = 2;
};
#endif

#if XSIMD_WITH_AVX512BW
template <> struct SimdInt8<xsimd::avx512bw> : SimdInt8Base<xsimd::avx512bw> {
  using V = __m512i;
  using Right = __m512i;
  using Splat = __m512i;

  static TESSERA_INLINE V load(const std::int32_t *p) { return _mm512_loadu_si512(p); }
  static TESSERA_INLINE void store(std::int32_t *p, V v) { _mm512_storeu_si512(p, v); }
  static TESSERA_INLINE void storePart(std::int32_t *p, V v, std::int64_t count) {
    _mm512_mask_storeu_epi32(p, S::partMask(count), v);
  }
  static TESSERA_INLINE Right loadRight(const std::int8_t *p) {
    return _mm512_cvtepi8_epi16(_mm256_loadu_si256(reinterpret_cast<const __m256i *>(p)));
  }
  static TESSERA_INLINE Splat splatLeft(const std::int16_t *p) {
    std::int32_t pair;
    __builtin_memcpy(&pair, p, sizeof pair);
    return _mm512_set1_epi32(pair);
  }
  static TESSERA_INLINE V dot(V acc, Splat a, Right b) {
    return _mm512_add_epi32(acc, _mm512_madd_epi16(a, b));
  }
  static TESSERA_INLINE V add(V v, std::int32_t x) {
    return _mm512_add_epi32(v, _mm512_set1_epi32(x));
  }
  static TESSERA_INLINE F toFloat(V v) { return F(_mm512_cvtepi32_ps(v)); }
  static TESSERA_INLINE V toInt(F x) { return _mm512_cvtps_epi32(x); }
  static TESSERA_INLINE void storeBytes(void *p, V v, std::int64_t count) {
    if (count == kLanes) { // the masked store is a long program on Zen 4
      _mm_storeu_si128(static_cast<__m128i *>(p), _mm512_cvtepi32_epi8(v));
      return;
    }
    const auto mask = static_cast<__mmask16>((1u << count) - 1u);
    _mm512_mask_cvtepi32_storeu_epi8(p, mask, v);
  }
};
/// Four vectors are packed before they are stored: half of the instructions. What is multiplied and
/// compared here competes with vpdpbusd for its ports, so that nothing is done in vain.
template <> struct Int8Bytes<xsimd::avx512bw> {
  using F = SimdInt8<xsimd::avx512bw>::F;
  __m512 most;
  __m512i zero;
  bool isSigned, clamps, adds;

  template <int Vectors>
  TESSERA_INLINE Int8Bytes(std::int32_t low, std::int32_t zeroPoint, const F (&scale)[Vectors])
      : most(_mm512_set1_ps(static_cast<float>(low + 255 - zeroPoint))),
        zero(_mm512_set1_epi16(static_cast<short>(zeroPoint))), isSigned(low < 0),
        adds(zeroPoint != 0) {
    // Times less than 1 no sum leaves the range of integers.
    constexpr int kLargerSize = 3;
    __m512 largest = scale[0];
    TESSERA_UNROLL
    for (int v = 0; v < Vectors; ++v)
      largest = _mm512_range_ps(largest, scale[v], kLargerSize);
    clamps = _mm512_cmp_ps_mask(_mm512_abs_ps(largest), _mm512_set1_ps(1.0f), _CMP_NLT_UQ) != 0;
  }

  template <int Vectors>
  TESSERA_INLINE void store(void *p, const F (&x)[Vectors], std::int64_t count) const {
    const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    const __m512i bytes = _mm512_permutexvar_epi32(order, packed(x));
    if (count == 64)
      _mm512_storeu_si512(p, bytes);
    else
      _mm512_mask_storeu_epi8(p, (__mmask64(1) << count) - 1, bytes);
  }

  /// The bytes of lanes 4 * a to 4 * a + 3 of vector v are at 16 * a + 4 * v.
  template <int Vectors> TESSERA_INLINE __m512i packed(const F (&x)[Vectors]) const {
    static_assert(Vectors <= 4);
    __m512i v[4] = {_mm512_setzero_si512(), _mm512_setzero_si512(), _mm512_setzero_si512(),
                    _mm512_setzero_si512()};
    // NaN, whose minimum is NaN, and what is too small become INT_MIN, which saturates.
    TESSERA_UNROLL
    for (int i = 0; i < Vectors; ++i)
      v[i] = _mm512_cvtps_epi32(clamps ? _mm512_min_ps(most, x[i]) : __m512(x[i]));
    __m512i a = _mm512_packs_epi32(v[0], v[1]), b = _mm512_packs_epi32(v[2], v[3]);
    if (adds) {
      a = _mm512_adds_epi16(a, zero);
      b = _mm512_adds_epi16(b, zero);
    }
    return isSigned ? _mm512_packs_epi16(a, b) : _mm512_packus_epi16(a, b);
  }
};
template <> struct Int8Shape<xsimd::avx512bw> {
  static constexpr int kRows = 6;
  static constexpr int kVectors = 4;
};
#endif

#if XSIMD_WITH_AVX512BW && defined(__AVX512VNNI__)
/// vpdpbusd multiplies unsigned by signed bytes, so that signed left operands are shifted by 128.
template <> struct SimdInt8<Avx512Vnni> : SimdInt8<xsimd::avx512bw> {
  static constexpr std::int64_t kGroup = 4;
  using Left = std::uint8_t;
  static constexpr std::int32_t kSignedShift = 128;

  template <class T>
  static TESSERA_INLINE void prepare(const T *src, std::uint8_t *dst, std::int64_t count,
                                     std::int32_t shift) {
    const __m512i shifts = _mm512_set1_epi8(static_cast<char>(shift));
    for (std::int64_t p = 0; p < count; p += 64) {
      const __mmask64 mask = count - p < 64 ? (__mmask64(1) << (count - p)) - 1 : ~__mmask64(0);
      _mm512_storeu_si512(dst + p, _mm512_add_epi8(_mm512_maskz_loadu_epi8(mask, src + p), shifts));
    }
  }
  /// One load and one store of 64 bytes each serve also short pieces.
  template <class T>
  static TESSERA_INLINE void prepareInside(const T *src, std::uint8_t *dst, std::int64_t count,
                                           std::int64_t first, std::int64_t last, T outside,
                                           std::int32_t shift) {
    const __m512i shifts = _mm512_set1_epi8(static_cast<char>(shift));
    const __m512i others = _mm512_set1_epi8(static_cast<char>(outside));
    for (std::int64_t p = 0; p < count; p += 64) {
      if (p >= first && p + 64 <= last) {
        _mm512_storeu_si512(dst + p, _mm512_add_epi8(_mm512_loadu_si512(src + p), shifts));
        continue;
      }
      const __mmask64 inside = bytesBefore(last - p) & ~bytesBefore(first - p);
      const __m512i x = _mm512_mask_loadu_epi8(others, inside, src + p);
      _mm512_mask_storeu_epi8(dst + p, bytesBefore(count - p), _mm512_add_epi8(x, shifts));
    }
  }
  static TESSERA_INLINE __mmask64 bytesBefore(std::int64_t count) {
    return count <= 0 ? 0 : count >= 64 ? ~__mmask64(0) : (__mmask64(1) << count) - 1;
  }
  static TESSERA_INLINE Right loadRight(const std::int8_t *p) { return _mm512_loadu_si512(p); }
  static TESSERA_INLINE Splat splatLeft(const std::uint8_t *p) {
    std::int32_t four;
    __builtin_memcpy(&four, p, sizeof four);
    return _mm512_set1_epi32(four);
  }
  /// One group of a left operand as it is in memory.
  static TESSERA_INLINE Splat splatInput(const std::uint8_t *p) { return splatLeft(p); }
  static TESSERA_INLINE Splat splatInput(const std::int8_t *p) {
    return _mm512_xor_si512(splatLeft(reinterpret_cast<const std::uint8_t *>(p)),
                            _mm512_set1_epi8(static_cast<char>(kSignedShift)));
  }
  /// As assembly, because g++ 12 keeps the accumulators of the intrinsic in memory: 212 instead of
  /// 465 GOP/s of a 6 x 4 tile on Zen 4.
  static TESSERA_INLINE V dot(V acc, Splat a, Right b) {
    __asm__("vpdpbusd %2, %1, %0" : "+v"(acc) : "v"(a), "v"(b));
    return acc;
  }
};
template <> struct SimdInt8<Amx> : SimdInt8<Avx512Vnni> {};
template <> struct Int8Shape<Avx512Vnni> : Int8Shape<xsimd::avx512bw> {};
template <> struct Int8Shape<Amx> : Int8Shape<xsimd::avx512bw> {};
template <> struct Int8Bytes<Avx512Vnni> : Int8Bytes<xsimd::avx512bw> {
  using Int8Bytes<xsimd::avx512bw>::Int8Bytes;
};
template <> struct Int8Bytes<Amx> : Int8Bytes<xsimd::avx512bw> {
  using Int8Bytes<xsimd::avx512bw>::Int8Bytes;
};
#endif

} // namespace tessera::kernels
#endif
