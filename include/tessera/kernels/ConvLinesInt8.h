// An 8-bit convolution whose input is prepared line by line, padding and all, before it is
// multiplied: for few channels, for layouts other than NHWC, and where bytes must be widened.
#pragma once

#include "tessera/kernels/ConvAmx.h"
#include "tessera/kernels/ConvTileInt8.h"
#include "tessera/kernels/ConvWalk.h"
#include "tessera/support/Caches.h"

namespace tessera::kernels {

/// T: the type of the image. Tiles: whether lines are multiplied in those of AMX, as they are, and
/// not by vectors. Arguments as those of Conv2dInt8::run.
template <class Arch, class T, bool Tiles = false> struct ConvLinesInt8 {
  using S = SimdInt8<Arch>;
  using Left = typename S::Left;
  using InTiles = ConvLinesAmx<Arch, T>;
  using Layout = Int8Layout<Arch>;
  using Kind = ConvBytes<Arch, Left>;
  using Part = ConvPart<Kind>;
  using Run = ConvRun<Arch>;
  using Span = ConvSpan<Arch>;
  static constexpr std::int64_t kGroup = S::kGroup;

  ConvLinesInt8(const ConvShape &shape, const ConvLayout &xLayout, const T *input,
                const std::int8_t *packed, const ConvLayout &yLayout, char *output,
                const Int8Epilogue &epilogue)
      : s(shape), xl(xLayout), yl(yLayout), x(input), filter(packed), y(output), e(epilogue) {
    inC = s.c / s.groups;
    outC = s.outC / s.groups;
    panels = parts(outC, Layout::kPanel);
    size = e.output == Int8Output::I32 || e.output == Int8Output::F32 ? 4 : 1;
    // The taps of one kernel row follow each other in a line when nothing is skipped.
    pieces = s.dilationW == 1 ? s.kh : s.kh * s.kw;
    piece = s.dilationW == 1 ? s.kw * inC : inC;
    pixel = s.kw == 1 ? Int8Left<Arch, T>::apart(inC) : inC;
    divide();
  }

  /// Whether tiles are full enough to be faster than vectors.
  bool pays() const {
    const typename InTiles::Steps steps(Layout::groups(piece));
    const std::int64_t columns = parts(outC, S::kLanes) * S::kLanes;
    const std::int64_t rows = tilesOf(high, wide).tiles * InTiles::Tile::kHeight;
    return outC > 0 &&
           4 * piece * high * wide * outC >= steps.count * InTiles::Tile::kDepth * rows * columns;
  }

  /// Whether the lines of a block and the filter's rows fit on the stack.
  bool serves() const {
    return !s.transposed && e.bZero == nullptr && inC > 0 && pieces <= ConvRuns<Arch>::kMost &&
           elements(1, 1) <= kLines && (!laidAnew() || pieces * pieceGroups() <= kFilterGroups);
  }

  /// Number of tasks.
  std::int64_t count() const { return s.n * highBlocks * wideBlocks * s.groups * shares; }

  /// Computes block `index`; `self` is a ConvLinesInt8.
  static void task(void *self, std::int64_t index) {
    static_cast<const ConvLinesInt8 *>(self)->compute(index);
  }

private:
  /// Elements of the lines of a block, and outputs: enough that lines that blocks share cost
  /// little.
  static constexpr std::int64_t kLines = 1 << 16, kPixels = 1024;
  /// Outputs of a block that shares no lines: few, so that they are still near for the next panel.
  static constexpr std::int64_t kOwnPixels = 192;
  /// Groups of a panel whose pieces begin within groups, as they are laid out anew.
  static constexpr std::int64_t kFilterGroups = 256;
  /// Tasks that suffice: with fewer blocks, some prepare the same lines for a share of the panels.
  static constexpr std::int64_t kEnough = 16;

  const ConvShape &s;
  const ConvLayout &xl, &yl;
  const T *x;
  const std::int8_t *filter;
  char *y;
  const Int8Epilogue &e;
  std::int64_t inC, outC, panels, size, pieces, piece, pixel;
  std::int64_t high, wide, highBlocks, wideBlocks, shares;

  static TESSERA_INLINE std::int64_t least(std::int64_t a, std::int64_t b) { return a < b ? a : b; }
  static TESSERA_INLINE std::int64_t most(std::int64_t a, std::int64_t b) { return a > b ? a : b; }
  static TESSERA_INLINE std::int64_t parts(std::int64_t a, std::int64_t b) {
    return (a + b - 1) / b;
  }

  /// Groups of a piece of a panel as it is multiplied, and whether it must be laid out anew for
  /// that.
  std::int64_t pieceGroups() const {
    if constexpr (Tiles) {
      const typename InTiles::Steps steps(Layout::groups(piece));
      return steps.count * steps.groups;
    }
    return Layout::groups(piece);
  }
  bool laidAnew() const { return pieceGroups() * kGroup != piece; }

  /// Input lines and columns that so many outputs see.
  std::int64_t linesFor(std::int64_t rows) const {
    return (rows - 1) * s.strideH + (s.kh - 1) * s.dilationH + 1;
  }
  std::int64_t columnsFor(std::int64_t cols) const {
    return (cols - 1) * s.strideW + (s.kw - 1) * s.dilationW + 1;
  }
  std::int64_t elements(std::int64_t rows, std::int64_t cols) const {
    return linesFor(rows) * columnsFor(cols) * pixel;
  }

  void divide() {
    wide = most(s.outW, 1);
    while (wide > 1 && elements(1, wide) > kLines)
      wide = (wide + 1) / 2;
    high = 1;
    const std::int64_t fit = s.kh == 1 ? kOwnPixels : kPixels;
    while (high < s.outH && (high + 1) * wide <= fit && elements(high + 1, wide) <= kLines)
      ++high;
    highBlocks = parts(s.outH, high);
    wideBlocks = parts(s.outW, wide);
    if (highBlocks > 0)
      high = parts(s.outH, highBlocks);
    const std::int64_t blocks = most(s.n * highBlocks * wideBlocks * s.groups, 1);
    shares = most(least(parts(kEnough, blocks), panels), 1);
  }

  void compute(std::int64_t index) const {
    const std::int64_t share = index % shares, g = index / shares % s.groups;
    index /= shares * s.groups;
    const std::int64_t bx = index % wideBlocks, by = index / wideBlocks % highBlocks;
    const std::int64_t image = index / wideBlocks / highBlocks;
    const std::int64_t y0 = by * high, x0 = bx * wide;
    const Span rows{y0, 1, least(high, s.outH - y0), 0, 1, 0, 0, s.strideH, 0};
    const Span cols{x0, 1, least(wide, s.outW - x0), 0, 1, 0, 0, s.strideW, 0};
    alignas(64) Left lines[kLines + 64];
    const std::int64_t line = columnsFor(cols.count) * pixel;
    prepare(lines, line, x + image * xl.image, g * inC, y0 * s.strideH - s.top,
            linesFor(rows.count), x0 * s.strideW - s.left);
    Run runs[ConvRuns<Arch>::kMost];
    for (std::int64_t i = 0; i < pieces; ++i) {
      const std::int64_t ky = s.dilationW == 1 ? i : i / s.kw, kx = s.dilationW == 1 ? 0 : i % s.kw;
      runs[i] = {ky * s.dilationH * line + kx * s.dilationW * pixel, i * pieceGroups(),
                 pieceGroups()};
    }
    Part part;
    part.y0 = y0;
    part.x0 = x0;
    part.x = lines;
    part.y = y + (image * yl.image + y0 * yl.row + x0 * yl.pixel + g * outC) * size;
    part.yRow = yl.row * size;
    part.yPixel = yl.pixel * size;
    part.pass.runs = runs;
    part.pass.count = pieces;
    const ConvLayout staged{0, line, pixel, 1, inC, 0};
    if constexpr (Tiles) {
      const auto tiles = tilesOf(rows.count, cols.count);
      InTiles::Tile::configure(tiles.height, stepOf(piece));
      const typename InTiles::Block block{reinterpret_cast<const T *>(lines),
                                          part.y,
                                          s.strideW * pixel,
                                          s.strideH * line,
                                          part.yPixel,
                                          part.yRow,
                                          yl.pixel,
                                          tiles};
      for (std::int64_t p = share; p < panels; p += shares)
        onePanel(part, g, p, [&] { inTiles(part, block, g); });
      InTiles::Tile::release();
    } else {
      for (std::int64_t p = share; p < panels; p += shares)
        onePanel(part, g, p, [&] { ConvWalk<Arch, Kind>::run(part, staged, rows, cols); });
    }
  }

  template <class Multiply>
  TESSERA_INLINE void onePanel(Part &part, std::int64_t g, std::int64_t p,
                               Multiply multiply) const {
    const std::int64_t depth = s.kh * s.kw * inC;
    const std::int8_t *panel = filter + (g * panels + p) * Layout::panelBytes(depth);
    Int8Epilogue ending = e;
    ending.bias = e.bias == nullptr ? nullptr : e.bias + g * outC;
    ending.scale = e.scale == nullptr ? nullptr : e.scale + g * outC * e.scaleStride;
    part.columns = least(outC - p * Layout::kPanel, Layout::kPanel);
    part.vectors = parts(part.columns, S::kLanes);
    part.pass.column = p * Layout::kPanel;
    part.pass.columns = part.columns;
    part.pass.e = &ending;
    Int8Finish<Arch>::first(part.pass.first, reinterpret_cast<const std::int32_t *>(panel),
                            part.pass.column, part.columns, depth, e.aZero + kShift, ending);
    part.pass.filter = panel + Layout::kSumBytes;
    alignas(64) std::int8_t anew[kFilterGroups * Layout::kGroupBytes];
    if (laidAnew()) {
      align(part.pass.filter, depth, anew);
      part.pass.filter = anew;
    }
    multiply();
  }

  static std::int64_t stepOf(std::int64_t piece) {
    return typename InTiles::Steps(Layout::groups(piece)).groups * kGroup;
  }
  auto tilesOf(std::int64_t rows, std::int64_t cols) const {
    return typename InTiles::Tiles(rows, cols, columnsFor(cols), s.strideH, s.strideW);
  }

  /// One panel of the block in tiles.
  void inTiles(const Part &part, const typename InTiles::Block &block, std::int64_t g) const {
    const typename InTiles::Steps steps(Layout::groups(piece));
    typename InTiles::Tile::Stretch stretches[ConvRuns<Arch>::kMost];
    for (std::int64_t i = 0; i < pieces; ++i)
      stretches[i] = {part.pass.runs[i].input,
                      part.pass.filter + part.pass.runs[i].filter * Layout::kGroupBytes,
                      steps.count};
    typename InTiles::Tile::Panel panel;
    panel.stretches = stretches;
    panel.count = pieces;
    panel.step = steps.groups * kGroup;
    panel.apart = block.in;
    panel.column = part.pass.column;
    panel.columns = part.columns;
    panel.e = part.pass.e;
    const std::int64_t depth = s.kh * s.kw * inC;
    const bool far = depth * s.outC > caches().l2 / 2;
    const bool deep = depth > InTiles::Tile::kQuiet * InTiles::Tile::kDepth;
    panel.quiet = deep && !far ? InTiles::Tile::kQuiet : 0;
    const std::int64_t bytes = Layout::panelBytes(depth);
    const std::int64_t next = part.pass.column / Layout::kPanel + 1;
    if (far && next < panels)
      InTiles::Tile::fetches(panel, filter + (g * panels + next) * bytes, bytes, block.tiles.tiles);
    __builtin_memcpy(panel.first, part.pass.first, sizeof panel.first);
    block.run(panel);
  }

  /// Lets each piece of a panel begin with a group of its own, and in tiles with a step; what fills
  /// it up is zero.
  void align(const std::int8_t *panel, std::int64_t depth, std::int8_t *to) const {
    using Word = std::conditional_t<kGroup == 4, std::uint32_t, std::uint16_t>;
    static_assert(sizeof(Word) == kGroup);
    const std::int64_t filling = (pieceGroups() - Layout::groups(piece)) * Layout::kGroupBytes;
    for (std::int64_t i = 0; i < pieces; ++i, to += filling) {
      for (std::int64_t at = 0; at < piece; at += kGroup, to += Layout::kGroupBytes) {
        const std::int64_t from = i * piece + at, valid = least(piece - at, kGroup);
        const std::int64_t shift = from % kGroup * 8;
        const auto mask = static_cast<Word>((std::uint64_t(1) << (valid * 8)) - 1);
        const std::int8_t *low = panel + from / kGroup * Layout::kGroupBytes;
        const bool both =
            from % kGroup + valid > kGroup && from / kGroup + 1 < Layout::groups(depth);
        const std::int8_t *next = both ? low + Layout::kGroupBytes : low;
        for (std::int64_t j = 0; j < Layout::kPanel; ++j) {
          Word a, b;
          __builtin_memcpy(&a, low + j * kGroup, kGroup);
          __builtin_memcpy(&b, next + j * kGroup, kGroup);
          const std::uint64_t pair = std::uint64_t(b) << (kGroup * 8) | a;
          const auto word = static_cast<Word>(static_cast<Word>(pair >> shift) & mask);
          __builtin_memcpy(to + j * kGroup, &word, kGroup);
        }
      }
      __builtin_memset(to, 0, static_cast<std::size_t>(filling));
    }
  }

  /// `count` lines from line yy on, of the columns from xx on.
  void prepare(Left *lines, std::int64_t line, const T *image, std::int64_t channel,
               std::int64_t yy, std::int64_t count, std::int64_t xx) const {
    const T outside = static_cast<T>(e.aZero);
    const std::int64_t columns = line / pixel;
    // The columns [first, last) are inside the image.
    const std::int64_t first = least(most(-xx, 0), columns),
                       last = most(least(s.w - xx, columns), first);
    for (std::int64_t i = 0; i < count; ++i, ++yy, lines += line) {
      if (!isSeen(i))
        continue;
      const bool inside = yy >= 0 && yy < s.h;
      const T *from = image + yy * xl.row + xx * xl.pixel;
      if (!inside || (together() && xl.pixel == inC && pixel == inC))
        S::prepareInside(from + channel, lines, line, inside ? first * inC : line,
                         inside ? last * inC : line, outside, kShift);
      else
        oneByOne(from, channel, lines, columns, first, last);
    }
    for (std::int64_t i = 0; i < kGroup; ++i)
      lines[i] = 0;
  }

  static constexpr std::int32_t kShift = Tiles ? 0 : Int8Left<Arch, T>::kShift;
  /// Whether the channels of a pixel lie together.
  TESSERA_INLINE bool together() const { return xl.channel == 1 && xl.block >= s.c; }

  /// Whether a line of a block is seen by any output.
  bool isSeen(std::int64_t line) const {
    for (std::int64_t ky = 0; ky < s.kh; ++ky)
      if (line >= ky * s.dilationH && (line - ky * s.dilationH) % s.strideH == 0)
        return true;
    return false;
  }

  void oneByOne(const T *from, std::int64_t channel, Left *to, std::int64_t columns,
                std::int64_t first, std::int64_t last) const {
    const T outside = static_cast<T>(e.aZero);
    if (together()) {
      for (std::int64_t c = 0; c < columns; ++c)
        S::prepareInside(from + c * xl.pixel + channel, to + c * pixel, inC,
                         c >= first && c < last ? 0 : inC, inC, outside, kShift);
      return;
    }
    for (std::int64_t i = 0; i < inC; ++i) {
      const T *at = from + ConvRuns<Arch>::channelAt(xl, channel + i);
      for (std::int64_t c = 0; c < columns; ++c)
        to[c * pixel + i] =
            static_cast<Left>((c >= first && c < last ? at[c * xl.pixel] : outside) + kShift);
    }
  }
};

} // namespace tessera::kernels
