// Matrix multiplication: plain operands are packed into blocks that fit the caches, or where that
// does not pay read as they are; f32, f16 and bf16 operands, f32 sums; epilogues; batches; threads.
#pragma once

#include "tessera/kernels/Family.h"
#include "tessera/kernels/FewRows.h"
#include "tessera/kernels/GemmArgs.h"
#include "tessera/kernels/GemmFinish.h"
#include "tessera/kernels/GemmPack.h"
#include "tessera/kernels/GemmSlices.h"
#include "tessera/kernels/GemmSmall.h"
#include "tessera/kernels/GemmStream.h"
#include "tessera/kernels/GemmTile.h"
#include "tessera/kernels/ProductParts.h"
#include "tessera/kernels/mma.h"

namespace tessera::kernels {

/// T: the type of both operands, as in GemmPack.
template <class Arch, class T> struct Gemm {
  static constexpr Family kFamily = Family::Gemm;
  using S = Simd<Arch>;
  using Pack = GemmPack<Arch, T>;
  using Tile = GemmTile<Arch>;
  using Stream = GemmStream<Arch, T>;
  using Slices = GemmSlices<Arch>;
  using Few = FewRows<Arch, MatmulShape<Arch>::kRows, MatmulShape<Arch>::kVectors>;
  static constexpr std::int64_t kRows = MatmulShape<Arch>::kRows;
  static constexpr std::int64_t kPanel = MatmulShape<Arch>::kVectors * S::kLanes;
  static constexpr bool kFloat = sizeof(T) == 4;

  /// As GemmArgs says; returns 0, or -1 when it needs a workspace and has none, as 16-bit operands
  /// do, or cannot use the b that was packed beforehand. With args null it returns the floats of
  /// workspace that a product of m x n x k takes, given in `size`; a batch takes no more. Each
  /// element is summed in order of k, block by block, or slice by slice of k where there are few
  /// rows.
  static std::int64_t run(const GemmArgs *args, const std::int64_t *size) {
    if (!args)
      return workspace(size[0], size[1], size[2]);
    const GemmArgs &g = *args;
    if (g.m <= 0 || g.n <= 0)
      return 0;
    if (g.k == 0 && (!g.a || !g.b)) {
      GemmArgs empty = g; // tiles step from where their operands begin, read or not
      empty.a = empty.b = g.c;
      return run(&empty, nullptr);
    }
    if (g.batch != 1)
      return batch(g);
    if (doneSmall(g))
      return 0;
    if (sliced(g)) {
      Slices::run(g);
      return 0;
    }
    if (inParts(g)) {
      if (g.parallelFor)
        share(g);
      else
        part(g, 0, g.m, 0, g.n);
      return 0;
    }
    if (!g.workspace || g.bPanel > 0)
      return -1;
    if (Stream::suits(g))
      Stream::run(g, align(g.workspace));
    else
      packing(g);
    return 0;
  }

private:
  /// Columns of a part of few rows: their rows of b are read a page or so at a time.
  static constexpr std::int64_t kFewColumns = 2 * kPanel;
  /// Floats of b that stay in L2 while rows pass.
  static constexpr std::int64_t kNear = 1 << 15;
  /// Tiles of rows that a panel from beyond L2 is worth fetching for: 32 rows in two parts took
  /// 14% longer on two threads.
  static constexpr std::int64_t kFarTiles = 6;
  /// Panels of one block of rows that threads share well without a cut of the rows.
  static constexpr std::int64_t kManyPanels = 16;
  /// Products that threads share well as they are.
  static constexpr std::int64_t kManyProducts = 16;
  /// Rows that are multiplied while panels are packed, where threads share the others better.
  static constexpr std::int64_t kFirstRows = 4 * kRows;
  /// Four lines: a right operand no wider is as good in place as packed, and the rows of panels so
  /// wide seldom meet in the same sets of L1.
  static constexpr std::int64_t kNarrow = 64;

  static TESSERA_INLINE std::int64_t least(std::int64_t a, std::int64_t b) { return a < b ? a : b; }

  static std::int64_t workspace(std::int64_t m, std::int64_t n, std::int64_t k) {
    const GemmBlocks blocks = gemmBlocks(cacheBudget(gemmClass(m, n, k)), m, n, k, kRows, kPanel);
    const std::int64_t packed = blocks.depth * blocks.columns + m * gemmLeftRow(blocks.depth);
    const std::int64_t streamed = Stream::workspace(m, n, k);
    const std::int64_t most = packed < streamed ? streamed : packed,
                       sums = kFloat ? Slices::workspace(m, n, k) : 0;
    return (most < sums ? sums : most) + 16; // to begin with a line
  }

  /// Whether b is better read where it is: for few rows, or when it is near.
  static bool direct(const GemmArgs &g) {
    if (!g.workspace)
      return true;
    if (g.bN != 1)
      return false;
    // Panels whose rows are several lines wide are not worth packing for a few dozen tiles when L1
    // holds them, nor for eight when L2 holds the matrix; nor then for any number on several
    // threads, which share what needs no packing better.
    return g.m <= 2 * kRows ||
           (kPanel >= kNarrow &&
            ((g.m <= 32 * kRows && inL1(g)) || (inL2(g) && (g.m <= 8 * kRows || shared(g)))));
  }

  static bool inL1(const GemmArgs &g) { return g.k * kPanel * 4 <= 16 * 1024; }
  static bool inL2(const GemmArgs &g) { return g.k <= 512 && g.k * g.bK * 4 <= caches().l2 / 4; }
  /// Whether there are threads for products that have the same sums packed: of one block of k.
  static bool shared(const GemmArgs &g) {
    return g.parallelFor != nullptr &&
           gemmBlocks(cacheBudget(gemmClass(g.m, g.n, g.k)), g.m, g.n, g.k, kRows, kPanel).depth >=
               g.k;
  }

  static TESSERA_INLINE bool small(const GemmArgs &g) {
    if constexpr (kFloat)
      return g.bPanel == 0 && GemmSmall<Arch>::suits(g);
    return false;
  }

  /// Multiplies a small product; false for others.
  static TESSERA_INLINE bool doneSmall(const GemmArgs &g) {
    if constexpr (kFloat)
      if (small(g)) {
        GemmSmall<Arch>::run(g);
        GemmFinish<Arch>::run(g, 0, g.m, 0, g.n);
        return true;
      }
    return false;
  }

  static TESSERA_INLINE bool sliced(const GemmArgs &g) {
    return kFloat && !small(g) && Slices::suits(g);
  }

  /// Whether nothing is packed here, so that each part of a product stands alone.
  static TESSERA_INLINE bool inParts(const GemmArgs &g) {
    return kFloat && (small(g) || (g.bPanel > 0 ? g.aK == 1 : direct(g)));
  }

  /// One after the other where they share a workspace, else all of them at once.
  static __attribute__((noinline)) std::int64_t batch(const GemmArgs &g) {
    if (g.batch > 0 && inParts(g) &&
        (sliced(g) ? g.batch >= kManyProducts : g.parallelFor != nullptr)) {
      share(g);
      return 0;
    }
    for (std::int64_t i = 0; i < g.batch; ++i) {
      const GemmArgs product = one(g, i);
      if (run(&product, nullptr) != 0)
        return -1;
    }
    return 0;
  }

  static GemmArgs one(const GemmArgs &g, std::int64_t i) {
    GemmArgs product = g;
    product.batch = 1;
    product.a = static_cast<const T *>(g.a) + i * g.aBatch;
    product.b = static_cast<const T *>(g.b) + i * g.bBatch;
    product.c = g.c + i * g.cBatch;
    product.residual = g.residual ? g.residual + i * g.residualBatch : nullptr;
    return product;
  }

  static TESSERA_INLINE bool few(const GemmArgs &g) {
    return g.bN == 1 && g.m <= 2 * kRows && g.k * g.bK > Few::kNear;
  }

  /// Multiply-adds of vectors.
  static TESSERA_INLINE std::int64_t work(std::int64_t m, std::int64_t n, std::int64_t k) {
    return m * ((n + S::kLanes - 1) / S::kLanes) * k;
  }

  struct Shared {
    const GemmArgs *g;
    ProductParts parts;
  };

  /// Products in parts that threads share, where there is enough to do.
  static void share(const GemmArgs &g) {
    ProductParts::Sizes sizes{g.batch, g.m, g.n, kRows, kPanel, g.batch * work(g.m, g.n, g.k)};
    if (small(g)) // one part each
      sizes.tileRows = g.m, sizes.panel = g.n;
    else if (g.bPanel > 0)
      sizes.panel = g.bPanel, sizes.mostRows = Mma<Arch>::kRowBlock, sizes.leastTiles = kFarTiles;
    else if (few(g))
      sizes.panel = kFewColumns;
    sizes.near = g.n * g.k <= kNear;
    const Shared shared{&g, ProductParts(sizes)};
    const std::int64_t count = shared.parts.count();
    if (g.parallelFor && sizes.work >= ProductParts::kShared)
      return g.parallelFor(g.pool, count, &onePart, const_cast<Shared *>(&shared));
    for (std::int64_t index = 0; index < count; ++index)
      onePart(const_cast<Shared *>(&shared), index);
  }

  static void onePart(void *args, std::int64_t index) {
    const Shared &shared = *static_cast<const Shared *>(args);
    const GemmArgs &g = *shared.g;
    const ProductParts::Part at = shared.parts.at(index);
    for (std::int64_t i = at.first; i < at.last; ++i) {
      const GemmArgs product = one(g, i);
      if (!doneSmall(product)) // which share() does not cut
        part(product, at.i, at.rows, at.j, at.columns);
    }
  }

  /// The rows [i, i + rows) of the columns [first, first + columns), in order of k, of a plain b
  /// without blocks.
  static void part(const GemmArgs &g, std::int64_t i, std::int64_t rows, std::int64_t first,
                   std::int64_t columns) {
    const auto *a = static_cast<const float *>(g.a) + i * g.aRow,
               *b = static_cast<const float *>(g.b);
    float *c = g.c + i * g.cRow;
    if (g.bPanel > 0)
      Mma<Arch>::run(a, g.aRow, b + first * g.k, c + first, g.cRow, rows, columns, g.k, g.bPanel,
                     g.accumulate);
    else if (few(g))
      Few::run(a, g.aRow, g.aK, b + first, g.bK, c + first, g.cRow, rows, columns, g.k,
               g.accumulate);
    else
      for (std::int64_t j = first; j < first + columns; j += kPanel)
        Tile::column(a, g.aRow, g.aK, b + j * g.bN, g.bK, g.bN, c + j, g.cRow, rows,
                     least(first + columns - j, kPanel), g.k, g.accumulate,
                     ahead(g, j + kPanel, 0));
    GemmFinish<Arch>::run(g, i, rows, first, columns);
  }

  /// The rows from p on of the whole panel of b at column j, when there is one; nothing when b is
  /// so small that L2 holds it anyway.
  static TESSERA_INLINE typename Tile::Ahead ahead(const GemmArgs &g, std::int64_t j,
                                                   std::int64_t p) {
    constexpr auto kSize = static_cast<std::int64_t>(sizeof(T));
    if (g.k <= 0 || g.bN != 1 || j + kPanel > g.n || g.k * g.bK * kSize <= caches().l2 / 16)
      return {};
    return {static_cast<const char *>(g.b) + (p * g.bK + j) * kSize, g.bK * kSize, 0,
            kPanel * kSize};
  }

  /// One block of k and of columns.
  struct Stage {
    const GemmArgs *g;
    GemmBlocks blocks;
    std::int64_t p, depth, j, columns;
    float *left, *right;
    std::int64_t leftRow;
    // Of parallel loops: rows that are multiplied while panels are packed, and parts of the others.
    std::int64_t first;
    const ProductParts *parts;
    bool packLeft, packRight;
  };

  static void packing(const GemmArgs &g) {
    Stage s;
    s.g = &g;
    s.blocks = gemmBlocks(cacheBudget(gemmClass(g.m, g.n, g.k)), g.m, g.n, g.k, kRows, kPanel);
    s.leftRow = gemmLeftRow(s.blocks.depth);
    s.right = align(g.workspace);
    s.left = s.right + s.blocks.depth * s.blocks.columns;
    for (s.j = 0; s.j < g.n; s.j += s.blocks.columns) {
      s.columns = least(g.n - s.j, s.blocks.columns);
      s.p = 0;
      do {
        s.depth = least(g.k - s.p, s.blocks.depth);
        stage(s);
        s.p += s.depth;
      } while (s.p < g.k);
    }
  }

  static TESSERA_INLINE float *align(float *p) {
    return reinterpret_cast<float *>((reinterpret_cast<std::uintptr_t>(p) + 63) / 64 * 64);
  }

  static void stage(Stage &s) {
    const GemmArgs &g = *s.g;
    // Rows in place are as good as packed ones, whatever lies between them.
    s.packLeft = !kFloat || g.aK != 1;
    // Few columns whose rows lie close together are as good as packed.
    s.packRight =
        !kFloat || g.bN != 1 || g.n > kNarrow || g.n % S::kLanes != 0 || g.bK > 2 * kNarrow;
    const std::int64_t rowBlocks = (g.m + s.blocks.rows - 1) / s.blocks.rows;
    if (!g.parallelFor) {
      for (std::int64_t i = 0; i < rowBlocks; ++i) {
        packLeft(&s, i);
        for (std::int64_t q = 0; q < s.columns; q += kPanel)
          panel(s, i * s.blocks.rows, s.blocks.rows, q, i == 0);
      }
      return;
    }
    const std::int64_t panels = (s.columns + kPanel - 1) / kPanel;
    if (s.packLeft)
      g.parallelFor(g.pool, rowBlocks, &packLeft, &s);
    // Panels are packed beside the first products of each, by whoever is likely to use them again.
    s.first = 0;
    if (s.packRight) {
      s.first = rowBlocks == 1 && panels >= kManyPanels ? g.m : least(g.m, kFirstRows);
      g.parallelFor(g.pool, panels, &firstRows, &s);
    }
    const std::int64_t m = g.m - s.first;
    const ProductParts parts(
        {1, m, s.columns, kRows, kPanel, work(m, s.columns, s.depth), s.blocks.rows});
    s.parts = &parts;
    if (m > 0)
      g.parallelFor(g.pool, parts.count(), &onePanel, &s);
    s.parts = nullptr; // they end here
  }

  static void packLeft(void *args, std::int64_t block) {
    const Stage &s = *static_cast<const Stage *>(args);
    const GemmArgs &g = *s.g;
    const std::int64_t i = block * s.blocks.rows;
    if (s.packLeft)
      Pack::rows(static_cast<const T *>(g.a) + i * g.aRow + s.p * g.aK, g.aRow, g.aK,
                 s.left + i * s.leftRow, s.leftRow, least(g.m - i, s.blocks.rows), s.depth);
  }

  static void packRight(void *args, std::int64_t index) {
    const Stage &s = *static_cast<const Stage *>(args);
    const GemmArgs &g = *s.g;
    const std::int64_t q = index * kPanel;
    if (s.packRight)
      Pack::panels(static_cast<const T *>(g.b) + s.p * g.bK + (s.j + q) * g.bN, g.bK, g.bN,
                   s.right + q * s.depth, s.depth, least(s.columns - q, kPanel), kPanel);
  }

  static void onePanel(void *args, std::int64_t index) {
    const Stage &s = *static_cast<const Stage *>(args);
    const ProductParts::Part at = s.parts->at(index);
    for (std::int64_t q = at.j; q < at.j + at.columns; q += kPanel)
      panel(s, s.first + at.i, at.rows, q, false);
  }

  static void firstRows(void *args, std::int64_t index) {
    const Stage &s = *static_cast<const Stage *>(args);
    panel(s, 0, s.first, index * kPanel, true);
  }

  /// The rows from i on, `most` of them, by one panel, which is packed just before its first use
  /// when `pack` says so, and best beside the products of the first tile.
  static void panel(const Stage &s, std::int64_t i, std::int64_t most, std::int64_t q, bool pack) {
    const GemmArgs &g = *s.g;
    const bool beside = pack && kFloat && s.packRight && g.bN == 1;
    if (pack && !beside)
      packRight(const_cast<Stage *>(&s), q / kPanel);
    const std::int64_t rows = least(g.m - i, most);
    const std::int64_t j = s.j + q, columns = least(s.columns - q, kPanel);
    const float *a = s.left + i * s.leftRow;
    std::int64_t aRow = s.leftRow;
    if (!s.packLeft) {
      a = static_cast<const float *>(g.a) + i * g.aRow + s.p;
      aRow = g.aRow;
    }
    float *packed = s.right + q * s.depth;
    const float *b = packed;
    std::int64_t bK = kPanel;
    if (beside || !s.packRight) {
      b = static_cast<const float *>(g.b) + s.p * g.bK + j;
      bK = g.bK;
    }
    float *c = g.c + i * g.cRow + j;
    const bool accumulate = g.accumulate || s.p > 0;
    std::int64_t done = 0;
    if (beside) {
      done = least(rows, kRows);
      Tile::onePacking(a, aRow, b, bK, packed, c, g.cRow, done, columns, s.depth, accumulate);
      b = packed;
      bK = kPanel;
    }
    Tile::packedColumn(a + done * aRow, aRow, b, bK, c + done * g.cRow, g.cRow, rows - done,
                       columns, s.depth, accumulate, soon(s, q, pack));
    if (s.p + s.depth >= g.k)
      GemmFinish<Arch>::run(g, i, rows, j, columns);
  }

  /// What follows the panel at column q of a stage: rows of b that are to be packed, or packed
  /// ones.
  static TESSERA_INLINE typename Tile::Ahead soon(const Stage &s, std::int64_t q, bool pack) {
    if (pack)
      return ahead(*s.g, s.j + q + kPanel, s.p);
    if (s.depth == 0 || !s.packRight || q + kPanel >= s.columns)
      return {};
    return {reinterpret_cast<const char *>(s.right + (q + kPanel) * s.depth), kPanel * 4, 0,
            kPanel * 4};
  }
};

template <class Arch> using GemmF32 = Gemm<Arch, float>;
template <class Arch> using GemmF16 = Gemm<Arch, std::uint16_t>;
template <class Arch> using GemmBf16 = Gemm<Arch, Bf16>;

} // namespace tessera::kernels
