// The cos operator on vectors of floats.
#pragma once

#include "tessera/kernels/MathCore.h"
#include "tessera/kernels/elementwise.h"

namespace tessera::kernels {

/// y = cos x, at most 2 ulp for every float; cos(inf) is NaN.
template <class Arch> struct Cos : UnaryKernel<Cos<Arch>, Arch> {
  using S = Simd<Arch>;
  using F = typename S::F;
  using Core = MathCore<Arch>;

  static TESSERA_INLINE F step(F x) {
    typename S::I quarter;
    const F r = Core::splitHalfPi(S::abs(x), quarter);
    quarter = quarter + typename S::I(1);
    const F y = S::select(S::toFloat(quarter & typename S::I(1)) == F(0.0f), Core::sinReduced(r),
                          Core::cosReduced(r));
    return S::fromBits(S::bits(y) ^ ((quarter & typename S::I(2)) << 30));
  }
};

} // namespace tessera::kernels
