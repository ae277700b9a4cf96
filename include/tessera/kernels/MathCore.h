// The approximations that several operators share: exponential, logarithm, sine and cosine on one
// vector. Polynomials are minimax fits (Remez) in the weight that keeps the relative error named.
#pragma once

#include "tessera/kernels/PiecewiseTables.h"
#include "tessera/kernels/Simd.h"

namespace tessera::kernels {

template <class Arch> struct MathCore {
  using S = Simd<Arch>;
  using F = typename S::F;
  using I = typename S::I;

  /// ln 2 in two parts; the first has 9 bits, so that n * kLn2High is exact for |n| < 2^15.
  static constexpr float kLn2High = 0.693359375f;
  static constexpr float kLn2Low = -0x1.bd0106p-13f;
  static constexpr float kLog2E = 0x1.715476p+0f;
  static constexpr float kLog2ELow = 0x1.4ae0cp-26f;

  /// e^r - 1 for |r| <= ln(2) / 2, relative error 2^-26.
  static TESSERA_INLINE F expm1Reduced(F r) {
    F q(0x1.6bebfap-10f);
    q = S::fma(q, r, F(0x1.122784p-7f));
    q = S::fma(q, r, F(0x1.555674p-5f));
    q = S::fma(q, r, F(0x1.5554b0p-3f));
    q = S::fma(q, r, F(0x1.fffffep-2f));
    return S::fma(q * r, r, r);
  }

  /// Splits x = n ln 2 + r with n an integer, |n| < 2^9, and n + Bias in the low 9 bits of `field`:
  /// adding 1.5 * 2^23 leaves the nearest integer there, so that shifting `field` left by 23 makes
  /// it the exponent of 2^n for a bias of 127. A NaN leaves anything there.
  template <int Bias> static TESSERA_INLINE F splitLn2(F x, I &field) {
    const F magic(0x1.8p23f + static_cast<float>(Bias));
    const F shifted = S::fma(x, F(kLog2E), magic);
    const F n = shifted - magic;
    field = S::bits(shifted);
    return S::fnma(n, F(kLn2Low), S::fnma(n, F(kLn2High), x));
  }

  /// e^x, at most 2 ulp; denormal results included, NaN stays NaN.
  static TESSERA_INLINE F exp(F x) {
    // Beyond these the result is infinity and zero anyway; the clamp keeps 2^n in range.
    return expNegative(S::min(F(89.0f), x));
  }

  /// The same for x <= 89.
  static TESSERA_INLINE F expNegative(F x) {
    x = S::max(F(-104.0f), x);
    if constexpr (kHasPowers) {
      const F shifted = S::fma(x, F(kLog2E), F(kPowerMagic)), n = shifted - F(kPowerMagic);
      return power(shifted, n, S::fnma(x, F(kLog2ELow), S::fnma(x, F(kLog2E), n)));
    } else {
      // The biased exponents of two halves of 2^n: a denormal result is rounded by the second
      // product alone.
      I both;
      const F r = splitLn2<254>(x, both);
      const I half = both >> 1;
      const F p = expm1Reduced(r) + F(1.0f);
      return p * S::fromBits(half << 23) * S::fromBits((both - half) << 23);
    }
  }

  /// e^x for x in [-87, 88], at most 2 ulp; NaN stays NaN.
  static TESSERA_INLINE F expNormal(F x) {
    I field;
    const F r = splitLn2<127>(x, field);
    return (expm1Reduced(r) + F(1.0f)) * S::fromBits(field << 23);
  }

  /// e^x for x <= 88, at most 2 ulp; zero below -87 and for NaN.
  static TESSERA_INLINE F expOrZero(F x) { return S::select(x > F(-87.0f), expNormal(x), F(0.0f)); }

  /// 2^x for x <= 0, at most 3 ulp; zero below -126.5 at the latest, NaN stays NaN.
  static TESSERA_INLINE F exp2Negative(F x) {
    if constexpr (S::kHasScale) {
      // 2^f for f in [0, 1), relative error 2^-23.3 but for rounding.
      const F f = S::fraction(x);
      F p(0x1.e9750ap-10f);
      p = S::fma(p, f, F(0x1.277850p-7f));
      p = S::fma(p, f, F(0x1.c91ce8p-5f));
      p = S::fma(p, f, F(0x1.ebdb56p-3f));
      p = S::fma(p, f, F(0x1.62e4bap-1f));
      return S::select(x < F(-126.0f), F(0.0f), S::scale(S::fma(p, f, F(1.0f)), x));
    } else {
      // The exponent field of 2^-127 is that of zero.
      const F bounded = S::max(F(-127.0f), x);
      const F magic(0x1.8p23f + 127.0f);
      const F shifted = bounded + magic;
      return exp2Reduced(bounded - (shifted - magic)) * S::fromBits(S::bits(shifted) << 23);
    }
  }

  /// e^x for x <= 0, off by 3 ulp and by |x| 2^-23 of itself; zero below -87.7 at the latest, NaN
  /// stays NaN.
  static TESSERA_INLINE F expNegativeNear(F x) { return exp2Negative(x * F(kLog2E)); }

  /// 2^f for |f| <= 1/2, relative error 2^-28 but for rounding.
  static TESSERA_INLINE F exp2Reduced(F f) {
    F p(0x1.4709b8p-13f);
    p = S::fma(p, f, F(0x1.5f71a8p-10f));
    p = S::fma(p, f, F(0x1.3b2712p-7f));
    p = S::fma(p, f, F(0x1.c6ae76p-5f));
    p = S::fma(p, f, F(0x1.ebfbe2p-3f));
    p = S::fma(p, f, F(0x1.62e432p-1f));
    return S::fma(p, f, F(1.0f));
  }

  /// e^x - 1 for x <= 88, at most 3 ulp; +0 for both zeros.
  static TESSERA_INLINE F expm1(F x) {
    x = S::max(F(-30.0f), x);
    I field;
    const F r = splitLn2<127>(x, field);
    const F power = S::fromBits(field << 23);
    return S::fma(power, expm1Reduced(r), power - F(1.0f));
  }

  /// The function of `Table` at t in [0, (kSegments - 1) / kScale], where so many can be looked up:
  /// the polynomial of the nearest centre. Faster than an exponential, and no division.
  template <class Table> static TESSERA_INLINE F piecewiseEven(F t) {
    // Adding 1.5 * 2^23 leaves the nearest integer in the low bits.
    const F magic(0x1.8p23f), scale(Table::kScale);
    const F shifted = S::fma(t, scale, magic);
    const F d = S::fma(t, scale, magic - shifted);
    const I index = S::bits(shifted);
    F y = S::template lookup<Table::kSegments>(Table::kCoefficients[Table::kDegree], index);
    TESSERA_UNROLL
    for (int j = Table::kDegree - 1; j >= 0; --j)
      y = S::fma(y, d, S::template lookup<Table::kSegments>(Table::kCoefficients[j], index));
    return y;
  }

  /// The same for functions that are zero from the last centre on: any t >= 0, and y with t * y.
  template <class Table> static TESSERA_INLINE F piecewiseTail(F t, F &clamped) {
    clamped = S::min(F((Table::kSegments - 1) / Table::kScale), t);
    return piecewiseEven<Table>(clamped);
  }

  /// The root of such a function at the t >= 0 that is |x| or, beyond the last centre, that centre.
  /// A root is so much flatter that a degree less suffices, and that its polynomials may be in t
  /// itself, which saves the distance from a centre.
  template <class Table> static TESSERA_INLINE F piecewiseRoot(F x, F &t) {
    t = S::sizeBelow(F((Table::kSegments - 1) / Table::kScale), x);
    const I index = S::bits(S::fma(t, F(Table::kScale), F(0x1.8p23f)));
    F y = S::template lookup<Table::kSegments>(Table::kCoefficients[Table::kDegree], index);
    TESSERA_UNROLL
    for (int j = Table::kDegree - 1; j >= 0; --j)
      y = S::fma(y, t, S::template lookup<Table::kSegments>(Table::kCoefficients[j], index));
    return y;
  }

  /// max(x, 0) - |x| f(|x|), f looked up, or its root where two registers hold the table.
  template <class RootTable, class Table> static TESSERA_INLINE F lessTail(F x) {
    F t;
    if constexpr (S::kLookup == 32) {
      const F root = piecewiseRoot<RootTable>(x, t);
      return S::fnma(t * root, root, S::max(F(0.0f), x));
    } else {
      const F tail = piecewiseTail<Table>(S::abs(x), t);
      return S::fnma(t, tail, S::max(F(0.0f), x));
    }
  }

  /// Splits a positive normal or denormal x = m * 2^e with m in [sqrt(1/2), sqrt(2)).
  static TESSERA_INLINE F splitExponent(F x, F &e) {
    const auto tiny = x < F(0x1p-126f);
    x = S::select(tiny, x * F(0x1p23f), x);
    // Adding the distance from sqrt(1/2) to 1 makes the exponent field change at sqrt(1/2).
    const I shifted = S::bits(x) + I(0x3f800000 - 0x3f3504f3);
    e = S::toFloat((shifted >> 23) - I(127)) - S::select(tiny, F(23.0f), F(0.0f));
    return S::fromBits((shifted & I(0x007fffff)) + I(0x3f3504f3));
  }

  /// Natural logarithm, at most 2 ulp; log(0) = -inf, log(inf) = inf, NaN below zero.
  static TESSERA_INLINE F log(F x) {
    F e;
    const F f = splitExponent(x, e) - F(1.0f);
    F p(0x1.1457e4p-4f);
    p = S::fma(p, f, F(-0x1.de3bf6p-4f));
    p = S::fma(p, f, F(0x1.e6f03cp-4f));
    p = S::fma(p, f, F(-0x1.fc2208p-4f));
    p = S::fma(p, f, F(0x1.23376cp-3f));
    p = S::fma(p, f, F(-0x1.555c4ep-3f));
    p = S::fma(p, f, F(0x1.99a4b6p-3f));
    p = S::fma(p, f, F(-0x1.000006p-2f));
    p = S::fma(p, f, F(0x1.555548p-2f));
    const F f2 = f * f;
    F low = S::fma(p * f, f2, e * F(kLn2Low));
    low = S::fma(F(-0.5f), f2, low);
    F y = S::fma(e, F(kLn2High), f + low);
    const F infinity(__builtin_inff());
    y = S::select(x == infinity, infinity, y);
    y = S::select(x == F(0.0f), F(-__builtin_inff()), y);
    return S::select(x >= F(0.0f), y, F(__builtin_nanf("")));
  }

  /// log(1 + u) for u in [0, 1], at most 3 ulp, from 2 atanh(u / (2 + u)).
  static TESSERA_INLINE F log1pUnit(F u) {
    const F s = u / (u + F(2.0f));
    const F s2 = s * s;
    F p(0x1.1f0a58p-3f);
    p = S::fma(p, s2, F(0x1.1eb2b6p-3f));
    p = S::fma(p, s2, F(0x1.99d2acp-3f));
    p = S::fma(p, s2, F(0x1.5555p-2f));
    const F twice = s + s;
    return S::fma(twice * s2, p, twice);
  }

  /// sin(r) and cos(r) for |r| <= pi / 4.
  static TESSERA_INLINE F sinReduced(F r) {
    const F u = r * r;
    F p(-0x1.994b42p-13f);
    p = S::fma(p, u, F(0x1.110756p-7f));
    p = S::fma(p, u, F(-0x1.555546p-3f));
    return S::fma(p * u, r, r);
  }
  static TESSERA_INLINE F cosReduced(F r) {
    const F u = r * r;
    F p(0x1.99ff44p-16f);
    p = S::fma(p, u, F(-0x1.6c0c82p-10f));
    p = S::fma(p, u, F(0x1.55554ap-5f));
    return S::fma(p * u, u, S::fma(F(-0.5f), u, F(1.0f)));
  }

  /// Splits x >= 0 into n * pi/2 + r, |r| <= pi/4, n mod 4 in the low two bits of `quarter`;
  /// infinities and NaN give r = NaN.
  static TESSERA_INLINE F splitHalfPi(F x, I &quarter) {
    const F magic(0x1.8p23f); // leaves the nearest integer in the low bits
    const F shifted = S::fma(x, F(0x1.45f306p-1f), magic), n = shifted - magic;
    quarter = S::bits(shifted);
    // pi/2 in parts of 8, 11, 11 and 24 bits: the first three products are exact (Cody, Waite).
    F r = S::fnma(n, F(0x1.92p+0f), x);
    r = S::fnma(n, F(0x1.fb4p-12f), r);
    r = S::fnma(n, F(0x1.444p-24f), r);
    r = S::fnma(n, F(0x1.68c234p-39f), r);
    if (__builtin_expect(S::any(!(x <= F(8192.0f))), 0))
      splitLargeHalfPi(x, r, quarter);
    return r;
  }

private:
  /// Whether powers of two come from a table, with fewer operations than by a polynomial alone.
  static constexpr bool kHasPowers = S::kHasScale && S::kLookup >= 32;
  /// Adding it rounds to a multiple of 1/32, whose place in the table is in the low five bits.
  static constexpr float kPowerMagic = 0x1.8p18f;

  /// 2^(n - f) for the multiple n of 1/32 that is also in `shifted`, |f| <= 1/64: at most 1.1 ulp.
  /// NaN where f is.
  static TESSERA_INLINE F power(F shifted, F n, F f) {
    const F entry = S::template lookup<32>(Exp2Table<Arch>::kPowers, S::bits(shifted));
    // (1 - 2^-f) / f
    const F rest = S::fnma(f, S::fnma(f, F(0x1.c6b08ep-5f), F(0x1.ebfbdep-3f)), F(0x1.62e430p-1f));
    return S::scale(S::fnma(entry * f, rest, entry), n);
  }

  /// Redoes the lanes above 8192 by multiplying with the bits of 2/pi that matter (Payne, Hanek).
  static __attribute__((noinline)) void splitLargeHalfPi(F x, F &r, I &quarter) {
    alignas(64) float xs[S::kLanes];
    alignas(64) float rs[S::kLanes];
    alignas(64) std::int32_t quarters[S::kLanes];
    x.store_aligned(xs);
    r.store_aligned(rs);
    quarter.store_aligned(quarters);
    for (std::int64_t i = 0; i < S::kLanes; ++i)
      if (!(xs[i] <= 8192.0f))
        rs[i] = reduceLarge(xs[i], quarters[i]);
    r = F::load_aligned(rs);
    quarter = I::load_aligned(quarters);
  }

  static float reduceLarge(float x, std::int32_t &quarter) {
    using Wide = unsigned __int128;
    // The first 256 bits of 2/pi after the binary point.
    constexpr std::uint64_t kTwoOverPi[4] = {0xa2f9836e4e441529u, 0xfc2757d1f534ddc0u,
                                             0xdb6295993c439041u, 0xfe5163abdebbc561u};
    const std::uint32_t bits = __builtin_bit_cast(std::uint32_t, x);
    const int field = static_cast<int>(bits >> 23);
    if (field >= 255) {
      quarter = 0;
      return __builtin_nanf("");
    }
    const int exponent = field - 150; // x = mantissa * 2^exponent
    const std::uint32_t mantissa = (bits & 0x7fffffu) | 0x800000u;
    // Bits of 2/pi above this one only add multiples of four quarters.
    const int skip = exponent > 2 ? exponent - 2 : 0;
    const int word = skip / 64, offset = skip % 64;
    const Wide pair = Wide(kTwoOverPi[word]) << 64 | kTwoOverPi[word + 1];
    const std::uint64_t third = kTwoOverPi[word + 2];
    const Wide aligned = offset ? pair << offset | third >> (64 - offset) : pair;
    const Wide product = (aligned >> 32) * mantissa;
    const int shift = 96 - (exponent - skip);
    quarter = static_cast<std::int32_t>(
        static_cast<std::uint32_t>((product + (Wide(1) << (shift - 1))) >> shift) & 3u);
    const auto fraction = static_cast<std::int64_t>(product << (128 - shift) >> 64);
    return static_cast<float>(static_cast<double>(fraction) * 0x1.921fb54442d18p-64);
  }
};

} // namespace tessera::kernels
