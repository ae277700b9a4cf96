// How threads share products of matrices, of floats and of 8-bit integers: one set of tasks out of
// a batch, rows and columns.
#pragma once

#include <cstdint>

namespace tessera::kernels {

/// `batch` results of m x n cut into parts of about equal size, for a parallel loop over count().
/// The cut depends on sizes alone, never on a number of threads.
struct ProductParts {
  /// What is cut. A part has whole panels of columns and whole tiles of rows, about leastTiles at
  /// least, where it does not have all of them; `work` counts multiply-adds of vectors for all of
  /// the batch.
  struct Sizes {
    std::int64_t batch, m, n, tileRows, panel, work;
    std::int64_t mostRows = INT64_MAX; ///< of a part, where caches ask for it
    std::int64_t leastTiles = 2;       ///< of rows
    /// The right operand is near: rows are cut before columns, so that no two threads write to the
    /// same lines of many rows.
    bool near = false;
  };

  /// Work of a part, more or less at least: one or two microseconds, when each index of a loop
  /// costs some 50 ns.
  static constexpr std::int64_t kLeast = 4096;
  /// Parts that the threads of common machines share well; twice as many took 3 to 10% longer on
  /// two, since each reads its panels anew. More, up to kMost, only where they are large.
  static constexpr std::int64_t kEnough = 32, kMost = 256, kLarge = 64 * kLeast;
  /// Work that is worth sharing. A loop costs 0.3 to 1 us on threads that are awake, and its caller
  /// 10 us more when they have to be woken; but they stay awake for a while after each loop, so
  /// that this is paid once in a while at most, and whoever multiplies all the time gains.
  static constexpr std::int64_t kShared = 2 * kLeast;

  /// Products [first, last), of each the rows [i, i + rows) and columns [j, j + columns). There is
  /// more than one product only where a part has whole ones.
  struct Part {
    std::int64_t first, last, i, rows, j, columns;
  };

  explicit __attribute__((always_inline)) ProductParts(const Sizes &sizes) : s(sizes) {
    std::int64_t few = between(s.work / kLeast, 1, kEnough);
    few += few > 1 ? few % 2 : 0; // as threads are mostly even, so are parts
    const std::int64_t wanted = between(s.work / kLarge, few, kMost);
    // Products that are too small to be cut are counted out by the dozen.
    const bool cut = wanted > s.batch || s.work / kLeast >= s.batch;
    groups = cut ? s.batch : wanted;
    const std::int64_t share = ceil(wanted, groups > 0 ? groups : 1);
    panels = ceil(s.n, s.panel);
    const std::int64_t least = ceil(s.m, s.mostRows), tiles = s.m / (s.leastTiles * s.tileRows);
    const std::int64_t most = tiles > least ? tiles : least;
    across = panels < share ? panels : share;
    down = between(ceil(share, s.near || across < 1 ? 1 : across), least, most);
    if ((s.near || across % 2 != 0) && down > least && down > 1)
      down -= down % 2;
    if (s.near)
      across = between(share / (down > 0 ? down : 1), 1, panels);
  }

  std::int64_t __attribute__((always_inline)) count() const { return groups * down * across; }

  /// Parts that follow each other are of the same rows where the result is tall, else of the same
  /// columns: whoever does some of them in a row uses less of the larger operand.
  __attribute__((always_inline)) Part at(std::int64_t index) const {
    const std::int64_t group = index / (down * across), rest = index % (down * across);
    const std::int64_t row = s.m >= s.n ? rest / across : rest % down;
    const std::int64_t column = s.m >= s.n ? rest % across : rest / down;
    const std::int64_t tiles = ceil(s.m, s.tileRows);
    const std::int64_t i = tiles * row / down * s.tileRows, j = panels * column / across * s.panel;
    const std::int64_t low = tiles * (row + 1) / down * s.tileRows;
    const std::int64_t end = panels * (column + 1) / across * s.panel;
    return {s.batch * group / groups,
            s.batch * (group + 1) / groups,
            i,
            (low < s.m ? low : s.m) - i,
            j,
            (end < s.n ? end : s.n) - j};
  }

private:
  static __attribute__((always_inline)) std::int64_t ceil(std::int64_t a, std::int64_t b) {
    return a / b + (a % b > 0 ? 1 : 0);
  }
  static __attribute__((always_inline)) std::int64_t between(std::int64_t x, std::int64_t least,
                                                             std::int64_t most) {
    return x < least ? least : x < most ? x : most;
  }

  Sizes s;
  std::int64_t groups, panels, down, across;
};

} // namespace tessera::kernels
