// Packing for gemm.h: rows of the left and panels of the right operand as floats, whatever type
// and layout they have in memory.
#pragma once

#include "tessera/kernels/Half.h"
#include "tessera/kernels/pack_rhs.h"

namespace tessera::kernels {

/// bf16 in memory; f16 is std::uint16_t.
struct Bf16 {
  std::uint16_t bits;
};

/// T: float, std::uint16_t for f16, Bf16.
template <class Arch, class T> struct GemmPack {
  using S = Simd<Arch>;
  using F = typename S::F;
  static constexpr bool kFloat = sizeof(T) == 4;

  /// dst[r * dstRow + p] = a[r * aRow + p * aK].
  static void rows(const T *a, std::int64_t aRow, std::int64_t aK, float *dst, std::int64_t dstRow,
                   std::int64_t m, std::int64_t k) {
    if (aK == 1) {
      for (std::int64_t r = 0; r < m; ++r)
        convert(a + r * aRow, dst + r * dstRow, k);
      return;
    }
    turned(a, aK, aRow, dst, dstRow, k, m);
  }

  /// Panels of `width` columns, each [k][width]; columns from n on are zero.
  static void panels(const T *b, std::int64_t bK, std::int64_t bN, float *dst, std::int64_t k,
                     std::int64_t n, std::int64_t width) {
    if (bN == 1) {
      for (std::int64_t p = 0; p < k; ++p)
        panelRow(b + p * bK, dst + p * width, k * width, n, width);
      return;
    }
    for (std::int64_t j = 0; j < n; j += width) {
      const std::int64_t columns = n - j < width ? n - j : width;
      float *panel = dst + j * k;
      if (columns < width)
        for (std::int64_t p = 0; p < k; ++p)
          for (std::int64_t i = columns; i < width; ++i)
            panel[p * width + i] = 0.0f;
      turned(b + j * bN, bN, bK, panel, width, columns, k);
    }
  }

  /// One row of `n` elements into panels of `width` columns that begin `panel` floats apart.
  static TESSERA_INLINE void panelRow(const T *b, float *dst, std::int64_t panel, std::int64_t n,
                                      std::int64_t width) {
    for (std::int64_t j = 0; j < n; j += width, dst += panel)
      row(b + j, dst, n - j < width ? n - j : width, width);
  }

private:
  static TESSERA_INLINE void convert(const T *src, float *dst, std::int64_t count) {
    if constexpr (kFloat) {
      std::int64_t i = 0;
      for (; i + S::kLanes <= count; i += S::kLanes)
        S::store(dst + i, S::load(src + i));
      if (i < count)
        S::storePart(dst + i, S::loadPart(src + i, count - i), count - i);
    } else {
      const auto *bits = reinterpret_cast<const std::uint16_t *>(src);
      if constexpr (__is_same(T, Bf16))
        BrainHalf<Arch>::widen(bits, dst, count);
      else
        Half<Arch>::widen(bits, dst, count);
    }
  }

  static TESSERA_INLINE void row(const T *src, float *dst, std::int64_t columns,
                                 std::int64_t width) {
    convert(src, dst, columns);
    for (std::int64_t j = columns; j < width; ++j)
      dst[j] = 0.0f;
  }

  /// dst[q * dstRow + r] = src[r * srcRow + q * srcColumn] for r < rows, q < columns.
  static void turned(const T *src, std::int64_t srcRow, std::int64_t srcColumn, float *dst,
                     std::int64_t dstRow, std::int64_t rows, std::int64_t columns) {
    if (srcColumn != 1) {
      for (std::int64_t q = 0; q < columns; ++q)
        for (std::int64_t r = 0; r < rows; ++r)
          convert(src + r * srcRow + q * srcColumn, dst + q * dstRow + r, 1);
      return;
    }
    if constexpr (kFloat) {
      Transpose2d<Arch>::run(src, srcRow, dst, dstRow, rows, columns);
    } else {
      // Strips of converted rows, then turned.
      constexpr std::int64_t kStrip = 16, kLength = 256;
      alignas(64) float strip[kStrip * kLength];
      for (std::int64_t r = 0; r < rows; r += kStrip) {
        const std::int64_t height = rows - r < kStrip ? rows - r : kStrip;
        for (std::int64_t q = 0; q < columns; q += kLength) {
          const std::int64_t length = columns - q < kLength ? columns - q : kLength;
          for (std::int64_t i = 0; i < height; ++i)
            convert(src + (r + i) * srcRow + q, strip + i * kLength, length);
          Transpose2d<Arch>::run(strip, kLength, dst + q * dstRow + r, dstRow, height, length);
        }
      }
    }
  }
};

} // namespace tessera::kernels
