// The packed forms of weights and how they become floats in registers.
#pragma once

#include "tessera/kernels/GemmTile.h"
#include "tessera/kernels/Half.h"
#include "tessera/kernels/PageAhead.h"
#include "tessera/kernels/SimdInt8.h"

namespace tessera::kernels {

#if XSIMD_WITH_AVX512BW
/// Panels are those of floats, whatever multiplies them.
template <> struct MatmulShape<Avx512Vnni> : MatmulShape<xsimd::avx512bw> {};
template <> struct MatmulShape<Amx> : MatmulShape<xsimd::avx512bw> {};
#endif

/// Weights of `Bits` bits in groups. Per panel of kPanel columns and per group: kPanel scales,
/// kPanel zeros where there are any, and 32-bit words [group / kPerWord][kPanel], each the
/// consecutive depths of one column, the first in the lowest bits.
///
/// Shifted into the top of a mantissa, a weight x becomes 1 + x / 2^Bits in one operation more;
/// that is faster than a conversion. Eight bits have the offset subtracted again, exactly. With
/// four the sums keep it, which costs two bits of accuracy at most: |x - 8| is not below 1/4 of 16
/// + x often.
template <class Arch, int Bits> struct QuantizedWeights {
  using S = Simd<Arch>;
  using F = typename S::F;
  using I = typename S::I;
  static constexpr bool kGrouped = true;
  /// Whether one row is multiplied by WeightsDot.h.
  static constexpr bool kDots = Bits == 4 && SimdInt8<Arch>::kSignedShift != 0;
  static constexpr std::int64_t kPanel = GemmTile<Arch>::kPanel;
  static constexpr int kPerWord = 32 / Bits;
  static constexpr std::int32_t kDefaultZero = Bits == 4 ? 8 : 0;
  /// sum of (x - zero) * a = kFactor * (sum of float(x) * a - centre(zero) * sum of a).
  static constexpr float kFactor = Bits == 4 ? 16.0f : 256.0f;
  static TESSERA_INLINE float centre(std::int32_t zero) {
    return static_cast<float>(Bits == 4 ? zero + 16 : zero) / kFactor;
  }

  /// The float of depth `i` of a word.
  static TESSERA_INLINE F expand(I word, int i) {
    constexpr int kTop = 23 - Bits;
    constexpr std::int32_t kMask = ((1 << Bits) - 1) << kTop;
    const int shift = kTop - Bits * i;
    const I moved = shift >= 0 ? word << shift : word >> -shift;
    const F x = S::fromBits((moved & I(kMask)) | I(0x3f800000));
    return Bits == 4 ? x : x - F(1.5f);
  }

  static TESSERA_INLINE I words(const char *p) {
    return I::load_unaligned(reinterpret_cast<const std::int32_t *>(p));
  }
  static TESSERA_INLINE std::int64_t words(std::int64_t depth) {
    return (depth + kPerWord - 1) / kPerWord;
  }
  /// Bytes of one group of a panel before its words.
  static TESSERA_INLINE std::int64_t headBytes(bool zeros) { return kPanel * (zeros ? 8 : 4); }
  static TESSERA_INLINE std::int64_t groupBytes(std::int64_t group, bool zeros) {
    return headBytes(zeros) + words(group) * kPanel * 4;
  }
  /// Bytes of a panel of depth k.
  static TESSERA_INLINE std::int64_t panelBytes(std::int64_t k, std::int64_t group, bool zeros) {
    return group <= 0 ? 0 : (k + group - 1) / group * groupBytes(group, zeros);
  }
};

/// Weights of 16 bits: per panel [k][kPanel].
template <class Arch, bool Brain> struct HalfWeights {
  using S = Simd<Arch>;
  using F = typename S::F;
  static constexpr bool kGrouped = false;
  static constexpr bool kDots = false;
  static constexpr std::int64_t kPanel = GemmTile<Arch>::kPanel;

  static TESSERA_INLINE F load(const char *p) {
    const auto *bits = reinterpret_cast<const std::uint16_t *>(p);
    if constexpr (!Brain && S::kHasFma) {
      return S::loadHalf(bits);
    } else {
      alignas(64) float lanes[S::kLanes];
      if constexpr (Brain)
        BrainHalf<Arch>::widen(bits, lanes, S::kLanes);
      else
        Half<Arch>::widen(bits, lanes, S::kLanes);
      return S::load(lanes);
    }
  }
  static TESSERA_INLINE std::int64_t panelBytes(std::int64_t k, std::int64_t, bool) {
    return k * kPanel * 2;
  }
};

} // namespace tessera::kernels
