// The contraction families against sums in double: register tiles, tails, packing, blocking of k,
// strides, transposed operands, accumulation.
#include <cmath>

#include <catch2/catch.hpp>

#include "Harness.h"

using namespace tessera;
using namespace tessera::test;

namespace {

struct Problem {
  std::int64_t m, n, k;
};

std::string text(const Problem &p) {
  return "m=" + std::to_string(p.m) + ",n=" + std::to_string(p.n) + ",k=" + std::to_string(p.k);
}

std::size_t size(std::int64_t n) {
  return static_cast<std::size_t>(n);
}

/// Around every register tile, and past the blocks of k (384) and of rows (192).
std::vector<Problem> problems(int lanes) {
  std::vector<Problem> all = {{0, 5, 3}, {5, 0, 3}, {4, 7, 0}, {1, 1, 1}};
  for (std::int64_t m : {1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 17})
    for (std::int64_t n : {1, lanes - 1, lanes, lanes + 1, 2 * lanes, 3 * lanes + 1, 4 * lanes,
                           4 * lanes + 3, 8 * lanes + 2})
      all.push_back({m, n, 1 + (m * 7 + n) % 11});
  // Few rows and a right operand that L1 does not hold.
  for (std::int64_t m : {1, 2, 3, 4, 5, 6, 8, 12})
    all.push_back({m, 27 * lanes + 3, 155});
  all.push_back({3, 2 * lanes + 5, 385});
  all.push_back({13, 4 * lanes + 5, 769});
  all.push_back({200, 70, 33});
  all.push_back({193, 129, 390});
  all.push_back({1310, 20, 401}); // more of a than mma passes over panel by panel
  return all;
}

/// c0 + a * b in double with the sum of magnitudes beside it, as the bound of the rounding error.
void reference(const Problem &p, const std::vector<float> &a, const std::vector<float> &b,
               const std::vector<float> &c0, std::vector<double> &value,
               std::vector<double> &magnitude) {
  value.assign(size(p.m * p.n), 0.0);
  magnitude.assign(size(p.m * p.n), 0.0);
  for (std::int64_t i = 0; i < p.m; ++i)
    for (std::int64_t j = 0; j < p.n; ++j) {
      double sum = c0.empty() ? 0.0 : c0[size(i * p.n + j)], size_ = std::fabs(sum);
      for (std::int64_t q = 0; q < p.k; ++q) {
        const double product = double(a[size(i * p.k + q)]) * b[size(q * p.n + j)];
        sum += product;
        size_ += std::fabs(product);
      }
      value[size(i * p.n + j)] = sum;
      magnitude[size(i * p.n + j)] = size_;
    }
}

bool close(float got, double want, double magnitude, std::int64_t k) {
  return std::fabs(got - want) <= magnitude * std::ldexp(static_cast<double>(k) + 2, -24);
}

/// The packed form by its definition.
std::vector<float> packed(const Problem &p, const std::vector<float> &b, std::int64_t panel) {
  const std::int64_t panels = (p.n + panel - 1) / panel;
  std::vector<float> out(size(panels * p.k * panel), 0.0f);
  for (std::int64_t q = 0; q < p.k; ++q)
    for (std::int64_t j = 0; j < p.n; ++j)
      out[size((j / panel * p.k + q) * panel + j % panel)] = b[size(q * p.n + j)];
  return out;
}

/// rows x cols values spread out to a row stride, the gaps holding 99.
std::vector<float> spread(const std::vector<float> &v, std::int64_t rows, std::int64_t cols,
                          std::int64_t stride) {
  if (rows == 0)
    return {};
  std::vector<float> out(size((rows - 1) * stride + cols), 99.0f);
  for (std::int64_t i = 0; i < rows; ++i)
    for (std::int64_t j = 0; j < cols; ++j)
      out[size(i * stride + j)] = v[size(i * cols + j)];
  return out;
}

bool compare(const Problem &p, Guarded<float> &c, std::int64_t stride,
             const std::vector<double> &want, const std::vector<double> &magnitude) {
  bool right = c.intact();
  for (std::int64_t i = 0; i < p.m; ++i)
    for (std::int64_t j = 0; j < stride && size(i * stride + j) < c.size(); ++j) {
      const float got = c[size(i * stride + j)];
      const bool same = j < p.n
                            ? close(got, want[size(i * p.n + j)], magnitude[size(i * p.n + j)], p.k)
                            : got == 99.0f;
      if (!same && right)
        UNSCOPED_INFO("at " << i << "," << j << " got " << got);
      right &= same;
    }
  return right;
}

} // namespace

TEST_CASE("pack_rhs makes zero-padded panels from either layout", "[pack]") {
  forEachRow(Family::PackRhs, [&](const KernelRow &row) {
    const int lanes = isaFloatLanes(row.isa);
    for (const Problem &p : problems(lanes)) {
      for (std::int64_t panel : {lanes, 3 * lanes, 4 * lanes}) {
        const std::string details = text(p) + ",panel=" + std::to_string(panel);
        if (p.n == 0 || !selected(row, details))
          continue;
        INFO(replay(row, details));
        const std::vector<float> b = randomFloats(size(p.k * p.n), 1);
        std::vector<float> transposed(b.size());
        for (std::int64_t q = 0; q < p.k; ++q)
          for (std::int64_t j = 0; j < p.n; ++j)
            transposed[size(j * p.k + q)] = b[size(q * p.n + j)];
        const std::vector<float> want = packed(p, b, panel);
        Guarded<float> plain(b), turned(transposed);
        Guarded<float> out(want.size(), 5.0f), out2(want.size(), 5.0f, GuardedBuffer::AtStart);
        row.function.packRhs(plain.data(), p.n, 1, out.data(), p.k, p.n, panel);
        row.function.packRhs(turned.data(), 1, p.k, out2.data(), p.k, p.n, panel);
        bool right = out.intact() && out2.intact();
        for (std::size_t i = 0; i < want.size(); ++i)
          right &= out[i] == want[i] && out2[i] == want[i];
        CHECK(right);
      }
    }
  });
}

TEST_CASE("mma multiplies by packed panels", "[mma]") {
  forEachRow(Family::Mma, [&](const KernelRow &row) {
    const int lanes = isaFloatLanes(row.isa);
    for (const Problem &p : problems(lanes)) {
      const std::vector<float> a = randomFloats(size(p.m * p.k), 1);
      const std::vector<float> b = randomFloats(size(p.k * p.n), 2);
      const std::vector<float> c0 = randomFloats(size(p.m * p.n), 3);
      for (int mode = 0; mode < 4; ++mode) {
        const bool add = mode & 1;
        const std::int64_t panel = (mode & 2 ? 4 : 3) * lanes, gap = mode & 2 ? 3 : 0;
        const std::string details = text(p) + ",mode=" + std::to_string(mode);
        if (!selected(row, details))
          continue;
        INFO(replay(row, details));
        std::vector<double> want, magnitude;
        reference(p, a, b, add ? c0 : std::vector<float>(), want, magnitude);
        const std::vector<float> nothing(c0.size(), NAN);
        Guarded<float> as(spread(a, p.m, p.k, p.k + gap)), bs(packed(p, b, panel));
        Guarded<float> c(spread(add ? c0 : nothing, p.m, p.n, p.n + gap),
                         mode & 1 ? GuardedBuffer::AtStart : GuardedBuffer::AtEnd);
        row.function.mma(as.data(), p.k + gap, bs.data(), c.data(), p.n + gap, p.m, p.n, p.k, panel,
                         add);
        CHECK(compare(p, c, p.n + gap, want, magnitude));
        CHECK((as.intact() && bs.intact()));
      }
    }
  });
}

TEST_CASE("matmul multiplies plain operands, transposed or not", "[matmul]") {
  forEachRow(Family::Matmul, [&](const KernelRow &row) {
    const int lanes = isaFloatLanes(row.isa);
    for (const Problem &p : problems(lanes)) {
      const std::vector<float> a = randomFloats(size(p.m * p.k), 1);
      const std::vector<float> b = randomFloats(size(p.k * p.n), 2);
      const std::vector<float> c0 = randomFloats(size(p.m * p.n), 3);
      std::vector<float> at(a.size()), bt(b.size());
      for (std::int64_t i = 0; i < p.m; ++i)
        for (std::int64_t q = 0; q < p.k; ++q)
          at[size(q * p.m + i)] = a[size(i * p.k + q)];
      for (std::int64_t q = 0; q < p.k; ++q)
        for (std::int64_t j = 0; j < p.n; ++j)
          bt[size(j * p.k + q)] = b[size(q * p.n + j)];
      for (int mode = 0; mode < 8; ++mode) {
        const bool add = mode & 1, turnA = mode & 2, turnB = mode & 4;
        const std::string details = text(p) + ",mode=" + std::to_string(mode);
        if (!selected(row, details))
          continue;
        INFO(replay(row, details));
        std::vector<double> want, magnitude;
        reference(p, a, b, add ? c0 : std::vector<float>(), want, magnitude);
        Guarded<float> as(turnA ? at : a), bs(turnB ? bt : b);
        Guarded<float> c(add ? c0 : std::vector<float>(c0.size(), NAN));
        row.function.matmul(as.data(), turnA ? 1 : p.k, turnA ? p.m : 1, bs.data(), turnB ? 1 : p.n,
                            turnB ? p.k : 1, c.data(), p.n, p.m, p.n, p.k, add);
        CHECK(compare(p, c, p.n, want, magnitude));
        CHECK((as.intact() && bs.intact()));
      }
    }
  });
}
