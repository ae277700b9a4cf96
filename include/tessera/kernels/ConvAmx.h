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
           Rows::pays(s.h * s.w, s.c);
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

/// The tiles of a block of prepared lines.
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
    TESSERA_INLINE bool exact(std::int64_t piece) const { return count * groups == piece; }
  };

  /// Tiles of a line of outputs, all of one height.
  struct Line {
    std::int64_t outputs, tiles, height;

    explicit TESSERA_INLINE Line(std::int64_t wide)
        : outputs(wide), tiles((wide + Tile::kHeight - 1) / Tile::kHeight),
          height(tiles > 0 ? (wide + tiles - 1) / tiles : 0) {}
    TESSERA_INLINE std::int64_t first(std::int64_t tile) const {
      return tile * height < outputs - height ? tile * height : outputs - height;
    }
  };

  /// Bytes from one output to the next and from one line to the next, of the input and the output.
  struct Strides {
    std::int64_t in, inLine, out, outLine;
  };

  /// `high` lines of outputs by one panel, two tiles at a time. cRow: `out` in elements.
  static void run(const typename Tile::Panel &panel, const T *x, char *y, const Strides &strides,
                  const Line &line, std::int64_t high, std::int64_t cRow) {
    const std::int64_t tiles = high * line.tiles;
    const auto at = [&](std::int64_t tile) {
      const std::int64_t row = tile / line.tiles, column = line.first(tile % line.tiles);
      return typename Tile::Rows{x + row * strides.inLine + column * strides.in,
                                 y + row * strides.outLine + column * strides.out, nullptr};
    };
    for (std::int64_t tile = 0; tile < tiles; tile += 2) {
      const typename Tile::Rows first = at(tile), second = at(tile + 1);
      Tile::run(panel, first, tile + 1 < tiles ? &second : nullptr, strides.in, line.height, cRow);
    }
  }
};

} // namespace tessera::kernels
