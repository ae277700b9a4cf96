// Matrix multiplication of plain operands: packed into blocks that fit the caches, or where that
// does not pay read as they are; f32, f16 and bf16 operands, f32 sums; epilogues; threads.
#pragma once

#include "tessera/kernels/Family.h"
#include "tessera/kernels/FewRows.h"
#include "tessera/kernels/GemmArgs.h"
#include "tessera/kernels/GemmFinish.h"
#include "tessera/kernels/GemmPack.h"
#include "tessera/kernels/GemmSmall.h"
#include "tessera/kernels/GemmStream.h"
#include "tessera/kernels/GemmTile.h"

namespace tessera::kernels {

/// T: the type of both operands, as in GemmPack.
template <class Arch, class T> struct Gemm {
  static constexpr Family kFamily = Family::Gemm;
  using S = Simd<Arch>;
  using Pack = GemmPack<Arch, T>;
  using Tile = GemmTile<Arch>;
  using Stream = GemmStream<Arch, T>;
  using Few = FewRows<Arch, MatmulShape<Arch>::kRows, MatmulShape<Arch>::kVectors>;
  static constexpr std::int64_t kRows = MatmulShape<Arch>::kRows;
  static constexpr std::int64_t kPanel = MatmulShape<Arch>::kVectors * S::kLanes;
  static constexpr bool kFloat = sizeof(T) == 4;

  /// As GemmArgs says; returns 0, or -1 when it needs a workspace and has none: 16-bit operands.
  /// With args null it returns the floats of workspace that a product of m x n x k takes, given in
  /// `size`. Each element is summed in order of k, block by block.
  static std::int64_t run(const GemmArgs *args, const std::int64_t *size) {
    if (!args)
      return workspace(size[0], size[1], size[2]);
    const GemmArgs &g = *args;
    if (g.m <= 0 || g.n <= 0)
      return 0;
    if constexpr (kFloat)
      if (GemmSmall<Arch>::suits(g)) {
        GemmSmall<Arch>::run(g);
        GemmFinish<Arch>::run(g, 0, g.m, 0, g.n);
        return 0;
      }
    if (kFloat && direct(g)) {
      inPlace(g);
      return 0;
    }
    if (!g.workspace)
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
  /// Rows of a part of others; a part has the columns of one panel.
  static constexpr std::int64_t kPartRows = 4 * kRows;
  /// Parts that are enough for any number of threads to share.
  static constexpr std::int64_t kFewParts = 64;
  /// Multiply-adds that are worth waking a thread for: some 10 us.
  static constexpr std::int64_t kShared = 1 << 19;
  /// Four lines: a right operand no wider is as good in place as packed, and the rows of panels so
  /// wide seldom meet in the same sets of L1.
  static constexpr std::int64_t kNarrow = 64;

  static TESSERA_INLINE std::int64_t least(std::int64_t a, std::int64_t b) { return a < b ? a : b; }

  static std::int64_t workspace(std::int64_t m, std::int64_t n, std::int64_t k) {
    const GemmBlocks blocks = gemmBlocks(cacheBudget(gemmClass(m, n, k)), m, n, k, kRows, kPanel);
    const std::int64_t packed = blocks.depth * blocks.columns + m * gemmLeftRow(blocks.depth);
    const std::int64_t streamed = Stream::workspace(m, n, k);
    return (packed < streamed ? streamed : packed) + 16; // to begin with a line
  }

  /// Whether b is better read where it is: for few rows, or when it is near.
  static bool direct(const GemmArgs &g) {
    if (!g.workspace)
      return true;
    if (g.bN != 1)
      return false;
    // Panels whose rows are several lines wide are not worth packing for a dozen tiles when L1
    // holds them, nor when L2 holds the matrix.
    return g.m <= 2 * kRows ||
           (kPanel >= kNarrow && ((g.m <= 16 * kRows && g.k * kPanel * 4 <= 16 * 1024) ||
                                  (g.k <= 512 && g.k * g.bK * 4 <= caches().l2 / 4)));
  }

  /// A product whose operands are read where they are, in parts that threads may share.
  struct Parts {
    const GemmArgs *g;
    std::int64_t rows, columns, across;
  };

  static TESSERA_INLINE bool few(const GemmArgs &g) {
    return g.bN == 1 && g.m <= 2 * kRows && g.k * g.bK > Few::kNear;
  }

  static void inPlace(const GemmArgs &g) {
    if (!g.parallelFor || g.m * g.n * g.k < kShared)
      return part(g, 0, g.m, 0, g.n);
    Parts parts{&g, g.m, kFewColumns, 0};
    if (!few(g))
      parts.rows = kPartRows, parts.columns = kPanel;
    parts.across = (g.n + parts.columns - 1) / parts.columns;
    g.parallelFor(g.pool, (g.m + parts.rows - 1) / parts.rows * parts.across, &onePart, &parts);
  }

  static void onePart(void *args, std::int64_t index) {
    const Parts &parts = *static_cast<const Parts *>(args);
    const GemmArgs &g = *parts.g;
    const std::int64_t i = index / parts.across * parts.rows,
                       j = index % parts.across * parts.columns;
    part(g, i, least(g.m - i, parts.rows), j, least(g.n - j, parts.columns));
  }

  /// The rows [i, i + rows) of the columns [first, first + columns), in order of k without blocks.
  static void part(const GemmArgs &g, std::int64_t i, std::int64_t rows, std::int64_t first,
                   std::int64_t columns) {
    const auto *a = static_cast<const float *>(g.a) + i * g.aRow,
               *b = static_cast<const float *>(g.b);
    float *c = g.c + i * g.cRow;
    if (few(g))
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
    std::int64_t part; ///< rows of one call of a parallel loop
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
    g.parallelFor(g.pool, rowBlocks, &packLeft, &s);
    g.parallelFor(g.pool, panels, &packRight, &s);
    // A block of rows by a panel, or less where there are few of them.
    s.part = rowBlocks * panels < kFewParts ? kPartRows : s.blocks.rows;
    g.parallelFor(g.pool, (g.m + s.part - 1) / s.part * panels, &onePanel, &s);
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
    const std::int64_t panels = (s.columns + kPanel - 1) / kPanel;
    panel(s, index / panels * s.part, s.part, index % panels * kPanel, false);
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
