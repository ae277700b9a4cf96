// The sin operator on vectors of floats.
#pragma once

#include "tessera/kernels/MathCore.h"
#include "tessera/kernels/elementwise.h"

namespace tessera::kernels {

/// y = sin x, at most 2 ulp for every float; sin(inf) is NaN.
template <class Arch> struct Sin : UnaryKernel<Sin<Arch>, Arch> {
  using S = Simd<Arch>;
  using F = typename S::F;
  using Core = MathCore<Arch>;

  static TESSERA_INLINE F step(F x) {
    typename S::I quarter;
    const F r = Core::splitHalfPi(S::abs(x), quarter);
    const F y = S::select(S::toFloat(quarter & typename S::I(1)) == F(0.0f), Core::sinReduced(r),
                          Core::cosReduced(r));
    const auto flip = (quarter & typename S::I(2)) << 30;
    return S::fromBits(S::bits(y) ^ flip ^ (S::bits(x) & typename S::I(INT32_MIN)));
  }
};

} // namespace tessera::kernels
