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

  /// Steps without a store of a tile. On a Xeon of 2024 the first store after more than some 120
  /// products takes 300 ns more, for a reason that is not known; an operand that is stored to
  /// nowhere in between avoids that: 14 x 14 x 256 by 3 x 3 became 1.15 times as fast. What waits
  /// for its operands anyway loses: 64 x 64 x 4096 took 8% longer.
  static constexpr std::int64_t kQuiet = 24;

  /// What all rows are multiplied with.
  struct Panel {
    const Stretch *stretches;
    std::int64_t count, step;     ///< stretches; bytes of a step
    std::int64_t apart;           ///< elements from one row of the left operand to the next
    std::int64_t column, columns; ///< of the result
    const Int8Epilogue *e;
    mutable const std::int8_t *next =
        nullptr;                ///< what is to come into L2 meanwhile, from beyond it
    std::int64_t nextBytes = 0; ///< of each step, until they are `nextEnd`
    const std::int8_t *nextEnd = nullptr;
    std::int64_t quiet = 0;  ///< kQuiet, or 0 where steps wait for their operands anyway
    bool accumulate = false; ///< whether plain sums are added to what the result holds
    alignas(64) std::int32_t first[kPanel]; ///< what the sums begin with
  };

  /// Lets a panel fetch so many bytes from `from` on while `tiles` tiles are multiplied by it.
  static void fetches(Panel &panel, const std::int8_t *from, std::int64_t bytes,
                      std::int64_t tiles) {
    std::int64_t steps = 0;
    for (std::int64_t i = 0; i < panel.count; ++i)
      steps += panel.stretches[i].steps;
    steps *= (tiles + 1) / 2 * ((panel.columns + kWidth - 1) / kWidth);
    panel.next = from;
    panel.nextEnd = from + bytes;
    panel.nextBytes = (bytes / 64 / (steps > 0 ? steps : 1) + 1) * 64;
  }

  /// The rows of one tile: left operands, results, and the sums of left rows where there are zero
  /// points of b.
  struct Rows {
    const T *left;
    char *c;
    const std::int32_t *sums;
    std::int64_t shared = 0; ///< how many rows the tile before has too
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

  /// Room for the sums of two tiles of rows by a panel.
  struct Sums {
    alignas(64) std::int32_t of[2 * kHeight * kPanel];
    TESSERA_INLINE std::int32_t *tile(std::int64_t i) { return of + i * kHeight * kPanel; }
  };

  /// Rows of a and b by all columns of the panel; b is null for no second tile. height: of the
  /// configured tiles; cRow in elements.
  static __attribute__((noinline)) void run(const Panel &panel, const Rows &a, const Rows *b,
                                            std::int64_t height, std::int64_t cRow) {
    Sums sums;
    const std::int64_t done = multiply(panel, a, b, cRow, !panel.accumulate, sums);
    if (panel.accumulate) {
      add(panel, sums.tile(0), a, height, cRow);
      if (b != nullptr)
        add(panel, sums.tile(1), *b, height, cRow);
      return;
    }
    if (done == panel.columns)
      return;
    finish(panel, sums.tile(0), a, height, cRow, done);
    if (b != nullptr)
      finish(panel, sums.tile(1), *b, height, cRow, done);
  }

  /// The sums alone; but with `plain`, as many columns as are returned, whole tiles of sums that
  /// are the result, go there.
  static TESSERA_INLINE std::int64_t multiply(const Panel &panel, const Rows &a, const Rows *b,
                                              std::int64_t cRow, bool plain, Sums &sums) {
    written();
    plain = plain && panel.e->output == Int8Output::I32 && !panel.e->bZero;
    for (std::int64_t at = 0; at < panel.columns; at += kWidth) {
      const std::int64_t columns = panel.columns - at;
      if (columns > S::kLanes)
        two<2>(panel, a.left, b == nullptr ? nullptr : b->left, at);
      else
        two<1>(panel, a.left, b == nullptr ? nullptr : b->left, at);
      const bool straight = plain && columns >= kWidth;
      const std::int64_t row = straight ? cRow * 4 : kPanel * 4, to = (panel.column + at) * 4;
      store(straight ? a.c + to : reinterpret_cast<char *>(sums.tile(0) + at), columns, 0, row);
      if (b != nullptr)
        store(straight ? b->c + to : reinterpret_cast<char *>(sums.tile(1) + at), columns, 1, row);
    }
    written();
    return plain ? panel.columns / kWidth * kWidth : 0;
  }

  /// `rows` rows of sums become the columns of the panel from `done` on.
  static __attribute__((noinline)) void finish(const Panel &panel, std::int32_t *sums,
                                               const Rows &to, std::int64_t rows, std::int64_t cRow,
                                               std::int64_t done) {
    const Int8Epilogue &e = *panel.e;
    if (!Int8Tile<Arch, 1, 1>::finishes(e)) {
      Int8Finish<Arch>::run(sums, to.sums, to.c, cRow, rows, panel.column, panel.columns, e);
      return;
    }
    pickVectors<Int8Shape<Arch>::kVectors>(panel, sums + done, to, rows, cRow, done);
  }

private:
  /// Rows that two tiles share are added once.
  static void add(const Panel &panel, const std::int32_t *sums, const Rows &to, std::int64_t height,
                  std::int64_t cRow) {
    auto *c = reinterpret_cast<std::int32_t *>(to.c) + to.shared * cRow + panel.column;
    sums += to.shared * kPanel;
    for (std::int64_t r = to.shared; r < height; ++r, c += cRow, sums += kPanel)
      for (std::int64_t j = 0; j < panel.columns; ++j)
        c[j] = static_cast<std::int32_t>(static_cast<std::uint32_t>(c[j]) +
                                         static_cast<std::uint32_t>(sums[j]));
  }

  /// Tiles read memory behind the back of g++ 12, which would keep what it has to write.
  static TESSERA_INLINE void written() { __asm__ volatile("" ::: "memory"); }

#define TESSERA_DOT(c, a, b)                                                                       \
  if constexpr (T(-1) < T(0))                                                                      \
    _tile_dpbssd(c, a, b);                                                                         \
  else                                                                                             \
    _tile_dpbusd(c, a, b)

  /// Sums of the columns from `at` on: tiles 0 and 1 those of a, 2 and 3 those of b, which is null
  /// for none.
  template <int Columns>
  static TESSERA_INLINE void two(const Panel &panel, const T *a, const T *b, std::int64_t at) {
    const std::int32_t *first = panel.first + at;
    const std::int64_t apart = panel.apart;
    _tile_loadd(0, first, 0); // the same row sixteen times
    if constexpr (Columns > 1)
      _tile_loadd(1, first + S::kLanes, 0);
    if (b == nullptr) {
      stretches(panel, at,
                [=](std::int64_t left, const std::int8_t *right) __attribute__((always_inline)) {
                  _tile_loadd(4, a + left, apart);
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
    stretches(panel, at,
              [=](std::int64_t left, const std::int8_t *right) __attribute__((always_inline)) {
                _tile_loadd(4, a + left, apart);
                _tile_loadd(6, right, Layout::kGroupBytes);
                TESSERA_DOT(0, 4, 6);
                _tile_loadd(5, b + left, apart);
                TESSERA_DOT(2, 5, 6);
                if constexpr (Columns > 1) {
                  _tile_loadd(7, right + kColumns, Layout::kGroupBytes);
                  TESSERA_DOT(1, 4, 7);
                  TESSERA_DOT(3, 5, 7);
                }
              });
  }
#undef TESSERA_DOT

  /// Columns of two right tiles, and bytes of the columns of one.
  static constexpr std::int64_t kWidth = 2 * S::kLanes, kColumns = S::kLanes * S::kGroup;

  /// multiply(left, right) for every step of the stretches, and what the panel asks for besides.
  template <class Step>
  static TESSERA_INLINE void stretches(const Panel &panel, std::int64_t at, Step multiply) {
    if (panel.quiet == 0 && panel.next == panel.nextEnd)
      return walk(panel, at, multiply);
    std::int64_t quiet = 0;
    walk(panel, at,
         [&](std::int64_t left, const std::int8_t *right) __attribute__((always_inline)) {
           fetch(panel);
           multiply(left, right);
           if (++quiet == panel.quiet) {
             storeNowhere();
             quiet = 0;
           }
         });
  }

  template <class Step>
  static TESSERA_INLINE void walk(const Panel &panel, std::int64_t at, Step multiply) {
    const std::int64_t step = panel.step, rightStep = step / S::kGroup * Layout::kGroupBytes;
    const Stretch *const last = panel.stretches + panel.count;
    for (const Stretch *stretch = panel.stretches; stretch != last; ++stretch) {
      const std::int8_t *right = stretch->right + at * S::kGroup;
      const std::int64_t end = stretch->left + stretch->steps * step;
      for (std::int64_t left = stretch->left; left != end; left += step, right += rightStep)
        multiply(left, right);
    }
  }

  static __attribute__((noinline)) void storeNowhere() {
    alignas(64) char nowhere[kHeight * kDepth];
    _tile_stored(4, nowhere, kDepth);
  }

  /// Processors fetch too late by themselves, and memory beyond L2 is busy all the time when each
  /// step asks for a little of the next panel.
  static TESSERA_INLINE void fetch(const Panel &panel) {
    if (panel.next == panel.nextEnd)
      return;
    const std::int8_t *const from = panel.next;
    const std::int8_t *to = from + panel.nextBytes;
    to = to < panel.nextEnd ? to : panel.nextEnd;
    for (const std::int8_t *line = from; line < to; line += 64)
      __builtin_prefetch(line, 0, 2);
    panel.next = to;
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
