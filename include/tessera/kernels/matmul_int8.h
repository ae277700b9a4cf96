// Multiplication of 8-bit integers with a packed right operand, exact, and requantisation.
#pragma once

#include "tessera/kernels/Family.h"
#include "tessera/kernels/GemmArgs.h"
#include "tessera/kernels/MatmulInt8Args.h"
#include "tessera/kernels/ProductInt8.h"
#include "tessera/support/Caches.h"

namespace tessera::kernels {

/// T: the type of the left operand.
template <class Arch, class T> struct MatmulInt8 {
  static constexpr Family kFamily = Family::MatmulInt8;
  using Layout = Int8Layout<Arch>;
  using Left = typename SimdInt8<Arch>::Left;
  static constexpr std::int64_t kRows = Int8Shape<Arch>::kRows;

  /// As MatmulInt8Args says; returns 0, or -1 when it has no workspace. With args null it returns
  /// the bytes of workspace that a product of m x n x k takes, given in `size`.
  static std::int64_t run(const MatmulInt8Args *args, const std::int64_t *size) {
    if (!args)
      return size[0] * rowBytes(size[2]) + kLine;
    const MatmulInt8Args &g = *args;
    if (g.m <= 0 || g.n <= 0)
      return 0;
    if (!g.workspace)
      return -1;
    const Rows rows{static_cast<const T *>(g.a), g.aRow, g.n, g.k};
    Work work(g, rows);
    const std::int64_t blocks = (g.m + work.rows - 1) / work.rows;
    if (g.parallelFor) {
      work.parts = (g.n + kPart - 1) / kPart;
      g.parallelFor(g.pool, blocks, &prepare, &work);
      g.parallelFor(g.pool, blocks * work.parts, &multiply, &work);
      return 0;
    }
    for (std::int64_t i = 0; i < blocks; ++i) {
      prepare(&work, i);
      work.columns(i, 0, g.n);
    }
    return 0;
  }

private:
  static constexpr std::int64_t kLine = 64;
  /// Columns of one task: a few panels, for each of which a task computes what its sums begin with.
  static constexpr std::int64_t kPart = 4 * Layout::kPanel;
  /// Rows of a block at most, so that high products have blocks for many threads.
  static constexpr std::int64_t kMostRows = 192;

  struct Rows {
    const T *a;
    std::int64_t aRow, n, k;

    TESSERA_INLINE void prepare(std::int64_t i, std::int64_t from, std::int64_t count,
                                Left *dst) const {
      Int8Left<Arch, T>::row(a + i * aRow + from, dst, count);
    }
    /// Bytes that need no shift lie ready, unless they serve so many columns that a copy pays.
    TESSERA_INLINE const Left *ready(std::int64_t &stride) const {
      using S = SimdInt8<Arch>;
      if constexpr (sizeof(T) == sizeof(Left) && Int8Left<Arch, T>::kShift == 0)
        if (k % S::kGroup == 0 && n <= 4 * Layout::kPanel) {
          stride = aRow;
          return a;
        }
      return nullptr;
    }
    TESSERA_INLINE std::int32_t sum(std::int64_t i) const {
      return Int8Left<Arch, T>::sum(a + i * aRow, k);
    }
  };
  using Product = ProductInt8<Arch, T, Rows>;

  /// Bytes of a prepared row, and of its sum.
  static TESSERA_INLINE std::int64_t rowBytes(std::int64_t k) {
    return Product::padded(k) * static_cast<std::int64_t>(sizeof(Left)) + 4;
  }

  struct Work {
    const MatmulInt8Args &g;
    const Rows &source;
    std::int64_t rows, stride = 0, parts = 1; ///< rows of a block; parts of the columns
    const Left *ready;
    Left *left;
    std::int32_t *sums;

    TESSERA_INLINE Work(const MatmulInt8Args &args, const Rows &from) : g(args), source(from) {
      // A block of prepared rows stays in L2 while b passes.
      const std::int64_t fit = caches().l2 / 2 / rowBytes(g.k);
      rows = gemmPart(g.m, (fit < kMostRows ? fit : kMostRows) / kRows * kRows, kRows);
      left = reinterpret_cast<Left *>((reinterpret_cast<std::uintptr_t>(g.workspace) + kLine - 1) /
                                      kLine * kLine);
      sums = reinterpret_cast<std::int32_t *>(left + g.m * Product::padded(g.k));
      ready = source.ready(stride);
      if (!ready)
        stride = Product::padded(g.k);
    }
    std::int64_t count(std::int64_t block) const {
      return g.m - block * rows < rows ? g.m - block * rows : rows;
    }
    /// Where a block is prepared: one after the other in the same place where nobody waits.
    Left *at(std::int64_t block) const {
      return g.parallelFor ? left + block * rows * stride : left;
    }

    void columns(std::int64_t block, std::int64_t first, std::int64_t last) const {
      const std::int64_t i = block * rows;
      const typename Product::Call call{
          source, static_cast<const std::int8_t *>(g.b), g.c, g.cRow, g.n, g.k, &g.epilogue};
      Product::panels(call, i, count(block), first, last, ready ? ready + i * stride : at(block),
                      stride, sums + i);
    }
  };

  static void prepare(void *args, std::int64_t block) {
    const Work &w = *static_cast<const Work *>(args);
    Left *left = w.at(block);
    const std::int64_t i = block * w.rows, count = w.count(block);
    for (std::int64_t r = 0; r < count; ++r) {
      if (!w.ready)
        w.source.prepare(i + r, 0, w.g.k, left + r * w.stride);
      if (w.g.epilogue.bZero)
        w.sums[i + r] = w.source.sum(i + r);
    }
  }

  static void multiply(void *args, std::int64_t index) {
    const Work &w = *static_cast<const Work *>(args);
    const std::int64_t first = index % w.parts * kPart;
    w.columns(index / w.parts, first, w.g.n - first < kPart ? w.g.n : first + kPart);
  }
};

template <class Arch> using MatmulU8S8 = MatmulInt8<Arch, std::uint8_t>;
template <class Arch> using MatmulS8S8 = MatmulInt8<Arch, std::int8_t>;

} // namespace tessera::kernels
