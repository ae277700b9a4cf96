// The elementwise families: signature, loop and tail, so that an operator is only its step.
#pragma once

#include "tessera/kernels/Family.h"
#include "tessera/kernels/PageAhead.h"
#include "tessera/kernels/Streaming.h"

namespace tessera::kernels {

/// Base of Kernel<Arch> with `static F step(F x)` and up to two scalar parameters after x.
template <class Kernel, class Arch, int Params = 0> struct UnaryKernel {
  using S = Simd<Arch>;
  using F = typename S::F;
  static constexpr Family kFamily = Family::Unary;
  static constexpr int kParams = Params;

  /// y[i] = step(x[i]) for i in [0, count). y is x or does not overlap it. `params` holds the
  /// operator's scalars in the order of its attributes and may be null when it has none.
  static void run(const float *x, float *y, std::int64_t count, const float *params) {
    const F p0(Params > 0 ? params[0] : 0.0f);
    const F p1(Params > 1 ? params[1] : 0.0f);
    if (Streaming<Arch>::pays(count))
      all<true, true>(x, y, count, p0, p1);
    else if (Streaming<Arch>::leavesL2(count))
      all<false, true>(x, y, count, p0, p1);
    else
      all<false, false>(x, y, count, p0, p1);
  }

private:
  /// Past the caches or not; x is fetched ahead or, in L2, not: cheap steps have no slots for it.
  template <bool Past, bool Ahead>
  static TESSERA_INLINE void all(const float *x, float *y, std::int64_t count, F p0, F p1) {
    std::int64_t i = Past ? Streaming<Arch>::head(y, count) : 0;
    if (i > 0)
      S::storePart(y, apply(S::loadPart(x, i), p0, p1), i);
    // Two vectors at a time hide the latency of the polynomials.
    for (; i + 2 * S::kLanes <= count; i += 2 * S::kLanes) {
      if (Ahead)
        PageAhead<Arch>::fetch(x + i, 2 * S::kLanes * 4);
      const F a = apply(S::load(x + i), p0, p1);
      const F b = apply(S::load(x + i + S::kLanes), p0, p1);
      Past ? S::stream(y + i, a) : S::store(y + i, a);
      Past ? S::stream(y + i + S::kLanes, b) : S::store(y + i + S::kLanes, b);
    }
    for (; i + S::kLanes <= count; i += S::kLanes)
      S::store(y + i, apply(S::load(x + i), p0, p1));
    if (i < count)
      S::storePart(y + i, apply(S::loadPart(x + i, count - i), p0, p1), count - i);
    if (Past)
      S::fence();
  }

  static TESSERA_INLINE F apply(F x, F p0, F p1) {
    (void)p0;
    (void)p1;
    if constexpr (Params == 0)
      return Kernel::step(x);
    else if constexpr (Params == 1)
      return Kernel::step(x, p0);
    else
      return Kernel::step(x, p0, p1);
  }
};

/// Base of Kernel<Arch> with `static F step(F a, F b)`.
template <class Kernel, class Arch> struct BinaryKernel {
  using S = Simd<Arch>;
  using F = typename S::F;
  static constexpr Family kFamily = Family::Binary;

  /// y[i] = step(a[i], b[i]) for i in [0, count). y is a or b or overlaps neither. A null
  /// stride flag (0) for a or b means that its one element serves every i.
  static void run(const float *a, std::int64_t aStride, const float *b, std::int64_t bStride,
                  float *y, std::int64_t count) {
    if (Streaming<Arch>::pays(count))
      all<true>(a, aStride, b, bStride, y, count);
    else
      all<false>(a, aStride, b, bStride, y, count);
  }

private:
  template <bool Past>
  static TESSERA_INLINE void all(const float *a, std::int64_t aStride, const float *b,
                                 std::int64_t bStride, float *y, std::int64_t count) {
    std::int64_t i = Past ? Streaming<Arch>::head(y, count) : 0;
    if (i > 0)
      part(a, aStride, b, bStride, y, i);
    for (; i + S::kLanes <= count; i += S::kLanes) {
      if (Past && aStride)
        PageAhead<Arch>::fetch(a + i, S::kLanes * 4);
      if (Past && bStride)
        PageAhead<Arch>::fetch(b + i, S::kLanes * 4);
      const F value =
          Kernel::step(aStride ? S::load(a + i) : F(a[0]), bStride ? S::load(b + i) : F(b[0]));
      Past ? S::stream(y + i, value) : S::store(y + i, value);
    }
    if (i < count)
      part(a + (aStride ? i : 0), aStride, b + (bStride ? i : 0), bStride, y + i, count - i);
    if (Past)
      S::fence();
  }

  /// Less than a vector.
  static TESSERA_INLINE void part(const float *a, std::int64_t aStride, const float *b,
                                  std::int64_t bStride, float *y, std::int64_t count) {
    S::storePart(y,
                 Kernel::step(aStride ? S::loadPart(a, count) : F(a[0]),
                              bStride ? S::loadPart(b, count) : F(b[0])),
                 count);
  }
};

} // namespace tessera::kernels
