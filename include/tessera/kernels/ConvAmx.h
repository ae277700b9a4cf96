// 8-bit convolution in the tiles of AMX: of single points as a product of matrices whose rows lie
// ready, and of lines that ConvLinesInt8.h has prepared.
#pragma once

#include "tessera/kernels/ConvTypes.h"
#include "tessera/kernels/ProductAmx.h"
#include "tessera/kernels/ProductParts.h"

namespace tessera::kernels {

/// A convolution by 1 x 1 of images that are matrices. T: the type of the image. Arguments as those
/// of Conv2dInt8::run.
template <class Arch, class T> struct ConvPointsAmx {
  using Rows = MatmulRowsAmx<Arch, T>;
  using Layout = Int8Layout<Arch>;

  static bool serves(const ConvShape &s, const ConvLayout &xl, const ConvLayout &yl,
                     const Int8Epilogue &e) {
    const bool points = s.kh == 1 && s.kw == 1 && s.top == 0 && s.left == 0 && s.strideH == 1 &&
                        s.strideW == 1 && s.outH == s.h && s.outW == s.w && !s.transposed;
    return points && s.groups == 1 && e.bZero == nullptr && xl.channel == 1 && xl.block >= s.c &&
           xl.row == s.w * xl.pixel && yl.row == s.w * yl.pixel && Rows::readable(s.c) &&
           Rows::pays(s.h * s.w, s.outC, s.c);
  }

  ConvPointsAmx(const ConvShape &s, const ConvLayout &xLayout, const T *input,
                const std::int8_t *packed, const ConvLayout &yLayout, char *output,
                const Int8Epilogue &e)
      : xl(xLayout), yl(yLayout), x(input), y(output),
        parts({s.n, s.h * s.w, s.outC, Rows::kRows, Layout::kPanel,
               s.n * s.h * s.w * ((s.outC + 15) / 16) * Layout::groups(s.c) / Rows::kFaster}) {
    g.aRow = xl.pixel, g.b = packed, g.cRow = yl.pixel;
    g.m = s.h * s.w, g.n = s.outC, g.k = s.c;
    g.epilogue = e;
    size = e.output == Int8Output::I32 || e.output == Int8Output::F32 ? 4 : 1;
  }

  std::int64_t count() const { return g.n > 0 ? parts.count() : 0; }

  /// Computes part `index`; `self` is a ConvPointsAmx.
  static void task(void *self, std::int64_t index) {
    const auto &points = *static_cast<const ConvPointsAmx *>(self);
    const ProductParts::Part part = points.parts.at(index);
    for (std::int64_t image = part.first; image < part.last; ++image) {
      MatmulInt8Args g = points.g;
      g.c = points.y + image * points.yl.image * points.size;
      const T *from = points.x + image * points.xl.image + part.i * g.aRow;
      Rows{g}.panels(part.i, part.rows, part.j, part.j + part.columns, from, g.aRow, nullptr);
    }
  }

private:
  const ConvLayout &xl, &yl;
  const T *x;
  char *y;
  ProductParts parts;
  MatmulInt8Args g{};
  std::int64_t size;
};

/// How prepared lines are multiplied in tiles.
template <class Arch, class T> struct ConvLinesAmx {
  using Tile = AmxTile<Arch, T>;
  using Layout = Int8Layout<Arch>;
  static constexpr std::int64_t kGroup = SimdInt8<Arch>::kGroup;

  /// How a piece of a window, so many groups, is divided into steps of equal length.
  struct Steps {
    std::int64_t count, groups; ///< of a piece; of a step

    explicit TESSERA_INLINE Steps(std::int64_t piece) {
      constexpr std::int64_t kMost = Tile::kDepth / kGroup;
      const std::int64_t least = (piece + kMost - 1) / kMost;
      // One step more is less than laying out the filter anew.
      count = piece % least == 0 ? least : piece % (least + 1) == 0 ? least + 1 : least;
      groups = (piece + count - 1) / count;
    }
  };

  /// Which tiles of one height make up a block of outputs, the input of each output in the row of a
  /// tile: line by line, or where that takes fewer, all lines as one. There what a line's inputs
  /// have more than outputs are computed in vain.
  struct Tiles {
    std::int64_t high, wide, pitch; ///< pitch: outputs from one line to the next
    std::int64_t each, tiles, height;

    /// lineInputs: the inputs of a line, `strideW` of them to the next output.
    TESSERA_INLINE Tiles(std::int64_t lines, std::int64_t outputs, std::int64_t lineInputs,
                         std::int64_t strideH, std::int64_t strideW)
        : high(lines), wide(outputs), pitch(0) {
      each = up(wide);
      tiles = high * each;
      height = each > 0 ? (wide + each - 1) / each : 0;
      if (high < 1 || lineInputs * strideH % strideW != 0)
        return;
      const std::int64_t between = lineInputs * strideH / strideW;
      const std::int64_t all = (high - 1) * between + wide;
      if (up(all) >= tiles)
        return;
      pitch = between;
      tiles = up(all);
      height = (all + tiles - 1) / tiles;
    }
    static TESSERA_INLINE std::int64_t up(std::int64_t outputs) {
      return (outputs + Tile::kHeight - 1) / Tile::kHeight;
    }
    /// The line and column where a tile begins.
    struct Place {
      std::int64_t line, column;
    };
    TESSERA_INLINE Place first(std::int64_t tile) const {
      const std::int64_t count = pitch > 0 ? (high - 1) * pitch + wide : wide;
      const std::int64_t of = pitch > 0 ? tile : tile % each;
      const std::int64_t at = of * height < count - height ? of * height : count - height;
      return pitch > 0 ? Place{at / pitch, at % pitch} : Place{tile / each, at};
    }
  };

  /// The outputs of a block of lines. Strides in elements of the input and in bytes of the output.
  struct Block {
    const T *x;
    char *y;
    std::int64_t in, inLine, out, outLine, cRow; ///< cRow: `out` in elements
    Tiles tiles;

    /// All tiles by a panel, two at a time.
    void run(const typename Tile::Panel &panel) const {
      for (std::int64_t tile = 0; tile < tiles.tiles; tile += 2)
        pair(panel, tile);
    }

  private:
    TESSERA_INLINE void pair(const typename Tile::Panel &panel, std::int64_t tile) const {
      const bool both = tile + 1 < tiles.tiles;
      const typename Tile::Rows a{left(tile), place(tile), nullptr};
      const typename Tile::Rows b{both ? left(tile + 1) : nullptr, place(both ? tile + 1 : tile),
                                  nullptr};
      if (tiles.pitch == 0)
        return Tile::run(panel, a, both ? &b : nullptr, tiles.height, cRow);
      typename Tile::Sums sums;
      Tile::multiply(panel, a, both ? &b : nullptr, cRow, false, sums);
      finish(panel, tile, sums.tile(0));
      if (both)
        finish(panel, tile + 1, sums.tile(1));
    }

    /// The outputs of a tile, line by line.
    void finish(const typename Tile::Panel &panel, std::int64_t tile, std::int32_t *sums) const {
      typename Tiles::Place at = tiles.first(tile);
      const std::int64_t pitch = tiles.pitch > 0 ? tiles.pitch : tiles.wide;
      for (std::int64_t r = 0; r < tiles.height;) {
        const std::int64_t rest = tiles.height - r;
        const std::int64_t valid = tiles.wide - at.column < rest ? tiles.wide - at.column : rest;
        const typename Tile::Rows to{nullptr, y + at.line * outLine + at.column * out, nullptr};
        if (valid > 0)
          Tile::finish(panel, sums + r * Tile::kPanel, to, valid, cRow, 0);
        r += pitch - at.column;
        at = {at.line + 1, 0};
      }
    }

    TESSERA_INLINE const T *left(std::int64_t tile) const {
      const typename Tiles::Place at = tiles.first(tile);
      return x + at.line * inLine + at.column * in;
    }
    TESSERA_INLINE char *place(std::int64_t tile) const {
      const typename Tiles::Place at = tiles.first(tile);
      return y + at.line * outLine + at.column * out;
    }
  };
};

} // namespace tessera::kernels
