// What every elementwise kernel should compute: the formula in double, and how far in units in the
// last place a float result may lie from it.
#pragma once

#include <cmath>
#include <string_view>

namespace tessera::test {

struct UnaryOracle {
  std::string_view op;
  double (*value)(double x, double p0, double p1);
  double ulps;                ///< everywhere, plus
  double (*growth)(double x); ///< what the documentation of the kernel grants at x; or null
  float params[2] = {0.0f, 0.0f};
};

inline double sigmoidOf(double x) {
  return 1.0 / (1.0 + std::exp(-x));
}

/// An absolute error in units of the last place of a float near `value`.
inline double inUlps(double absolute, double value) {
  int exponent = 0;
  std::frexp(value, &exponent);
  return absolute / std::ldexp(1.0, value == 0 || exponent < -125 ? -149 : exponent - 24);
}

/// Both gelus vanish at -inf, where the plain formula is -inf * 0.
inline double geluOf(double x, double, double) {
  return x < -40 ? -0.0 : 0.5 * x * std::erfc(-x / std::sqrt(2.0));
}
inline double geluTanhOf(double x, double, double) {
  return x < -40 ? -0.0 : x * sigmoidOf(1.5957691216057308 * (x + 0.044715 * x * x * x));
}

/// x * g(x) where g has become denormal: |x| units of the last place.
inline double denormalGate(double x) {
  return x < -87 ? -x : 0;
}

inline const UnaryOracle kUnaryOracles[] = {
    {"abs", [](double x, double, double) { return std::fabs(x); }, 0, nullptr},
    {"ceil", [](double x, double, double) { return std::ceil(x); }, 0, nullptr},
    {"clip",
     [](double x, double a, double b) { return x != x ? x : std::fmin(std::fmax(x, a), b); },
     0,
     nullptr,
     {-1.5f, 2.5f}},
    {"cos", [](double x, double, double) { return std::cos(x); }, 2, nullptr},
    {"elu",
     [](double x, double a, double) { return x > 0 ? x : a * std::expm1(x); },
     4,
     nullptr,
     {1.25f}},
    {"erf", [](double x, double, double) { return std::erf(x); }, 3, nullptr},
    {"exp", [](double x, double, double) { return std::exp(x); }, 2, nullptr},
    {"floor", [](double x, double, double) { return std::floor(x); }, 0, nullptr},
    {"gelu", geluOf, 16, [](double x) { return x < -1 ? inUlps(1e-7, geluOf(x, 0, 0)) : 0.0; }},
    {"gelu_tanh", geluTanhOf, 8,
     [](double x) { return x < -1 ? inUlps(x < -4 ? 3e-7 : 1e-7, geluTanhOf(x, 0, 0)) : 0.0; }},
    {"hard_sigmoid",
     [](double x, double a, double b) {
       return x != x ? x : std::fmin(std::fmax(a * x + b, 0.0), 1.0);
     },
     1,
     [](double x) { return 1 / std::fabs(0.2 * x + 0.5); },
     {0.2f, 0.5f}},
    {"hard_swish",
     [](double x, double, double) { return x * std::fmin(std::fmax(x / 6 + 0.5, 0.0), 1.0); }, 3,
     nullptr},
    {"leaky_relu",
     [](double x, double a, double) { return x < 0 ? a * x : x; },
     0.5,
     nullptr,
     {0.01f}},
    {"log", [](double x, double, double) { return std::log(x); }, 2, nullptr},
    {"mish", [](double x, double, double) { return x * std::tanh(std::log1p(std::exp(x))); }, 6,
     denormalGate},
    {"neg", [](double x, double, double) { return -x; }, 0, nullptr},
    {"reciprocal", [](double x, double, double) { return 1.0 / x; }, 0.5, nullptr},
    {"relu", [](double x, double, double) { return x < 0 ? 0.0 : x; }, 0, nullptr},
    {"round", [](double x, double, double) { return std::nearbyint(x); }, 0, nullptr},
    {"rsqrt", [](double x, double, double) { return 1.0 / std::sqrt(x); }, 1.5, nullptr},
    {"sigmoid", [](double x, double, double) { return sigmoidOf(x); }, 4, nullptr},
    {"sign", [](double x, double, double) { return x > 0   ? 1.0
                                                   : x < 0 ? -1.0
                                                           : x; }, 0, nullptr},
    {"silu", [](double x, double, double) { return x * sigmoidOf(x); }, 5, denormalGate},
    {"sin", [](double x, double, double) { return std::sin(x); }, 2, nullptr},
    {"softplus",
     [](double x, double, double) {
       return std::fmax(x, 0.0) + std::log1p(std::exp(-std::fabs(x)));
     },
     4, nullptr},
    {"sqrt", [](double x, double, double) { return std::sqrt(x); }, 0.5, nullptr},
    {"tanh", [](double x, double, double) { return std::tanh(x); }, 4, nullptr},
};

struct BinaryOracle {
  std::string_view op;
  double (*value)(double a, double b);
  double ulps;
};

inline const BinaryOracle kBinaryOracles[] = {
    {"add", [](double a, double b) { return a + b; }, 0.5},
    {"div", [](double a, double b) { return a / b; }, 0.5},
    {"max", [](double a, double b) { return a != a || b != b ? a + b
                                            : a > b          ? a
                                                             : b; }, 0},
    {"min", [](double a, double b) { return a != a || b != b ? a + b
                                            : a < b          ? a
                                                             : b; }, 0},
    {"mul", [](double a, double b) { return a * b; }, 0.5},
    {"pow", [](double a, double b) { return std::pow(a, b); }, 1},
    {"sub", [](double a, double b) { return a - b; }, 0.5},
};

} // namespace tessera::test
