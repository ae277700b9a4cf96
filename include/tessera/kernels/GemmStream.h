// How gemm.h multiplies few rows: what is packed of the right operand serves so few tiles that it
// must not be waited for, so the first of them packs what the others use, and all fetch what comes
// next.
#pragma once

#include "tessera/kernels/GemmArgs.h"
#include "tessera/kernels/GemmFinish.h"
#include "tessera/kernels/GemmPack.h"
#include "tessera/kernels/GemmTile.h"

namespace tessera::kernels {

/// T: the type of both operands, as in GemmPack. Columns of c are split into ranges, each of which
/// has its own part of the workspace and passes over all of k, panel by panel.
template <class Arch, class T> struct GemmStream {
  using S = Simd<Arch>;
  using Pack = GemmPack<Arch, T>;
  using Tile = GemmTile<Arch>;
  static constexpr std::int64_t kRows = Tile::kRows;
  static constexpr std::int64_t kPanel = Tile::kPanel;
  static constexpr bool kFloat = sizeof(T) == 4;
  /// Columns of a step from range to range.
  static constexpr std::int64_t kColumns = 192 / kPanel * kPanel;
  /// Rows of a panel, which L2 holds twice: with half as many and twice as many 32 rows took up to
  /// a tenth longer.
  static constexpr std::int64_t kDepth = 192;
  /// Ranges of columns for threads to share: each packs all of a for itself.
  static constexpr std::int64_t kMostRanges = 16;

  /// The sizes of panels and ranges; no count of threads enters.
  struct Plan {
    std::int64_t depth, columns, left;

    TESSERA_INLINE Plan(const GemmArgs &g) : Plan(g.m, g.n, g.k) {}
    TESSERA_INLINE Plan(std::int64_t m, std::int64_t n, std::int64_t k) {
      const CacheBudget &budget = cacheBudget(gemmClass(m, n, k));
      depth = gemmPart(k, least(budget.l2 / (8 * kColumns) / 16 * 16, kDepth), 16);
      left = gemmLeftRow(depth);
      columns = (n / (kMostRanges * kColumns) + 1) * kColumns;
    }
    std::int64_t ranges(std::int64_t n) const { return (n + columns - 1) / columns; }
    /// Floats of one range: a panel, and the rows of a of one depth.
    std::int64_t floats(std::int64_t m) const { return depth * kPanel + m * left; }
  };

  /// Whether b is the largest of the matrices and comes from beyond L2, and the rows of a of one
  /// depth stay in L2.
  static TESSERA_INLINE bool suits(const GemmArgs &g) {
    constexpr auto kSize = static_cast<std::int64_t>(sizeof(T));
    return g.bN == 1 && g.n >= kColumns && g.m <= g.n && g.m <= g.k &&
           g.k * g.bK * kSize > caches().l2 / 2 &&
           g.m * Plan(g).left * 4 <= cacheBudget(gemmClass(g.m, g.n, g.k)).l2;
  }
  static TESSERA_INLINE std::int64_t workspace(std::int64_t m, std::int64_t n, std::int64_t k) {
    const Plan plan(m, n, k);
    return plan.ranges(n) * plan.floats(m);
  }

  /// The product with its epilogue; `workspace` is aligned to a line.
  static void run(const GemmArgs &g, float *workspace) {
    const Plan plan(g);
    Job job{&g, &plan, workspace};
    if (g.parallelFor)
      g.parallelFor(g.pool, plan.ranges(g.n), &oneRange, &job);
    else
      range(g, plan, workspace, 0, g.n);
  }

private:
  struct Job {
    const GemmArgs *g;
    const Plan *plan;
    float *workspace;
  };
  /// Rows of a panel where they are, or none.
  struct Panel {
    std::int64_t p, depth, j, columns;
  };

  static TESSERA_INLINE std::int64_t least(std::int64_t a, std::int64_t b) { return a < b ? a : b; }

  static void oneRange(void *args, std::int64_t index) {
    const Job &job = *static_cast<const Job *>(args);
    const std::int64_t first = index * job.plan->columns;
    range(*job.g, *job.plan, job.workspace + index * job.plan->floats(job.g->m), first,
          least(job.g->n - first, job.plan->columns));
  }

  static void range(const GemmArgs &g, const Plan &plan, float *workspace, std::int64_t first,
                    std::int64_t columns) {
    float *packed = workspace, *left = workspace + plan.depth * kPanel;
    const std::int64_t across = (columns + kPanel - 1) / kPanel;
    const std::int64_t count = across * ((g.k + plan.depth - 1) / plan.depth);
    const auto panelAt = [&](std::int64_t index) {
      if (index == count)
        return Panel{0, 0, 0, 0};
      const std::int64_t p = index / across * plan.depth, j = index % across * kPanel;
      return Panel{p, least(g.k - p, plan.depth), first + j, least(columns - j, kPanel)};
    };
    for (std::int64_t index = 0; index < count; ++index) {
      const Panel now = panelAt(index);
      if (now.j == first)
        Pack::rows(static_cast<const T *>(g.a) + now.p * g.aK, g.aRow, g.aK, left, plan.left, g.m,
                   now.depth);
      multiply(g, now, panelAt(index + 1), left, plan.left, packed);
    }
    GemmFinish<Arch>::run(g, 0, g.m, first, columns);
  }

  static TESSERA_INLINE const T *rowsOf(const GemmArgs &g, const Panel &panel) {
    return static_cast<const T *>(g.b) + panel.p * g.bK + panel.j;
  }

  /// All tiles of a panel, of about equal height.
  static void multiply(const GemmArgs &g, const Panel &now, const Panel &next, const float *left,
                       std::int64_t leftRow, float *packed) {
    const std::int64_t high = (g.m + kRows - 1) / kRows;
    const std::int64_t height = g.m / high, taller = g.m % high;
    const bool accumulate = g.accumulate || now.p > 0;
    if constexpr (!kFloat)
      Pack::panels(rowsOf(g, now), g.bK, 1, packed, now.depth, now.columns, kPanel);
    typename Tile::Ahead ahead = fetching(g, next, kFloat ? high - 1 : high);
    for (std::int64_t t = 0, i = 0; t < high; ++t) {
      const std::int64_t rows = height + (t < taller ? 1 : 0);
      const float *a = left + i * leftRow;
      float *c = g.c + i * g.cRow + now.j;
      i += rows;
      if constexpr (kFloat)
        if (t == 0) {
          Tile::onePacking(a, leftRow, rowsOf(g, now), g.bK, packed, c, g.cRow, rows, now.columns,
                           now.depth, accumulate);
          continue;
        }
      Tile::one(a, leftRow, packed, c, g.cRow, rows, now.columns, now.depth, accumulate, ahead);
      if (ahead.at)
        ahead.at += ahead.share * ahead.rowBytes;
    }
  }

  /// So many tiles fetch a panel.
  static TESSERA_INLINE typename Tile::Ahead fetching(const GemmArgs &g, const Panel &panel,
                                                      std::int64_t tiles) {
    if (panel.depth == 0 || tiles == 0)
      return {};
    constexpr auto kSize = static_cast<std::int64_t>(sizeof(T));
    const char *at = reinterpret_cast<const char *>(rowsOf(g, panel));
    return {at, g.bK * kSize, (panel.depth + tiles - 1) / tiles, panel.columns * kSize,
            at + panel.depth * g.bK * kSize};
  }
};

} // namespace tessera::kernels
