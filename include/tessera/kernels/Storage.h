// Element types that are computed with as floats: f32, f16 and bf16, by whole and partial vectors.
#pragma once

#include "tessera/kernels/Half.h"
#include "tessera/kernels/Simd.h"

namespace tessera::kernels {

template <class Arch> struct StoredF32 {
  using S = Simd<Arch>;
  using F = typename S::F;
  using T = float;

  /// The next kLanes elements, and the first `count` of them with zeros behind.
  static TESSERA_INLINE F load(const T *p) { return S::load(p); }
  static TESSERA_INLINE F loadPart(const T *p, std::int64_t count) { return S::loadPart(p, count); }
};

template <class Arch> struct StoredF16 {
  using S = Simd<Arch>;
  using F = typename S::F;
  using T = std::uint16_t;

  static TESSERA_INLINE F load(const T *p) {
    if constexpr (S::kHasFma) // such machines have F16C
      return S::loadHalf(p);
    else
      return loadPart(p, S::kLanes);
  }
  static TESSERA_INLINE F loadPart(const T *p, std::int64_t count) {
    alignas(64) float lanes[S::kLanes] = {};
    Half<Arch>::widen(p, lanes, count);
    return S::load(lanes);
  }
};

template <class Arch> struct StoredBf16 {
  using S = Simd<Arch>;
  using F = typename S::F;
  using T = std::uint16_t;

  static TESSERA_INLINE F load(const T *p) {
    alignas(64) float lanes[S::kLanes];
    BrainHalf<Arch>::widen(p, lanes, S::kLanes);
    return S::load(lanes);
  }
  static TESSERA_INLINE F loadPart(const T *p, std::int64_t count) {
    alignas(64) float lanes[S::kLanes] = {};
    BrainHalf<Arch>::widen(p, lanes, count);
    return S::load(lanes);
  }
};

} // namespace tessera::kernels
