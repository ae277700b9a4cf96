// The fractal family: matrices kept as blocks of 16 rows, as the matrix units of NPUs hold them.
// Strides between blocks are arguments, so that one kernel serves zZ, nZ, zN and NZ orders.
#pragma once

#include "tessera/kernels/Family.h"
#include "tessera/kernels/MicroTile.h"
#include "tessera/kernels/transpose2d.h"

namespace tessera::kernels {

/// Rows of a fractal block, on every chip.
template <class Arch> struct Fractal {
  static constexpr std::int64_t kRows = 16;
};

/// Register tile over one block column of 16: whole vectors across the block.
template <class Arch> struct FractalShape {
  static constexpr int kVectors = static_cast<int>(16 / Simd<Arch>::kLanes);
  static constexpr int kRows = kVectors == 4 ? 2 : kVectors == 2 ? 4 : 8;
};

/// Base of the fractal matrix products; `widen` of the kernel brings elements of type T to float.
template <class Kernel, class Arch, class T> struct FractalMmaKernel {
  static constexpr Family kFamily = Family::FractalMma;
  using S = Simd<Arch>;
  using Shape = FractalShape<Arch>;
  static constexpr std::int64_t kBlock = Fractal<Arch>::kRows;
  /// Depth of one pass, a multiple of every k0: the unpacked strip of b is then 16 KiB.
  static constexpr std::int64_t kDepth = 256;

  /// c[m, n] (+)= a[m, k] * b[k, n] in float. Block (i, p) of a is [16][k0] at a + i * aBlockM + p
  /// * aBlockK and holds rows 16 i.. and depths k0 p..; block (p, j) of b is [16 columns][k0
  /// depths] at b + p * bBlockK + j * bBlockN; block (i, j) of c is [16][16] floats at c + i *
  /// cBlockM + j * cBlockN. Strides in elements, k0 a divisor of 256. Only elements below m, n and
  /// k are read or written; with accumulate == 0 c is not read. c overlaps neither a nor b. Each
  /// element is summed in order of k.
  static void run(const void *aData, std::int64_t aBlockM, std::int64_t aBlockK, const void *bData,
                  std::int64_t bBlockK, std::int64_t bBlockN, void *cData, std::int64_t cBlockM,
                  std::int64_t cBlockN, std::int64_t m, std::int64_t n, std::int64_t k,
                  std::int64_t k0, std::int32_t accumulate) {
    const T *a = static_cast<const T *>(aData);
    const T *b = static_cast<const T *>(bData);
    float *c = static_cast<float *>(cData);
    alignas(64) float strip[kDepth * kBlock];
    std::int64_t done = 0;
    do {
      const std::int64_t depth = least(k - done, kDepth);
      const std::int64_t p0 = done / k0;
      for (std::int64_t j = 0; j * kBlock < n; ++j) {
        const std::int64_t columns = least(n - j * kBlock, kBlock);
        unpackStrip(b + p0 * bBlockK + j * bBlockN, bBlockK, strip, columns, depth, k0);
        for (std::int64_t i = 0; i * kBlock < m; ++i)
          rows(a + i * aBlockM + p0 * aBlockK, aBlockK, strip, c + i * cBlockM + j * cBlockN,
               least(m - i * kBlock, kBlock), columns, depth, k0, accumulate != 0 || done > 0);
      }
      done += depth;
    } while (done < k);
  }

private:
  static TESSERA_INLINE std::int64_t least(std::int64_t x, std::int64_t y) { return x < y ? x : y; }

  /// strip[depth][16] from one block column of b; columns beyond the valid ones are zero.
  static void unpackStrip(const T *b, std::int64_t bBlockK, float *strip, std::int64_t columns,
                          std::int64_t depth, std::int64_t k0) {
    alignas(64) float block[kBlock * kDepth];
    if (columns < kBlock)
      for (std::int64_t i = 0; i < depth * kBlock; ++i)
        strip[i] = 0.0f;
    for (std::int64_t p = 0; p * k0 < depth; ++p) {
      const std::int64_t depths = least(depth - p * k0, k0);
      const float *from = Kernel::widen(b + p * bBlockK, block, columns, k0, depths);
      Transpose2d<Arch>::inCaches(from, k0, strip + p * k0 * kBlock, kBlock, columns, depths);
    }
  }

  static void rows(const T *a, std::int64_t aBlockK, const float *strip, float *c, std::int64_t m,
                   std::int64_t columns, std::int64_t depth, std::int64_t k0, bool accumulate) {
    alignas(64) float wide[kBlock * kDepth];
    const float *from = Kernel::widenBlocks(a, aBlockK, wide, m, depth, k0);
    const std::int64_t stride = Kernel::kWidens ? kBlock * k0 : aBlockK;
    const std::int64_t vectors = (columns + S::kLanes - 1) / S::kLanes;
    const std::int64_t tail = columns - (vectors - 1) * S::kLanes;
    std::int64_t r = 0;
    for (; r + Shape::kRows <= m; r += Shape::kRows)
      pick<Shape::kRows, Shape::kVectors>(vectors, from + r * k0, stride, strip, c + r * kBlock,
                                          tail, depth, k0, accumulate);
    for (; r < m; ++r)
      pick<1, Shape::kVectors>(vectors, from + r * k0, stride, strip, c + r * kBlock, tail, depth,
                               k0, accumulate);
  }

  template <int R, int V>
  static TESSERA_INLINE void pick(std::int64_t vectors, const float *a, std::int64_t aBlockK,
                                  const float *strip, float *c, std::int64_t tail,
                                  std::int64_t depth, std::int64_t k0, bool accumulate) {
    if (V == 1 || vectors == V) {
      tile<R, V>(a, aBlockK, strip, c, tail, depth, k0, accumulate);
      return;
    }
    if constexpr (V > 1)
      pick<R, V - 1>(vectors, a, aBlockK, strip, c, tail, depth, k0, accumulate);
  }

  template <int R, int V>
  static __attribute__((noinline)) void tile(const float *a, std::int64_t aBlockK,
                                             const float *strip, float *c, std::int64_t tail,
                                             std::int64_t depth, std::int64_t k0, bool accumulate) {
    using Tile = MicroTile<Arch, R, V>;
    typename S::F acc[R][V];
    if (accumulate)
      Tile::loadTile(acc, c, kBlock, tail);
    else
      Tile::clear(acc);
    std::int64_t left = depth;
    for (; left >= k0; left -= k0, a += aBlockK, strip += k0 * kBlock)
      Tile::multiply(acc, a, k0, 1, strip, kBlock, k0);
    if (left > 0)
      Tile::multiply(acc, a, k0, 1, strip, kBlock, left);
    Tile::storeTile(acc, c, kBlock, tail);
  }
};

/// Base of the copies between row-major and fractal order; Size is the bytes of an element.
template <class Arch, int Size> struct FractalCopyKernel {
  static constexpr Family kFamily = Family::FractalCopy;
  static constexpr std::int64_t kBlock = Fractal<Arch>::kRows;

protected:
  /// dst[r, q] = src[r, q] for r < rows and q < cols, at the given strides in elements.
  static TESSERA_INLINE void block(const char *src, std::int64_t srcRow, std::int64_t srcCol,
                                   char *dst, std::int64_t dstRow, std::int64_t dstCol,
                                   std::int64_t rows, std::int64_t cols) {
    if (srcCol == 1 && dstCol == 1) {
      for (std::int64_t r = 0; r < rows; ++r)
        line(src + r * srcRow * Size, dst + r * dstRow * Size, cols);
      return;
    }
    if constexpr (Size == 4) {
      if (srcRow == 1 && dstCol == 1) {
        Transpose2d<Arch>::inCaches(src, srcCol, dst, dstRow, cols, rows);
        return;
      }
      if (srcCol == 1 && dstRow == 1) {
        Transpose2d<Arch>::inCaches(src, srcRow, dst, dstCol, rows, cols);
        return;
      }
    }
    for (std::int64_t r = 0; r < rows; ++r)
      for (std::int64_t q = 0; q < cols; ++q)
        __builtin_memcpy(dst + (r * dstRow + q * dstCol) * Size,
                         src + (r * srcRow + q * srcCol) * Size, Size);
  }

private:
  static TESSERA_INLINE void line(const char *src, char *dst, std::int64_t cols) {
    // A block row is 32 bytes (64 for accumulators): two constant copies instead of a call.
    if (cols * Size == 32) {
      __builtin_memcpy(dst, src, 32);
      return;
    }
    if (cols * Size == 64) {
      __builtin_memcpy(dst, src, 64);
      return;
    }
    for (std::int64_t q = 0; q < cols; ++q)
      __builtin_memcpy(dst + q * Size, src + q * Size, Size);
  }
};

/// Row-major to fractal.
template <class Arch, int Size> struct NdToNz : FractalCopyKernel<Arch, Size> {
  using Base = FractalCopyKernel<Arch, Size>;

  /// Element (r, q) of a rows x cols matrix moves from nd + r * ndRow + q * ndCol to block (r / 16,
  /// q / c0) at nz + (r / 16) * nzBlockRow + (q / c0) * nzBlockCol, and there to [r % 16][q % c0].
  /// Strides in elements. Only valid elements are read and written. ndRow == 1 with ndCol the row
  /// length transposes, which is how nZ operands are made. No overlap.
  static void run(const void *nd, std::int64_t ndRow, std::int64_t ndCol, void *nz,
                  std::int64_t nzBlockRow, std::int64_t nzBlockCol, std::int64_t rows,
                  std::int64_t cols, std::int64_t c0) {
    for (std::int64_t q = 0; q < cols; q += c0)
      for (std::int64_t r = 0; r < rows; r += Base::kBlock)
        Base::block(static_cast<const char *>(nd) + (r * ndRow + q * ndCol) * Size, ndRow, ndCol,
                    static_cast<char *>(nz) +
                        (r / Base::kBlock * nzBlockRow + q / c0 * nzBlockCol) * Size,
                    c0, 1, rows - r < Base::kBlock ? rows - r : Base::kBlock,
                    cols - q < c0 ? cols - q : c0);
  }
};

/// Fractal to row-major.
template <class Arch, int Size> struct NzToNd : FractalCopyKernel<Arch, Size> {
  using Base = FractalCopyKernel<Arch, Size>;

  /// The inverse of NdToNz::run, with the fractal matrix as the source.
  static void run(const void *nz, std::int64_t nzBlockRow, std::int64_t nzBlockCol, void *nd,
                  std::int64_t ndRow, std::int64_t ndCol, std::int64_t rows, std::int64_t cols,
                  std::int64_t c0) {
    for (std::int64_t r = 0; r < rows; r += Base::kBlock)
      for (std::int64_t q = 0; q < cols; q += c0)
        Base::block(static_cast<const char *>(nz) +
                        (r / Base::kBlock * nzBlockRow + q / c0 * nzBlockCol) * Size,
                    c0, 1, static_cast<char *>(nd) + (r * ndRow + q * ndCol) * Size, ndRow, ndCol,
                    rows - r < Base::kBlock ? rows - r : Base::kBlock,
                    cols - q < c0 ? cols - q : c0);
  }
};

} // namespace tessera::kernels
