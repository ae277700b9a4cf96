// The blocks of an 8-bit convolution whose input is read where it lies.
#pragma once

#include "tessera/kernels/ConvTileInt8.h"
#include "tessera/kernels/ConvWalk.h"

namespace tessera::kernels {

/// T: the type of the image. Arguments as those of Conv2dInt8::run.
template <class Arch, class T> struct ConvBlockInt8 : ConvRuns<Arch> {
  using Runs = ConvRuns<Arch>;
  using Span = ConvSpan<Arch>;
  using Kind = ConvBytes<Arch, T>;
  using Part = ConvPart<Kind>;
  using S = SimdInt8<Arch>;
  using Layout = Int8Layout<Arch>;
  using Runs::depth, Runs::inC;
  static constexpr std::int64_t kGroup = S::kGroup;

  /// Whether groups of input channels lie together, the products need no preparation of the input,
  /// and a window has few enough pieces.
  static bool serves(const ConvShape &s, const ConvLayout &xl, const Int8Epilogue &e) {
    if constexpr (sizeof(typename S::Left) == 1) {
      const std::int64_t channels = s.c / s.groups;
      return e.bZero == nullptr && xl.channel == 1 && channels % kGroup == 0 &&
             (xl.block >= s.c || xl.block % kGroup == 0) &&
             Runs(s, inGroups(xl), channels / kGroup).fits();
    }
    return false;
  }

  /// `l2`: the bytes of that cache.
  ConvBlockInt8(const ConvShape &shape, const ConvLayout &xLayout, const T *input,
                const std::int8_t *packed, const ConvLayout &yLayout, char *output,
                const Int8Epilogue &epilogue, std::int64_t l2)
      : Runs(shape, inGroups(xLayout), shape.c / shape.groups / kGroup), s(shape), yl(yLayout),
        x(input), filter(packed), y(output), e(epilogue) {
    outC = s.outC / s.groups;
    panels = parts(outC, Layout::kPanel);
    size = e.output == Int8Output::I32 || e.output == Int8Output::F32 ? 4 : 1;
    divide(l2);
  }

  /// Number of tasks.
  std::int64_t count() const { return s.n * highBlocks * wideBlocks * s.groups * panels; }

  /// Computes block `index`; `self` is a ConvBlockInt8.
  static void task(void *self, std::int64_t index) {
    static_cast<const ConvBlockInt8 *>(self)->compute(index);
  }

private:
  /// Pixels of a block: enough that listing its runs costs little, few enough that small images
  /// have some blocks to share out.
  static constexpr std::int64_t kPixels = 192;

  /// What taps outside the image would have added, as far as it is known.
  struct Outside {
    static constexpr std::int64_t kTaps = 32;
    std::int64_t tap[kTaps]; ///< whose it is, or -1
    alignas(64) std::int32_t weight[kTaps][Layout::kPanel];
  };

  const ConvShape &s;
  const ConvLayout &yl;
  const T *x;
  const std::int8_t *filter;
  char *y;
  const Int8Epilogue &e;
  std::int64_t outC, panels, size;
  std::int64_t high, wide, highBlocks, wideBlocks;

  static TESSERA_INLINE std::int64_t least(std::int64_t a, std::int64_t b) { return a < b ? a : b; }
  static TESSERA_INLINE std::int64_t most(std::int64_t a, std::int64_t b) { return a > b ? a : b; }
  static TESSERA_INLINE std::int64_t parts(std::int64_t a, std::int64_t b) {
    return (a + b - 1) / b;
  }

  /// The layout with groups for channels, in bytes.
  static ConvLayout inGroups(const ConvLayout &xl) {
    return {xl.image, xl.row, xl.pixel, kGroup, most(xl.block / kGroup, 1), xl.blockStride};
  }

  /// Blocks of about equal size, the input of each at most a quarter of the cache.
  void divide(std::int64_t l2) {
    const std::int64_t line = most(inC * kGroup * s.w, 1) * (s.transposed ? 1 : s.strideH);
    const std::int64_t rows = most(least(l2 / 4 / line, kPixels / most(s.outW, 1)), 1);
    const std::int64_t cols = most(least(l2 / 4 / most(line / most(s.outW, 1), 1), kPixels), 1);
    high = most(parts(s.outH, most(parts(s.outH, rows), 1)), 1);
    wide = rows > 1 ? most(s.outW, 1) : most(parts(s.outW, most(parts(s.outW, cols), 1)), 1);
    highBlocks = parts(s.outH, high);
    wideBlocks = parts(s.outW, wide);
  }

  void compute(std::int64_t index) const {
    typename Runs::Run runs[Runs::kMost];
    const std::int64_t p = index % panels, g = index / panels % s.groups;
    index /= panels * s.groups;
    const std::int64_t bx = index % wideBlocks, by = index / wideBlocks % highBlocks;
    const std::int64_t image = index / wideBlocks / highBlocks;
    const std::int8_t *panel = filter + (g * panels + p) * Layout::panelBytes(depth * kGroup);
    Part part;
    part.y0 = by * high;
    part.y1 = least(part.y0 + high, s.outH);
    part.x0 = bx * wide;
    part.x1 = least(part.x0 + wide, s.outW);
    part.x = x + image * this->xl.image;
    part.y = y + (image * yl.image + part.y0 * yl.row + part.x0 * yl.pixel + g * outC) * size;
    part.yRow = yl.row * size;
    part.yPixel = yl.pixel * size;
    part.firstIn = g * inC;
    part.columns = least(outC - p * Layout::kPanel, Layout::kPanel);
    part.vectors = parts(part.columns, S::kLanes);
    Int8Epilogue ending = e;
    ending.bias = e.bias == nullptr ? nullptr : e.bias + g * outC;
    ending.scale = e.scale == nullptr ? nullptr : e.scale + g * outC * e.scaleStride;
    part.pass.runs = runs;
    part.pass.filter = panel + Layout::kSumBytes;
    part.pass.column = p * Layout::kPanel;
    part.pass.columns = part.columns;
    part.pass.e = &ending;
    Outside outside;
    for (std::int64_t &tap : outside.tap)
      tap = -1;
    this->rowsAxis.spans(part.y0, part.y1, [&](const Span &rows) {
      this->colsAxis.spans(part.x0, part.x1, [&](const Span &cols) {
        part.pass.count = this->list(rows, cols, part.firstIn, 0, depth, runs);
        begin(part.pass, reinterpret_cast<const std::int32_t *>(panel), rows, cols, outside);
        ConvWalk<Arch, Kind>::run(part, this->xl, rows, cols);
      });
    });
  }

  /// What the sums of these outputs begin with: bias and zero point, less what the zero point has
  /// to do with taps outside the image.
  void begin(typename Kind::Pass &pass, const std::int32_t *sums, const Span &rows,
             const Span &cols, Outside &outside) const {
    const std::int32_t zero = e.aZero + Int8Left<Arch, T>::kShift;
    Int8Finish<Arch>::first(pass.first, sums, pass.column, pass.columns, depth * kGroup, zero,
                            *pass.e);
    if (zero == 0 || rows.taps * cols.taps == s.kh * s.kw)
      return;
    for (std::int64_t tap = 0; tap < s.kh * s.kw; ++tap) {
      if (inside(rows, tap / s.kw) && inside(cols, tap % s.kw))
        continue;
      std::int32_t *const weight = outside.weight[tap % Outside::kTaps];
      if (outside.tap[tap % Outside::kTaps] != tap) {
        outside.tap[tap % Outside::kTaps] = tap;
        weigh(pass.filter + tap * inC * Layout::kGroupBytes, zero, inC, weight);
      }
      for (std::int64_t i = 0; i < Layout::kPanel; ++i)
        pass.first[i] = static_cast<std::int32_t>(static_cast<std::uint32_t>(pass.first[i]) +
                                                  static_cast<std::uint32_t>(weight[i]));
    }
  }

  /// The product of one tap and an input of nothing but zero points.
  static void weigh(const std::int8_t *b, std::int32_t zero, std::int64_t groups,
                    std::int32_t *weight) {
    typename S::V acc[1][Kind::kVectors];
    typename S::Left zeros[kGroup];
    for (std::int64_t i = 0; i < Layout::kPanel; ++i)
      weight[i] = 0;
    for (auto &each : zeros)
      each = static_cast<typename S::Left>(zero);
    using Tile = Int8Tile<Arch, 1, Kind::kVectors>;
    Tile::start(acc, weight);
    const typename S::Splat left = S::splatLeft(zeros);
    for (std::int64_t i = 0; i < groups; ++i, b += Layout::kGroupBytes) {
      TESSERA_UNROLL
      for (int v = 0; v < Kind::kVectors; ++v)
        acc[0][v] = S::dot(acc[0][v], left, S::loadRight(b + v * S::kLanes * kGroup));
    }
    Tile::store(acc, weight, Layout::kPanel);
  }

  static TESSERA_INLINE bool inside(const Span &span, std::int64_t tap) {
    return span.taps > 0 && tap >= span.tap && (tap - span.tap) % span.tapStep == 0 &&
           (tap - span.tap) / span.tapStep < span.taps;
  }
};

} // namespace tessera::kernels
