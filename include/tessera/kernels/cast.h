// Conversions between element types.
#pragma once

#include "tessera/kernels/Family.h"
#include "tessera/kernels/Half.h"

namespace tessera::kernels {

/// The types, by how an element is kept. Kind says what f16 and bf16, both 16 bits, are.
enum class ElementKind : std::uint8_t { Float, Half, BrainHalf, Integer };

template <class Type, ElementKind Kind_> struct ElementType {
  using T = Type;
  static constexpr ElementKind kKind = Kind_;
};
using ElementF32 = ElementType<float, ElementKind::Float>;
using ElementF16 = ElementType<std::uint16_t, ElementKind::Half>;
using ElementBf16 = ElementType<std::uint16_t, ElementKind::BrainHalf>;
using ElementI8 = ElementType<std::int8_t, ElementKind::Integer>;
using ElementU8 = ElementType<std::uint8_t, ElementKind::Integer>;
using ElementI32 = ElementType<std::int32_t, ElementKind::Integer>;
using ElementI64 = ElementType<std::int64_t, ElementKind::Integer>;

template <class Arch, class From, class To> struct Cast {
  static constexpr Family kFamily = Family::Cast;
  using S = Simd<Arch>;

  /// y[i] = x[i] in the other type, for i in [0, count); x and y do not overlap. To a floating type
  /// with one rounding to nearest, ties to even, and overflow to infinity; from a floating type to
  /// an integer towards zero, saturated, NaN to 0; between integers saturated.
  static void run(const void *x, void *y, std::int64_t count) {
    const auto *from = static_cast<const typename From::T *>(x);
    auto *to = static_cast<typename To::T *>(y);
    if constexpr (From::kKind == ElementKind::Integer && To::kKind == ElementKind::Integer) {
      for (std::int64_t i = 0; i < count; ++i)
        to[i] = clamped(from[i]);
    } else {
      alignas(64) float floats[kChunk];
      for (std::int64_t i = 0; i < count; i += kChunk) {
        const std::int64_t size = count - i < kChunk ? count - i : kChunk;
        widen(from + i, floats, size);
        narrow(floats, to + i, size);
      }
    }
  }

private:
  static constexpr std::int64_t kChunk = 256;
  using X = typename From::T;
  using Y = typename To::T;

  static TESSERA_INLINE void widen(const X *x, float *y, std::int64_t count) {
    if constexpr (From::kKind == ElementKind::Half)
      Half<Arch>::widen(x, y, count);
    else if constexpr (From::kKind == ElementKind::BrainHalf)
      BrainHalf<Arch>::widen(x, y, count);
    else
      for (std::int64_t i = 0; i < count; ++i)
        if constexpr (To::kKind == ElementKind::BrainHalf && sizeof(X) >= sizeof(float) &&
                      From::kKind == ElementKind::Integer)
          y[i] = roundedToOdd(x[i]);
        else // f16 is infinite long before a float becomes inexact
          y[i] = static_cast<float>(x[i]);
  }

  static TESSERA_INLINE void narrow(const float *x, Y *y, std::int64_t count) {
    if constexpr (To::kKind == ElementKind::Half)
      Half<Arch>::narrow(x, y, count);
    else if constexpr (To::kKind == ElementKind::BrainHalf)
      BrainHalf<Arch>::narrow(x, y, count);
    else
      for (std::int64_t i = 0; i < count; ++i)
        if constexpr (To::kKind == ElementKind::Float)
          y[i] = x[i];
        else
          y[i] = truncated(x[i]);
  }

  /// A float that rounds to bf16 as x does: its last bit is set when bits of x were lost.
  static TESSERA_INLINE float roundedToOdd(X x) {
    const std::int64_t value = x;
    const std::uint64_t size =
        value < 0 ? 0 - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
    const int bits = 64 - __builtin_clzll(size | 1), drop = bits > 22 ? bits - 22 : 0;
    const bool lost = (size & ((std::uint64_t(1) << drop) - 1)) != 0;
    const auto top = static_cast<float>(static_cast<std::int32_t>(size >> drop) * 2 + lost);
    const float scaled = top * __builtin_bit_cast(float, (126 + drop) << 23);
    return value < 0 ? -scaled : scaled;
  }

  static constexpr Y kLeast = static_cast<Y>(
      Y(-1) < Y(0) ? static_cast<std::int64_t>(1ull << 63) >> (64 - 8 * sizeof(Y)) : 0);
  static constexpr Y kMost =
      static_cast<Y>((~0ull >> (64 - 8 * static_cast<int>(sizeof(Y)))) >> (Y(-1) < Y(0) ? 1 : 0));

  static TESSERA_INLINE Y truncated(float x) {
    if constexpr (sizeof(Y) == 1) {
      const float low = x > static_cast<float>(kLeast) ? x : static_cast<float>(kLeast);
      const float bounded = low < static_cast<float>(kMost) ? low : static_cast<float>(kMost);
      return static_cast<Y>(static_cast<std::int32_t>(x == x ? bounded : 0.0f));
    } else {
      // The largest integer is no float; the next one up is minus the smallest.
      const float least = static_cast<float>(kLeast);
      return x >= -least ? kMost : x >= least ? static_cast<Y>(x) : x == x ? kLeast : Y(0);
    }
  }

  static TESSERA_INLINE Y clamped(X x) {
    if constexpr (sizeof(X) <= sizeof(Y) && (X(-1) > X(0) || Y(-1) < Y(0)) &&
                  (sizeof(X) < sizeof(Y) || (X(-1) < X(0)) == (Y(-1) < Y(0))))
      return static_cast<Y>(x);
    else {
      const std::int64_t value = x, least = kLeast, most = static_cast<std::int64_t>(kMost);
      return static_cast<Y>(value < least ? least : value > most ? most : value);
    }
  }
};

/// One row of the list: CastF32::ToF16.
template <class From> struct CastFrom {
  template <class Arch> using ToF32 = Cast<Arch, From, ElementF32>;
  template <class Arch> using ToF16 = Cast<Arch, From, ElementF16>;
  template <class Arch> using ToBf16 = Cast<Arch, From, ElementBf16>;
  template <class Arch> using ToI8 = Cast<Arch, From, ElementI8>;
  template <class Arch> using ToU8 = Cast<Arch, From, ElementU8>;
  template <class Arch> using ToI32 = Cast<Arch, From, ElementI32>;
  template <class Arch> using ToI64 = Cast<Arch, From, ElementI64>;
};
using CastF32 = CastFrom<ElementF32>;
using CastF16 = CastFrom<ElementF16>;
using CastBf16 = CastFrom<ElementBf16>;
using CastI8 = CastFrom<ElementI8>;
using CastU8 = CastFrom<ElementU8>;
using CastI32 = CastFrom<ElementI32>;
using CastI64 = CastFrom<ElementI64>;

} // namespace tessera::kernels
