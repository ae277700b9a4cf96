// The walk over a block of outputs of a convolution, register tile by register tile.
#pragma once

#include "tessera/kernels/ConvRuns.h"

namespace tessera::kernels {

/// A block of outputs. Kind: the types In and Out that images are addressed in, Pass, what the
/// tiles share; kVectors, and kRows and kNarrowRows, the pixels of a tile that has all vectors and
/// of narrower ones; and `tile<R, V>(pass, pixels, out)`, the tile itself.
template <class Kind> struct ConvPart {
  std::int64_t y0, y1, x0, x1; ///< the outputs
  const typename Kind::In *x;  ///< the image
  typename Kind::Out *y;       ///< output (y0, x0)
  std::int64_t yRow, yPixel;
  std::int64_t firstIn;          ///< the first channel of the group
  std::int64_t columns, vectors; ///< of the panel
  typename Kind::Pass pass;
};

template <class Arch, class Kind> struct ConvWalk {
  using In = typename Kind::In;
  using Out = typename Kind::Out;
  using Span = ConvSpan<Arch>;
  using Part = ConvPart<Kind>;

  /// The outputs of two spans, whose runs are listed in part.pass.
  static TESSERA_INLINE void run(Part &part, const ConvLayout &xl, const Span &rows,
                                 const Span &cols) {
    Walk walk{part.x + rows.input * xl.row + cols.input * xl.pixel,
              part.y + (rows.first - part.y0) * part.yRow + (cols.first - part.x0) * part.yPixel,
              0,
              cols.count,
              cols.inputStep * xl.pixel,
              cols.step * part.yPixel,
              rows.inputStep * xl.row,
              rows.step * part.yRow};
    walk.xLine -= walk.columns * walk.xStep;
    walk.yLine -= walk.columns * walk.yStep;
    pickVectors<Kind::kVectors>(part, walk, rows.count * cols.count);
  }

private:
  /// Where the next tile begins.
  struct Walk {
    const In *x;
    Out *y;
    std::int64_t column, columns; ///< how many outputs of the line lie behind, and all of them
    std::int64_t xStep, yStep;    ///< to the next output
    std::int64_t xLine, yLine;    ///< from behind a line to the next
  };

  template <int V>
  static TESSERA_INLINE void pickVectors(Part &part, Walk &walk, std::int64_t pixels) {
    if (V == 1 || part.vectors == V) {
      tiles<V>(part, walk, pixels);
      return;
    }
    if constexpr (V > 1)
      pickVectors<V - 1>(part, walk, pixels);
  }

  template <int V>
  static __attribute__((noinline)) void tiles(Part &part, Walk &walk, std::int64_t pixels) {
    constexpr int R = V == Kind::kVectors ? Kind::kRows : Kind::kNarrowRows;
    // Tiles of about equal height: a short one at the end would wait for its own sums.
    const std::int64_t number = (pixels + R - 1) / R, height = pixels / number;
    const std::int64_t taller = pixels % number;
    for (std::int64_t t = 0; t < number; ++t) {
      pickRows<R, V>(height + (t < taller ? 1 : 0), part, walk);
      part.pass.next();
    }
  }

  template <int R, int V>
  static TESSERA_INLINE void pickRows(std::int64_t now, Part &part, Walk &walk) {
    if (R == 1 || now == R) {
      tile<R, V>(part, walk);
      return;
    }
    if constexpr (R > 1)
      pickRows<R - 1, V>(now, part, walk);
  }

  template <int R, int V> static __attribute__((noinline)) void tile(Part &part, Walk &walk) {
    const In *pixels[R], *x = walk.x;
    Out *out[R], *y = walk.y;
    const std::int64_t xStep = walk.xStep, yStep = walk.yStep, columns = walk.columns;
    std::int64_t column = walk.column;
    TESSERA_UNROLL
    for (int r = 0; r < R; ++r) {
      pixels[r] = x;
      out[r] = y;
      x += xStep;
      y += yStep;
      if (__builtin_expect(++column == columns, 0)) {
        column = 0;
        x += walk.xLine;
        y += walk.yLine;
      }
    }
    walk.x = x;
    walk.y = y;
    walk.column = column;
    Kind::template tile<R, V>(part.pass, pixels, out);
  }
};

} // namespace tessera::kernels
