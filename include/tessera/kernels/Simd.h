// One vector of floats per architecture tag: what xsimd gives, and in SimdX86.h and SimdNeon.h the
// few instructions it lacks (masked tails, scaling by powers of two, f16). Kernels use only this.
#pragma once

#include <cstddef>
#include <cstdint>

#include <xsimd/xsimd.hpp>

#include "tessera/kernels/SimdScalar.h"

#define TESSERA_INLINE inline __attribute__((always_inline))
#if defined(__clang__)
#define TESSERA_UNROLL _Pragma("clang loop unroll(full)")
#else
#define TESSERA_UNROLL _Pragma("GCC unroll 32")
#endif

namespace tessera::kernels {

/// Vector operations on `Arch`, written with nothing but xsimd, or what takes its place on
/// processors that it does not know. Simd<Arch> refines it.
template <class Arch> struct SimdBase {
  using F = typename SimdTypes<Arch>::F;
  using I = typename SimdTypes<Arch>::I;
  using M = typename SimdTypes<Arch>::M;
  static constexpr std::int64_t kLanes = static_cast<std::int64_t>(F::size);
  static constexpr bool kHasFma = false;
  /// Whether there are `scale` and `fraction`.
  static constexpr bool kHasScale = false;
  /// How many floats a table may have to be looked up in registers.
  static constexpr int kLookup = 0;

  static TESSERA_INLINE F load(const float *p) { return F::load_unaligned(p); }
  static TESSERA_INLINE void store(float *p, F x) { x.store_unaligned(p); }

  /// Loads the first `count` lanes (0..kLanes); the others become zero.
  static TESSERA_INLINE F loadPart(const float *p, std::int64_t count) {
    alignas(64) float lanes[kLanes] = {};
    for (std::int64_t i = 0; i < count; ++i)
      lanes[i] = p[i];
    return F::load_aligned(lanes);
  }
  /// Stores the first `count` lanes (0..kLanes) and touches nothing else.
  static TESSERA_INLINE void storePart(float *p, F x, std::int64_t count) {
    alignas(64) float lanes[kLanes];
    x.store_aligned(lanes);
    for (std::int64_t i = 0; i < count; ++i)
      p[i] = lanes[i];
  }

  /// Stores to an address aligned to the vector, past the caches where that is possible; other
  /// threads see it after fence().
  static TESSERA_INLINE void stream(float *p, F x) { x.store_unaligned(p); }
  static TESSERA_INLINE void fence() {}

  /// Has the compiler compute x here and not later, where it may have run out of registers.
  static TESSERA_INLINE void keep(F &) {}

  /// a * b + c; rounded once where kHasFma.
  static TESSERA_INLINE F fma(F a, F b, F c) { return a * b + c; }
  /// c - a * b.
  static TESSERA_INLINE F fnma(F a, F b, F c) { return c - a * b; }

  /// The larger; `b` when either is NaN.
  static TESSERA_INLINE F max(F a, F b) {
    using xsimd::max;
    return max(a, b);
  }
  /// The smaller; `b` when either is NaN.
  static TESSERA_INLINE F min(F a, F b) {
    using xsimd::min;
    return min(a, b);
  }
  /// The smaller of |x| and `limit`, a positive number; either NaN or `limit` where x is NaN.
  static TESSERA_INLINE F sizeBelow(F limit, F x) { return min(limit, abs(x)); }
  /// Correctly rounded.
  static TESSERA_INLINE F sqrt(F x) {
    using xsimd::sqrt;
    return sqrt(x);
  }
  /// 1 / sqrt(x), at most 1.5 ulp, with the infinities and NaN of the division.
  static TESSERA_INLINE F rsqrt(F x) {
    using xsimd::sqrt;
    return F(1.0f) / sqrt(x);
  }
  /// 1 / x for x in [1, 2] or NaN, at most 1 ulp.
  static TESSERA_INLINE F reciprocalNearOne(F x) { return F(1.0f) / x; }
  static TESSERA_INLINE F select(M m, F a, F b) {
    using xsimd::select;
    return select(m, a, b);
  }

  static TESSERA_INLINE I bits(F x) {
    using xsimd::bitwise_cast;
    return bitwise_cast<I>(x);
  }
  static TESSERA_INLINE F fromBits(I x) {
    using xsimd::bitwise_cast;
    return bitwise_cast<F>(x);
  }
  static TESSERA_INLINE F abs(F x) { return fromBits(bits(x) & I(0x7fffffff)); }
  static TESSERA_INLINE F neg(F x) { return fromBits(bits(x) ^ I(INT32_MIN)); }
  /// The magnitude of `x` with the sign of `s`.
  static TESSERA_INLINE F copysign(F x, F s) {
    return fromBits((bits(x) & I(0x7fffffff)) | (bits(s) & I(INT32_MIN)));
  }
  /// Written with ==: xsimd's != is ordered on some architectures and not on others.
  static TESSERA_INLINE M isNan(F x) { return !(x == x); }
  static TESSERA_INLINE bool any(M m) {
    using xsimd::any;
    return any(m);
  }

  /// Truncates; the value must fit.
  static TESSERA_INLINE I toInt(F x) {
    using xsimd::to_int;
    return to_int(x);
  }
  static TESSERA_INLINE F toFloat(I x) {
    using xsimd::to_float;
    return to_float(x);
  }

  /// To the nearest integer, ties to even; keeps the sign of zero, NaN and infinities.
  static TESSERA_INLINE F round(F x) {
    const F magic(8388608.0f); // 2^23: above it every float is an integer
    const F size = abs(x);
    const F rounded = copysign((size + magic) - magic, x);
    return select(size < magic, rounded, x);
  }
  static TESSERA_INLINE F floor(F x) {
    const F r = round(x);
    return copysign(r - select(r > x, F(1.0f), F(0.0f)), x);
  }
  static TESSERA_INLINE F ceil(F x) { return neg(floor(neg(x))); }

  /// The first `count` lanes (0..kLanes) of a, and the others of b.
  static TESSERA_INLINE F blendPart(F a, F b, std::int64_t count) {
    alignas(64) float lanes[kLanes];
    b.store_aligned(lanes);
    alignas(64) float from[kLanes];
    a.store_aligned(from);
    for (std::int64_t i = 0; i < count; ++i)
      lanes[i] = from[i];
    return F::load_aligned(lanes);
  }

  /// The first lane.
  static TESSERA_INLINE float first(F x) {
    alignas(64) float lanes[kLanes];
    x.store_aligned(lanes);
    return lanes[0];
  }
  /// op(F, F) over all lanes, as a balanced tree.
  template <class Op> static TESSERA_INLINE float across(F x, Op op) {
    alignas(64) float lanes[2 * kLanes] = {};
    for (std::int64_t width = kLanes / 2; width > 0; width /= 2) {
      x.store_aligned(lanes);
      x = op(x, F::load_unaligned(lanes + width));
    }
    return first(x);
  }
  static TESSERA_INLINE float sum(F x) {
    return across(x, [](F a, F b) { return a + b; });
  }
  /// The sums of the lanes of four vectors, to out[0..3].
  static TESSERA_INLINE void sums(F a, F b, F c, F d, float *out) {
    out[0] = sum(a);
    out[1] = sum(b);
    out[2] = sum(c);
    out[3] = sum(d);
  }
};

/// The vector operations of `Arch`.
template <class Arch> struct Simd : SimdBase<Arch> {};

template <> struct Simd<Scalar> : SimdBase<Scalar> {
  using D = SimdTypes<Scalar>::D;
  static TESSERA_INLINE D toDoubleLow(F x) { return D::Vector{x.data[0], x.data[1]}; }
  static TESSERA_INLINE D toDoubleHigh(F x) { return D::Vector{x.data[2], x.data[3]}; }
  static TESSERA_INLINE F fromDoubles(D low, D high) {
    return F::Vector{static_cast<float>(low.data[0]), static_cast<float>(low.data[1]),
                     static_cast<float>(high.data[0]), static_cast<float>(high.data[1])};
  }
  static constexpr std::int64_t kTransposeLanes = 4;
  static TESSERA_INLINE void transpose(const float *src, std::int64_t srcRow, float *dst,
                                       std::int64_t dstRow) {
    for (std::int64_t r = 0; r < 4; ++r)
      for (std::int64_t c = 0; c < 4; ++c)
        dst[c * dstRow + r] = src[r * srcRow + c];
  }
};

} // namespace tessera::kernels

#include "tessera/kernels/SimdNeon.h"
#include "tessera/kernels/SimdX86.h"
