// The elementwise families against oracles in double: every lane, tail, offset and special value,
// and accuracy over a grid of all exponents (every n-th float with
// TESSERA_EXHAUSTIVE=n: all with 1, hours; 101 takes minutes).
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include <catch2/catch.hpp>

#include "Harness.h"
#include "oracles.h"
#include "tessera/support/Verbose.h"

using namespace tessera;
using namespace tessera::test;

namespace {

const UnaryOracle *unaryOracle(std::string_view op) {
  for (const UnaryOracle &oracle : kUnaryOracles)
    if (oracle.op == op)
      return &oracle;
  return nullptr;
}

const BinaryOracle *binaryOracle(std::string_view op) {
  for (const BinaryOracle &oracle : kBinaryOracles)
    if (oracle.op == op)
      return &oracle;
  return nullptr;
}

double allowance(const UnaryOracle &oracle, double x) {
  return oracle.ulps + (oracle.growth && !std::isnan(x) ? oracle.growth(x) : 0.0);
}

/// The worst error of a row over floats whose bits step through all of them, as a share of the
/// allowance; `at` is where.
double worstShare(const KernelRow &row, const UnaryOracle &oracle, std::uint64_t step, float &at,
                  double &ulps) {
  constexpr std::size_t kChunk = 4096;
  std::vector<float> x(kChunk), y(kChunk);
  double worst = -1;
  std::uint64_t bits = 0;
  while (bits < (1ull << 32)) {
    std::size_t count = 0;
    for (; count < kChunk && bits < (1ull << 32); ++count, bits += step) {
      const auto low = static_cast<std::uint32_t>(bits);
      std::memcpy(&x[count], &low, sizeof(low));
    }
    row.function.unary(x.data(), y.data(), static_cast<std::int64_t>(count), oracle.params);
    for (std::size_t i = 0; i < count; ++i) {
      const double want = oracle.value(x[i], oracle.params[0], oracle.params[1]);
      const double error = ulpsBetween(y[i], want);
      const double allowed = allowance(oracle, x[i]);
      const double share = error <= allowed ? (allowed > 0 ? error / allowed : 0) : 1 + error;
      if (share > worst) {
        worst = share;
        at = x[i];
        ulps = error;
      }
    }
  }
  return worst;
}

} // namespace

TEST_CASE("unary kernels are as accurate as they say", "[unary]") {
  const char *wanted = std::getenv("TESSERA_EXHAUSTIVE");
  const std::uint64_t step = wanted ? std::max(1ull, std::strtoull(wanted, nullptr, 10)) : 5003;
  forEachRow(Family::Unary, [&](const KernelRow &row) {
    const UnaryOracle *oracle = unaryOracle(row.op);
    REQUIRE(oracle);
    float at = 0;
    double ulps = 0;
    const double share = worstShare(row, *oracle, step, at, ulps);
    if (verboseLevel() > 0)
      std::printf("%-28s %8.3f ulp at %g\n", std::string(row.name).c_str(), ulps, at);
    INFO(replay(row, "") << " x=" << at << " ulps=" << ulps);
    CHECK(share <= 1.0);
  });
}

TEST_CASE("unary kernels handle every length, offset and special value", "[unary]") {
  forEachRow(Family::Unary, [&](const KernelRow &row) {
    const UnaryOracle *oracle = unaryOracle(row.op);
    REQUIRE(oracle);
    const int lanes = isaFloatLanes(row.isa);
    for (int count = 0; count <= 4 * lanes + 3; ++count) {
      for (int offset = 0; offset < 4; ++offset) {
        const std::string details =
            "count=" + std::to_string(count) + ",offset=" + std::to_string(offset);
        if (!selected(row, details))
          continue;
        INFO(replay(row, details));
        std::vector<float> values(static_cast<std::size_t>(count));
        for (std::size_t i = 0; i < values.size(); ++i)
          values[i] = specialFloats()[(i + static_cast<std::size_t>(offset * 17 + count)) %
                                      specialFloats().size()];
        const auto side = offset % 2 ? GuardedBuffer::AtStart : GuardedBuffer::AtEnd;
        Guarded<float> x(values, side);
        std::vector<float> padded(values.size() + static_cast<std::size_t>(offset), 7.0f);
        Guarded<float> y(padded, side);
        row.function.unary(x.data(), y.data() + offset, count, oracle->params);
        bool right = x.intact() && y.intact();
        for (int i = 0; i < offset; ++i)
          right &= y[static_cast<std::size_t>(i)] == 7.0f;
        for (std::size_t i = 0; i < values.size(); ++i) {
          const float got = y[i + static_cast<std::size_t>(offset)];
          const double want = oracle->value(values[i], oracle->params[0], oracle->params[1]);
          const bool close = ulpsBetween(got, want) <= allowance(*oracle, values[i]);
          if (!close)
            UNSCOPED_INFO("x=" << values[i] << " got " << got << " want " << want);
          right &= close;
        }
        CHECK(right);
        // In place.
        row.function.unary(x.data(), x.data(), count, oracle->params);
        CHECK((count == 0 ||
               std::memcmp(x.data(), y.data() + offset, values.size() * sizeof(float)) == 0));
      }
    }
  });
}

TEST_CASE("unary kernels keep the sign of zero where the function does", "[unary]") {
  forEachRow(Family::Unary, [&](const KernelRow &row) {
    const UnaryOracle *oracle = unaryOracle(row.op);
    REQUIRE(oracle);
    for (float zero : {0.0f, -0.0f}) {
      float y = 1;
      row.function.unary(&zero, &y, 1, oracle->params);
      const double want = oracle->value(zero, oracle->params[0], oracle->params[1]);
      INFO(replay(row, "") << " zero=" << zero);
      if (want == 0)
        CHECK(std::signbit(y) == std::signbit(want));
    }
  });
}

TEST_CASE("binary kernels agree with their oracles", "[binary]") {
  forEachRow(Family::Binary, [&](const KernelRow &row) {
    const BinaryOracle *oracle = binaryOracle(row.op);
    REQUIRE(oracle);
    std::vector<float> as, bs;
    for (float a : specialFloats())
      for (float b : specialFloats()) {
        as.push_back(a);
        bs.push_back(b);
      }
    const std::vector<float> r = randomFloats(20000, 3), s = randomFloats(20000, 4);
    for (std::size_t i = 0; i < r.size(); ++i) {
      as.push_back(std::fabs(r[i]) * 20.0f);
      bs.push_back(s[i] * 30.0f);
    }
    std::vector<float> y(as.size());
    row.function.binary(as.data(), 1, bs.data(), 1, y.data(), static_cast<std::int64_t>(y.size()));
    int wrong = 0;
    double worst = 0;
    for (std::size_t i = 0; i < y.size(); ++i) {
      const double want = oracle->value(as[i], bs[i]);
      const double error = ulpsBetween(y[i], want);
      worst = error > worst ? error : worst;
      if (error > oracle->ulps && ++wrong < 10)
        UNSCOPED_INFO(as[i] << " and " << bs[i] << ": got " << y[i] << " want " << want);
    }
    if (verboseLevel() > 0)
      std::printf("%-28s %8.3f ulp\n", std::string(row.name).c_str(), worst);
    INFO(replay(row, "") << " worst " << worst);
    CHECK(wrong == 0);
  });
}

TEST_CASE("binary kernels handle every length and a scalar on either side", "[binary]") {
  forEachRow(Family::Binary, [&](const KernelRow &row) {
    const BinaryOracle *oracle = binaryOracle(row.op);
    REQUIRE(oracle);
    const int lanes = isaFloatLanes(row.isa);
    for (int count = 0; count <= 2 * lanes + 1; ++count) {
      for (int mode = 0; mode < 4; ++mode) {
        const std::string details =
            "count=" + std::to_string(count) + ",mode=" + std::to_string(mode);
        if (!selected(row, details))
          continue;
        INFO(replay(row, details));
        const std::int64_t aStride = mode & 1 ? 0 : 1, bStride = mode & 2 ? 0 : 1;
        const auto n = static_cast<std::size_t>(count);
        Guarded<float> a(randomFloats(aStride ? n : 1, 5)), b(randomFloats(bStride ? n : 1, 6));
        Guarded<float> y(n, 0.0f, GuardedBuffer::AtStart), z(n, 0.0f);
        row.function.binary(a.data(), aStride, b.data(), bStride, y.data(), count);
        row.function.binary(a.data(), aStride, b.data(), bStride, z.data(), count);
        bool right = a.intact() && b.intact() && y.intact() && z.intact();
        for (std::size_t i = 0; i < n; ++i) {
          const double want = oracle->value(a[aStride ? i : 0], b[bStride ? i : 0]);
          right &=
              ulpsBetween(y[i], want) <= oracle->ulps && ulpsBetween(z[i], want) <= oracle->ulps;
        }
        CHECK(right);
      }
    }
  });
}

namespace {

/// One operand of a broadcast: its strides over some sizes, and room for it.
struct Operand {
  std::vector<std::int64_t> strides;
  std::size_t count = 1;
};

/// Dense over the dimensions that `mask` has, last dimension fastest, or with `turned` the first.
Operand operandOf(const std::vector<std::int64_t> &sizes, unsigned mask, bool turned) {
  Operand o;
  o.strides.assign(sizes.size(), 0);
  std::int64_t next = 1;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    const std::size_t d = turned ? i : sizes.size() - 1 - i;
    if (mask >> d & 1u) {
      o.strides[d] = next;
      next *= sizes[d];
    }
  }
  o.count = static_cast<std::size_t>(next);
  return o;
}

/// Calls check for operands that have each subset of the dimensions, and for transposed ones.
template <class Check> void eachBroadcast(Check check) {
  using Sizes = std::vector<std::int64_t>;
  for (const Sizes &sizes : {Sizes{}, Sizes{0, 3}, Sizes{7}, Sizes{40, 3}, Sizes{3, 200},
                             Sizes{2, 2500}, Sizes{2, 5, 4, 9}, Sizes{300, 2, 5}})
    for (unsigned a = 0; a < 1u << sizes.size(); ++a)
      for (unsigned b = 0; b < 1u << sizes.size(); ++b)
        for (int turned = 0; turned < 4; ++turned)
          check(sizes, operandOf(sizes, a, turned & 1), operandOf(sizes, b, turned & 2),
                operandOf(sizes, ~0u, turned == 3));
}

std::size_t at(std::size_t i, const std::vector<std::int64_t> &sizes, const Operand &o) {
  std::int64_t sum = 0;
  auto rest = static_cast<std::int64_t>(i);
  for (std::size_t d = sizes.size(); d-- > 0; rest /= sizes[d])
    sum += rest % sizes[d] * o.strides[d];
  return static_cast<std::size_t>(sum);
}

} // namespace

TEST_CASE("broadcast repeats any dimensions of either operand", "[binary]") {
  const auto check = [](const KernelRow &row, const KernelRow &op, auto run, auto zero) {
    using T = decltype(zero);
    eachBroadcast([&](const std::vector<std::int64_t> &sizes, const Operand &a, const Operand &b,
                      const Operand &y) {
      const auto rank = static_cast<std::int64_t>(sizes.size());
      Guarded<float> as(randomFloats(a.count, 7)), bs(randomFloats(b.count, 8));
      Guarded<T> ys(y.count, zero);
      run(as.data(), a.strides.data(), bs.data(), b.strides.data(), ys.data(), y.strides.data(),
          sizes.data(), rank);
      std::size_t wrong = as.intact() && bs.intact() && ys.intact() ? 0 : 1;
      for (std::size_t i = 0; i < y.count; ++i) {
        const float p = as[at(i, sizes, a)], q = bs[at(i, sizes, b)];
        wrong += ys[at(i, sizes, y)] != static_cast<T>(op.op == "less" ? p < q : p - q);
      }
      INFO(replay(row, "") << " rank=" << rank);
      CHECK(wrong == 0);
    });
  };
  forEachRow(Family::Broadcast, [&](const KernelRow &row) {
    const KernelRow *op = kernels::findKernel("sub", "f32", row.isa);
    REQUIRE(op);
    const auto run = [&](auto... args) { row.function.broadcast(op->function.binary, args...); };
    check(row, *op, run, 0.0f);
  });
  forEachRow(Family::BroadcastCompare, [&](const KernelRow &row) {
    const KernelRow *op = kernels::findKernel("less", "f32", row.isa);
    REQUIRE(op);
    const auto run = [&](auto... args) {
      row.function.broadcastCompare(op->function.compare, args...);
    };
    check(row, *op, run, std::uint8_t{0});
  });
}
