// gemm against sums in double: every layout of both operands, 16-bit operands, blocks of k and of
// rows, epilogues; the same bits with and without threads.
#include <cmath>

#include <catch2/catch.hpp>

#include "Harness.h"
#include "tessera/kernels/GemmArgs.h"

using namespace tessera;
using namespace tessera::test;
using kernels::Activation;
using kernels::GemmArgs;

namespace {

struct Problem {
  std::int64_t m, n, k, batch = 1;
};

std::size_t size(std::int64_t n) {
  return static_cast<std::size_t>(n);
}

std::string text(const Problem &p, int mode) {
  return "m=" + std::to_string(p.m) + ",n=" + std::to_string(p.n) + ",k=" + std::to_string(p.k) +
         ",batch=" + std::to_string(p.batch) + ",mode=" + std::to_string(mode);
}

std::vector<Problem> problems(int lanes) {
  std::vector<Problem> all = {{0, 5, 3}, {5, 0, 3}, {4, 7, 0}, {1, 1, 1}, {70, 4 * lanes, 0}};
  for (std::int64_t m : {1, 5, 6, 7, 13, 17})
    for (std::int64_t n :
         {1, lanes / 2, lanes, lanes + 1, 2 * lanes, 3 * lanes + 1, 4 * lanes, 9 * lanes + 2})
      all.push_back({m, n, 1 + (m * 7 + n) % 11});
  all.push_back({100, 5 * lanes + 3, 700}); // packed, with two blocks of k
  all.push_back({230, 3 * lanes + 1, 1500});
  all.push_back({8, 9 * lanes + 2, 130}); // few rows, fetched ahead where tiles are wide
  all.push_back({40, 4 * lanes + 3, 50}); // half a vector of columns behind a panel, in place
  all.push_back({40, 4 * lanes + lanes / 2, 700}); // and packed
  // Packed beside the first tile of each panel, in two blocks of k, with a part of a panel behind.
  all.push_back({14, 395, 700});
  all.push_back({1, 1100, 703});            // slices of k
  all.push_back({130, 5 * lanes + 3, 120}); // parts of rows and columns for threads, in place
  return all;
}

/// Numbers that f16 and bf16 hold exactly, and their bits as that type.
float coarse(float x) {
  return std::round(x * 16.0f) / 16.0f;
}

std::uint16_t bitsOf(float x, std::string_view dtype) {
  const auto bits = __builtin_bit_cast(std::uint32_t, x);
  if (dtype == "bf16")
    return static_cast<std::uint16_t>(bits >> 16);
  if (x == 0.0f)
    return 0;
  return static_cast<std::uint16_t>((bits >> 16 & 0x8000) |
                                    (((bits >> 23 & 0xff) - 112) << 10 | (bits >> 13 & 0x3ff)));
}

/// The matrices of `values` as elements of the row's type, turned when asked.
std::vector<unsigned char> stored(const std::vector<float> &values, std::int64_t rows,
                                  std::int64_t cols, bool turned, std::string_view dtype) {
  const std::size_t width = dtype == "f32" ? 4 : 2;
  std::vector<unsigned char> out(values.size() * width);
  const std::int64_t each = rows * cols;
  for (std::int64_t e = 0; e < std::int64_t(values.size()); ++e) {
    const std::int64_t i = e % each / cols, j = e % cols;
    const float x = values[size(e)];
    const std::size_t at = size(turned ? e / each * each + j * rows + i : e) * width;
    const std::uint16_t half = bitsOf(x, dtype);
    std::memcpy(&out[at], width == 4 ? static_cast<const void *>(&x) : &half, width);
  }
  return out;
}

double activated(Activation activation, double x) {
  switch (activation) {
  case Activation::None:
    return x;
  case Activation::Relu:
    return std::fmax(x, 0.0);
  case Activation::Gelu:
    return 0.5 * x * std::erfc(-x / std::sqrt(2.0));
  case Activation::GeluTanh:
    return 0.5 * x * (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
  case Activation::Silu:
    return x / (1 + std::exp(-x));
  case Activation::Tanh:
    return std::tanh(x);
  case Activation::Sigmoid:
    return 1 / (1 + std::exp(-x));
  }
  return NAN;
}

struct Case {
  Problem p;
  std::vector<float> a, b, c0, bias;
  GemmArgs g{};
  bool turnA, turnB;
};

Case makeCase(const Problem &p, int mode) {
  Case x;
  x.p = p;
  x.turnA = mode & 1;
  x.turnB = mode & 2;
  x.a = randomFloats(size(p.batch * p.m * p.k), 1);
  x.b = randomFloats(size(p.batch * p.k * p.n), 2);
  x.c0 = randomFloats(size(p.batch * p.m * p.n), 3);
  x.bias = randomFloats(size(p.n), 4);
  for (std::vector<float> *v : {&x.a, &x.b})
    for (float &value : *v)
      value = coarse(value);
  x.g.m = p.m;
  x.g.n = p.n;
  x.g.k = p.k;
  x.g.aRow = x.turnA ? 1 : p.k;
  x.g.aK = x.turnA ? p.m : 1;
  x.g.bK = x.turnB ? 1 : p.n;
  x.g.bN = x.turnB ? p.k : 1;
  x.g.cRow = p.n;
  x.g.batch = p.batch;
  x.g.aBatch = p.m * p.k;
  x.g.bBatch = p.k * p.n;
  x.g.cBatch = x.g.residualBatch = p.m * p.n;
  x.g.accumulate = mode & 4;
  x.g.activation = static_cast<Activation>(mode % 7);
  if (mode & 8)
    x.g.bias = x.bias.data();
  return x;
}

bool right(const Case &x, const std::vector<float> &got) {
  const std::int64_t n = x.p.n, each = x.p.m * n;
  for (std::int64_t e = 0; e < std::int64_t(got.size()); ++e) {
    const std::int64_t j = e % n;
    const std::int64_t a = e / n * x.p.k, b = e / each * x.p.k * n + j;
    double sum = (x.g.accumulate ? x.c0[size(e)] : 0.0) + (x.g.bias ? x.bias[size(j)] : 0.0) +
                 (x.g.residual ? x.c0[size(e)] : 0.0);
    double magnitude = std::fabs(sum) + 1;
    for (std::int64_t q = 0; q < x.p.k; ++q) {
      const double product = double(x.a[size(a + q)]) * x.b[size(b + q * n)];
      sum += product;
      magnitude += std::fabs(product);
    }
    const double want = activated(x.g.activation, sum);
    if (!(std::fabs(got[size(e)] - want) <= magnitude * std::ldexp(double(x.p.k) + 8, -23))) {
      UNSCOPED_INFO("at " << e / n << "," << j << " got " << got[size(e)] << ", not " << want);
      return false;
    }
  }
  return true;
}

} // namespace

TEST_CASE("gemm multiplies operands of either layout and of every type", "[gemm]") {
  forEachRow(Family::Gemm, [&](const KernelRow &row) {
    for (const Problem &p : problems(isaFloatLanes(row.isa)))
      for (int mode = 0; mode < 16; ++mode) {
        if (!selected(row, text(p, mode)))
          continue;
        INFO(replay(row, text(p, mode)));
        Case x = makeCase(p, mode);
        Guarded<unsigned char> a(stored(x.a, p.m, p.k, x.turnA, row.dtype));
        Guarded<unsigned char> b(stored(x.b, p.k, p.n, x.turnB, row.dtype));
        Guarded<float> residual(x.c0);
        const std::int64_t sizes[] = {p.m, p.n, p.k};
        Guarded<float> workspace(size(row.function.gemm(nullptr, sizes)), 0.0f);
        x.g.a = a.data();
        x.g.b = b.data();
        x.g.workspace = workspace.data();
        if (mode & 2)
          x.g.residual = residual.data(), x.g.residualRow = p.n;
        std::vector<float> serial;
        for (ParallelFor loop : {ParallelFor(nullptr), &backwards}) {
          Guarded<float> c(x.g.accumulate ? x.c0 : std::vector<float>(x.c0.size(), NAN),
                           mode & 1 ? GuardedBuffer::AtStart : GuardedBuffer::AtEnd);
          x.g.c = c.data();
          x.g.parallelFor = loop;
          CHECK(row.function.gemm(&x.g, nullptr) == 0);
          CHECK((c.intact() && a.intact() && b.intact() && workspace.intact()));
          const std::vector<float> got(c.data(), c.data() + c.size());
          if (loop)
            CHECK((got.empty() || std::memcmp(got.data(), serial.data(), got.size() * 4) == 0));
          else
            CHECK(right(x, got));
          serial = got;
        }
      }
  });
}

TEST_CASE("gemm does without a workspace for f32 only, in parts that threads may share", "[gemm]") {
  forEachRow(Family::Gemm, [&](const KernelRow &row) {
    for (const Problem &p : {Problem{20, 37, 45}, {130, 83, 60}, {8, 300, 300}})
      for (int mode = 0; mode < 4; ++mode) {
        Case x = makeCase(p, mode);
        const std::vector<unsigned char> a = stored(x.a, p.m, p.k, x.turnA, row.dtype);
        const std::vector<unsigned char> b = stored(x.b, p.k, p.n, x.turnB, row.dtype);
        x.g.a = a.data();
        x.g.b = b.data();
        for (ParallelFor loop : {ParallelFor(nullptr), &backwards}) {
          std::vector<float> c(x.c0.size(), NAN);
          x.g.c = c.data();
          x.g.parallelFor = loop;
          CHECK(row.function.gemm(&x.g, nullptr) == (row.dtype == "f32" ? 0 : -1));
          CHECK((row.dtype != "f32" || right(x, c)));
        }
      }
  });
}

TEST_CASE("gemm shares batches, rows and columns among any number of threads, with the same bits",
          "[gemm]") {
  forEachRow(Family::Gemm, [&](const KernelRow &row) {
    const KernelRow *pack = kernels::findKernel("pack_rhs", "f32", row.isa);
    for (const Problem &p : {Problem{97, 131, 61},
                             {3, 1100, 80},
                             {301, 70, 29},
                             {70, 64, 900},
                             {200, 330, 131},
                             {120, 70, 400}, // of several blocks of k where caches are small
                             {64, 1100, 40},
                             {37, 70, 45, 5},
                             {130, 83, 60, 3},
                             {9, 33, 20, 100},
                             {20, 20, 20, 7},
                             {32, 32, 32, 2},
                             {32, 32, 20, 4},
                             {8, 8, 8, 300},
                             {45, 70, 600, 2},
                             {5, 7, 0, 3},
                             {4, 4, 4, 0},
                             // Slices of k.
                             {1, 1100, 703},
                             {2, 515, 900},
                             {2, 600, 500, 2},
                             {2, 300, 500, 20},
                             {3, 600, 500, 2}, // where columns are not fetched ahead
                             {4, 2100, 2100}})
      // Modes as above; the last has b packed beforehand.
      for (int mode : {0, 2, 4, 9, 14, 16}) {
        if (!selected(row, text(p, mode)) || (mode % 14 != 0 && row.dtype != "f32") ||
            (p.k > 1000 && (mode != 0 || row.dtype != "f32"))) // long rows from memory
          continue;
        INFO(replay(row, text(p, mode)));
        Case x = makeCase(p, mode);
        const std::vector<unsigned char> a = stored(x.a, p.m, p.k, x.turnA, row.dtype);
        const std::vector<unsigned char> b = stored(x.b, p.k, p.n, x.turnB, row.dtype);
        const std::int64_t sizes[] = {p.m, p.n, p.k};
        Guarded<float> workspace(size(row.function.gemm(nullptr, sizes)), 0.0f);
        x.g.a = a.data(), x.g.b = b.data();
        x.g.workspace = workspace.data();
        std::vector<float> packed;
        if (mode == 16) {
          x.g.bPanel = 2 * isaFloatLanes(row.isa);
          x.g.bBatch = (p.n + x.g.bPanel - 1) / x.g.bPanel * x.g.bPanel * p.k;
          packed.resize(size(x.g.bBatch * p.batch));
          for (std::int64_t i = 0; i < p.batch; ++i)
            pack->function.packRhs(&x.b[size(i * p.k * p.n)], p.n, 1,
                                   packed.data() + i * x.g.bBatch, p.k, p.n, x.g.bPanel);
          x.g.b = packed.data();
          x.g.workspace = nullptr;
        }
        std::vector<float> alone;
        for (int threads = 0; threads <= 5; ++threads) {
          std::vector<float> c = x.g.accumulate ? x.c0 : std::vector<float>(x.c0.size(), NAN);
          x.g.c = c.data();
          if (mode & 2)
            x.g.residual = x.c0.data(), x.g.residualRow = p.n;
          x.g.parallelFor = threads == 0 ? nullptr : &onThreads;
          x.g.pool = &threads;
          REQUIRE(row.function.gemm(&x.g, nullptr) == 0);
          CHECK(workspace.intact());
          if (threads == 0)
            CHECK(right(x, c));
          else
            CHECK((c.empty() || std::memcmp(c.data(), alone.data(), c.size() * 4) == 0));
          if (threads == 0)
            alone = c;
        }
      }
  });
}

TEST_CASE("gemm refuses a packed right operand that it cannot use", "[gemm]") {
  forEachRow(Family::Gemm, [&](const KernelRow &row) {
    std::vector<float> numbers(4096), c(4, 7.0f);
    GemmArgs g{};
    g.a = g.b = numbers.data(), g.c = c.data(), g.workspace = numbers.data();
    g.m = g.n = g.k = 2, g.aRow = 1, g.aK = 2, g.cRow = 2, g.bPanel = isaFloatLanes(row.isa);
    CHECK(row.function.gemm(&g, nullptr) == -1);
    CHECK(c == std::vector<float>(4, 7.0f));
  });
}
