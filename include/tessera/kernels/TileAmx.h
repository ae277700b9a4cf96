// Products of 8-bit integers in the tiles of AMX, and what becomes of their sums. What the tiles
// read comes from ProductAmx.h and ConvAmx.h.
#pragma once

#include "tessera/kernels/TileInt8.h"

namespace tessera::kernels {

/// Whether `Arch` multiplies large products in tiles.
template <class Arch> inline constexpr bool kHasTiles = false;

/// T: the type of the left operand. Defined where kHasTiles.
template <class Arch, class T> struct AmxTile;

#if defined(__AMX_INT8__)
template <> inline constexpr bool kHasTiles<Amx> = true;

/// Tiles 0 to 3 hold sums, the others operands: 16 rows of 64 bytes each at most. A right tile is
/// read from a packed panel as it is: rows of 16 columns, four depths of each.
template <class T> struct AmxTile<Amx, T> {
  using Arch = Amx;
  using S = SimdInt8<Arch>;
  using Layout = Int8Layout<Arch>;
  static_assert(S::kGroup == 4 && S::kLanes == 16);
  static constexpr std::int64_t kHeight = 16, kDepth = 64;
  static constexpr std::int64_t kPanel = Layout::kPanel;

  /// Depths that follow each other, in steps of the configured depth.
  struct Stretch {
    std::int64_t left;        ///< elements behind the beginning of a row
    const std::int8_t *right; ///< the first group of the panel
    std::int64_t steps;
  };

  /// What all rows are multiplied with.
  struct Panel {
    const Stretch *stretches;
    std::int64_t count, step; ///< stretches; bytes of a step
    std::int64_t column, columns;
    const Int8Epilogue *e;
    alignas(64) std::int32_t first[kPanel]; ///< what the sums begin with
  };

  /// The rows of one tile: left operands, results, and the sums of left rows where there are zero
  /// points of b.
  struct Rows {
    const T *left;
    char *c;
    const std::int32_t *sums;
  };

  /// Tiles of so many rows and of steps of so many bytes, a multiple of four; until `release`, on
  /// this thread.
  static void configure(std::int64_t rows, std::int64_t step) {
    struct alignas(64) {
      std::uint8_t palette = 1, startRow = 0, reserved[14] = {};
      std::uint16_t rowBytes[16] = {};
      std::uint8_t rows[16] = {};
    } config;
    for (int i = 0; i < 8; ++i) {
      const bool left = i == 4 || i == 5, right = i > 5;
      config.rowBytes[i] = static_cast<std::uint16_t>(left ? step : 64);
      config.rows[i] = static_cast<std::uint8_t>(right ? step / S::kGroup : rows);
    }
    written();
    _tile_loadconfig(&config);
  }
  static void release() { _tile_release(); }

  /// Rows of a and b, `apart` elements from each other, by all columns of the panel. height: of the
  /// configured tiles; cRow in elements. b is null for no second tile.
  static __attribute__((noinline)) void run(const Panel &panel, const Rows &a, const Rows *b,
                                            std::int64_t apart, std::int64_t height,
                                            std::int64_t cRow) {
    written();
    // Whole tiles of plain sums go where they belong.
    const bool plain = panel.e->output == Int8Output::I32 && !panel.e->bZero;
    alignas(64) std::int32_t sums[2 * kHeight * kPanel];
    constexpr std::int64_t kWidth = 2 * S::kLanes;
    for (std::int64_t at = 0; at < panel.columns; at += kWidth) {
      const std::int64_t columns = panel.columns - at;
      if (columns > S::kLanes)
        multiply<2>(panel, a, b, apart, at);
      else
        multiply<1>(panel, a, b, apart, at);
      const bool straight = plain && columns >= kWidth;
      const std::int64_t row = straight ? cRow * 4 : kPanel * 4;
      char *first = straight ? a.c + (panel.column + at) * 4 : reinterpret_cast<char *>(sums + at);
      store(first, columns, 0, row);
      if (b == nullptr)
        continue;
      char *second = straight ? b->c + (panel.column + at) * 4
                              : reinterpret_cast<char *>(sums + kHeight * kPanel + at);
      store(second, columns, 1, row);
    }
    written();
    const std::int64_t done = plain ? panel.columns / kWidth * kWidth : 0;
    if (done == panel.columns)
      return;
    finish(panel, sums, a, height, cRow, done);
    if (b != nullptr)
      finish(panel, sums + kHeight * kPanel, *b, height, cRow, done);
  }

private:
  /// Tiles read memory behind the back of g++ 12, which would keep what it has to write.
  static TESSERA_INLINE void written() { __asm__ volatile("" ::: "memory"); }

#define TESSERA_DOT(c, a, b)                                                                       \
  if constexpr (T(-1) < T(0))                                                                      \
    _tile_dpbssd(c, a, b);                                                                         \
  else                                                                                             \
    _tile_dpbusd(c, a, b)

  /// Sums of the columns from `at` on: tiles 0 and 1 those of a, 2 and 3 those of b.
  template <int Columns>
  static TESSERA_INLINE void multiply(const Panel &panel, const Rows &a, const Rows *b,
                                      std::int64_t apart, std::int64_t at) {
    const std::int32_t *first = panel.first + at;
    _tile_loadd(0, first, 0); // the same row sixteen times
    if constexpr (Columns > 1)
      _tile_loadd(1, first + S::kLanes, 0);
    const T *above = a.left, *below = b == nullptr ? nullptr : b->left;
    if (b == nullptr) {
      stretches(panel, at, [=](std::int64_t left, const std::int8_t *right) {
        _tile_loadd(4, above + left, apart);
        _tile_loadd(6, right, Layout::kGroupBytes);
        TESSERA_DOT(0, 4, 6);
        if constexpr (Columns > 1) {
          _tile_loadd(7, right + kColumns, Layout::kGroupBytes);
          TESSERA_DOT(1, 4, 7);
        }
      });
      return;
    }
    _tile_loadd(2, first, 0);
    if constexpr (Columns > 1)
      _tile_loadd(3, first + S::kLanes, 0);
    stretches(panel, at, [=](std::int64_t left, const std::int8_t *right) {
      _tile_loadd(4, above + left, apart);
      _tile_loadd(6, right, Layout::kGroupBytes);
      TESSERA_DOT(0, 4, 6);
      _tile_loadd(5, below + left, apart);
      TESSERA_DOT(2, 5, 6);
      if constexpr (Columns > 1) {
        _tile_loadd(7, right + kColumns, Layout::kGroupBytes);
        TESSERA_DOT(1, 4, 7);
        TESSERA_DOT(3, 5, 7);
      }
    });
  }
#undef TESSERA_DOT

  /// Bytes of a right tile's columns.
  static constexpr std::int64_t kColumns = S::kLanes * S::kGroup;

  template <class Step>
  static TESSERA_INLINE void stretches(const Panel &panel, std::int64_t at, Step multiply) {
    const std::int64_t step = panel.step, rightStep = step / S::kGroup * Layout::kGroupBytes;
    const Stretch *const last = panel.stretches + panel.count;
    for (const Stretch *stretch = panel.stretches; stretch != last; ++stretch) {
      const std::int8_t *right = stretch->right + at * S::kGroup;
      const std::int64_t end = stretch->left + stretch->steps * step;
      for (std::int64_t left = stretch->left; left != end; left += step, right += rightStep)
        multiply(left, right);
    }
  }

  /// The sums of one row of tiles.
  static TESSERA_INLINE void store(char *to, std::int64_t columns, int tiles, std::int64_t row) {
    if (tiles == 0) {
      _tile_stored(0, to, row);
      if (columns > S::kLanes)
        _tile_stored(1, to + kColumns, row);
    } else {
      _tile_stored(2, to, row);
      if (columns > S::kLanes)
        _tile_stored(3, to + kColumns, row);
    }
  }

  /// The columns from `done` on.
  static void finish(const Panel &panel, std::int32_t *sums, const Rows &rows, std::int64_t height,
                     std::int64_t cRow, std::int64_t done) {
    const Int8Epilogue &e = *panel.e;
    if (!Int8Tile<Arch, 1, 1>::finishes(e)) {
      Int8Finish<Arch>::run(sums, rows.sums, rows.c, cRow, height, panel.column, panel.columns, e);
      return;
    }
    pickVectors<Int8Shape<Arch>::kVectors>(panel, sums + done, rows, height, cRow, done);
  }

  template <int Vs>
  static TESSERA_INLINE void pickVectors(const Panel &panel, const std::int32_t *sums,
                                         const Rows &rows, std::int64_t height, std::int64_t cRow,
                                         std::int64_t done) {
    const std::int64_t columns = panel.columns - done;
    if constexpr (Vs > 1)
      if (columns <= (Vs - 1) * S::kLanes)
        return pickVectors<Vs - 1>(panel, sums, rows, height, cRow, done);
    constexpr int kTogether = 4;
    const std::int64_t size = panel.e->output == Int8Output::I32 ? 4 : 1;
    std::int64_t r = 0;
    for (; r + kTogether <= height; r += kTogether)
      some<kTogether, Vs>(panel, sums + r * kPanel, rows.c + r * cRow * size, cRow, done);
    for (; r < height; ++r)
      some<1, Vs>(panel, sums + r * kPanel, rows.c + r * cRow * size, cRow, done);
  }

  template <int R, int Vs>
  static TESSERA_INLINE void some(const Panel &panel, const std::int32_t *sums, char *c,
                                  std::int64_t cRow, std::int64_t done) {
    typename S::V acc[R][Vs];
    TESSERA_UNROLL
    for (int r = 0; r < R; ++r) {
      TESSERA_UNROLL
      for (int v = 0; v < Vs; ++v)
        acc[r][v] = S::load(sums + r * kPanel + v * S::kLanes);
    }
    Int8Tile<Arch, R, Vs>::finish(acc, c, cRow, panel.column + done, panel.columns - done,
                                  *panel.e);
  }
};
#endif

} // namespace tessera::kernels
