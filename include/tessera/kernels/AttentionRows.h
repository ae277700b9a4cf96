// Products of a few rows with many rows in place, for attention over a cache: lanes run along the
// rows, two or four rows share what is loaded.
#pragma once

#include "tessera/kernels/Storage.h"

namespace tessera::kernels {

template <class Arch, class Stored> struct AttentionRows {
  using S = Simd<Arch>;
  using F = typename S::F;
  using T = typename Stored::T;

  /// So many rows have their sums in registers at a time.
  static constexpr int kShare = S::kLanes == 16 ? 4 : 2;

  /// Rows that are wanted soon and come to L2 while as many others are computed with, a line of
  /// each at a time: asked for all at once they would wait in line, and what is loaded behind them.
  struct Next {
    const T *rows = nullptr;
    std::int64_t stride = 0, size = 0;

    /// Columns [c, end) of a row, as far as there are any.
    TESSERA_INLINE void fetch(std::int64_t row, std::int64_t c, std::int64_t end) const {
      for (; c < end && c < size; c += 64 / static_cast<std::int64_t>(sizeof(T)))
        __builtin_prefetch(rows + row * stride + c, 0, 2);
    }
  };

  /// s[r * sRow + j] = q[r] . k[j * kRow...], for r < rows, j < keys, of `size` elements.
  static TESSERA_INLINE void scores(const float *const *q, std::int64_t rows, const T *k,
                                    std::int64_t kRow, std::int64_t size, float *s,
                                    std::int64_t sRow, std::int64_t keys, const Next &next) {
    const Next none;
    std::int64_t j = 0;
    for (; j + 4 <= keys; j += 4) {
      std::int64_t r = 0;
      for (; r + kShare <= rows; r += kShare)
        dots<kShare>(q + r, k + j * kRow, kRow, size, s + r * sRow + j, sRow, r ? none : next, j);
      for (; r + 2 <= rows; r += 2)
        dots<2>(q + r, k + j * kRow, kRow, size, s + r * sRow + j, sRow, r ? none : next, j);
      if (r < rows)
        dots<1>(q + r, k + j * kRow, kRow, size, s + r * sRow + j, sRow, r ? none : next, j);
    }
    for (; j < keys; ++j)
      for (std::int64_t r = 0; r < rows; ++r)
        s[r * sRow + j] = dot(q[r], k + j * kRow, size);
  }

  /// o[r][c] = o[r][c] * shrink[r] + sum over j < keys of p[r * pRow + j] v[j * vRow + c].
  static TESSERA_INLINE void values(const T *v, std::int64_t vRow, const float *p,
                                    std::int64_t pRow, std::int64_t keys, std::int64_t size,
                                    const float *shrink, float *const *o, std::int64_t rows,
                                    const Next &next) {
    std::int64_t r = 0;
    const Next none;
    for (; r + kShare <= rows; r += kShare)
      strips<kShare>(v, vRow, p + r * pRow, pRow, keys, size, shrink + r, o + r, r ? none : next);
    for (; r + 2 <= rows; r += 2)
      strips<2>(v, vRow, p + r * pRow, pRow, keys, size, shrink + r, o + r, r ? none : next);
    if (r < rows)
      strips<1>(v, vRow, p + r * pRow, pRow, keys, size, shrink + r, o + r, r ? none : next);
  }

  /// 0, 1, 2, ...
  static TESSERA_INLINE F lanes() {
    alignas(64) float index[S::kLanes];
    for (std::int64_t i = 0; i < S::kLanes; ++i)
      index[i] = static_cast<float>(i);
    return S::load(index);
  }

private:
  /// Scores of keys [j, j + 4), while as many rows of `next` are fetched.
  template <int R>
  static TESSERA_INLINE void dots(const float *const *q, const T *k, std::int64_t kRow,
                                  std::int64_t size, float *s, std::int64_t sRow, const Next &next,
                                  std::int64_t j) {
    constexpr std::int64_t kLine = 64 / static_cast<std::int64_t>(sizeof(T));
    F acc[R][4];
    TESSERA_UNROLL
    for (int r = 0; r < R; ++r) {
      TESSERA_UNROLL
      for (int u = 0; u < 4; ++u)
        acc[r][u] = F(0.0f);
    }
    std::int64_t c = 0;
    for (; c + S::kLanes <= size; c += S::kLanes) {
      if (c % kLine == 0) {
        TESSERA_UNROLL
        for (int u = 0; u < 4; ++u)
          next.fetch(j + u, c, c + kLine);
      }
      step<R>(acc, q, k, kRow, c, S::kLanes);
    }
    if (c < size)
      step<R>(acc, q, k, kRow, c, size - c);
    TESSERA_UNROLL
    for (int r = 0; r < R; ++r)
      S::sums(acc[r][0], acc[r][1], acc[r][2], acc[r][3], s + r * sRow);
  }

  template <int R>
  static TESSERA_INLINE void step(F (&acc)[R][4], const float *const *q, const T *k,
                                  std::int64_t kRow, std::int64_t c, std::int64_t count) {
    F ks[4];
    TESSERA_UNROLL
    for (int u = 0; u < 4; ++u)
      ks[u] = stored(k + u * kRow + c, count);
    TESSERA_UNROLL
    for (int r = 0; r < R; ++r) {
      const F x = count == S::kLanes ? S::load(q[r] + c) : S::loadPart(q[r] + c, count);
      TESSERA_UNROLL
      for (int u = 0; u < 4; ++u)
        acc[r][u] = S::fma(x, ks[u], acc[r][u]);
    }
  }

  static TESSERA_INLINE F stored(const T *p, std::int64_t count) {
    return count == S::kLanes ? Stored::load(p) : Stored::loadPart(p, count);
  }

  static TESSERA_INLINE float dot(const float *q, const T *k, std::int64_t size) {
    F acc(0.0f);
    std::int64_t c = 0;
    for (; c + S::kLanes <= size; c += S::kLanes)
      acc = S::fma(S::load(q + c), Stored::load(k + c), acc);
    if (c < size)
      acc = S::fma(S::loadPart(q + c, size - c), Stored::loadPart(k + c, size - c), acc);
    return S::sum(acc);
  }

  template <int R>
  static TESSERA_INLINE void strips(const T *v, std::int64_t vRow, const float *p,
                                    std::int64_t pRow, std::int64_t keys, std::int64_t size,
                                    const float *shrink, float *const *o, const Next &next) {
    std::int64_t c = 0;
    for (; c + 4 * S::kLanes <= size; c += 4 * S::kLanes)
      strip<R, 4>(v, vRow, p, pRow, keys, c, S::kLanes, shrink, o, next);
    for (; c < size; c += S::kLanes)
      strip<R, 1>(v, vRow, p, pRow, keys, c, size - c < S::kLanes ? size - c : S::kLanes, shrink, o,
                  next);
  }

  /// Vectors vectors from column c on, the last of `tail` lanes; where sums are few, by even and
  /// odd keys, which hides the latency.
  template <int R, int Vectors>
  static TESSERA_INLINE void strip(const T *v, std::int64_t vRow, const float *p, std::int64_t pRow,
                                   std::int64_t keys, std::int64_t c, std::int64_t tail,
                                   const float *shrink, float *const *o, const Next &next) {
    constexpr bool kSplit = R * Vectors <= 8;
    F even[R][Vectors], odd[R][Vectors];
    TESSERA_UNROLL
    for (int r = 0; r < R; ++r) {
      TESSERA_UNROLL
      for (int u = 0; u < Vectors; ++u) {
        const float *at = o[r] + c + u * S::kLanes;
        even[r][u] = (tail == S::kLanes ? S::load(at) : S::loadPart(at, tail)) * F(shrink[r]);
        odd[r][u] = F(0.0f);
      }
    }
    std::int64_t j = 0;
    for (; j + 2 <= keys; j += 2) {
      next.fetch(j, c, c + Vectors * S::kLanes);
      next.fetch(j + 1, c, c + Vectors * S::kLanes);
      add<R, Vectors>(even, v + j * vRow + c, p + j, pRow, tail);
      add<R, Vectors>(kSplit ? odd : even, v + (j + 1) * vRow + c, p + j + 1, pRow, tail);
    }
    if (j < keys)
      add<R, Vectors>(even, v + j * vRow + c, p + j, pRow, tail);
    TESSERA_UNROLL
    for (int r = 0; r < R; ++r) {
      TESSERA_UNROLL
      for (int u = 0; u < Vectors; ++u) {
        float *at = o[r] + c + u * S::kLanes;
        const F sum = kSplit ? even[r][u] + odd[r][u] : even[r][u];
        if (tail == S::kLanes)
          S::store(at, sum);
        else
          S::storePart(at, sum, tail);
      }
    }
  }

  template <int R, int Vectors>
  static TESSERA_INLINE void add(F (&acc)[R][Vectors], const T *v, const float *p,
                                 std::int64_t pRow, std::int64_t tail) {
    TESSERA_UNROLL
    for (int u = 0; u < Vectors; ++u) {
      const F x = stored(v + u * S::kLanes, tail);
      TESSERA_UNROLL
      for (int r = 0; r < R; ++r)
        acc[r][u] = S::fma(F(p[r * pRow]), x, acc[r][u]);
    }
  }
};

} // namespace tessera::kernels
