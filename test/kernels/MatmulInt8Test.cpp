// Products of 8-bit integers against plain loops: exact sums on ragged shapes, zero points,
// saturation of the products, requantisation to every output.
#include <algorithm>
#include <cmath>

#include <catch2/catch.hpp>

#include "Harness.h"
#include "tessera/kernels/MatmulInt8Args.h"

using namespace tessera;
using namespace tessera::test;
using kernels::Int8Epilogue;
using kernels::Int8Output;
using kernels::MatmulInt8Args;

namespace {

struct Problem {
  std::int64_t m, n, k;
};

std::size_t size(std::int64_t n) {
  return static_cast<std::size_t>(n);
}

std::string text(const Problem &p, int mode) {
  return "m=" + std::to_string(p.m) + ",n=" + std::to_string(p.n) + ",k=" + std::to_string(p.k) +
         ",mode=" + std::to_string(mode);
}

std::vector<Problem> problems(int lanes) {
  std::vector<Problem> all = {{0, 5, 3}, {5, 0, 3}, {4, 7, 0}, {1, 1, 1}};
  for (std::int64_t m : {1, 2, 3, 4, 5, 6, 7, 8, 13})
    for (std::int64_t n : {1, lanes - 1, lanes, lanes + 1, 2 * lanes, 3 * lanes + 1, 4 * lanes,
                           4 * lanes + 3, 8 * lanes + 2})
      all.push_back({m, n, 1 + (m * 7 + n) % 11});
  // Rows, columns and depths that fill tiles of AMX and that do not, in pairs and not; rows that
  // two tiles share; depths whose last step begins within the one before.
  for (std::int64_t m : {5, 6, 16, 17, 32, 35, 49})
    for (std::int64_t n : {16, 17, 33, 48, 64, 81})
      for (std::int64_t k : {15, 16, 18, 60, 63, 64, 65, 68, 127, 130})
        if ((m + n + k) % 3 == 0 && m * n * k > 1 << 15)
          all.push_back({m, n, k});
  for (const Problem &p : {Problem{33, 1, 1030}, {6, 81, 131}, {16, 17, 130}, {8, 33, 190}})
    all.push_back(p);
  all.push_back({200, 70, 33});
  all.push_back({67, 33, 2500}); // several blocks of rows
  all.push_back({7, 5, 22001});  // more than a block for one tile
  // Enough for threads to share: by rows, by columns, by both; rows that are prepared by threads.
  for (const Problem &p : {Problem{97, 131, 61}, {3, 2100, 150}, {64, 64, 2100}, {210, 257, 91}})
    all.push_back(p);
  return all;
}

/// Bytes with many extremes among them.
template <class T> std::vector<T> randomBytes(std::size_t count, std::uint32_t seed) {
  std::vector<T> out(count);
  std::uint32_t state = seed * 2654435761u + 1;
  for (T &x : out) {
    state = state * 1664525u + 1013904223u;
    const bool extreme = (state >> 28) < 6;
    x = static_cast<T>(
        extreme ? (state >> 27 & 1 ? std::numeric_limits<T>::max() : std::numeric_limits<T>::min())
                : state >> 16);
  }
  return out;
}

/// What a mode asks for beside the product.
struct Asked {
  Int8Epilogue e;
  std::vector<std::int32_t> bZero, bias;
  std::vector<float> scale;
};

void ask(Asked &x, const Problem &p, int mode, bool isSigned) {
  x.e.aZero = mode & 1 ? (isSigned ? -7 : 131) : 0;
  x.e.output = static_cast<Int8Output>(mode >> 1 & 3);
  for (std::int64_t j = 0; j <= p.n; ++j) {
    x.bZero.push_back(static_cast<std::int32_t>(j * 37 % 255 - 128));
    x.bias.push_back(static_cast<std::int32_t>(j * 7919 % 20001 - 10000));
    x.scale.push_back(std::ldexp(1.0f + static_cast<float>(j % 13) / 13, -9));
  }
  x.e.scale = x.scale.data();
  x.e.scaleStride = mode >> 3 & 1;
  if (mode & 16) {
    x.e.bZero = x.bZero.data();
    x.e.bZeroStride = mode >> 3 & 1;
  }
  if (mode & 32)
    x.e.bias = x.bias.data();
  x.e.cZero = x.e.output == Int8Output::U8 ? 113 : x.e.output == Int8Output::S8 ? -5 : 0;
}

/// By the definition in Int8.h; the result as a number.
template <class T>
double wanted(const Problem &p, const std::vector<T> &a, const std::vector<std::int8_t> &b,
              const Int8Epilogue &e, std::int64_t i, std::int64_t j) {
  std::int64_t q = e.bias ? e.bias[j] : 0;
  const std::int32_t zero = e.bZero ? e.bZero[j * e.bZeroStride] : 0;
  for (std::int64_t d = 0; d < p.k; ++d)
    q += std::int64_t(a[size(i * p.k + d)] - e.aZero) * (b[size(d * p.n + j)] - zero);
  const auto sum = static_cast<std::int32_t>(q);
  if (e.output == Int8Output::I32)
    return sum;
  const float scaled = static_cast<float>(sum) * e.scale[j * e.scaleStride];
  if (e.output == Int8Output::F32)
    return scaled;
  const double low = e.output == Int8Output::U8 ? 0 : -128;
  return std::clamp(std::nearbyint(double(scaled)) + e.cZero, low, low + 255);
}

template <class C> double numberAt(const GuardedBuffer &c, std::int64_t at) {
  C x;
  std::memcpy(&x, static_cast<char *>(c.data()) + at * std::int64_t(sizeof(C)), sizeof(C));
  return double(x);
}

double resultAt(const GuardedBuffer &c, Int8Output output, std::int64_t at) {
  switch (output) {
  case Int8Output::I32:
    return numberAt<std::int32_t>(c, at);
  case Int8Output::F32:
    return numberAt<float>(c, at);
  case Int8Output::U8:
    return numberAt<std::uint8_t>(c, at);
  case Int8Output::S8:
    return numberAt<std::int8_t>(c, at);
  }
  return NAN;
}

template <class T> bool right(const KernelRow &row, const Problem &p, int mode) {
  const std::vector<T> a = randomBytes<T>(size(p.m * p.k), 1);
  const std::vector<std::int8_t> b = randomBytes<std::int8_t>(size(p.k * p.n), 2);
  Asked asked;
  ask(asked, p, mode, T(-1) < T(0));
  const KernelRow *pack = kernels::findKernel("pack_rhs_int8", "s8", row.isa);
  const auto bytes = pack->function.packRhsInt8(nullptr, 0, 0, nullptr, p.k, p.n);
  std::vector<std::int8_t> turned(b.size());
  for (std::int64_t d = 0; d < p.k; ++d)
    for (std::int64_t j = 0; j < p.n; ++j)
      turned[size(j * p.k + d)] = b[size(d * p.n + j)];
  Guarded<std::int8_t> packed(size(bytes), 77);
  Guarded<std::int8_t> plain(mode & 1 ? turned : b);
  pack->function.packRhsInt8(plain.data(), mode & 1 ? 1 : p.n, mode & 1 ? p.k : 1, packed.data(),
                             p.k, p.n);
  const std::int64_t width = asked.e.output < Int8Output::U8 ? 4 : 1;
  Guarded<T> as(a);
  const std::int64_t sizes[] = {p.m, p.n, p.k};
  Guarded<std::int8_t> workspace(size(row.function.matmulInt8(nullptr, sizes)), 55);
  MatmulInt8Args g{};
  g.a = as.data(), g.aRow = p.k, g.b = packed.data(), g.cRow = p.n;
  g.m = p.m, g.n = p.n, g.k = p.k;
  g.epilogue = asked.e;
  g.workspace = workspace.data();
  bool same = true;
  std::vector<char> alone;
  // One thread, one that does its tasks backwards, up to five.
  for (int threads = -1; threads <= 5; ++threads) {
    GuardedBuffer c(size(p.m * p.n * width),
                    mode & 2 ? GuardedBuffer::AtStart : GuardedBuffer::AtEnd);
    g.c = c.data();
    g.parallelFor = threads < 0 ? nullptr : threads == 0 ? &backwards : &onThreads;
    g.pool = &threads;
    same &= row.function.matmulInt8(&g, nullptr) == 0 && c.intact() && packed.intact() &&
            as.intact() && workspace.intact();
    const auto *bytesOfC = static_cast<const char *>(c.data());
    if (threads >= 0) {
      same &= std::equal(alone.begin(), alone.end(), bytesOfC);
      continue;
    }
    alone.assign(bytesOfC, bytesOfC + p.m * p.n * width);
    for (std::int64_t i = 0; i < p.m; ++i)
      for (std::int64_t j = 0; j < p.n; ++j)
        if (same && resultAt(c, asked.e.output, i * p.n + j) != wanted(p, a, b, asked.e, i, j)) {
          UNSCOPED_INFO("at " << i << "," << j << " got "
                              << resultAt(c, asked.e.output, i * p.n + j) << ", not "
                              << wanted(p, a, b, asked.e, i, j));
          same = false;
        }
  }
  return same;
}

} // namespace

TEST_CASE("matmul_int8 is exact and requantises as Int8.h says", "[int8]") {
  forEachRow(Family::MatmulInt8, [&](const KernelRow &row) {
    for (const Problem &p : problems(isaFloatLanes(row.isa)))
      for (int mode = 0; mode < 64; mode += p.m * p.n * p.k > 100000 ? 9 : 1) {
        if (!selected(row, text(p, mode)))
          continue;
        INFO(replay(row, text(p, mode)));
        CHECK((row.dtype == "u8s8" ? right<std::uint8_t>(row, p, mode)
                                   : right<std::int8_t>(row, p, mode)));
      }
  });
}

TEST_CASE("matmul_int8 rounds ties to even, saturates, and takes NaN as low", "[int8]") {
  forEachRow(Family::MatmulInt8, [&](const KernelRow &row) {
    const std::int64_t n = 5;
    const std::int32_t bias[n] = {1, 3, -1, 2147483647, -2147483647 - 1};
    const float scales[n] = {0.5f, 0.5f, 0.5f, INFINITY, NAN};
    const KernelRow *pack = kernels::findKernel("pack_rhs_int8", "s8", row.isa);
    std::vector<std::int8_t> packed(size(pack->function.packRhsInt8(nullptr, 0, 0, nullptr, 0, n)));
    pack->function.packRhsInt8(nullptr, n, 1, packed.data(), 0, n);
    Int8Epilogue e;
    e.bias = bias;
    e.scale = scales;
    e.scaleStride = 1;
    e.output = Int8Output::S8;
    e.cZero = 10;
    std::int8_t c[n];
    MatmulInt8Args g{};
    g.b = packed.data(), g.c = c, g.cRow = n, g.m = 1, g.n = n;
    g.epilogue = e;
    CHECK(row.function.matmulInt8(&g, nullptr) == -1);
    std::int64_t workspace[64];
    g.workspace = workspace;
    CHECK(row.function.matmulInt8(&g, nullptr) == 0);
    CHECK(std::vector<int>(c, c + n) == std::vector<int>{10, 12, 10, 127, -128});
  });
}
