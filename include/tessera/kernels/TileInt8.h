// The register tile of 8-bit products, the preparation of its left operand, and what becomes of its
// 32-bit sums. Matrix multiplication and convolution are built of these.
#pragma once

#include "tessera/kernels/Int8.h"
#include "tessera/kernels/SimdInt8.h"

namespace tessera::kernels {

/// The layout of a packed right operand: per panel of kPanel columns the sums of its columns
/// (int32) and then the bytes [groups][kPanel][kGroup], zero behind the last depth and column.
template <class Arch> struct Int8Layout {
  using S = SimdInt8<Arch>;
  static constexpr std::int64_t kPanel = Int8Shape<Arch>::kVectors * S::kLanes;
  /// Bytes of one group of a panel.
  static constexpr std::int64_t kGroupBytes = kPanel * S::kGroup;
  static constexpr std::int64_t kSumBytes = kPanel * 4;

  static TESSERA_INLINE std::int64_t groups(std::int64_t k) {
    return (k + S::kGroup - 1) / S::kGroup;
  }
  static TESSERA_INLINE std::int64_t panelBytes(std::int64_t k) {
    return kSumBytes + groups(k) * kGroupBytes;
  }
};

/// Rows of a left operand as the tile reads them.
template <class Arch, class T> struct Int8Left {
  using S = SimdInt8<Arch>;
  using Left = typename S::Left;
  static constexpr std::int32_t kShift = std::int32_t(T(-1) < T(0)) * S::kSignedShift;

  /// dst[0, k) = src + kShift. What follows up to a whole group may be anything finite, since b has
  /// zeros there. dst has room for a multiple of 64 bytes, all of which may be written.
  static TESSERA_INLINE void row(const T *src, Left *dst, std::int64_t k) {
    S::prepare(src, dst, k, kShift);
    if constexpr (sizeof(Left) > 1)
      for (std::int64_t p = k; p % S::kGroup != 0; ++p)
        dst[p] = 0;
  }
  /// From one row of k elements to the next: whole cache lines, an odd number of them, so that the
  /// rows of a tile do not meet in the same set of L1.
  static TESSERA_INLINE std::int64_t apart(std::int64_t k) {
    constexpr std::int64_t kLine = 64 / static_cast<std::int64_t>(sizeof(Left));
    return ((k + kLine - 1) / kLine | 1) * kLine;
  }
  /// The sum of what `row` wrote, modulo 2^32.
  static TESSERA_INLINE std::int32_t sum(const T *src, std::int64_t k) {
    std::uint32_t total = 0;
    for (std::int64_t p = 0; p < k; ++p)
      total += static_cast<std::uint32_t>(src[p] + kShift);
    return static_cast<std::int32_t>(total);
  }
};

/// Rows x (Vectors * lanes) sums in registers.
template <class Arch, int Rows, int Vectors> struct Int8Tile {
  using S = SimdInt8<Arch>;
  using V = typename S::V;
  using Left = typename S::Left;

  /// Every row begins with first[0, Vectors * lanes).
  static TESSERA_INLINE void start(V (&acc)[Rows][Vectors], const std::int32_t *first) {
    TESSERA_UNROLL
    for (int v = 0; v < Vectors; ++v) {
      const V x = S::load(first + v * S::kLanes);
      TESSERA_UNROLL
      for (int r = 0; r < Rows; ++r)
        acc[r][v] = x;
    }
  }

  /// acc += a * b over `groups` groups: prepared rows a + r * aRow, and b as one panel (or a slice
  /// of its columns) with bGroup bytes between groups. aGroup: elements between groups of a row.
  static TESSERA_INLINE void multiply(V (&acc)[Rows][Vectors], const Left *a, std::int64_t aRow,
                                      const std::int8_t *b, std::int64_t bGroup,
                                      std::int64_t groups, std::int64_t aGroup = S::kGroup) {
    for (std::int64_t g = 0; g < groups; ++g, a += aGroup, b += bGroup) {
      typename S::Right right[Vectors];
      TESSERA_UNROLL
      for (int v = 0; v < Vectors; ++v)
        right[v] = S::loadRight(b + v * S::kLanes * S::kGroup);
      TESSERA_UNROLL
      for (int r = 0; r < Rows; ++r) {
        const typename S::Splat left = S::splatLeft(a + r * aRow);
        TESSERA_UNROLL
        for (int v = 0; v < Vectors; ++v)
          acc[r][v] = S::dot(acc[r][v], left, right[v]);
      }
    }
  }

  /// Whether `finish` serves the epilogue: sums or bytes, and no zero points of b.
  static TESSERA_INLINE bool finishes(const Int8Epilogue &e) {
    return !e.bZero && e.output != Int8Output::F32;
  }

  /// The sums become c[r * cRow + column + i] for i < columns, straight from the registers.
  static TESSERA_INLINE void finish(const V (&acc)[Rows][Vectors], void *c, std::int64_t cRow,
                                    std::int64_t column, std::int64_t columns,
                                    const Int8Epilogue &e) {
    char *rows[Rows];
    const std::int64_t step = cRow * (e.output == Int8Output::I32 ? 4 : 1);
    TESSERA_UNROLL
    for (int r = 0; r < Rows; ++r)
      rows[r] = static_cast<char *>(c) + r * step;
    finish(acc, rows, column, columns, e);
  }

  /// The same for rows that begin at c[r].
  static TESSERA_INLINE void finish(const V (&acc)[Rows][Vectors], char *const (&c)[Rows],
                                    std::int64_t column, std::int64_t columns,
                                    const Int8Epilogue &e) {
    const std::int64_t tail = columns - (Vectors - 1) * S::kLanes;
    if (e.output == Int8Output::I32) {
      TESSERA_UNROLL
      for (int r = 0; r < Rows; ++r)
        storeRow(acc[r], reinterpret_cast<std::int32_t *>(c[r]) + column, tail);
      return;
    }
    using F = typename S::F;
    F scale[Vectors];
    TESSERA_UNROLL
    for (int v = 0; v < Vectors; ++v)
      scale[v] = e.scaleStride == 0 ? F(e.scale[0])
                 : v + 1 < Vectors || tail == S::kLanes
                     ? S::S::load(e.scale + column + v * S::kLanes)
                     : S::S::loadPart(e.scale + column + v * S::kLanes, tail);
    const std::int32_t low = e.output == Int8Output::U8 ? 0 : -128;
    const Int8Bytes<Arch> bytes(low, e.cZero, scale);
    TESSERA_UNROLL
    for (int r = 0; r < Rows; ++r) {
      F x[Vectors];
      TESSERA_UNROLL
      for (int v = 0; v < Vectors; ++v)
        x[v] = S::toFloat(acc[r][v]) * scale[v];
      bytes.store(c[r] + column, x, columns);
    }
  }

  /// One row, of whose last vector `tail` lanes.
  static TESSERA_INLINE void storeRow(const V (&acc)[Vectors], std::int32_t *c, std::int64_t tail) {
    TESSERA_UNROLL
    for (int v = 0; v < Vectors; ++v)
      if (v + 1 < Vectors || tail == S::kLanes)
        S::store(c + v * S::kLanes, acc[v]);
      else
        S::storePart(c + v * S::kLanes, acc[v], tail);
  }

  static TESSERA_INLINE void store(const V (&acc)[Rows][Vectors], std::int32_t *sums,
                                   std::int64_t row) {
    TESSERA_UNROLL
    for (int r = 0; r < Rows; ++r) {
      TESSERA_UNROLL
      for (int v = 0; v < Vectors; ++v)
        S::store(sums + r * row + v * S::kLanes, acc[r][v]);
    }
  }
};

/// The sums of a tile on their way to memory.
template <class Arch> struct Int8Finish {
  using S = SimdInt8<Arch>;
  using F = typename S::F;
  using V = typename S::V;

  /// What each sum of column j begins with: first[i] for the panel's columns from `column` on,
  /// zero behind n. `aZero` includes Int8Left::kShift; `sums` are those of the packed panel.
  static void first(std::int32_t *first, const std::int32_t *sums, std::int64_t column,
                    std::int64_t columns, std::int64_t k, std::int32_t aZero,
                    const Int8Epilogue &e) {
    constexpr std::int64_t kPanel = Int8Layout<Arch>::kPanel;
    const auto zero = static_cast<std::uint32_t>(aZero);
    std::uint32_t x[kPanel];
    for (std::int64_t i = 0; i < kPanel; ++i)
      x[i] = 0u - zero * static_cast<std::uint32_t>(sums[i]);
    for (std::int64_t i = 0; i < columns && e.bZero; ++i)
      x[i] += static_cast<std::uint32_t>(k) * zero *
              static_cast<std::uint32_t>(e.bZero[(column + i) * e.bZeroStride]);
    for (std::int64_t i = 0; i < columns && e.bias; ++i)
      x[i] += static_cast<std::uint32_t>(e.bias[column + i]);
    __builtin_memcpy(first, x, sizeof x);
  }

  /// Rows of `columns` sums, row r at sums + r * kPanel, become c[r * cRow + column + i];
  /// rowSums[r] is that of the prepared left row, read where there are zero points of b.
  static __attribute__((noinline)) void run(std::int32_t *sums, const std::int32_t *rowSums,
                                            void *c, std::int64_t cRow, std::int64_t rows,
                                            std::int64_t column, std::int64_t columns,
                                            const Int8Epilogue &e) {
    constexpr std::int64_t kPanel = Int8Layout<Arch>::kPanel;
    for (std::int64_t r = 0; r < rows; ++r, sums += kPanel) {
      if (e.bZero)
        subtractZeros(sums, rowSums[r], column, columns, e);
      const std::int64_t at = r * cRow + column;
      switch (e.output) {
      case Int8Output::I32:
        __builtin_memcpy(static_cast<std::int32_t *>(c) + at, sums,
                         static_cast<std::size_t>(columns) * 4);
        break;
      case Int8Output::F32:
        scaled(sums, static_cast<float *>(c) + at, column, columns, e);
        break;
      case Int8Output::U8:
        narrowed(sums, static_cast<std::uint8_t *>(c) + at, column, columns, e, 0, 255);
        break;
      case Int8Output::S8:
        narrowed(sums, static_cast<std::uint8_t *>(c) + at, column, columns, e, -128, 127);
        break;
      }
    }
  }

private:
  static TESSERA_INLINE void subtractZeros(std::int32_t *sums, std::int32_t rowSum,
                                           std::int64_t column, std::int64_t columns,
                                           const Int8Epilogue &e) {
    for (std::int64_t i = 0; i < columns; ++i)
      sums[i] = static_cast<std::int32_t>(
          static_cast<std::uint32_t>(sums[i]) -
          static_cast<std::uint32_t>(rowSum) *
              static_cast<std::uint32_t>(e.bZero[(column + i) * e.bZeroStride]));
  }

  static TESSERA_INLINE F scales(std::int64_t column, std::int64_t count, const Int8Epilogue &e) {
    if (e.scaleStride == 0)
      return F(e.scale[0]);
    return count >= S::kLanes ? S::S::load(e.scale + column)
                              : S::S::loadPart(e.scale + column, count);
  }

  static TESSERA_INLINE void scaled(const std::int32_t *sums, float *c, std::int64_t column,
                                    std::int64_t columns, const Int8Epilogue &e) {
    for (std::int64_t i = 0; i < columns; i += S::kLanes) {
      const std::int64_t count = columns - i;
      const F x = S::toFloat(S::load(sums + i)) * scales(column + i, count, e);
      if (count >= S::kLanes)
        S::S::store(c + i, x);
      else
        S::S::storePart(c + i, x, count);
    }
  }

  static TESSERA_INLINE void narrowed(const std::int32_t *sums, std::uint8_t *c,
                                      std::int64_t column, std::int64_t columns,
                                      const Int8Epilogue &e, std::int32_t low, std::int32_t high) {
    // Clamped as floats, where the bounds less the zero point are whole numbers; NaN becomes low.
    const F least(static_cast<float>(low - e.cZero)), most(static_cast<float>(high - e.cZero));
    for (std::int64_t i = 0; i < columns; i += S::kLanes) {
      const std::int64_t count = columns - i;
      const F x = S::toFloat(S::load(sums + i)) * scales(column + i, count, e);
      const V whole = S::toInt(S::S::min(S::S::max(x, least), most));
      S::storeBytes(c + i, S::add(whole, e.cZero), count < S::kLanes ? count : S::kLanes);
    }
  }
};

} // namespace tessera::kernels
