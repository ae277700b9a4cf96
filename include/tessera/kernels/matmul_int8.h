// Multiplication of 8-bit integers with a packed right operand, exact, and requantisation.
#pragma once

#include "tessera/kernels/Family.h"
#include "tessera/kernels/GemmArgs.h"
#include "tessera/kernels/MatmulInt8Args.h"
#include "tessera/kernels/ProductAmx.h"
#include "tessera/kernels/ProductInt8.h"
#include "tessera/kernels/ProductParts.h"
#include "tessera/support/Caches.h"

namespace tessera::kernels {

/// The rows of the left operand as vectors multiply them, prepared or where they lie.
template <class Arch, class T> struct MatmulRowsInt8 {
  using S = SimdInt8<Arch>;
  using Left = typename S::Left;
  using Layout = Int8Layout<Arch>;
  static constexpr std::int64_t kRows = Int8Shape<Arch>::kRows, kFaster = 1;

  const MatmulInt8Args &g;

  static TESSERA_INLINE std::int64_t apart(std::int64_t k) { return Int8Left<Arch, T>::apart(k); }
  TESSERA_INLINE void prepare(std::int64_t i, std::int64_t from, std::int64_t count,
                              Left *dst) const {
    Int8Left<Arch, T>::row(row(i) + from, dst, count);
  }
  TESSERA_INLINE void prepare(std::int64_t i, Left *dst) const { prepare(i, 0, g.k, dst); }
  /// Bytes that need no shift lie ready, unless they serve so many columns that a copy pays.
  TESSERA_INLINE const Left *ready(std::int64_t &stride) const {
    if constexpr (sizeof(T) == sizeof(Left) && Int8Left<Arch, T>::kShift == 0)
      if (g.k % S::kGroup == 0 && g.n <= 4 * Layout::kPanel) {
        stride = g.aRow;
        return row(0);
      }
    return nullptr;
  }
  TESSERA_INLINE std::int32_t sum(std::int64_t i) const {
    return Int8Left<Arch, T>::sum(row(i), g.k);
  }

  /// The columns [from, to) of `rows` rows from i on, which lie at left + r * stride; from begins a
  /// panel, and to ends one or is n. sums are read where there are zero points of b.
  void panels(std::int64_t i, std::int64_t rows, std::int64_t from, std::int64_t to,
              const Left *left, std::int64_t stride, const std::int32_t *sums) const {
    using Product = ProductInt8<Arch, T, MatmulRowsInt8>;
    const typename Product::Call call{
        *this, static_cast<const std::int8_t *>(g.b), g.c, g.cRow, g.n, g.k, &g.epilogue};
    Product::panels(call, i, rows, from, to, left, stride, sums);
  }

private:
  TESSERA_INLINE const T *row(std::int64_t i) const {
    return static_cast<const T *>(g.a) + i * g.aRow;
  }
};

/// T: the type of the left operand.
template <class Arch, class T> struct MatmulInt8 {
  static constexpr Family kFamily = Family::MatmulInt8;
  using Layout = Int8Layout<Arch>;

  /// As MatmulInt8Args says; returns 0, or -1 when it has no workspace. With args null it returns
  /// the bytes of workspace that a product of m x n x k takes, given in `size`.
  static std::int64_t run(const MatmulInt8Args *args, const std::int64_t *size) {
    using Vectors = MatmulRowsInt8<Arch, T>;
    if (!args)
      return size[0] * rowBytes<Vectors>(size[2]) + kLine;
    const MatmulInt8Args &g = *args;
    if (g.m <= 0 || g.n <= 0)
      return 0;
    if (!g.workspace)
      return -1;
    if constexpr (kHasTiles<Arch>)
      if (MatmulRowsAmx<Arch, T>::serves(g)) {
        multiply<MatmulRowsAmx<Arch, T>>(g);
        return 0;
      }
    multiply<Vectors>(g);
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

  template <class Rows> static TESSERA_INLINE void multiply(const MatmulInt8Args &g) {
    const Rows rows{g};
    Work<Rows> work(g, rows);
    if (g.parallelFor && vectors(g) / Rows::kFaster >= ProductParts::kShared) {
      share(work);
      return;
    }
    work.inTurn = true;
    for (std::int64_t i = 0; i < g.m; i += work.rows) {
      const std::int64_t count = work.count(i / work.rows);
      work.prepare(i, count);
      work.multiply(i, count, 0, g.n);
    }
  }

  /// Multiply-adds of vectors.
  static TESSERA_INLINE std::int64_t vectors(const MatmulInt8Args &g) {
    constexpr std::int64_t kLanes = SimdInt8<Arch>::kLanes;
    return g.m * ((g.n + kLanes - 1) / kLanes) * Layout::groups(g.k);
  }

  /// Bytes of a prepared row, and of its sum.
  template <class Rows> static TESSERA_INLINE std::int64_t rowBytes(std::int64_t k) {
    return Rows::apart(k) * static_cast<std::int64_t>(sizeof(typename Rows::Left)) + 4;
  }

  template <class Rows> struct Work {
    using Left = typename Rows::Left;
    static constexpr std::int64_t kRows = Rows::kRows;

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
      const std::int64_t fit = caches().l2 / 2 / rowBytes<Rows>(g.k);
      rows = gemmPart(g.m, (fit < kMostRows ? fit : kMostRows) / kRows * kRows, kRows);
      left = reinterpret_cast<Left *>((reinterpret_cast<std::uintptr_t>(g.workspace) + kLine - 1) /
                                      kLine * kLine);
      sums = reinterpret_cast<std::int32_t *>(left + g.m * Rows::apart(g.k));
      ready = source.ready(stride);
      if (!ready)
        stride = Rows::apart(g.k);
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
          source.prepare(i + r, to + r * stride);
        if (g.epilogue.bZero)
          sums[i + r] = source.sum(i + r);
      }
    }

    void multiply(std::int64_t i, std::int64_t count, std::int64_t first, std::int64_t last) const {
      source.panels(i, count, first, last, ready ? ready + i * stride : at(i), stride, sums + i);
    }
  };

  template <class Rows> static void share(Work<Rows> &work) {
    const MatmulInt8Args &g = work.g;
    ProductParts::Sizes sizes{
        1, g.m, g.n, Rows::kRows, Layout::kPanel, vectors(g) / Rows::kFaster, work.rows};
    sizes.near = g.n * g.k <= kNear;
    if (Rows::kFaster > 1) // whose tiles are two that share what they load
      sizes.leastTiles = 1;
    const ProductParts parts(sizes);
    work.parts = &parts;
    work.beside = parts.at(0).columns == g.n;
    work.rows = kPiece / (g.k > 0 ? g.k : 1) + 1;
    if (work.prepares() && !work.beside) {
      if (g.m * g.k >= kSharedLeft)
        g.parallelFor(g.pool, work.blocks(), &prepare<Rows>, &work);
      else
        work.prepare(0, g.m);
    }
    g.parallelFor(g.pool, parts.count(), &part<Rows>, &work);
  }

  template <class Rows> static void prepare(void *args, std::int64_t block) {
    const auto &w = *static_cast<const Work<Rows> *>(args);
    w.prepare(block * w.rows, w.count(block));
  }

  template <class Rows> static void part(void *args, std::int64_t index) {
    const auto &w = *static_cast<const Work<Rows> *>(args);
    const ProductParts::Part at = w.parts->at(index);
    if (w.beside && w.prepares())
      w.prepare(at.i, at.rows);
    w.multiply(at.i, at.rows, at.j, at.j + at.columns);
  }
};

template <class Arch> using MatmulU8S8 = MatmulInt8<Arch, std::uint8_t>;
template <class Arch> using MatmulS8S8 = MatmulInt8<Arch, std::int8_t>;

} // namespace tessera::kernels
