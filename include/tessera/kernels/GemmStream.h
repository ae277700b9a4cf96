// How gemm.h multiplies few rows: what is packed of the right operand serves so few tiles that it
// must not be waited for, so it is fetched and packed between the tiles of what came before it.
#pragma once

#include "tessera/kernels/GemmArgs.h"
#include "tessera/kernels/GemmFinish.h"
#include "tessera/kernels/GemmPack.h"
#include "tessera/kernels/GemmTile.h"

namespace tessera::kernels {

/// T: the type of both operands, as in GemmPack. Columns of c are split into ranges, each of which
/// has its own part of the workspace and passes over all of k, chunk by chunk.
template <class Arch, class T> struct GemmStream {
  using S = Simd<Arch>;
  using Pack = GemmPack<Arch, T>;
  using Tile = GemmTile<Arch>;
  static constexpr std::int64_t kRows = Tile::kRows;
  static constexpr std::int64_t kPanel = Tile::kPanel;
  /// Columns of a chunk: twelve lines of each row of f32, enough that pages and rows of memory are
  /// opened for something, and few enough that a chunk is deep.
  static constexpr std::int64_t kColumns = 192 / kPanel * kPanel;
  /// Ranges of columns for threads to share: each packs all of a for itself.
  static constexpr std::int64_t kMostRanges = 16;

  /// The sizes of chunks and ranges; no count of threads enters.
  struct Plan {
    std::int64_t depth, columns, left;

    TESSERA_INLINE Plan(const GemmArgs &g) : Plan(g.m, g.n, g.k) {}
    TESSERA_INLINE Plan(std::int64_t m, std::int64_t n, std::int64_t k) {
      // Two chunks lie in L2, of which one is being packed.
      const CacheBudget &budget = cacheBudget(gemmClass(m, n, k));
      depth = gemmPart(k, budget.l2 / (2 * 4 * kColumns) / 16 * 16, 16);
      left = gemmLeftRow(depth);
      columns = (n / (kMostRanges * kColumns) + 1) * kColumns;
    }
    std::int64_t ranges(std::int64_t n) const { return (n + columns - 1) / columns; }
    /// Floats of one range: two chunks, and the rows of a of one depth.
    std::int64_t floats(std::int64_t m) const { return 2 * depth * kColumns + m * left; }
  };

  /// Whether b is the largest of the matrices and comes from beyond L2, in rows that are worth a
  /// chunk, and the rows of a of one depth stay in L2.
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
  /// Where the chunks of a range lie, in the order of their turn: those of one depth together.
  struct Chunk {
    std::int64_t p, j, depth, columns;
    float *packed;
  };
  /// The next chunk on its way into L2 and into its panels, while `tiles` tiles run.
  struct Feed {
    const GemmArgs *g;
    Chunk chunk;
    std::int64_t tiles, tile = 0, packed = 0, fetched = 0;

    TESSERA_INLINE const T *row(std::int64_t r) const {
      return static_cast<const T *>(g->b) + (chunk.p + r) * g->bK + chunk.j;
    }
    /// The rows that are due two tiles from now, for the tile that runs now to fetch.
    TESSERA_INLINE typename Tile::Ahead fetch() {
      typename Tile::Ahead ahead;
      const std::int64_t due = least((tile + 2) * chunk.depth / tiles, chunk.depth);
      if (due <= fetched)
        return ahead;
      constexpr auto kSize = static_cast<std::int64_t>(sizeof(T));
      ahead.at = reinterpret_cast<const char *>(row(fetched));
      ahead.rowBytes = g->bK * kSize;
      ahead.width = chunk.columns * kSize;
      ahead.share = due - fetched;
      ahead.end = ahead.at + ahead.share * ahead.rowBytes;
      fetched = due;
      return ahead;
    }
    /// Packs what is due after this tile.
    TESSERA_INLINE void pack() {
      ++tile;
      for (const std::int64_t due = tile * chunk.depth / tiles; packed < due; ++packed)
        Pack::panelRow(row(packed), chunk.packed + packed * kPanel, chunk.depth * kPanel,
                       chunk.columns, kPanel);
    }
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
    const std::int64_t across = (columns + kColumns - 1) / kColumns;
    const std::int64_t count = across * ((g.k + plan.depth - 1) / plan.depth);
    const auto chunkAt = [&](std::int64_t index) {
      const std::int64_t p = index / across * plan.depth, j = index % across * kColumns;
      return Chunk{p, first + j, least(g.k - p, plan.depth), least(columns - j, kColumns),
                   workspace + (index & 1) * plan.depth * kColumns};
    };
    const std::int64_t high = (g.m + kRows - 1) / kRows; // tiles above each other
    float *left = workspace + 2 * plan.depth * kColumns;
    Chunk chunk = chunkAt(0);
    Feed{&g, chunk, 1}.pack();
    for (std::int64_t index = 0; index < count; ++index) {
      if (chunk.j == first)
        Pack::rows(static_cast<const T *>(g.a) + chunk.p * g.aK, g.aRow, g.aK, left, plan.left, g.m,
                   chunk.depth);
      const std::int64_t tiles = high * ((chunk.columns + kPanel - 1) / kPanel);
      // Behind the last chunk nothing is due.
      const Chunk next = index + 1 < count ? chunkAt(index + 1) : Chunk{0, 0, 0, 0, nullptr};
      Feed feed{&g, next, tiles};
      multiply(g, chunk, left, plan.left, high, feed);
      chunk = next;
    }
    GemmFinish<Arch>::run(g, 0, g.m, first, columns);
  }

  /// All tiles of a chunk: the rows of one in L1 pass over all its panels, which are in L2.
  static void multiply(const GemmArgs &g, const Chunk &chunk, const float *left,
                       std::int64_t leftRow, std::int64_t high, Feed &feed) {
    const std::int64_t height = g.m / high, taller = g.m % high; // tiles of about equal height
    for (std::int64_t t = 0, i = 0; t < high; ++t) {
      const std::int64_t rows = height + (t < taller ? 1 : 0);
      for (std::int64_t q = 0; q < chunk.columns; q += kPanel) {
        Tile::one(left + i * leftRow, leftRow, chunk.packed + q * chunk.depth,
                  g.c + i * g.cRow + chunk.j + q, g.cRow, rows, least(chunk.columns - q, kPanel),
                  chunk.depth, g.accumulate || chunk.p > 0, feed.fetch());
        feed.pack();
      }
      i += rows;
    }
  }
};

} // namespace tessera::kernels
