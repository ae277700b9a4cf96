// Vectors of 32-bit sums of products of 8-bit integers, per architecture tag: what the int8 kernels
// use in the place of Simd.h. Plain loops here; the x86 instructions are in SimdInt8X86.h.
#pragma once

#include "tessera/kernels/Simd.h"

namespace tessera::kernels {

/// The tag of AVX-512 with VNNI. Floats are those of plain AVX-512.
struct Avx512Vnni {};
/// The tag of AMX tiles; its vectors are those of AVX-512 with VNNI.
struct Amx {};
#if XSIMD_WITH_AVX512BW
template <> struct Simd<Amx> : Simd<xsimd::avx512bw> {};
template <> struct Simd<Avx512Vnni> : Simd<xsimd::avx512bw> {};
#endif

/// What every SimdInt8 has, in plain loops that compilers turn into vector code.
///
/// A *group* is kGroup consecutive depths. Left operands are prepared as Left values, kGroup of
/// which fill 32 bits; right operands are packed bytes, [group][column][kGroup].
template <class Arch> struct SimdInt8Base {
  using S = Simd<Arch>;
  using F = typename S::F;
  static constexpr std::int64_t kLanes = S::kLanes;
  static constexpr std::int64_t kGroup = 2;
  using Left = std::int16_t;
  /// Added to signed left operands when they are prepared.
  static constexpr std::int32_t kSignedShift = 0;

  struct V {
    std::int32_t x[kLanes];
  };
  struct Right {
    std::int32_t even[kLanes], odd[kLanes];
  };
  struct Splat {
    std::int32_t even, odd;
  };

  static TESSERA_INLINE V load(const std::int32_t *p) {
    V v;
    __builtin_memcpy(v.x, p, sizeof v.x);
    return v;
  }
  static TESSERA_INLINE void store(std::int32_t *p, V v) { __builtin_memcpy(p, v.x, sizeof v.x); }
  /// Stores the first `count` lanes (0..kLanes).
  static TESSERA_INLINE void storePart(std::int32_t *p, V v, std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i)
      p[i] = v.x[i];
  }
  /// dst[0, count) = src + shift as Left values; elements of dst up to the next multiple of 64
  /// bytes may be written too.
  template <class T>
  static TESSERA_INLINE void prepare(const T *src, Left *dst, std::int64_t count,
                                     std::int32_t shift) {
    for (std::int64_t p = 0; p < count; ++p)
      dst[p] = static_cast<Left>(src[p] + shift);
  }
  /// dst[0, count) = src + shift, where src is read from `first` up to `last` and is `outside`
  /// where it is not.
  template <class T>
  static TESSERA_INLINE void prepareInside(const T *src, Left *dst, std::int64_t count,
                                           std::int64_t first, std::int64_t last, T outside,
                                           std::int32_t shift) {
    std::int64_t p = 0;
    for (; p < count && p < first; ++p)
      dst[p] = static_cast<Left>(outside + shift);
    for (; p < last; ++p)
      dst[p] = static_cast<Left>(src[p] + shift);
    for (; p < count; ++p)
      dst[p] = static_cast<Left>(outside + shift);
  }
  static TESSERA_INLINE Right loadRight(const std::int8_t *p) {
    Right b;
    for (std::int64_t i = 0; i < kLanes; ++i) {
      b.even[i] = p[2 * i];
      b.odd[i] = p[2 * i + 1];
    }
    return b;
  }
  /// One group of a prepared left operand, for every lane.
  static TESSERA_INLINE Splat splatLeft(const Left *p) { return {p[0], p[1]}; }
  /// acc + the products of one group, exact modulo 2^32.
  static TESSERA_INLINE V dot(V acc, Splat a, const Right &b) {
    for (std::int64_t i = 0; i < kLanes; ++i)
      acc.x[i] = static_cast<std::int32_t>(static_cast<std::uint32_t>(acc.x[i]) +
                                           static_cast<std::uint32_t>(a.even * b.even[i]) +
                                           static_cast<std::uint32_t>(a.odd * b.odd[i]));
    return acc;
  }
  /// v + x modulo 2^32.
  static TESSERA_INLINE V add(V v, std::int32_t x) {
    for (std::int64_t i = 0; i < kLanes; ++i)
      v.x[i] = static_cast<std::int32_t>(static_cast<std::uint32_t>(v.x[i]) +
                                         static_cast<std::uint32_t>(x));
    return v;
  }
  /// Rounded to nearest.
  static TESSERA_INLINE F toFloat(V v) {
    alignas(64) float f[kLanes];
    for (std::int64_t i = 0; i < kLanes; ++i)
      f[i] = static_cast<float>(v.x[i]);
    return S::load(f);
  }
  /// Rounded to nearest, ties to even; the values must fit.
  static TESSERA_INLINE V toInt(F x) {
    alignas(64) float f[kLanes];
    S::store(f, S::round(x));
    V v;
    for (std::int64_t i = 0; i < kLanes; ++i)
      v.x[i] = static_cast<std::int32_t>(f[i]);
    return v;
  }
  /// The low bytes of the first `count` lanes.
  static TESSERA_INLINE void storeBytes(void *p, V v, std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i)
      static_cast<std::uint8_t *>(p)[i] = static_cast<std::uint8_t>(v.x[i]);
  }
};

/// The vectors of `Arch`.
template <class Arch> struct SimdInt8 : SimdInt8Base<Arch> {};

/// Rounding of scaled sums to bytes that begin at `low`, 0 or -128, `zeroPoint` added.
template <class Arch> struct Int8Bytes {
  using S = SimdInt8<Arch>;
  using F = typename S::F;
  F least, most;
  std::int32_t zero;

  /// The vectors are what the sums have been multiplied by.
  template <int Vectors>
  TESSERA_INLINE Int8Bytes(std::int32_t low, std::int32_t zeroPoint, const F (&)[Vectors])
      : least(static_cast<float>(low - zeroPoint)), most(static_cast<float>(low + 255 - zeroPoint)),
        zero(zeroPoint) {}

  /// The first `count` of Vectors vectors, more than all but the last have; NaN becomes `low`.
  template <int Vectors>
  TESSERA_INLINE void store(void *p, const F (&x)[Vectors], std::int64_t count) const {
    TESSERA_UNROLL
    for (int v = 0; v < Vectors; ++v) {
      // Clamped as floats, where the bounds less the zero point are whole numbers.
      const auto whole = S::toInt(S::S::min(S::S::max(x[v], least), most));
      const std::int64_t left = count - v * S::kLanes;
      S::storeBytes(static_cast<std::uint8_t *>(p) + v * S::kLanes, S::add(whole, zero),
                    left < S::kLanes ? left : S::kLanes);
    }
  }
};

/// Register tile of the products by architecture.
template <class Arch> struct Int8Shape {
  static constexpr int kRows = 4;
  static constexpr int kVectors = 2;
};

} // namespace tessera::kernels

#include "tessera/kernels/SimdInt8X86.h"
