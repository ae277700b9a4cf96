// The erf operator on vectors of floats.
#pragma once

#include "tessera/kernels/MathCore.h"
#include "tessera/kernels/elementwise.h"

namespace tessera::kernels {

/// y = erf x, at most 3 ulp: piecewise polynomials where they can be looked up, else in two ranges
/// after N. Juffa, an odd polynomial near zero and 1 - e^q(|x|) with q = ln erfc elsewhere.
template <class Arch> struct Erf : UnaryKernel<Erf<Arch>, Arch> {
  using S = Simd<Arch>;
  using F = typename S::F;
  using Core = MathCore<Arch>;

  static TESSERA_INLINE F step(F x) {
    if constexpr (S::kLookup > 0) {
      // erf is 1 in float from 3.92 on.
      const F bounded = S::max(F(-3.95f), S::min(F(3.95f), x));
      return bounded * Core::template piecewiseEven<ErfTable<Arch, S::kLookup>>(S::abs(bounded));
    } else {
      return twoRanges(x);
    }
  }

private:
  static TESSERA_INLINE F twoRanges(F x) {
    const F t = S::abs(x);
    const F u = x * x;
    F near(0x1.5d76dcp-14f);
    near = S::fma(near, u, F(-0x1.aa6fbap-11f));
    near = S::fma(near, u, F(0x1.54cd6p-8f));
    near = S::fma(near, u, F(-0x1.b80f1ep-6f));
    near = S::fma(near, u, F(0x1.ce2e1p-4f));
    near = S::fma(near, u, F(-0x1.812742p-2f));
    near = S::fma(near, u, F(0x1.06eba8p-3f));
    near = S::fma(near, x, x);
    const F far_t = S::min(F(4.1f), t);
    F q(-0x1.635fdap-16f);
    q = S::fma(q, far_t, F(0x1.c89f18p-12f));
    q = S::fma(q, far_t, F(-0x1.11acap-8f));
    q = S::fma(q, far_t, F(0x1.9bc46ap-6f));
    q = S::fma(q, far_t, F(-0x1.bb98c4p-4f));
    q = S::fma(q, far_t, F(-0x1.4443acp-1f));
    q = S::fma(q, far_t, F(-0x1.21287ap+0f));
    q = S::fma(q, far_t, F(0x1.72410cp-13f));
    const F far = S::copysign(F(1.0f) - Core::expNormal(q), x);
    return S::select(t < F(0.927f), near, far);
  }
};

} // namespace tessera::kernels
