// Products of very few rows by a large plain operand: sliced along k, so that memory delivers whole
// rows of it to each thread.
#pragma once

#include "tessera/kernels/FewRows.h"
#include "tessera/kernels/GemmFinish.h"
#include "tessera/kernels/ProductParts.h"

namespace tessera::kernels {

/// Pieces of 512 columns of 4096 x 4096 floats arrive at 0.65 of the rate of whole rows, pieces of
/// 128 at 0.4. Each slice has sums of its own, which are added in order at the end; sizes alone say
/// how many there are.
template <class Arch> struct GemmSlices {
  using S = Simd<Arch>;
  using Few = FewRows<Arch, MatmulShape<Arch>::kRows, MatmulShape<Arch>::kVectors>;

  /// Of one product.
  static TESSERA_INLINE bool suits(const GemmArgs &g) {
    return g.workspace && g.bPanel == 0 && g.bN == 1 && g.m <= Few::kStreamed &&
           Few::groupOf(g.bK, g.m, g.n, g.k) > 0 && count(g.m, g.n, g.k) > 1;
  }

  /// Floats; for any product.
  static TESSERA_INLINE std::int64_t workspace(std::int64_t m, std::int64_t n, std::int64_t k) {
    const bool some = m > 0 && m <= Few::kStreamed && Few::groupOf(n, m, n, k) > 0;
    return some ? (count(m, n, k) - 1) * m * n : 0;
  }

  static void run(const GemmArgs &g) {
    const std::int64_t slices = count(g.m, g.n, g.k);
    if (g.parallelFor)
      g.parallelFor(g.pool, slices, &slice, const_cast<GemmArgs *>(&g));
    else
      for (std::int64_t i = 0; i < slices; ++i)
        slice(const_cast<GemmArgs *>(&g), i);
    for (std::int64_t i = 1; i < slices; ++i)
      for (std::int64_t r = 0; r < g.m; ++r)
        add(sums(g, i) + r * g.n, g.c + r * g.cRow, g.n);
    GemmFinish<Arch>::run(g, 0, g.m, 0, g.n);
  }

private:
  /// More would not fetch faster, and sums of more floats would leave L2: columns of so wide a b
  /// are long rows themselves.
  static constexpr std::int64_t kMost = 16, kSums = 1 << 18;
  /// Less is not worth two loops.
  static constexpr std::int64_t kFewest = 4;
  /// Rows of b in a slice, at least: some groups.
  static constexpr std::int64_t kRows = 32;

  static TESSERA_INLINE std::int64_t least(std::int64_t a, std::int64_t b) { return a < b ? a : b; }

  static TESSERA_INLINE std::int64_t count(std::int64_t m, std::int64_t n, std::int64_t k) {
    const std::int64_t wanted = m * ((n + S::kLanes - 1) / S::kLanes) * k / ProductParts::kLeast;
    const std::int64_t slices = least(least(wanted, kMost), least(k / kRows, kSums / (m * n)));
    return slices < kFewest ? 1 : slices;
  }

  /// Where the sums of slice i go, if it is not the first: rows of n.
  static TESSERA_INLINE float *sums(const GemmArgs &g, std::int64_t i) {
    return g.workspace + (i - 1) * g.m * g.n;
  }

  static void slice(void *args, std::int64_t i) {
    const GemmArgs &g = *static_cast<const GemmArgs *>(args);
    const std::int64_t slices = count(g.m, g.n, g.k), group = Few::groupOf(g.bK, g.m, g.n, g.k);
    const std::int64_t first = g.k * i / slices / group * group;
    const std::int64_t last = i + 1 < slices ? g.k * (i + 1) / slices / group * group : g.k;
    const auto *a = static_cast<const float *>(g.a) + first * g.aK;
    const auto *b = static_cast<const float *>(g.b) + first * g.bK;
    const bool own = i > 0;
    Few::streams(a, g.aRow, g.aK, b, g.bK, own ? sums(g, i) : g.c, own ? g.n : g.cRow, g.m, g.n,
                 last - first, group, !own && g.accumulate, Few::isFar(g.n, g.k));
  }

  static TESSERA_INLINE void add(const float *from, float *to, std::int64_t n) {
    std::int64_t j = 0;
    for (; j + S::kLanes <= n; j += S::kLanes)
      S::store(to + j, S::load(to + j) + S::load(from + j));
    if (j < n)
      S::storePart(to + j, S::loadPart(to + j, n - j) + S::loadPart(from + j, n - j), n - j);
  }
};

} // namespace tessera::kernels
