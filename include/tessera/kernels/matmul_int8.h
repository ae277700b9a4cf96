// Multiplication of 8-bit integers with a packed right operand, exact, and requantisation.
#pragma once

#include "tessera/kernels/Family.h"
#include "tessera/kernels/GemmArgs.h"
#include "tessera/kernels/MatmulInt8Args.h"
#include "tessera/kernels/ProductInt8.h"
#include "tessera/kernels/ProductParts.h"
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
    if (g.parallelFor && vectors(g) >= ProductParts::kShared) {
      share(work);
      return 0;
    }
    work.inTurn = true;
    for (std::int64_t i = 0; i < g.m; i += work.rows) {
      const std::int64_t count = work.count(i / work.rows);
      work.prepare(i, count);
      work.multiply(i, count, 0, g.n);
    }
    return 0;
  }

private:
  static constexpr std::int64_t kLine = 64;
  /// Elements of a that are prepared at a time where threads share them, and how many are worth a
  /// parallel loop: a few microseconds.
  static constexpr std::int64_t kPiece = 1 << 14, kSharedLeft = 8 * kPiece;
  /// Bytes of b that stay in L2 while rows pass.
  static constexpr std::int64_t kNear = 1 << 17;
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

  /// Multiply-adds of vectors.
  static TESSERA_INLINE std::int64_t vectors(const MatmulInt8Args &g) {
    constexpr std::int64_t kLanes = SimdInt8<Arch>::kLanes;
    return g.m * ((g.n + kLanes - 1) / kLanes) * Layout::groups(g.k);
  }

  /// Bytes of a prepared row, and of its sum.
  static TESSERA_INLINE std::int64_t rowBytes(std::int64_t k) {
    return Int8Left<Arch, T>::apart(k) * static_cast<std::int64_t>(sizeof(Left)) + 4;
  }

  struct Work {
    const MatmulInt8Args &g;
    const Rows &source;
    std::int64_t rows, stride = 0; ///< rows of a block
    const ProductParts *parts = nullptr;
    bool inTurn = false; ///< whether each block is prepared when the one before it is done with
    bool beside = false; ///< whether each part prepares its rows, which no other part has
    const Left *ready;
    Left *left;
    std::int32_t *sums;

    TESSERA_INLINE Work(const MatmulInt8Args &args, const Rows &from) : g(args), source(from) {
      // A block of prepared rows stays in L2 while b passes.
      const std::int64_t fit = caches().l2 / 2 / rowBytes(g.k);
      rows = gemmPart(g.m, (fit < kMostRows ? fit : kMostRows) / kRows * kRows, kRows);
      left = reinterpret_cast<Left *>((reinterpret_cast<std::uintptr_t>(g.workspace) + kLine - 1) /
                                      kLine * kLine);
      sums = reinterpret_cast<std::int32_t *>(left + g.m * Int8Left<Arch, T>::apart(g.k));
      ready = source.ready(stride);
      if (!ready)
        stride = Int8Left<Arch, T>::apart(g.k);
    }
    std::int64_t blocks() const { return (g.m + rows - 1) / rows; }
    std::int64_t count(std::int64_t block) const {
      return g.m - block * rows < rows ? g.m - block * rows : rows;
    }
    bool prepares() const { return !ready || g.epilogue.bZero; }
    /// Where row i, which begins a block, is prepared.
    Left *at(std::int64_t i) const { return inTurn ? left : left + i * stride; }

    void prepare(std::int64_t i, std::int64_t count) const {
      Left *to = at(i);
      for (std::int64_t r = 0; r < count; ++r) {
        if (!ready)
          source.prepare(i + r, 0, g.k, to + r * stride);
        if (g.epilogue.bZero)
          sums[i + r] = source.sum(i + r);
      }
    }

    void multiply(std::int64_t i, std::int64_t count, std::int64_t first, std::int64_t last) const {
      const typename Product::Call call{
          source, static_cast<const std::int8_t *>(g.b), g.c, g.cRow, g.n, g.k, &g.epilogue};
      Product::panels(call, i, count, first, last, ready ? ready + i * stride : at(i), stride,
                      sums + i);
    }
  };

  static void share(Work &work) {
    const MatmulInt8Args &g = work.g;
    ProductParts::Sizes sizes{1, g.m, g.n, kRows, Layout::kPanel, vectors(g), work.rows};
    sizes.near = g.n * g.k <= kNear;
    const ProductParts parts(sizes);
    work.parts = &parts;
    work.beside = parts.at(0).columns == g.n;
    work.rows = kPiece / (g.k > 0 ? g.k : 1) + 1;
    if (work.prepares() && !work.beside) {
      if (g.m * g.k >= kSharedLeft)
        g.parallelFor(g.pool, work.blocks(), &prepare, &work);
      else
        work.prepare(0, g.m);
    }
    g.parallelFor(g.pool, parts.count(), &multiply, &work);
  }

  static void prepare(void *args, std::int64_t block) {
    const Work &w = *static_cast<const Work *>(args);
    w.prepare(block * w.rows, w.count(block));
  }

  static void multiply(void *args, std::int64_t index) {
    const Work &w = *static_cast<const Work *>(args);
    const ProductParts::Part at = w.parts->at(index);
    if (w.beside && w.prepares())
      w.prepare(at.i, at.rows);
    w.multiply(at.i, at.rows, at.j, at.j + at.columns);
  }
};

template <class Arch> using MatmulU8S8 = MatmulInt8<Arch, std::uint8_t>;
template <class Arch> using MatmulS8S8 = MatmulInt8<Arch, std::int8_t>;

} // namespace tessera::kernels
