// What the row operators (softmax, norms) share: passes over one row with a vector step, and the
// order in which rows are passed over.
#pragma once

#include "tessera/kernels/Family.h"
#include "tessera/kernels/Streaming.h"

namespace tessera::kernels {

template <class Arch> struct Rows {
  using S = Simd<Arch>;
  using F = typename S::F;

  /// Rows that are taken through one pass before the next begins, so that the ends of their sums
  /// overlap; together they stay in L1.
  static constexpr int kGroup = 4;
  static constexpr std::int64_t kGroupElements = 4096;

  /// How many rows go together.
  static TESSERA_INLINE std::int64_t together(std::int64_t cols) {
    return cols * kGroup <= kGroupElements ? kGroup : 1;
  }

  /// Calls group(first, count) with count <= together(cols) for all rows.
  template <class Group>
  static TESSERA_INLINE void groups(std::int64_t rows, std::int64_t cols, Group group) {
    const std::int64_t step = together(cols);
    for (std::int64_t r = 0; r < rows; r += step)
      group(r, rows - r < step ? rows - r : step);
  }

  /// y[c] = step(x[c], c, count) for c < cols, in vectors; step gets the column of its first lane
  /// and the number of lanes that count.
  template <class Step>
  static TESSERA_INLINE void map(const float *x, float *y, std::int64_t cols, Step step) {
    std::int64_t c = 0;
    for (; c + S::kLanes <= cols; c += S::kLanes)
      S::store(y + c, step(S::load(x + c), c, S::kLanes));
    if (c < cols)
      S::storePart(y + c, step(S::loadPart(x + c, cols - c), c, cols - c), cols - c);
  }

  /// The same past the caches, while as many elements at `next` come to L2. Needs S::fence() before
  /// another thread reads y.
  template <class Step>
  static TESSERA_INLINE void mapPast(const float *x, float *y, std::int64_t cols, Step step,
                                     const float *next) {
    std::int64_t c = Streaming<Arch>::head(y, cols);
    if (c > 0)
      S::storePart(y, step(S::loadPart(x, c), 0, c), c);
    for (; c + S::kLanes <= cols; c += S::kLanes) {
      __builtin_prefetch(next + c, 0, 2);
      S::stream(y + c, step(S::load(x + c), c, S::kLanes));
    }
    if (c < cols)
      S::storePart(y + c, step(S::loadPart(x + c, cols - c), c, cols - c), cols - c);
  }

  /// The sum of what add(sum, x[c]) adds for each c < cols, with four partial sums. Meanwhile the
  /// row at x + ahead is fetched, unless ahead is 0.
  template <bool Past = false, class Add>
  static TESSERA_INLINE float sum(const float *x, std::int64_t cols, Add add,
                                  std::int64_t ahead = 0) {
    F acc[4] = {F(0.0f), F(0.0f), F(0.0f), F(0.0f)};
    std::int64_t c = 0;
    for (; c + 4 * S::kLanes <= cols; c += 4 * S::kLanes) {
      if (ahead != 0)
        fetch<Past>(x + c + ahead);
      TESSERA_UNROLL
      for (int i = 0; i < 4; ++i)
        acc[i] = add(acc[i], S::load(x + c + i * S::kLanes));
    }
    for (; c + S::kLanes <= cols; c += S::kLanes)
      acc[0] = add(acc[0], S::load(x + c));
    if (c < cols)
      acc[1] = S::blendPart(add(acc[1], S::loadPart(x + c, cols - c)), acc[1], cols - c);
    return S::sum((acc[0] + acc[1]) + (acc[2] + acc[3]));
  }

  /// Asks for four vectors of a later row: to L1, or to L2 when it comes from memory, so early that
  /// L1 would lose the row at hand for it.
  template <bool Past> static TESSERA_INLINE void fetch(const float *x) {
    TESSERA_UNROLL
    for (std::int64_t i = 0; i < 4 * S::kLanes; i += 16)
      __builtin_prefetch(x + i, 0, Past ? 2 : 3);
  }

  /// The largest element; any of them where there is a NaN, -inf for an empty row.
  static TESSERA_INLINE float highest(const float *x, std::int64_t cols) {
    const F lowest(-__builtin_inff());
    F acc[4] = {lowest, lowest, lowest, lowest};
    std::int64_t c = 0;
    for (; c + 4 * S::kLanes <= cols; c += 4 * S::kLanes) {
      TESSERA_UNROLL
      for (int i = 0; i < 4; ++i)
        acc[i] = S::max(S::load(x + c + i * S::kLanes), acc[i]);
    }
    for (; c + S::kLanes <= cols; c += S::kLanes)
      acc[0] = S::max(S::load(x + c), acc[0]);
    if (c < cols)
      acc[1] = S::max(S::blendPart(S::loadPart(x + c, cols - c), lowest, cols - c), acc[1]);
    return S::across(S::max(S::max(acc[0], acc[1]), S::max(acc[2], acc[3])),
                     [](F a, F b) { return S::max(a, b); });
  }
};

} // namespace tessera::kernels
