// Multiplication of signed 8-bit integers with a packed right operand into 32-bit sums: the matrix
// unit of the CPU for quantised models.
#pragma once

#include "tessera/kernels/Family.h"
#include "tessera/kernels/ProductAmx.h"
#include "tessera/kernels/TileInt8.h"

namespace tessera::kernels {

template <class Arch> struct MmaInt8 {
  static constexpr Family kFamily = Family::MmaInt8;
  using S = SimdInt8<Arch>;
  using V = typename S::V;
  using Left = typename S::Left;
  using Rows = Int8Left<Arch, std::int8_t>;
  static constexpr int kRows = Int8Shape<Arch>::kRows;
  static constexpr int kVectors = Int8Shape<Arch>::kVectors;
  /// The slice of a panel that fills the registers.
  static constexpr std::int64_t kPanel = Int8Layout<Arch>::kPanel;
  /// Depth of a block: its prepared rows then stay in L2 while all columns pass.
  static constexpr std::int64_t kDepth = 2048;
  /// Rows of a block at most; and its elements, of which a block of kDepth leaves 128 rows.
  static constexpr std::int64_t kMostRows = 192;
  static constexpr std::int64_t kPrepared = 272 * 1024;

  /// c[m, n] (+)= a[m, k] * b[k, n], exact modulo 2^32; row-major a and c with the given row
  /// strides in elements; b as mma_int8_pack leaves it, panel a multiple of the lanes and group one
  /// of 2 and 4. Columns from n on are not touched. With accumulate == 0 c is not read, and k == 0
  /// sets it to zero. c overlaps neither a nor b. Another group than the instruction set's own is
  /// rearranged for each block of rows. Takes up to 700 KiB of stack, of which it touches what the
  /// prepared rows need.
  static void run(const std::int8_t *a, std::int64_t aRow, const std::int8_t *b, std::int32_t *c,
                  std::int64_t cRow, std::int64_t m, std::int64_t n, std::int64_t k,
                  std::int64_t panel, std::int64_t group, std::int32_t accumulate) {
    if constexpr (kHasTiles<Arch>) {
      using Tiles = MatmulRowsAmx<Arch, std::int8_t>;
      if (group == S::kGroup && panel == kPanel && Tiles::pays(m, n, k) && Tiles::readable(k)) {
        MatmulInt8Args g{};
        g.a = a, g.aRow = aRow, g.b = b, g.c = c, g.cRow = cRow;
        g.m = m, g.n = n, g.k = k;
        Tiles{g}.plain(accumulate != 0);
        return;
      }
    }
    blocks(a, aRow, b, c, cRow, m, n, k, panel, group, accumulate);
  }

private:
  /// By vectors.
  static __attribute__((noinline)) void blocks(const std::int8_t *a, std::int64_t aRow,
                                               const std::int8_t *b, std::int32_t *c,
                                               std::int64_t cRow, std::int64_t m, std::int64_t n,
                                               std::int64_t k, std::int64_t panel,
                                               std::int64_t group, std::int32_t accumulate) {
    alignas(64) Left left[kPrepared];
    const std::int64_t panelBytes = (k + group - 1) / group * group * panel;
    std::int64_t done = 0;
    do {
      const std::int64_t depth = k - done < kDepth ? k - done : kDepth;
      const std::int64_t stride = Rows::apart(depth), fit = kPrepared / stride / kRows * kRows;
      const std::int64_t most = fit < kMostRows ? fit : kMostRows;
      for (std::int64_t i = 0; i < m; i += most) {
        const std::int64_t rows = m - i < most ? m - i : most;
        for (std::int64_t r = 0; r < rows; ++r)
          Rows::row(a + (i + r) * aRow + done, left + r * stride, depth);
        const Block block{left, stride, rows, depth, panel, group, accumulate != 0 || done > 0};
        panels(block, b + done * panel, panelBytes, c + i * cRow, cRow, n);
      }
      done += depth;
    } while (done < k);
  }

  /// Prepared rows, and how the bytes lie that they are multiplied with.
  struct Block {
    const Left *left;
    std::int64_t stride, rows, depth, panel, group;
    bool accumulate;
  };

  static void panels(const Block &block, const std::int8_t *b, std::int64_t panelBytes,
                     std::int32_t *c, std::int64_t cRow, std::int64_t n) {
    for (std::int64_t j = 0; j < n; j += block.panel, b += panelBytes) {
      const std::int64_t columns = n - j < block.panel ? n - j : block.panel;
      for (std::int64_t s = 0; s < columns; s += kPanel) {
        const std::int64_t count = columns - s < kPanel ? columns - s : kPanel;
        if (block.group == S::kGroup)
          pickVectors<kVectors>(block, b + s * block.group, block.panel * block.group, c + j + s,
                                cRow, count);
        else
          rearranged(block, b + s * block.group, c + j + s, cRow, count);
      }
    }
  }

  /// The slice's bytes in this instruction set's groups first: one pass over b for all rows.
  static __attribute__((noinline)) void rearranged(const Block &block, const std::int8_t *b,
                                                   std::int32_t *c, std::int64_t cRow,
                                                   std::int64_t columns) {
    alignas(64) std::int8_t own[(kDepth + S::kGroup) * kPanel];
    const std::int64_t width = (columns + S::kLanes - 1) / S::kLanes * S::kLanes;
    for (std::int64_t p = 0; p < Int8Layout<Arch>::groups(block.depth) * S::kGroup; ++p) {
      const std::int8_t *from = b + p / block.group * block.panel * block.group + p % block.group;
      std::int8_t *to = own + p / S::kGroup * width * S::kGroup + p % S::kGroup;
      for (std::int64_t j = 0; j < width; ++j)
        to[j * S::kGroup] = p < block.depth ? from[j * block.group] : std::int8_t(0);
    }
    pickVectors<kVectors>(block, own, width * S::kGroup, c, cRow, columns);
  }

  template <int Vs>
  static TESSERA_INLINE void pickVectors(const Block &block, const std::int8_t *b,
                                         std::int64_t groupBytes, std::int32_t *c,
                                         std::int64_t cRow, std::int64_t columns) {
    if constexpr (Vs > 1)
      if (columns <= (Vs - 1) * S::kLanes)
        return pickVectors<Vs - 1>(block, b, groupBytes, c, cRow, columns);
    column<Vs>(block, b, groupBytes, c, cRow, columns);
  }

  /// One slice of a panel, all rows of the block.
  template <int Vs>
  static __attribute__((noinline)) void column(const Block &block, const std::int8_t *b,
                                               std::int64_t groupBytes, std::int32_t *c,
                                               std::int64_t cRow, std::int64_t columns) {
    const std::int64_t groups = Int8Layout<Arch>::groups(block.depth);
    alignas(64) std::int32_t first[kPanel] = {};
    if constexpr (Rows::kShift != 0)
      takeShift<Vs>(first, b, groupBytes, groups);
    // Tiles of about equal height: a short one would wait for its own sums.
    const std::int64_t tiles = (block.rows + kRows - 1) / kRows, height = block.rows / tiles;
    std::int64_t taller = block.rows % tiles;
    for (std::int64_t r = 0; r < block.rows;) {
      const std::int64_t count = height + (taller-- > 0 ? 1 : 0);
      pickRows<kRows, Vs>(count, block, block.left + r * block.stride, b, groupBytes, groups, first,
                          c + r * cRow, cRow, columns);
      r += count;
    }
  }

  /// Left operands are shifted, so that each sum begins with what the shift makes of its column.
  template <int Vs>
  static TESSERA_INLINE void takeShift(std::int32_t *first, const std::int8_t *b,
                                       std::int64_t groupBytes, std::int64_t groups) {
    Left ones[S::kGroup];
    for (Left &x : ones)
      x = 1;
    V acc[1][Vs];
    Int8Tile<Arch, 1, Vs>::start(acc, first);
    Int8Tile<Arch, 1, Vs>::multiply(acc, ones, 0, b, groupBytes, groups, /*aGroup=*/0);
    Int8Tile<Arch, 1, Vs>::store(acc, first, kPanel);
    for (std::int64_t j = 0; j < Vs * S::kLanes; ++j)
      first[j] = static_cast<std::int32_t>(0u - static_cast<std::uint32_t>(Rows::kShift) *
                                                    static_cast<std::uint32_t>(first[j]));
  }

  template <int R, int Vs>
  static TESSERA_INLINE void pickRows(std::int64_t count, const Block &block, const Left *left,
                                      const std::int8_t *b, std::int64_t groupBytes,
                                      std::int64_t groups, const std::int32_t *first,
                                      std::int32_t *c, std::int64_t cRow, std::int64_t columns) {
    if constexpr (R > 1)
      if (count < R)
        return pickRows<R - 1, Vs>(count, block, left, b, groupBytes, groups, first, c, cRow,
                                   columns);
    using Tile = Int8Tile<Arch, R, Vs>;
    V acc[R][Vs];
    Tile::start(acc, first);
    Tile::multiply(acc, left, block.stride, b, groupBytes, groups);
    if (block.accumulate) {
      alignas(64) std::int32_t sums[R * Vs * S::kLanes];
      Tile::store(acc, sums, Vs * S::kLanes);
      for (std::int64_t r = 0; r < R; ++r)
        for (std::int64_t j = 0; j < columns; ++j)
          c[r * cRow + j] =
              static_cast<std::int32_t>(static_cast<std::uint32_t>(c[r * cRow + j]) +
                                        static_cast<std::uint32_t>(sums[r * Vs * S::kLanes + j]));
      return;
    }
    TESSERA_UNROLL
    for (int r = 0; r < R; ++r)
      Tile::storeRow(acc[r], c + r * cRow, columns - (Vs - 1) * S::kLanes);
  }
};

} // namespace tessera::kernels
