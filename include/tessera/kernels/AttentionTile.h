// The two products of attention on one block of queries and keys, with the steps of the online
// softmax done on the accumulators. Lanes are queries, so that neither keys nor values are
// transposed or packed, and maxima and sums need no horizontal operations.
#pragma once

#include "tessera/kernels/MicroTile.h"

namespace tessera::kernels {

template <class Arch, int Rows, int Vectors> struct AttentionTile {
  using S = Simd<Arch>;
  using F = typename S::F;
  /// Queries of a panel, and the row stride of everything that has one column per query.
  static constexpr std::int64_t kPanel = Vectors * S::kLanes;

  /// s[keys, columns] = k[keys, depth] * q[depth, columns], added to what is there with
  /// `accumulate`, and high[columns] = max(high, the largest of each column). k is read in place
  /// with row stride kRow.
  static TESSERA_INLINE void scores(std::int64_t vectors, const float *k, std::int64_t kRow,
                                    const float *q, float *s, std::int64_t keys, std::int64_t depth,
                                    float *high, bool accumulate) {
    pickScores<Vectors>(vectors, k, kRow, q, s, keys, depth, high, accumulate);
  }

  /// o[size, columns] = o * shrink[columns] + v[keys, size]^T * p[keys, columns].
  static TESSERA_INLINE void values(std::int64_t vectors, const float *v, std::int64_t vRow,
                                    const float *p, float *o, std::int64_t size, std::int64_t keys,
                                    const float *shrink) {
    pickValues<Vectors>(vectors, v, vRow, p, o, size, keys, shrink);
  }

private:
  template <int V>
  static TESSERA_INLINE void pickScores(std::int64_t vectors, const float *k, std::int64_t kRow,
                                        const float *q, float *s, std::int64_t keys,
                                        std::int64_t depth, float *high, bool accumulate) {
    if (V == 1 || vectors == V)
      return scoreRows<V>(k, kRow, q, s, keys, depth, high, accumulate);
    if constexpr (V > 1)
      pickScores<V - 1>(vectors, k, kRow, q, s, keys, depth, high, accumulate);
  }

  template <int V>
  static TESSERA_INLINE void pickValues(std::int64_t vectors, const float *v, std::int64_t vRow,
                                        const float *p, float *o, std::int64_t size,
                                        std::int64_t keys, const float *shrink) {
    if (V == 1 || vectors == V)
      return valueRows<V>(v, vRow, p, o, size, keys, shrink);
    if constexpr (V > 1)
      pickValues<V - 1>(vectors, v, vRow, p, o, size, keys, shrink);
  }

  template <int V>
  static __attribute__((noinline)) void scoreRows(const float *k, std::int64_t kRow, const float *q,
                                                  float *s, std::int64_t keys, std::int64_t depth,
                                                  float *high, bool accumulate) {
    F top[V];
    TESSERA_UNROLL
    for (int v = 0; v < V; ++v)
      top[v] = S::load(high + v * S::kLanes);
    std::int64_t j = 0;
    for (; j + Rows <= keys; j += Rows)
      scoreTile<Rows, V>(k + j * kRow, kRow, q, s + j * kPanel, depth, top, accumulate);
    lastScores<Rows - 1, V>(keys - j, k + j * kRow, kRow, q, s + j * kPanel, depth, top,
                            accumulate);
    TESSERA_UNROLL
    for (int v = 0; v < V; ++v)
      S::store(high + v * S::kLanes, top[v]);
  }

  template <int R, int V>
  static TESSERA_INLINE void scoreTile(const float *k, std::int64_t kRow, const float *q, float *s,
                                       std::int64_t depth, F (&top)[V], bool accumulate) {
    using Tile = MicroTile<Arch, R, V>;
    F acc[R][V];
    if (accumulate)
      Tile::loadTile(acc, s, kPanel, S::kLanes);
    else
      Tile::clear(acc);
    Tile::multiply(acc, k, kRow, 1, q, kPanel, depth);
    TESSERA_UNROLL
    for (int r = 0; r < R; ++r) {
      TESSERA_UNROLL
      for (int v = 0; v < V; ++v)
        top[v] = S::max(acc[r][v], top[v]);
    }
    Tile::storeTile(acc, s, kPanel, S::kLanes);
  }

  template <int R, int V>
  static TESSERA_INLINE void lastScores(std::int64_t left, const float *k, std::int64_t kRow,
                                        const float *q, float *s, std::int64_t depth, F (&top)[V],
                                        bool accumulate) {
    if constexpr (R > 0) {
      if (left == R)
        return scoreTile<R, V>(k, kRow, q, s, depth, top, accumulate);
      lastScores<R - 1, V>(left, k, kRow, q, s, depth, top, accumulate);
    }
  }

  template <int V>
  static __attribute__((noinline)) void valueRows(const float *v, std::int64_t vRow, const float *p,
                                                  float *o, std::int64_t size, std::int64_t keys,
                                                  const float *shrink) {
    std::int64_t i = 0;
    for (; i + Rows <= size; i += Rows)
      valueTile<Rows, V>(v + i, vRow, p, o + i * kPanel, keys, shrink);
    lastValues<Rows - 1, V>(size - i, v + i, vRow, p, o + i * kPanel, keys, shrink);
  }

  template <int R, int V>
  static TESSERA_INLINE void valueTile(const float *v, std::int64_t vRow, const float *p, float *o,
                                       std::int64_t keys, const float *shrink) {
    using Tile = MicroTile<Arch, R, V>;
    F acc[R][V];
    TESSERA_UNROLL
    for (int c = 0; c < V; ++c) {
      const F factor = S::load(shrink + c * S::kLanes);
      TESSERA_UNROLL
      for (int r = 0; r < R; ++r)
        acc[r][c] = S::load(o + r * kPanel + c * S::kLanes) * factor;
    }
    Tile::multiply(acc, v, 1, vRow, p, kPanel, keys);
    Tile::storeTile(acc, o, kPanel, S::kLanes);
  }

  template <int R, int V>
  static TESSERA_INLINE void lastValues(std::int64_t left, const float *v, std::int64_t vRow,
                                        const float *p, float *o, std::int64_t size,
                                        const float *shrink) {
    if constexpr (R > 0) {
      if (left == R)
        return valueTile<R, V>(v, vRow, p, o, size, shrink);
      lastValues<R - 1, V>(left, v, vRow, p, o, size, shrink);
    }
  }
};

} // namespace tessera::kernels
