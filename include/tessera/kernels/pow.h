// The pow operator on pairs of vectors of floats.
#pragma once

#include "tessera/kernels/MathCore.h"
#include "tessera/kernels/elementwise.h"

namespace tessera::kernels {

/// y = a^b with the special cases of IEEE 754 pow, at most 1 ulp: the logarithm and its
/// product with b are held in double.
template <class Arch> struct Pow : BinaryKernel<Pow<Arch>, Arch> {
  using S = Simd<Arch>;
  using F = typename S::F;
  using Core = MathCore<Arch>;
  using I = typename S::I;
  using D = typename S::D;

  static TESSERA_INLINE F step(F a, F b) {
    const F size = S::abs(a);
    F e;
    const F m = Core::splitExponent(size, e);
    const F f = m - F(1.0f);
    F y = S::fromDoubles(power(S::toDoubleLow(e), S::toDoubleLow(f), S::toDoubleLow(b)),
                         power(S::toDoubleHigh(e), S::toDoubleHigh(f), S::toDoubleHigh(b)));
    return special(a, b, size, y);
  }

private:
  /// 2^(b (e + log2(1 + f))), finite e and f.
  static TESSERA_INLINE D power(D e, D f, D b) {
    const D s = f / (f + D(2.0));
    const D u = s * s;
    D p(0x1.21b2d008ac1c6p-2);
    p = p * u + D(0x1.47953604aa778p-2);
    p = p * u + D(0x1.a61a2f86a8302p-2);
    p = p * u + D(0x1.2776c2925fdf4p-1);
    p = p * u + D(0x1.ec709dc53d1b0p-1);
    p = p * u + D(0x1.71547652b8251p+1);
    D t = b * (e + p * s);
    // Far beyond the range of float either way, and well inside that of double.
    using xsimd::bitwise_cast, xsimd::max, xsimd::min;
    t = min(D(300.0), max(D(-300.0), t));
    // Adding 1.5 * 2^52 leaves round(t) in the low bits.
    const D shifted = t + D(0x1.8p52);
    const D r = t - (shifted - D(0x1.8p52));
    D q(0x1.fe173897334dbp-17);
    q = q * r + D(0x1.446a43c7a449fp-13);
    q = q * r + D(0x1.5d8a7126e7a2cp-10);
    q = q * r + D(0x1.3b29dc148d466p-7);
    q = q * r + D(0x1.c6b08aae3461ep-5);
    q = q * r + D(0x1.ebfbe0a4f27dbp-3);
    q = q * r + D(0x1.62e42ff116d02p-1);
    q = q * r + D(0x1.ffffffffab9abp-1);
    using L = typename SimdTypes<Arch>::L;
    const L bits = bitwise_cast<L>(shifted) << 52;
    return q * bitwise_cast<D>(bits + L(0x3ff0000000000000));
  }

  static TESSERA_INLINE F special(F a, F b, F size, F y) {
    const F zero(0.0f), one(1.0f), infinity(__builtin_inff()), nan(__builtin_nanf(""));
    const F bSize = S::abs(b);
    // |a| of 0 or infinity: the result depends on the sign of b alone.
    y = S::select(size == zero, S::select(b > zero, zero, infinity), y);
    y = S::select(size == infinity, S::select(b > zero, infinity, zero), y);
    // |b| infinite: on which side of 1 |a| lies.
    const F grows = S::select(b > zero, infinity, zero),
            shrinks = S::select(b > zero, zero, infinity);
    const F extreme = S::select(size > one, grows, S::select(size == one, one, shrinks));
    y = S::select(bSize == infinity, extreme, y);
    // A negative base: the sign of an odd power, and no real value for a fraction.
    const auto whole = S::round(b) == b;
    const F half = b * F(0.5f);
    const auto odd = whole & (S::round(half) != half) & (bSize < F(0x1p24f));
    const F signBit = S::fromBits(S::bits(a) & I(INT32_MIN));
    const F signedY = S::fromBits(S::bits(y) ^ S::bits(signBit));
    y = S::select(odd, signedY, y);
    y = S::select((a < zero) & (size < infinity) & !whole, nan, y);
    y = S::select(S::isNan(a) | S::isNan(b), a + b, y);
    return S::select((a == one) | (b == zero), one, y);
  }
};

} // namespace tessera::kernels
