// The x86 instructions that xsimd does not offer, behind the names of Simd.h. Nothing else in the
// kernels names an intrinsic of vectors of floats.
#pragma once

#include "tessera/kernels/Simd.h"

#if defined(__x86_64__)
#include <immintrin.h>

namespace tessera::kernels {

template <> struct Simd<xsimd::sse2> : SimdBase<xsimd::sse2> {
  using Base = SimdBase<xsimd::sse2>;
  using D = xsimd::batch<double, xsimd::sse2>;

  static TESSERA_INLINE F loadPart(const float *p, std::int64_t count) {
    switch (count) {
    case 0:
      return F(0.0f);
    case 1:
      return F(_mm_load_ss(p));
    case 2:
      return F(_mm_castsi128_ps(_mm_loadl_epi64(reinterpret_cast<const __m128i *>(p))));
    case 3:
      return F(
          _mm_movelh_ps(_mm_castsi128_ps(_mm_loadl_epi64(reinterpret_cast<const __m128i *>(p))),
                        _mm_load_ss(p + 2)));
    default:
      return Base::load(p);
    }
  }
  static TESSERA_INLINE void storePart(float *p, F x, std::int64_t count) {
    if (count >= 4) {
      Base::store(p, x);
      return;
    }
    if (count >= 2)
      _mm_storel_epi64(reinterpret_cast<__m128i *>(p), _mm_castps_si128(x));
    if (count == 1)
      _mm_store_ss(p, x);
    if (count == 3)
      _mm_store_ss(p + 2, _mm_movehl_ps(x, x));
  }
  static TESSERA_INLINE F max(F a, F b) { return F(_mm_max_ps(a, b)); }
  static TESSERA_INLINE F min(F a, F b) { return F(_mm_min_ps(a, b)); }
  static TESSERA_INLINE F select(M m, F a, F b) {
    return F(_mm_or_ps(_mm_and_ps(m, a), _mm_andnot_ps(m, b)));
  }
  static TESSERA_INLINE void stream(float *p, F x) { _mm_stream_ps(p, x); }
  static TESSERA_INLINE void fence() { _mm_sfence(); }
  static TESSERA_INLINE float first(F x) { return _mm_cvtss_f32(x); }
  template <class Op> static TESSERA_INLINE float across(F x, Op op) {
    x = op(x, F(_mm_shuffle_ps(x, x, 0x4e)));
    return first(op(x, F(_mm_shuffle_ps(x, x, 0xb1))));
  }
  /// Transposes a kTransposeLanes-square block of 32-bit elements.
  static constexpr std::int64_t kTransposeLanes = 4;
  static TESSERA_INLINE void transpose(const float *src, std::int64_t srcRow, float *dst,
                                       std::int64_t dstRow) {
    __m128 r0 = _mm_loadu_ps(src), r1 = _mm_loadu_ps(src + srcRow);
    __m128 r2 = _mm_loadu_ps(src + 2 * srcRow), r3 = _mm_loadu_ps(src + 3 * srcRow);
    _MM_TRANSPOSE4_PS(r0, r1, r2, r3);
    _mm_storeu_ps(dst, r0);
    _mm_storeu_ps(dst + dstRow, r1);
    _mm_storeu_ps(dst + 2 * dstRow, r2);
    _mm_storeu_ps(dst + 3 * dstRow, r3);
  }
  static TESSERA_INLINE D toDoubleLow(F x) { return D(_mm_cvtps_pd(x)); }
  static TESSERA_INLINE D toDoubleHigh(F x) { return D(_mm_cvtps_pd(_mm_movehl_ps(x, x))); }
  static TESSERA_INLINE F fromDoubles(D low, D high) {
    return F(_mm_movelh_ps(_mm_cvtpd_ps(low), _mm_cvtpd_ps(high)));
  }
};

#if XSIMD_WITH_FMA3_AVX2
template <> struct Simd<xsimd::fma3<xsimd::avx2>> : SimdBase<xsimd::fma3<xsimd::avx2>> {
  using Base = SimdBase<xsimd::fma3<xsimd::avx2>>;
  using D = xsimd::batch<double, xsimd::fma3<xsimd::avx2>>;
  static constexpr bool kHasFma = true;

  /// All bits set in the first `count` lanes.
  static TESSERA_INLINE __m256i partMask(std::int64_t count) {
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(count)), lane);
  }
  static TESSERA_INLINE F loadPart(const float *p, std::int64_t count) {
    return F(_mm256_maskload_ps(p, partMask(count)));
  }
  static TESSERA_INLINE void storePart(float *p, F x, std::int64_t count) {
    _mm256_maskstore_ps(p, partMask(count), x);
  }
  static TESSERA_INLINE void keep(F &x) { __asm__ volatile("" : "+x"(x.data)); }
  static TESSERA_INLINE F fma(F a, F b, F c) { return F(_mm256_fmadd_ps(a, b, c)); }
  static TESSERA_INLINE F fnma(F a, F b, F c) { return F(_mm256_fnmadd_ps(a, b, c)); }
  static TESSERA_INLINE F max(F a, F b) { return F(_mm256_max_ps(a, b)); }
  static TESSERA_INLINE F min(F a, F b) { return F(_mm256_min_ps(a, b)); }
  static TESSERA_INLINE F select(M m, F a, F b) { return F(_mm256_blendv_ps(b, a, m)); }
  static TESSERA_INLINE F blendPart(F a, F b, std::int64_t count) {
    return F(_mm256_blendv_ps(b, a, _mm256_castsi256_ps(partMask(count))));
  }
  static TESSERA_INLINE void stream(float *p, F x) { _mm256_stream_ps(p, x); }
  static TESSERA_INLINE void fence() { _mm_sfence(); }
  static TESSERA_INLINE float first(F x) { return _mm256_cvtss_f32(x); }
  template <class Op> static TESSERA_INLINE float across(F x, Op op) {
    x = op(x, F(_mm256_permute2f128_ps(x, x, 1)));
    x = op(x, F(_mm256_permute_ps(x, 0x4e)));
    return first(op(x, F(_mm256_permute_ps(x, 0xb1))));
  }
  static TESSERA_INLINE I toInt(F x) { return I(_mm256_cvttps_epi32(x)); }
  static TESSERA_INLINE F toFloat(I x) { return F(_mm256_cvtepi32_ps(x)); }
  static TESSERA_INLINE F round(F x) {
    return F(_mm256_round_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
  }
  static TESSERA_INLINE F floor(F x) {
    return F(_mm256_round_ps(x, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC));
  }
  static TESSERA_INLINE F ceil(F x) {
    return F(_mm256_round_ps(x, _MM_FROUND_TO_POS_INF | _MM_FROUND_NO_EXC));
  }
  static constexpr int kLookup = 8;
  /// table[index mod 8] for a table of 8 floats, aligned to 32 bytes.
  template <int Size> static TESSERA_INLINE F lookup(const float *table, I index) {
    return F(_mm256_permutevar8x32_ps(_mm256_load_ps(table), index));
  }
  static TESSERA_INLINE D toDoubleLow(F x) { return D(_mm256_cvtps_pd(_mm256_castps256_ps128(x))); }
  static TESSERA_INLINE D toDoubleHigh(F x) {
    return D(_mm256_cvtps_pd(_mm256_extractf128_ps(x, 1)));
  }
  static TESSERA_INLINE F fromDoubles(D low, D high) {
    return F(_mm256_set_m128(_mm256_cvtpd_ps(high), _mm256_cvtpd_ps(low)));
  }
  static constexpr std::int64_t kTransposeLanes = 8;
  static TESSERA_INLINE void transpose(const float *src, std::int64_t srcRow, float *dst,
                                       std::int64_t dstRow) {
    __m256 r[8], t[8];
    // Rows i and i + 4 share a register, so that shuffles within 128 bits suffice.
    TESSERA_UNROLL
    for (int i = 0; i < 4; ++i) {
      r[i] = _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(src + i * srcRow)),
                                  _mm_loadu_ps(src + (i + 4) * srcRow), 1);
      r[i + 4] = _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(src + i * srcRow + 4)),
                                      _mm_loadu_ps(src + (i + 4) * srcRow + 4), 1);
    }
    TESSERA_UNROLL
    for (int g = 0; g < 8; g += 4) {
      t[g] = _mm256_unpacklo_ps(r[g], r[g + 1]);
      t[g + 1] = _mm256_unpackhi_ps(r[g], r[g + 1]);
      t[g + 2] = _mm256_unpacklo_ps(r[g + 2], r[g + 3]);
      t[g + 3] = _mm256_unpackhi_ps(r[g + 2], r[g + 3]);
      _mm256_storeu_ps(dst + g * dstRow, _mm256_shuffle_ps(t[g], t[g + 2], 0x44));
      _mm256_storeu_ps(dst + (g + 1) * dstRow, _mm256_shuffle_ps(t[g], t[g + 2], 0xee));
      _mm256_storeu_ps(dst + (g + 2) * dstRow, _mm256_shuffle_ps(t[g + 1], t[g + 3], 0x44));
      _mm256_storeu_ps(dst + (g + 3) * dstRow, _mm256_shuffle_ps(t[g + 1], t[g + 3], 0xee));
    }
  }
  static TESSERA_INLINE float sum(F x) {
    const __m128 half = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
    const __m128 pair = _mm_add_ps(half, _mm_movehl_ps(half, half));
    return _mm_cvtss_f32(_mm_add_ss(pair, _mm_movehdup_ps(pair)));
  }
  static TESSERA_INLINE void sums(F a, F b, F c, F d, float *out) {
    const __m256 t = _mm256_hadd_ps(_mm256_hadd_ps(a, b), _mm256_hadd_ps(c, d));
    _mm_storeu_ps(out, _mm_add_ps(_mm256_castps256_ps128(t), _mm256_extractf128_ps(t, 1)));
  }
  /// Loads kLanes f16 values.
  static TESSERA_INLINE F loadHalf(const std::uint16_t *p) {
    return F(_mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i *>(p))));
  }
  /// Stores kLanes values rounded to f16.
  static TESSERA_INLINE void storeHalf(std::uint16_t *p, F x) {
    _mm_storeu_si128(reinterpret_cast<__m128i *>(p),
                     _mm256_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
  }
};
#endif

#if XSIMD_WITH_AVX512BW
template <> struct Simd<xsimd::avx512bw> : SimdBase<xsimd::avx512bw> {
  using Base = SimdBase<xsimd::avx512bw>;
  using D = xsimd::batch<double, xsimd::avx512bw>;
  static constexpr bool kHasFma = true;

  /// One bit for each of the first `count` lanes.
  static TESSERA_INLINE __mmask16 partMask(std::int64_t count) {
    return static_cast<__mmask16>((1u << count) - 1u);
  }
  static TESSERA_INLINE F loadPart(const float *p, std::int64_t count) {
    return F(_mm512_maskz_loadu_ps(partMask(count), p));
  }
  static TESSERA_INLINE void storePart(float *p, F x, std::int64_t count) {
    _mm512_mask_storeu_ps(p, partMask(count), x);
  }
  static TESSERA_INLINE F fma(F a, F b, F c) { return F(_mm512_fmadd_ps(a, b, c)); }
  static TESSERA_INLINE F fnma(F a, F b, F c) { return F(_mm512_fnmadd_ps(a, b, c)); }
  static TESSERA_INLINE F max(F a, F b) { return F(_mm512_max_ps(a, b)); }
  static TESSERA_INLINE F min(F a, F b) { return F(_mm512_min_ps(a, b)); }
  static TESSERA_INLINE F sizeBelow(F limit, F x) {
    return F(_mm512_range_ps(x, limit, 0b1010)); // the smaller size, without its sign
  }
  static TESSERA_INLINE F select(M m, F a, F b) {
    return F(_mm512_mask_blend_ps(static_cast<__mmask16>(m.data), b, a));
  }
  static TESSERA_INLINE F blendPart(F a, F b, std::int64_t count) {
    return F(_mm512_mask_blend_ps(partMask(count), b, a));
  }
  static TESSERA_INLINE void stream(float *p, F x) { _mm512_stream_ps(p, x); }
  static TESSERA_INLINE void fence() { _mm_sfence(); }
  static TESSERA_INLINE float first(F x) { return _mm512_cvtss_f32(x); }
  template <class Op> static TESSERA_INLINE float across(F x, Op op) {
    x = op(x, F(_mm512_shuffle_f32x4(x, x, 0x4e)));
    x = op(x, F(_mm512_shuffle_f32x4(x, x, 0xb1)));
    x = op(x, F(_mm512_permute_ps(x, 0x4e)));
    return first(op(x, F(_mm512_permute_ps(x, 0xb1))));
  }
  /// An estimate of 14 bits and one step of Newton: a division costs five times as much.
  static TESSERA_INLINE F reciprocalNearOne(F x) {
    const F r(_mm512_rcp14_ps(x));
    return fma(r, fnma(x, r, F(1.0f)), r);
  }
  /// An estimate of 14 bits and one step of Newton; where that gives NaN the estimate is right.
  static TESSERA_INLINE F rsqrt(F x) {
    const F y(_mm512_rsqrt14_ps(x));
    const F e = fnma(x * y, y, F(1.0f));
    return select(e == e, fma(y * F(0.5f), e, y), y);
  }
  /// The same step for the root g and half its inverse h, and one more for g, which rounds it
  /// correctly (Markstein 1990; compared with vsqrtps for every float): 1.7 times as fast on
  /// Granite Rapids. What is lost of x - g * g below 2^-100 takes the instruction.
  static TESSERA_INLINE F sqrt(F x) {
    const __m512i fromTiny = _mm512_sub_epi32(_mm512_castps_si512(x), _mm512_set1_epi32(1));
    if (__builtin_expect(
            _mm512_cmplt_epu32_mask(fromTiny, _mm512_castps_si512(_mm512_set1_ps(0x1p-100f))), 0))
      return F(_mm512_sqrt_ps(x));
    const F y(_mm512_rsqrt14_ps(x));
    F g = x * y, h = y * F(0.5f);
    const F e = fnma(h, g, F(0.5f));
    g = fma(g, e, g);
    h = fma(h, e, h);
    g = fma(fnma(g, g, x), h, g);
    // By class of x, from the lowest digit: NaN twice, zero, one, -inf, inf, below and above zero.
    // 0 leaves g, 1 takes x, 2 makes it quiet and 3 is NaN.
    return F(_mm512_fixupimm_ps(g, x, _mm512_set1_epi32(0x03130122), 0));
  }
  static TESSERA_INLINE bool any(M m) { return static_cast<__mmask16>(m.data) != 0; }
  static TESSERA_INLINE I toInt(F x) { return I(_mm512_cvttps_epi32(x)); }
  static TESSERA_INLINE F toFloat(I x) { return F(_mm512_cvtepi32_ps(x)); }
  static TESSERA_INLINE F round(F x) {
    return F(_mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
  }
  static TESSERA_INLINE F floor(F x) {
    return F(_mm512_roundscale_ps(x, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC));
  }
  static TESSERA_INLINE F ceil(F x) {
    return F(_mm512_roundscale_ps(x, _MM_FROUND_TO_POS_INF | _MM_FROUND_NO_EXC));
  }
  static constexpr bool kHasScale = true;
  /// x - floor(x), in [0, 1]; 0 for infinities.
  static TESSERA_INLINE F fraction(F x) {
    return F(_mm512_reduce_ps(x, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC));
  }
  /// p * 2^floor(n); overflows to infinity, and denormal results are rounded once.
  static TESSERA_INLINE F scale(F p, F n) { return F(_mm512_scalef_ps(p, n)); }
  static constexpr int kLookup = 32;
  /// table[index mod 32] for a table of 32 floats, aligned to 64 bytes.
  template <int Size> static TESSERA_INLINE F lookup(const float *table, I index) {
    static_assert(Size == 32);
    return F(_mm512_permutex2var_ps(_mm512_load_ps(table), index, _mm512_load_ps(table + 16)));
  }
  static TESSERA_INLINE D toDoubleLow(F x) { return D(_mm512_cvtps_pd(_mm512_castps512_ps256(x))); }
  static TESSERA_INLINE D toDoubleHigh(F x) {
    return D(_mm512_cvtps_pd(_mm512_extractf32x8_ps(x, 1)));
  }
  static TESSERA_INLINE F fromDoubles(D low, D high) {
    return F(
        _mm512_insertf32x8(_mm512_castps256_ps512(_mm512_cvtpd_ps(low)), _mm512_cvtpd_ps(high), 1));
  }
  static TESSERA_INLINE void transpose8(const float *src, std::int64_t srcRow, float *dst,
                                        std::int64_t dstRow) {
    Simd<xsimd::fma3<xsimd::avx2>>::transpose(src, srcRow, dst, dstRow);
  }
  static constexpr std::int64_t kTransposeLanes = 16;
  static TESSERA_INLINE void transpose(const float *src, std::int64_t srcRow, float *dst,
                                       std::int64_t dstRow) {
    __m512 r[16], t[16];
    TESSERA_UNROLL
    for (int i = 0; i < 16; ++i)
      r[i] = _mm512_loadu_ps(src + i * srcRow);
    // 4 x 4 blocks within each 128-bit quarter, for four groups of four rows ...
    TESSERA_UNROLL
    for (int g = 0; g < 16; g += 4) {
      const __m512 a = _mm512_unpacklo_ps(r[g], r[g + 1]), b = _mm512_unpackhi_ps(r[g], r[g + 1]);
      const __m512 c = _mm512_unpacklo_ps(r[g + 2], r[g + 3]);
      const __m512 d = _mm512_unpackhi_ps(r[g + 2], r[g + 3]);
      t[g] = _mm512_shuffle_ps(a, c, 0x44);
      t[g + 1] = _mm512_shuffle_ps(a, c, 0xee);
      t[g + 2] = _mm512_shuffle_ps(b, d, 0x44);
      t[g + 3] = _mm512_shuffle_ps(b, d, 0xee);
    }
    // ... then the quarters themselves as a 4 x 4 matrix.
    TESSERA_UNROLL
    for (int i = 0; i < 4; ++i) {
      const __m512 a = _mm512_shuffle_f32x4(t[i], t[i + 4], 0x44);
      const __m512 b = _mm512_shuffle_f32x4(t[i], t[i + 4], 0xee);
      const __m512 c = _mm512_shuffle_f32x4(t[i + 8], t[i + 12], 0x44);
      const __m512 d = _mm512_shuffle_f32x4(t[i + 8], t[i + 12], 0xee);
      _mm512_storeu_ps(dst + i * dstRow, _mm512_shuffle_f32x4(a, c, 0x88));
      _mm512_storeu_ps(dst + (i + 4) * dstRow, _mm512_shuffle_f32x4(a, c, 0xdd));
      _mm512_storeu_ps(dst + (i + 8) * dstRow, _mm512_shuffle_f32x4(b, d, 0x88));
      _mm512_storeu_ps(dst + (i + 12) * dstRow, _mm512_shuffle_f32x4(b, d, 0xdd));
    }
  }
  static TESSERA_INLINE float sum(F x) {
    const __m256 half = _mm256_add_ps(_mm512_castps512_ps256(x), _mm512_extractf32x8_ps(x, 1));
    const __m128 four = _mm_add_ps(_mm256_castps256_ps128(half), _mm256_extractf128_ps(half, 1));
    const __m128 pair = _mm_add_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_add_ss(pair, _mm_movehdup_ps(pair)));
  }
  static TESSERA_INLINE __m256 halves(F x) {
    return _mm256_add_ps(_mm512_castps512_ps256(x), _mm512_extractf32x8_ps(x, 1));
  }
  static TESSERA_INLINE void sums(F a, F b, F c, F d, float *out) {
    const __m256 t =
        _mm256_hadd_ps(_mm256_hadd_ps(halves(a), halves(b)), _mm256_hadd_ps(halves(c), halves(d)));
    _mm_storeu_ps(out, _mm_add_ps(_mm256_castps256_ps128(t), _mm256_extractf128_ps(t, 1)));
  }
  static TESSERA_INLINE F loadHalf(const std::uint16_t *p) {
    return F(_mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i *>(p))));
  }
  static TESSERA_INLINE void storeHalf(std::uint16_t *p, F x) {
    _mm256_storeu_si256(reinterpret_cast<__m256i *>(p),
                        _mm512_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
  }
};
#endif

} // namespace tessera::kernels
#endif
