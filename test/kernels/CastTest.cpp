// Conversions between element types, comparisons and selections.
#include <cmath>
#include <limits>

#include <catch2/catch.hpp>

#include "Harness.h"

using namespace tessera;
using namespace tessera::test;

namespace {

/// Rounds to `bits` bits of significand with the least exponent of the type, ties to even.
double roundedTo(double x, int bits, int leastExponent, double most) {
  if (x == 0 || std::isnan(x) || std::isinf(x))
    return x;
  int exponent = 0;
  std::frexp(x, &exponent);
  const double unit = std::ldexp(1.0, std::max(exponent - bits, leastExponent));
  const double rounded = std::nearbyint(x / unit) * unit;
  return std::fabs(rounded) > most ? std::copysign(HUGE_VAL, x) : rounded;
}

double halfOf(std::uint16_t h) {
  const int exponent = h >> 10 & 31, fraction = h & 1023;
  const double size = exponent == 31  ? (fraction ? NAN : HUGE_VAL)
                      : exponent == 0 ? std::ldexp(fraction, -24)
                                      : std::ldexp(fraction + 1024, exponent - 25);
  return h & 0x8000 ? -size : size;
}

/// One element of a named type.
struct Element {
  std::string_view type;

  std::size_t bytes() const {
    return type == "i64" ? 8 : type == "f32" || type == "i32" ? 4 : type.ends_with("8") ? 1 : 2;
  }
  bool floating() const { return type[0] == 'f' || type[0] == 'b'; }
  /// The value, exact for all but i64.
  long double read(const unsigned char *p) const {
    if (type == "i8")
      return static_cast<signed char>(*p);
    if (type == "u8")
      return *p;
    std::uint16_t half;
    std::memcpy(&half, p, 2);
    if (type == "f16")
      return halfOf(half);
    std::uint32_t word = static_cast<std::uint32_t>(half) << 16;
    if (type != "bf16" && type != "i64")
      std::memcpy(&word, p, 4);
    if (type == "i32")
      return static_cast<std::int32_t>(word);
    if (type == "i64") {
      std::int64_t value;
      std::memcpy(&value, p, 8);
      return value;
    }
    return __builtin_bit_cast(float, word);
  }
  /// What a value becomes.
  long double converted(long double x) const {
    // A double in between would round twice; long double holds every i64.
    if (type == "f32")
      return static_cast<float>(x);
    if (type == "f16")
      return roundedTo(static_cast<double>(x), 11, -24, 65504);
    if (type == "bf16")
      return oddly(x);
    if (std::isnan(x))
      return 0;
    const long double least = type == "i8"    ? -128
                              : type == "u8"  ? 0
                              : type == "i32" ? -2147483648.0L
                                              : -9223372036854775808.0L;
    const long double most = type == "i8"    ? 127
                             : type == "u8"  ? 255
                             : type == "i32" ? 2147483647.0L
                                             : 9223372036854775807.0L;
    return std::truncl(std::fminl(std::fmaxl(x, least), most));
  }

private:
  static double oddly(long double x) {
    double d = static_cast<double>(x);
    if (static_cast<long double>(d) != x && !std::isnan(d)) { // towards zero, then odd
      if (std::fabs(static_cast<long double>(d)) > std::fabs(x))
        d = std::nextafter(d, 0.0);
      d = __builtin_bit_cast(double, __builtin_bit_cast(std::uint64_t, d) | 1);
    }
    return roundedTo(d, 8, -133, static_cast<double>(0x1.fep127f));
  }
};

/// Interesting and random bytes of a type.
std::vector<unsigned char> inputs(const Element &from, std::size_t count) {
  std::vector<unsigned char> bytes(count * from.bytes());
  std::uint64_t state = 88172645463325252u;
  for (std::size_t i = 0; i < count; ++i) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    std::uint64_t word = state >> (from.type == "i64" ? i % 60 : 0);
    if (from.type == "f32") {
      const float value =
          i % 3 == 0 ? specialFloats()[i / 3 % specialFloats().size()]
          : i % 3 == 1
              ? std::ldexp(static_cast<float>(static_cast<std::int32_t>(state)),
                           -31 + static_cast<int>(i % 40))
              : __builtin_bit_cast(float,
                                   static_cast<std::uint32_t>(0x38000000u + (state & 0x0fffffffu)));
      word = __builtin_bit_cast(std::uint32_t, value);
    }
    std::memcpy(&bytes[i * from.bytes()], &word, from.bytes());
  }
  return bytes;
}

} // namespace

TEST_CASE("casts round to nearest, truncate and saturate", "[cast]") {
  forEachRow(Family::Cast, [&](const KernelRow &row) {
    const std::size_t split = row.dtype.find('_');
    const Element from{row.dtype.substr(0, split)}, to{row.dtype.substr(split + 1)};
    for (std::size_t count : {0u, 1u, 7u, 33u, 255u, 4099u, 70000u}) {
      INFO(replay(row, "count=" + std::to_string(count)));
      Guarded<unsigned char> x(inputs(from, count)), y(count * to.bytes(), 0x77);
      row.function.cast(x.data(), y.data(), static_cast<std::int64_t>(count));
      int wrong = x.intact() && y.intact() ? 0 : 1;
      for (std::size_t i = 0; i < count; ++i) {
        const long double value = from.read(x.data() + i * from.bytes());
        const long double want = to.converted(value), got = to.read(y.data() + i * to.bytes());
        const bool right = got == want ? !to.floating() || std::signbit(got) == std::signbit(want)
                                       : std::isnan(got) && std::isnan(want);
        if (!right && ++wrong < 5)
          UNSCOPED_INFO("of " << value << " got " << got << " want " << want);
      }
      CHECK(wrong == 0);
    }
  });
}

TEST_CASE("comparisons and selections treat every pair", "[compare]") {
  const std::vector<float> &special = specialFloats();
  std::vector<float> as, bs;
  for (float a : special)
    for (float b : special) {
      as.push_back(a);
      bs.push_back(b);
    }
  forEachRow(Family::Compare, [&](const KernelRow &row) {
    for (std::size_t count : {std::size_t{0}, std::size_t{1}, std::size_t{21}, as.size()})
      for (int mode = 0; mode < 4; ++mode) {
        INFO(replay(row, "count=" + std::to_string(count)) << " mode=" << mode);
        Guarded<float> a(
            std::vector<float>(as.begin(), as.begin() + (mode & 1 ? 1 : static_cast<long>(count))));
        Guarded<float> b(
            std::vector<float>(bs.begin(), bs.begin() + (mode & 2 ? 1 : static_cast<long>(count))));
        Guarded<std::uint8_t> y(count, 9);
        row.function.compare(a.data(), mode & 1 ? 0 : 1, b.data(), mode & 2 ? 0 : 1, y.data(),
                             static_cast<std::int64_t>(count));
        bool right = a.intact() && b.intact() && y.intact();
        for (std::size_t i = 0; i < count; ++i) {
          const float p = a[mode & 1 ? 0 : i], q = b[mode & 2 ? 0 : i];
          const bool want = row.op == "equal"        ? p == q
                            : row.op == "not_equal"  ? p != q
                            : row.op == "less"       ? p < q
                            : row.op == "less_equal" ? p <= q
                            : row.op == "greater"    ? p > q
                                                     : p >= q;
          right &= y[i] == want;
        }
        CHECK(right);
      }
  });
  forEachRow(Family::Select, [&](const KernelRow &row) {
    for (std::size_t count : {0u, 1u, 5u, 64u, 1001u})
      for (int mode = 0; mode < 4; ++mode) {
        INFO(replay(row, "count=" + std::to_string(count)) << " mode=" << mode);
        Guarded<float> a(randomFloats(mode & 1 ? 1 : count, 5)),
            b(randomFloats(mode & 2 ? 1 : count, 6));
        std::vector<std::uint8_t> conditions(count);
        for (std::size_t i = 0; i < count; ++i)
          conditions[i] = i % 3 == 0 ? static_cast<std::uint8_t>(i % 2 ? 255 : 1) : 0;
        Guarded<std::uint8_t> condition(conditions);
        Guarded<float> y(count, 0.0f);
        row.function.select(condition.data(), a.data(), mode & 1 ? 0 : 1, b.data(),
                            mode & 2 ? 0 : 1, y.data(), static_cast<std::int64_t>(count));
        bool right = a.intact() && b.intact() && y.intact() && condition.intact();
        for (std::size_t i = 0; i < count; ++i)
          right &= y[i] == (conditions[i] ? a[mode & 1 ? 0 : i] : b[mode & 2 ? 0 : i]);
        CHECK(right);
      }
  });
}
