// The register tile of matrix multiplication: Rows x Vectors accumulators held in registers.
#pragma once

#include "tessera/kernels/Simd.h"

namespace tessera::kernels {

/// step(p) for every p of [0, count), kTurn of them a turn of the loop: a processor with two units
/// for multiply-adds has them step addresses too, which is done once a turn.
template <int kTurn = 4, class Step> TESSERA_INLINE void inTurns(std::int64_t count, Step step) {
  std::int64_t p = 0;
  for (; p + kTurn <= count; p += kTurn) {
    TESSERA_UNROLL
    for (std::int64_t i = 0; i < kTurn; ++i)
      step(p + i);
  }
  for (; p < count; ++p)
    step(p);
}

/// c[Rows, Vectors * lanes] (+)= a[Rows, k] * b[k, Vectors * lanes]. With `PartOfB` the last vector
/// of b is read only as far as that of c. `Ahead` rows ahead b is fetched into L2, or -Ahead lines
/// ahead in the same row; 0 for not at all.
template <class Arch, int Rows, int Vectors, bool PartOfB = false, int Ahead = 0> struct MicroTile {
  using S = Simd<Arch>;
  using F = typename S::F;

  /// Strides in elements: a[r * aRow + p * aK], b[p * bK + column], c[r * cRow + column]. Of the
  /// last vector only the first `tail` columns of c are read or written. With `accumulate` false,
  /// c is not read.
  static TESSERA_INLINE void run(const float *a, std::int64_t aRow, std::int64_t aK, const float *b,
                                 std::int64_t bK, float *c, std::int64_t cRow, std::int64_t k,
                                 std::int64_t tail, bool accumulate) {
    F acc[Rows][Vectors];
    if (accumulate)
      loadTile(acc, c, cRow, tail);
    else
      clear(acc);
    if (aK == 1)
      multiply(acc, a, aRow, 1, b, bK, k, tail);
    else
      multiply(acc, a, aRow, aK, b, bK, k, tail);
    storeTile(acc, c, cRow, tail);
  }

  static TESSERA_INLINE void clear(F (&acc)[Rows][Vectors]) {
    TESSERA_UNROLL
    for (int r = 0; r < Rows; ++r) {
      TESSERA_UNROLL
      for (int v = 0; v < Vectors; ++v)
        acc[r][v] = F(0.0f);
    }
  }

  /// acc += a * b. With `Copies` each row of b is left at `copy` too, in whole vectors and copyK
  /// apart: stores cost less beside products than on their own.
  template <bool Copies = false>
  static TESSERA_INLINE void multiply(F (&acc)[Rows][Vectors], const float *a, std::int64_t aRow,
                                      std::int64_t aK, const float *b, std::int64_t bK,
                                      std::int64_t k, std::int64_t tail = S::kLanes,
                                      float *copy = nullptr, std::int64_t copyK = 0) {
    // As many at a time as there are registers for the addresses of the rows: compilers load
    // several steps' operands together, and of more the sums themselves would go to memory.
    // Steps of a that are not next to each other take an address each.
    constexpr int kTurn = Rows <= 6 || (Vectors == 1 && S::kLanes >= 16) ? 4 : Rows <= 8 ? 2 : 1;
    if (aK == 1)
      inTurns<kTurn>(k, [&](std::int64_t p) __attribute__((always_inline)) {
        step<Copies>(acc, a + p, aRow, b + p * bK, bK, tail, copy + p * copyK);
      });
    else
      inTurns<(kTurn < 2 ? kTurn : 2)>(k, [&](std::int64_t p) __attribute__((always_inline)) {
        step<Copies>(acc, a + p * aK, aRow, b + p * bK, bK, tail, copy + p * copyK);
      });
  }

  /// One row of b by one column of a.
  template <bool Copies>
  static TESSERA_INLINE void step(F (&acc)[Rows][Vectors], const float *a, std::int64_t aRow,
                                  const float *b, std::int64_t bK, std::int64_t tail, float *copy) {
    if constexpr (Ahead != 0)
      for (std::int64_t line = 0; line < Vectors * S::kLanes; line += 16)
        __builtin_prefetch(b + (Ahead > 0 ? Ahead * bK : Ahead * -16) + line, 0, 2);
    F bs[Vectors];
    TESSERA_UNROLL
    for (int v = 0; v < Vectors; ++v)
      bs[v] = PartOfB && v + 1 == Vectors ? S::loadPart(b + v * S::kLanes, tail)
                                          : S::load(b + v * S::kLanes);
    if constexpr (Copies) {
      TESSERA_UNROLL
      for (int v = 0; v < Vectors; ++v)
        S::store(copy + v * S::kLanes, bs[v]);
    }
    TESSERA_UNROLL
    for (int r = 0; r < Rows; ++r) {
      const F x(a[r * aRow]);
      TESSERA_UNROLL
      for (int v = 0; v < Vectors; ++v)
        acc[r][v] = S::fma(x, bs[v], acc[r][v]);
    }
  }

  static TESSERA_INLINE void loadTile(F (&acc)[Rows][Vectors], const float *c, std::int64_t cRow,
                                      std::int64_t tail) {
    TESSERA_UNROLL
    for (int r = 0; r < Rows; ++r) {
      TESSERA_UNROLL
      for (int v = 0; v < Vectors; ++v)
        acc[r][v] = v + 1 < Vectors || tail == S::kLanes
                        ? S::load(c + r * cRow + v * S::kLanes)
                        : S::loadPart(c + r * cRow + v * S::kLanes, tail);
    }
  }

  static TESSERA_INLINE void storeTile(F (&acc)[Rows][Vectors], float *c, std::int64_t cRow,
                                       std::int64_t tail) {
    TESSERA_UNROLL
    for (int r = 0; r < Rows; ++r) {
      TESSERA_UNROLL
      for (int v = 0; v < Vectors; ++v)
        if (v + 1 < Vectors || tail == S::kLanes)
          S::store(c + r * cRow + v * S::kLanes, acc[r][v]);
        else
          S::storePart(c + r * cRow + v * S::kLanes, acc[r][v], tail);
    }
  }
};

/// Register tile and cache blocks of f32 matrix multiplication by architecture. Filling the
/// registers: 24 of 32 accumulators on AVX-512, 12 of 16 on AVX2, 8 of 16 on SSE2.
template <class Arch> struct MatmulShape {
  static constexpr int kRows = 4;
  static constexpr int kVectors = 2;
};
#if defined(__aarch64__)
template <> struct MatmulShape<xsimd::neon64> { // 24 of 32
  static constexpr int kRows = 6;
  static constexpr int kVectors = 4;
};
#endif
#if XSIMD_WITH_FMA3_AVX2
template <> struct MatmulShape<xsimd::fma3<xsimd::avx2>> {
  static constexpr int kRows = 6;
  static constexpr int kVectors = 2;
};
#endif
#if XSIMD_WITH_AVX512BW
template <> struct MatmulShape<xsimd::avx512bw> {
  static constexpr int kRows = 6;
  static constexpr int kVectors = 4;
};
#endif

/// A column of register tiles: all rows of one block of columns, whatever their number.
template <class Arch, int Rows, int Vectors, bool PartOfB = false, int Ahead = 0>
struct TileColumn {
  using S = Simd<Arch>;

  /// As MicroTile::run for any m >= 0 and 1 <= columns <= Vectors * lanes. Without `PartOfB`
  /// b must be readable up to the next whole vector of columns.
  static void run(const float *a, std::int64_t aRow, std::int64_t aK, const float *b,
                  std::int64_t bK, float *c, std::int64_t cRow, std::int64_t m,
                  std::int64_t columns, std::int64_t k, bool accumulate) {
    const std::int64_t vectors = (columns + S::kLanes - 1) / S::kLanes;
    pickVectors<Vectors>(vectors, a, aRow, aK, b, bK, c, cRow, m,
                         columns - (vectors - 1) * S::kLanes, k, accumulate);
  }

private:
  template <int V>
  static TESSERA_INLINE void pickVectors(std::int64_t vectors, const float *a, std::int64_t aRow,
                                         std::int64_t aK, const float *b, std::int64_t bK, float *c,
                                         std::int64_t cRow, std::int64_t m, std::int64_t tail,
                                         std::int64_t k, bool accumulate) {
    if (V == 1 || vectors == V) {
      rows<V>(a, aRow, aK, b, bK, c, cRow, m, tail, k, accumulate);
      return;
    }
    if constexpr (V > 1)
      pickVectors<V - 1>(vectors, a, aRow, aK, b, bK, c, cRow, m, tail, k, accumulate);
  }

  template <int V>
  static __attribute__((noinline)) void rows(const float *a, std::int64_t aRow, std::int64_t aK,
                                             const float *b, std::int64_t bK, float *c,
                                             std::int64_t cRow, std::int64_t m, std::int64_t tail,
                                             std::int64_t k, bool accumulate) {
    std::int64_t i = 0;
    for (; i + Rows <= m; i += Rows)
      MicroTile<Arch, Rows, V, PartOfB, Ahead>::run(a + i * aRow, aRow, aK, b, bK, c + i * cRow,
                                                    cRow, k, tail, accumulate);
    if (i < m)
      lastRows<Rows - 1, V>(m - i, a + i * aRow, aRow, aK, b, bK, c + i * cRow, cRow, tail, k,
                            accumulate);
  }

  template <int R, int V>
  static TESSERA_INLINE void lastRows(std::int64_t left, const float *a, std::int64_t aRow,
                                      std::int64_t aK, const float *b, std::int64_t bK, float *c,
                                      std::int64_t cRow, std::int64_t tail, std::int64_t k,
                                      bool accumulate) {
    if (R == 1 || left == R) {
      MicroTile<Arch, R, V, PartOfB, Ahead>::run(a, aRow, aK, b, bK, c, cRow, k, tail, accumulate);
      return;
    }
    if constexpr (R > 1)
      lastRows<R - 1, V>(left, a, aRow, aK, b, bK, c, cRow, tail, k, accumulate);
  }
};

} // namespace tessera::kernels
