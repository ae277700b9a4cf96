// Weights of few bits against sums in double: every type, groups, zero points, ragged shapes, few
// rows and many.
#include <cmath>

#include <catch2/catch.hpp>

#include "Harness.h"
#include "tessera/kernels/WeightsArgs.h"

using namespace tessera;
using namespace tessera::test;
using kernels::Weights;
using kernels::WeightsArgs;

namespace {

struct Problem {
  std::int64_t m, n, k, group;
};

std::size_t size(std::int64_t n) {
  return static_cast<std::size_t>(n);
}

std::string text(const Problem &p, bool zeros) {
  return "m=" + std::to_string(p.m) + ",n=" + std::to_string(p.n) + ",k=" + std::to_string(p.k) +
         ",group=" + std::to_string(p.group) + ",zeros=" + std::to_string(zeros);
}

std::vector<Problem> problems(int lanes) {
  std::vector<Problem> all = {{0, 5, 3, 32}, {3, 0, 3, 32}, {2, 5, 0, 32}, {1, 1, 1, 32}};
  for (std::int64_t m : {1, 2, 3, 4, 5, 6, 7, 8, 9, 20})
    for (std::int64_t n : {1, lanes + 1, 4 * lanes, 5 * lanes + 3})
      all.push_back({m, n, 60 + m * 5 + n % 3, m % 2 ? 32 : 64});
  all.push_back({1, 2 * lanes, 1000, 128});
  all.push_back({7, 5 * lanes + 3, 700, 128});  // depths that panels of 16 bits are read twice for
  all.push_back({11, 2 * lanes + 1, 700, 128}); // more than one panel of floats
  all.push_back({1, 3, 8500, 64});              // more depths than are prepared at a time
  all.push_back({1, 3, 30, 8});
  all.push_back({1, 3, 40, 8200});
  return all;
}

float halfValue(std::uint16_t bits, bool brain) {
  if (brain)
    return __builtin_bit_cast(float, std::uint32_t(bits) << 16);
  const float size = std::ldexp(1.0f + static_cast<float>(bits & 0x3ff) / 1024,
                                static_cast<int>(bits >> 10 & 31) - 15);
  return bits & 0x8000 ? -size : size;
}

/// Weights in all their parts, and what they mean.
struct Made {
  std::vector<unsigned char> data;
  std::vector<float> scale, value; ///< value[p * n + j]
  std::vector<std::int32_t> zero;
  double most = 0; ///< what the offset of s4 adds to magnitudes, as a weight
  Weights w{};
};

Made make(const Problem &p, std::string_view dtype, bool zeros) {
  Made made;
  const int bits = dtype == "s4" ? 4 : dtype == "s8" ? 8 : 16;
  const std::int64_t groups = (p.k + p.group - 1) / p.group;
  made.w = {nullptr, (p.k * bits + 7) / 8, p.k, p.n, p.group, nullptr, nullptr};
  made.data.resize(size(p.n * made.w.columnBytes));
  const std::vector<float> random = randomFloats(made.data.size() + size(p.n * groups), 5);
  for (std::size_t i = 0; i < made.data.size(); ++i) {
    made.data[i] = static_cast<unsigned char>(static_cast<int>(random[i] * 128.0f) & 255);
    if (bits == 16 && i % 2) // exponents around that of 1
      made.data[i] = static_cast<unsigned char>((made.data[i] & 0x83) | 0x38);
  }
  for (std::int64_t i = 0; i < p.n * groups; ++i) {
    made.scale.push_back(0.01f + random[made.data.size() + size(i)] * 0.009f);
    made.zero.push_back(static_cast<std::int32_t>(bits == 4 ? i % 16 : i % 200 - 100));
    made.most = std::fmax(made.most, double(made.scale.back()));
  }
  for (std::int64_t q = 0; q < p.k; ++q)
    for (std::int64_t j = 0; j < p.n; ++j) {
      const unsigned char *column = &made.data[size(j * made.w.columnBytes)];
      const std::size_t g = size(j * groups + q / p.group);
      if (bits == 16) {
        const auto half = static_cast<std::uint16_t>(column[2 * q] | column[2 * q + 1] << 8);
        made.value.push_back(halfValue(half, dtype == "bf16"));
      } else {
        const int x =
            bits == 4 ? column[q / 2] >> (q % 2 * 4) & 15 : static_cast<std::int8_t>(column[q]);
        const int zero = zeros ? made.zero[g] : bits == 4 ? 8 : 0;
        made.value.push_back(static_cast<float>(x - zero) * made.scale[g]);
      }
    }
  made.most *= bits == 4 ? 31 : bits == 8 ? 228 : 0;
  return made;
}

} // namespace

TEST_CASE("matmul_weights multiplies by packed weights of few bits", "[weights]") {
  forEachRow(Family::MatmulWeights, [&](const KernelRow &row) {
    const KernelRow *pack = kernels::findKernel("pack_weights", row.dtype, row.isa);
    for (const Problem &p : problems(isaFloatLanes(row.isa)))
      for (bool zeros : {false, true}) {
        if (!selected(row, text(p, zeros)))
          continue;
        INFO(replay(row, text(p, zeros)));
        Made made = make(p, row.dtype, zeros);
        Guarded<unsigned char> data(made.data);
        made.w.data = data.data();
        made.w.scale = made.scale.data();
        made.w.zero = zeros ? made.zero.data() : nullptr;
        const std::int64_t bytes = pack->function.packWeights(&made.w, nullptr);
        Guarded<unsigned char> packed(size(bytes), 77);
        CHECK(pack->function.packWeights(&made.w, packed.data()) == bytes);
        const std::vector<float> as = randomFloats(size(p.m * p.k), 1),
                                 bias = randomFloats(size(p.n), 2);
        Guarded<float> a(as), c(size(p.m * p.n), NAN);
        WeightsArgs g{};
        g.a = a.data();
        g.aRow = p.k;
        g.weights = packed.data();
        g.c = c.data();
        g.cRow = p.n;
        g.m = p.m;
        g.n = p.n;
        g.k = p.k;
        g.group = p.group;
        g.zeros = zeros;
        g.bias = zeros ? bias.data() : nullptr;
        row.function.matmulWeights(&g);
        CHECK((a.intact() && c.intact() && packed.intact() && data.intact()));
        double worst = 0;
        for (std::int64_t i = 0; i < p.m; ++i)
          for (std::int64_t j = 0; j < p.n; ++j) {
            double want = g.bias ? bias[size(j)] : 0.0, magnitude = std::fabs(want) + 1e-30;
            for (std::int64_t q = 0; q < p.k; ++q) {
              const double x = as[size(i * p.k + q)], w = made.value[size(q * p.n + j)];
              want += x * w;
              magnitude += std::fabs(x) * std::fmax(std::fabs(w), made.most);
            }
            const double error = std::fabs(c[size(i * p.n + j)] - want) / magnitude;
            worst = error <= worst ? worst : error; // NaN counts
          }
        CHECK(worst <= std::ldexp(double(p.k) + 4, -24));
      }
  });
}

TEST_CASE("four-bit weights meet activations of every size", "[weights]") {
  const std::int64_t n = 3, k = 256, group = 64;
  forEachRow(Family::MatmulWeights, [&](const KernelRow &row) {
    if (row.dtype != "s4")
      return;
    INFO(replay(row, ""));
    Made made = make({1, n, k, group}, row.dtype, false);
    made.w.data = made.data.data();
    made.w.scale = made.scale.data();
    const KernelRow *pack = kernels::findKernel("pack_weights", row.dtype, row.isa);
    std::vector<unsigned char> packed(size(pack->function.packWeights(&made.w, nullptr)));
    pack->function.packWeights(&made.w, packed.data());
    std::vector<float> a(size(k)), c(size(n));
    WeightsArgs g{};
    g.a = a.data(), g.aRow = k, g.weights = packed.data(), g.c = c.data(), g.cRow = n;
    g.m = 1, g.n = n, g.k = k, g.group = group;
    const auto run = [&] {
      row.function.matmulWeights(&g);
      double worst = 0;
      for (std::int64_t j = 0; j < n; ++j) {
        double want = 0, magnitude = 1e-30;
        for (std::int64_t q = 0; q < k; ++q) {
          want += double(a[size(q)]) * double(made.value[size(q * n + j)]);
          magnitude += std::fabs(a[size(q)]) * made.most;
        }
        const double error = std::fabs(c[size(j)] - want) / magnitude;
        worst = error <= worst ? worst : error;
      }
      return worst;
    };
    CHECK(run() == 0.0); // zeros
    // A group of large ones, one with a single one, one of small ones, and one of the smallest.
    const std::vector<float> random = randomFloats(size(k), 9);
    for (std::size_t i = 0; i < size(k); ++i)
      a[i] = i < 64    ? std::ldexp(random[i], 100)
             : i < 128 ? (i == 77 ? 1e20f : 0.0f)
             : i < 192 ? std::ldexp(random[i], -90)
                       : std::ldexp(random[i], -140);
    CHECK(run() <= std::ldexp(double(k) + 4, -24));
    std::fill(a.begin(), a.begin() + 128, 0.0f);
    CHECK(run() <= std::ldexp(double(k) + 4, -24));
    for (const float strange : {NAN, INFINITY, -INFINITY}) {
      a[130] = strange;
      run();
      for (float y : c)
        CHECK(!std::isfinite(y));
    }
  });
}
