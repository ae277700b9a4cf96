// The instructions of 64-bit NEON that xsimd does not offer, or offers only by way of an estimate
// or a call, behind the names of Simd.h.
#pragma once

#include "tessera/kernels/Simd.h"

#if defined(__aarch64__)
#include <arm_neon.h>

/// xsimd 8 multiplies by an estimate of the reciprocal, which has wrong last bits, and infinities
/// where the divisor is denormal; its square root is an estimate too. Here and not in Simd, so that
/// it holds for every a / b and for what Simd builds of them.
template <>
TESSERA_INLINE xsimd::batch<float, xsimd::neon64> &
xsimd::batch<float, xsimd::neon64>::operator/=(const batch &other) noexcept {
  return *this = vdivq_f32(*this, other);
}
template <>
TESSERA_INLINE xsimd::batch<float, xsimd::neon64>
xsimd::sqrt(const batch<float, neon64> &x) noexcept {
  return vsqrtq_f32(x);
}

namespace tessera::kernels {

template <> struct Simd<xsimd::neon64> : SimdBase<xsimd::neon64> {
  using Base = SimdBase<xsimd::neon64>;
  using D = xsimd::batch<double, xsimd::neon64>;
  static constexpr bool kHasFma = true;

  static TESSERA_INLINE F loadPart(const float *p, std::int64_t count) {
    switch (count) {
    case 0:
      return F(0.0f);
    case 1:
      return F(vld1q_lane_f32(p, vdupq_n_f32(0.0f), 0));
    case 2:
      return F(vcombine_f32(vld1_f32(p), vdup_n_f32(0.0f)));
    case 3:
      return F(vcombine_f32(vld1_f32(p), vld1_lane_f32(p + 2, vdup_n_f32(0.0f), 0)));
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
      vst1_f32(p, vget_low_f32(x));
    if (count == 1)
      vst1q_lane_f32(p, x, 0);
    if (count == 3)
      vst1q_lane_f32(p + 2, x, 2);
  }
  static TESSERA_INLINE void keep(F &x) { __asm__ volatile("" : "+w"(x.data)); }
  static TESSERA_INLINE F fma(F a, F b, F c) { return F(vfmaq_f32(c, a, b)); }
  static TESSERA_INLINE F fnma(F a, F b, F c) { return F(vfmsq_f32(c, a, b)); }
  // xsimd 8 looks up a function in a table to reinterpret bits, and g++ calls it.
  static TESSERA_INLINE I bits(F x) { return I(vreinterpretq_s32_f32(x)); }
  static TESSERA_INLINE F fromBits(I x) { return F(vreinterpretq_f32_s32(x)); }
  static TESSERA_INLINE F abs(F x) { return F(vabsq_f32(x)); }
  static TESSERA_INLINE F neg(F x) { return F(vnegq_f32(x)); }
  static TESSERA_INLINE F copysign(F x, F s) { return F(vbslq_f32(vdupq_n_u32(0x80000000), s, x)); }
  /// Comparisons, since the instructions for it turn either NaN into the result.
  static TESSERA_INLINE F max(F a, F b) { return F(vbslq_f32(vcgtq_f32(a, b), a, b)); }
  static TESSERA_INLINE F min(F a, F b) { return F(vbslq_f32(vcltq_f32(a, b), a, b)); }
  static TESSERA_INLINE F select(M m, F a, F b) { return F(vbslq_f32(m, a, b)); }
  static TESSERA_INLINE bool any(M m) { return vmaxvq_u32(m) != 0; }
  static TESSERA_INLINE I toInt(F x) { return I(vcvtq_s32_f32(x)); }
  static TESSERA_INLINE F toFloat(I x) { return F(vcvtq_f32_s32(x)); }
  static TESSERA_INLINE F round(F x) { return F(vrndnq_f32(x)); }
  static TESSERA_INLINE F floor(F x) { return F(vrndmq_f32(x)); }
  static TESSERA_INLINE F ceil(F x) { return F(vrndpq_f32(x)); }
  static constexpr std::int64_t kTransposeLanes = 4;
  static TESSERA_INLINE void transpose(const float *src, std::int64_t srcRow, float *dst,
                                       std::int64_t dstRow) {
    const float32x4_t r0 = vld1q_f32(src), r1 = vld1q_f32(src + srcRow);
    const float32x4_t r2 = vld1q_f32(src + 2 * srcRow), r3 = vld1q_f32(src + 3 * srcRow);
    const float64x2_t a = vreinterpretq_f64_f32(vtrn1q_f32(r0, r1));
    const float64x2_t b = vreinterpretq_f64_f32(vtrn2q_f32(r0, r1));
    const float64x2_t c = vreinterpretq_f64_f32(vtrn1q_f32(r2, r3));
    const float64x2_t d = vreinterpretq_f64_f32(vtrn2q_f32(r2, r3));
    vst1q_f32(dst, vreinterpretq_f32_f64(vtrn1q_f64(a, c)));
    vst1q_f32(dst + dstRow, vreinterpretq_f32_f64(vtrn1q_f64(b, d)));
    vst1q_f32(dst + 2 * dstRow, vreinterpretq_f32_f64(vtrn2q_f64(a, c)));
    vst1q_f32(dst + 3 * dstRow, vreinterpretq_f32_f64(vtrn2q_f64(b, d)));
  }
  static TESSERA_INLINE D toDoubleLow(F x) { return D(vcvt_f64_f32(vget_low_f32(x))); }
  static TESSERA_INLINE D toDoubleHigh(F x) { return D(vcvt_high_f64_f32(x)); }
  static TESSERA_INLINE F fromDoubles(D low, D high) {
    return F(vcvt_high_f32_f64(vcvt_f32_f64(low), high));
  }
  /// Loads kLanes f16 values.
  static TESSERA_INLINE F loadHalf(const std::uint16_t *p) {
    return F(vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(p))));
  }
  /// Stores kLanes values as f16, rounded to nearest, ties to even.
  static TESSERA_INLINE void storeHalf(std::uint16_t *p, F x) {
    vst1_u16(p, vreinterpret_u16_f16(vcvt_f16_f32(x)));
  }
};

} // namespace tessera::kernels
#endif
