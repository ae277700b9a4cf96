// Products of fractal operands of signed 8-bit integers, on the register tile of the int8 kernels.
#pragma once

#include "tessera/kernels/TileInt8.h"
#include "tessera/kernels/fractal.h"

namespace tessera::kernels {

template <class Arch> struct MmaFractalS8 {
  static constexpr Family kFamily = Family::FractalMma;
  using S = SimdInt8<Arch>;
  using V = typename S::V;
  using Left = typename S::Left;
  using Rows = Int8Left<Arch, std::int8_t>;
  static constexpr std::int64_t kBlock = Fractal<Arch>::kRows;
  static constexpr int kVectors = static_cast<int>(kBlock / S::kLanes);
  static constexpr int kRows = kVectors == 1 ? 8 : kVectors == 2 ? 4 : 2;
  /// Depth of one pass, a multiple of every k0.
  static constexpr std::int64_t kDepth = 256;
  /// A prepared row, and the line behind it that preparing may write.
  static constexpr std::int64_t kStride = kDepth + 64;

  /// As FractalMmaKernel::run says, with elements of c that are int32, exact modulo 2^32.
  static void run(const void *aData, std::int64_t aBlockM, std::int64_t aBlockK, const void *bData,
                  std::int64_t bBlockK, std::int64_t bBlockN, void *cData, std::int64_t cBlockM,
                  std::int64_t cBlockN, std::int64_t m, std::int64_t n, std::int64_t k,
                  std::int64_t k0, std::int32_t accumulate) {
    const auto *a = static_cast<const std::int8_t *>(aData);
    const auto *b = static_cast<const std::int8_t *>(bData);
    auto *c = static_cast<std::int32_t *>(cData);
    alignas(64) std::int8_t strip[kDepth * kBlock];
    alignas(64) Left left[kBlock * kStride];
    alignas(64) std::int32_t first[kBlock];
    std::int64_t done = 0;
    do {
      const std::int64_t depth = least(k - done, kDepth), p0 = done / k0;
      for (std::int64_t j = 0; j * kBlock < n; ++j) {
        const std::int64_t columns = least(n - j * kBlock, kBlock);
        packStrip(b + p0 * bBlockK + j * bBlockN, bBlockK, strip, first, columns, depth, k0);
        for (std::int64_t i = 0; i * kBlock < m; ++i) {
          const std::int64_t rows = least(m - i * kBlock, kBlock);
          prepare(a + i * aBlockM + p0 * aBlockK, aBlockK, left, rows, depth, k0);
          block(left, strip, first, c + i * cBlockM + j * cBlockN, rows, columns, depth,
                accumulate != 0 || done > 0);
        }
      }
      done += depth;
    } while (done < k);
  }

private:
  static TESSERA_INLINE std::int64_t least(std::int64_t x, std::int64_t y) { return x < y ? x : y; }

  /// strip[group][16 columns][kGroup] from one block column of b, zero behind the valid ones, and
  /// what each column's sums begin with, since left operands are shifted.
  static void packStrip(const std::int8_t *b, std::int64_t bBlockK, std::int8_t *strip,
                        std::int32_t *first, std::int64_t columns, std::int64_t depth,
                        std::int64_t k0) {
    const std::int64_t groups = Int8Layout<Arch>::groups(depth);
    if (columns < kBlock || depth % S::kGroup != 0)
      __builtin_memset(strip, 0, static_cast<std::size_t>(groups * kBlock * S::kGroup));
    for (std::int64_t j = 0; j < kBlock; ++j) {
      std::int32_t sum = 0;
      for (std::int64_t p = 0; j < columns && p < depth; p += k0) {
        const std::int8_t *from = b + p / k0 * bBlockK + j * k0;
        for (std::int64_t d = 0; d < least(depth - p, k0); ++d) {
          const std::int64_t q = p + d;
          strip[(q / S::kGroup * kBlock + j) * S::kGroup + q % S::kGroup] = from[d];
          sum += from[d];
        }
      }
      first[j] = -Rows::kShift * sum; // at most 2^22
    }
  }

  static void prepare(const std::int8_t *a, std::int64_t aBlockK, Left *left, std::int64_t rows,
                      std::int64_t depth, std::int64_t k0) {
    for (std::int64_t r = 0; r < rows; ++r)
      for (std::int64_t p = 0; p < depth; p += k0)
        Rows::row(a + p / k0 * aBlockK + r * k0, left + r * kStride + p, least(depth - p, k0));
  }

  static void block(const Left *left, const std::int8_t *strip, const std::int32_t *first,
                    std::int32_t *c, std::int64_t rows, std::int64_t columns, std::int64_t depth,
                    bool accumulate) {
    std::int64_t r = 0;
    for (; r + kRows <= rows; r += kRows)
      tile<kRows>(left + r * kStride, strip, first, c + r * kBlock, columns, depth, accumulate);
    for (; r < rows; ++r)
      tile<1>(left + r * kStride, strip, first, c + r * kBlock, columns, depth, accumulate);
  }

  template <int R>
  static __attribute__((noinline)) void
  tile(const Left *left, const std::int8_t *strip, const std::int32_t *first, std::int32_t *c,
       std::int64_t columns, std::int64_t depth, bool accumulate) {
    using Tile = Int8Tile<Arch, R, kVectors>;
    V acc[R][kVectors];
    Tile::start(acc, first);
    Tile::multiply(acc, left, kStride, strip, kBlock * S::kGroup, Int8Layout<Arch>::groups(depth));
    alignas(64) std::int32_t sums[R * kBlock];
    Tile::store(acc, sums, kBlock);
    for (int r = 0; r < R; ++r)
      for (std::int64_t j = 0; j < columns; ++j) {
        std::int32_t &to = c[r * kBlock + j];
        const std::uint32_t before = accumulate ? static_cast<std::uint32_t>(to) : 0u;
        to = static_cast<std::int32_t>(before + static_cast<std::uint32_t>(sums[r * kBlock + j]));
      }
  }
};

} // namespace tessera::kernels
