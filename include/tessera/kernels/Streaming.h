// Results that go to memory past the caches.
#pragma once

#include "tessera/kernels/Simd.h"
#include "tessera/support/Caches.h"

namespace tessera::kernels {

template <class Arch> struct Streaming {
  /// The part of a last cache that is faster than memory: what the eight cores of a Zen share, and
  /// twice what gains on Granite Rapids.
  static constexpr std::int64_t kFar = 32 << 20;

  /// Whether so many results leave the last cache before somebody reads them, or come back from it
  /// no sooner than from memory. Past the caches then saves reading what they replace: copies are
  /// 1.4 times as fast on Zen 4, and 1.5 times on Granite Rapids, whose hundreds of MiB are as far
  /// from a core as memory: a copy and a pass over it together still gain 1.25.
  static TESSERA_INLINE bool pays(std::int64_t count) {
    const std::int64_t l3 = caches().l3;
    return count * static_cast<std::int64_t>(sizeof(float)) >= (l3 < kFar ? l3 : kFar);
  }

  /// Whether reading and writing so many goes beyond L2.
  static TESSERA_INLINE bool leavesL2(std::int64_t count) {
    return 2 * count * static_cast<std::int64_t>(sizeof(float)) > caches().l2;
  }

  /// How many of the first elements, at most `count`, come before an address that Simd::stream can
  /// store to.
  static TESSERA_INLINE std::int64_t head(const float *y, std::int64_t count) {
    constexpr std::int64_t kLanes = Simd<Arch>::kLanes;
    const auto element =
        static_cast<std::int64_t>(reinterpret_cast<std::uintptr_t>(y) / sizeof(float));
    const std::int64_t rest = (kLanes - element % kLanes) % kLanes;
    return rest < count ? rest : count;
  }
};

} // namespace tessera::kernels
