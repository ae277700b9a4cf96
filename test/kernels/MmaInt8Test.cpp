// The CPU's matrix unit for 8-bit integers: packing into groups, and products by packed panels.
#include <array>

#include <catch2/catch.hpp>

#include "Harness.h"

using namespace tessera;
using namespace tessera::test;

namespace {

std::size_t size(std::int64_t n) {
  return static_cast<std::size_t>(n);
}

/// A size, and how the right operand is packed.
struct Problem {
  std::int64_t m, n, k, panel, group;
};

std::string text(const Problem &p) {
  return "m=" + std::to_string(p.m) + ",n=" + std::to_string(p.n) + ",k=" + std::to_string(p.k) +
         ",panel=" + std::to_string(p.panel) + ",group=" + std::to_string(p.group);
}

std::vector<Problem> problems(int lanes) {
  std::vector<Problem> all;
  for (std::int64_t group : {2, 4})
    for (std::int64_t panel : {lanes, 3 * lanes, 4 * lanes, 8 * lanes}) {
      for (const auto &[m, n, k] : {std::array<std::int64_t, 3>{0, 5, 3},
                                    {5, 0, 3},
                                    {4, 7, 0},
                                    {1, 1, 1},
                                    {1, 40, 33},
                                    {3, 15, 4},
                                    {6, 16, 64},
                                    {7, 17, 13},
                                    {13, 65, 31},
                                    {23, 130, 6}})
        all.push_back({m, n, k, panel, group});
    }
  // Tiles of AMX: full, of fewer rows, columns and depths, and rows that two tiles share.
  for (const auto &[m, n, k] : {std::array<std::int64_t, 3>{16, 64, 64},
                                {17, 33, 20},
                                {33, 70, 100},
                                {47, 16, 65},
                                {50, 129, 63},
                                {35, 48, 131}})
    all.push_back({m, n, k, 4 * lanes, 4});
  for (std::int64_t group : {2, 4}) {
    all.push_back({200, 19, 9, 4 * lanes, group});  // several blocks of rows
    all.push_back({9, 37, 2049, 4 * lanes, group}); // and of depths
  }
  return all;
}

/// Bytes with many extremes among them.
std::vector<std::int8_t> randomBytes(std::size_t count, std::uint32_t seed) {
  std::vector<std::int8_t> out(count);
  std::uint32_t state = seed * 2654435761u + 1;
  for (std::int8_t &x : out) {
    state = state * 1664525u + 1013904223u;
    const std::uint32_t kind = state >> 28;
    x = kind < 4 ? std::int8_t(-128) : kind < 6 ? std::int8_t(127) : std::int8_t(state >> 16);
  }
  return out;
}

std::vector<std::int8_t> packed(const Problem &p, const std::vector<std::int8_t> &b) {
  const std::int64_t panels = (p.n + p.panel - 1) / p.panel, groups = (p.k + p.group - 1) / p.group;
  std::vector<std::int8_t> out(size(panels * groups * p.panel * p.group), 0);
  for (std::int64_t q = 0; q < p.k; ++q)
    for (std::int64_t j = 0; j < p.n; ++j)
      out[size(((j / p.panel * groups + q / p.group) * p.panel + j % p.panel) * p.group +
               q % p.group)] = b[size(q * p.n + j)];
  return out;
}

} // namespace

TEST_CASE("mma_int8_pack makes zero-padded panels of groups from either layout", "[mma_int8]") {
  forEachRow(Family::MmaInt8Pack, [&](const KernelRow &row) {
    for (const Problem &p : problems(isaFloatLanes(row.isa))) {
      if (!selected(row, text(p)))
        continue;
      INFO(replay(row, text(p)));
      const std::vector<std::int8_t> b = randomBytes(size(p.k * p.n), 1), want = packed(p, b);
      std::vector<std::int8_t> transposed(b.size());
      for (std::int64_t q = 0; q < p.k; ++q)
        for (std::int64_t j = 0; j < p.n; ++j)
          transposed[size(j * p.k + q)] = b[size(q * p.n + j)];
      Guarded<std::int8_t> plain(b), turned(transposed);
      Guarded<std::int8_t> out(want.size(), 5), out2(want.size(), 5, GuardedBuffer::AtStart);
      row.function.mmaInt8Pack(plain.data(), p.n, 1, out.data(), p.k, p.n, p.panel, p.group);
      row.function.mmaInt8Pack(turned.data(), 1, p.k, out2.data(), p.k, p.n, p.panel, p.group);
      bool right = out.intact() && out2.intact();
      for (std::size_t i = 0; i < want.size(); ++i)
        right &= out[i] == want[i] && out2[i] == want[i];
      CHECK(right);
    }
  });
}

TEST_CASE("mma_int8 multiplies by packed panels, exactly", "[mma_int8]") {
  forEachRow(Family::MmaInt8, [&](const KernelRow &row) {
    for (const Problem &p : problems(isaFloatLanes(row.isa)))
      for (int mode = 0; mode < 4; ++mode) {
        const std::string details = text(p) + ",mode=" + std::to_string(mode);
        if (!selected(row, details))
          continue;
        INFO(replay(row, details));
        const bool add = mode & 1;
        const std::int64_t gap = mode & 2 ? 3 : 0, aRow = p.k + gap, cRow = p.n + gap;
        const std::vector<std::int8_t> b = randomBytes(size(p.k * p.n), 2);
        const std::vector<std::int8_t> a =
            randomBytes(size(p.m == 0 ? 0 : (p.m - 1) * aRow + p.k), 3);
        Guarded<std::int8_t> as(a), bs(packed(p, b));
        const std::int32_t before = 0x7ffffff0; // sums wrap
        Guarded<std::int32_t> c(size(p.m == 0 ? 0 : (p.m - 1) * cRow + p.n), before,
                                mode & 1 ? GuardedBuffer::AtStart : GuardedBuffer::AtEnd);
        row.function.mmaInt8(as.data(), aRow, bs.data(), c.data(), cRow, p.m, p.n, p.k, p.panel,
                             p.group, add);
        bool right = as.intact() && bs.intact() && c.intact();
        for (std::int64_t i = 0; i < p.m; ++i)
          for (std::int64_t j = 0; j < cRow && size(i * cRow + j) < c.size(); ++j) {
            std::uint32_t want = j < p.n && !add ? 0u : static_cast<std::uint32_t>(before);
            for (std::int64_t q = 0; j < p.n && q < p.k; ++q)
              want += static_cast<std::uint32_t>(a[size(i * aRow + q)] * b[size(q * p.n + j)]);
            right &= c[size(i * cRow + j)] == static_cast<std::int32_t>(want);
          }
        CHECK(right);
      }
  });
}
