// The window family on one NHWC image, channel by channel: depthwise convolution and pooling. The
// family supplies the loops over pixels, taps and channels; an operator says how taps combine.
#pragma once

#include "tessera/kernels/Family.h"
#include "tessera/kernels/MicroTile.h"

namespace tessera::kernels {

/// Sizes and strides of a window operation; strides in elements, channels contiguous.
template <class Arch> struct WindowGeometry {
  std::int64_t h, w, c, rowStride, pixelStride;
  std::int64_t kh, kw, strideH, strideW, dilationH, dilationW, top, left;
  std::int64_t outH, outW, outRowStride, outPixelStride;
  std::int64_t tapStride = 0; ///< Between the taps of the filter.
};

/// Base of Kernel<Arch> with `F start()`, `F combine(F acc, F x, F tap)`, `F finish(F acc,
/// int64_t taps)` and `kUsesFilter`. Taps outside the image are left out; those inside are combined
/// in order of (ky, kx).
template <class Kernel, class Arch> struct WindowKernel {
  using S = Simd<Arch>;
  using F = typename S::F;
  using Geometry = WindowGeometry<Arch>;

  static TESSERA_INLINE void image(const float *x, const float *filter, float *out,
                                   const Geometry &g) {
    if constexpr (Kernel::kUsesFilter) {
      // The common sizes keep each pixel in a register for all the outputs it belongs to.
      if (g.dilationW == 1 && g.kw == 3 && g.strideW == 1)
        return lines<3, 1>(x, filter, out, g);
      if (g.dilationW == 1 && g.kw == 3 && g.strideW == 2)
        return lines<3, 2>(x, filter, out, g);
      if (g.dilationW == 1 && g.kw == 5 && g.strideW == 1)
        return lines<5, 1>(x, filter, out, g);
      if (g.dilationW == 1 && g.kw == 5 && g.strideW == 2)
        return lines<5, 2>(x, filter, out, g);
    } else {
      if (g.dilationW == 1 && g.kw == 2 && g.strideW == 2)
        return lines<2, 2>(x, filter, out, g);
      if (g.dilationW == 1 && g.kw == 3 && g.strideW == 2)
        return lines<3, 2>(x, filter, out, g);
      if (g.dilationW == 1 && g.kw == 3 && g.strideW == 1)
        return lines<3, 1>(x, filter, out, g);
    }
    lines<0, 0>(x, filter, out, g);
  }

private:
  static constexpr int kSums = MatmulShape<Arch>::kRows * MatmulShape<Arch>::kVectors;
  /// Pixels of a group.
  static constexpr int kPixels = 8;

  /// The part of the window of one line of outputs that lies inside the image.
  struct Line {
    std::int64_t y0, firstY, lastY;
  };

  /// All outputs; Width and Stride are the filter's width and stride when known, else 0.
  template <int Width, int Stride>
  static __attribute__((noinline)) void lines(const float *x, const float *filter, float *out,
                                              const Geometry &g) {
    if constexpr (Width == 0) {
      for (std::int64_t oy = 0; oy < g.outH; ++oy)
        generic(x, filter, out + oy * g.outRowStride, g, lineOf(g, oy));
    } else {
      std::int64_t oy = 0;
      // Two lines of outputs share most of the lines of the image. Their sums take more than 16
      // registers.
      if constexpr (kSums > 16)
        for (; g.strideH == 1 && g.dilationH == 1 && oy + 2 <= g.outH; oy += 2) {
          const std::int64_t y0 = oy - g.top;
          const Line line{y0, firstTap(y0, 1), lastTap(y0, 1, g.h, g.kh + 1)};
          groups<2, Width, Stride>(x, filter, out + oy * g.outRowStride, g, line);
        }
      for (; oy < g.outH; ++oy)
        groups<1, Width, Stride>(x, filter, out + oy * g.outRowStride, g, lineOf(g, oy));
    }
  }

  static TESSERA_INLINE Line lineOf(const Geometry &g, std::int64_t oy) {
    const std::int64_t y0 = oy * g.strideH - g.top;
    return {y0, firstTap(y0, g.dilationH), lastTap(y0, g.dilationH, g.h, g.kh)};
  }

  /// Pixels of most groups: seven where that goes into the line (14 and 28 pixels are common).
  static TESSERA_INLINE std::int64_t groupOf(const Geometry &g) {
    return g.outW % (kPixels - 1) == 0 && g.outW % kPixels != 0 ? kPixels - 1 : kPixels;
  }

  /// One or two lines of outputs by groups that share pixels.
  template <int Rows, int Width, int Stride>
  static TESSERA_INLINE void groups(const float *x, const float *filter, float *to,
                                    const Geometry &g, const Line &line) {
    const std::int64_t most = groupOf(g);
    for (std::int64_t ox = 0; ox < g.outW;) {
      const std::int64_t left = g.outW - ox;
      const std::int64_t now = left >= most ? most : left >= 4 ? 4 : left >= 2 ? 2 : 1;
      const auto some = [&](auto pixels) {
        group<Rows, pixels.value, Width, Stride>(x, filter, to + ox * g.outPixelStride, g, line,
                                                 ox * g.strideW - g.left);
      };
      switch (now) {
      case 8:
        some(Number<8>());
        break;
      case 7:
        some(Number<7>());
        break;
      case 4:
        some(Number<4>());
        break;
      case 2:
        some(Number<2>());
        break;
      default:
        some(Number<1>());
      }
      ox += now;
    }
  }

  template <int N> struct Number {
    static constexpr int value = N;
  };

  /// A group of `Pixels` neighbouring outputs of one or two lines, the first of whose windows
  /// starts at column x0. A function of its own, so that its loops have all registers.
  template <int Rows, int Pixels, int Width, int Stride>
  static __attribute__((noinline)) void group(const float *x, const float *filter, float *out,
                                              const Geometry &g, const Line &line,
                                              std::int64_t x0) {
    Group<Rows, Pixels, Width, Stride> group;
    group.x = (line.y0 + line.firstY * g.dilationH) * g.rowStride + x0 * g.pixelStride;
    group.filter = line.firstY * g.kw * g.tapStride;
    group.xLine = g.dilationH * g.rowStride;
    group.filterLine = g.kw * g.tapStride;
    group.pixel = g.pixelStride;
    group.tap = g.tapStride;
    group.first = line.firstY;
    group.last = line.lastY;
    group.kh = g.kh;
    group.outLine = g.outRowStride;
    group.outPixel = g.outPixelStride;
    group.begin = least(most(-x0, 0), group.kColumns);
    group.end = most(least(g.w - x0, group.kColumns), group.begin);
    group.inside = (1u << group.end) - (1u << group.begin);
    group.y0 = line.y0;
    group.h = g.h;
    if (group.end - group.begin == group.kColumns)
      channels<false>(group, x, filter, out, g.c);
    else
      channels<true>(group, x, filter, out, g.c);
  }

  template <bool Edge, class Group>
  static TESSERA_INLINE void channels(const Group &group, const float *x, const float *filter,
                                      float *out, std::int64_t c) {
    std::int64_t ch = 0;
    for (; ch + S::kLanes <= c; ch += S::kLanes)
      group.template vector<Edge, false>(x + ch, filter + ch, out + ch, S::kLanes);
    if (ch < c)
      group.template vector<Edge, true>(x + ch, filter + ch, out + ch, c - ch);
  }

  /// What the channels of a group share.
  template <int Rows, int Pixels, int Width, int Stride> struct Group {
    static constexpr int kColumns = (Pixels - 1) * Stride + Width;
    std::int64_t x, filter;         ///< from their first elements to those of the group
    std::int64_t xLine, filterLine; ///< between lines of taps
    std::int64_t pixel, tap;        ///< between pixels and between taps
    std::int64_t first, last, kh;   ///< lines of taps that are inside the image; all of them
    std::int64_t outLine, outPixel;
    std::int64_t y0, h;
    std::int64_t begin, end; ///< the columns of the image that there are
    unsigned inside;         ///< a bit for each of them

    template <bool Edge, bool Part>
    TESSERA_INLINE void vector(const float *image, const float *taps, float *out,
                               std::int64_t lanes) const {
      F acc[Rows][Pixels];
      TESSERA_UNROLL
      for (int r = 0; r < Rows; ++r) {
        TESSERA_UNROLL
        for (int p = 0; p < Pixels; ++p)
          acc[r][p] = Kernel::start();
      }
      const float *from = image + x, *weights = taps + filter;
      for (std::int64_t ky = first; ky < last; ++ky, from += xLine, weights += filterLine)
        if constexpr (Rows == 2)
          both<Edge, Part>(acc, from, weights, ky, lanes);
        else
          known<Edge, Part>(acc[0], from, weights, lanes);
      TESSERA_UNROLL
      for (int r = 0; r < Rows; ++r) {
        const std::int64_t high =
            Rows == 1 ? last - first : lastTap(y0 + r, 1, h, kh) - firstTap(y0 + r, 1);
        float *to = out + r * outLine;
        TESSERA_UNROLL
        for (int p = 0; p < Pixels; ++p, to += outPixel) {
          const std::int64_t wide = least(end, p * Stride + Width) - most(begin, p * Stride);
          const F y = Kernel::finish(acc[r][p], wide > 0 && high > 0 ? wide * high : 0);
          if constexpr (Part)
            S::storePart(to, y, lanes);
          else
            S::store(to, y);
        }
      }
    }

  private:
    /// Line `ky` of the windows of the first of two lines of outputs, which is line ky - 1 of those
    /// of the second.
    template <bool Edge, bool Part>
    TESSERA_INLINE void both(F (&acc)[2][Pixels], const float *line, const float *filter,
                             std::int64_t ky, std::int64_t lanes) const {
      if (ky == 0)
        return known<Edge, Part>(acc[0], line, filter, lanes);
      if (ky == kh)
        return known<Edge, Part>(acc[1], line, filter - filterLine, lanes);
      F first[Width], second[Width];
      loadTaps<Part>(first, filter, lanes);
      loadTaps<Part>(second, filter - filterLine, lanes);
      TESSERA_UNROLL
      for (int at = 0; at < kColumns; ++at) {
        if (!Edge || inside >> at & 1) {
          const F value = load<Part>(line, lanes);
          add(acc[0], at, value, first);
          add(acc[1], at, value, second);
        }
        line = next(line);
      }
    }

    /// One line of a filter of known width: each pixel is loaded once.
    template <bool Edge, bool Part>
    TESSERA_INLINE void known(F (&acc)[Pixels], const float *line, const float *filter,
                              std::int64_t lanes) const {
      F taps[Width];
      loadTaps<Part>(taps, filter, lanes);
      TESSERA_UNROLL
      for (int at = 0; at < kColumns; ++at) {
        if (!Edge || inside >> at & 1)
          add(acc, at, load<Part>(line, lanes), taps);
        line = next(line);
      }
    }

    /// The pixel behind one, by addition: told no more, the compiler keeps a pointer to every
    /// pixel, for which there are no registers.
    TESSERA_INLINE const float *next(const float *at) const {
      at += pixel;
      __asm__ volatile("" : "+r"(at));
      return at;
    }

    template <bool Part>
    TESSERA_INLINE void loadTaps(F (&taps)[Width], const float *filter, std::int64_t lanes) const {
      TESSERA_UNROLL
      for (int kx = 0; kx < Width; ++kx)
        taps[kx] = Kernel::kUsesFilter ? load<Part>(filter + kx * tap, lanes) : F(0.0f);
    }

    /// A pixel at column `at` of a line of windows, for the outputs that it belongs to. At once:
    /// loading all pixels first takes more registers than AVX2 has.
    static TESSERA_INLINE void add(F (&acc)[Pixels], int at, F pixel, const F (&taps)[Width]) {
      TESSERA_UNROLL
      for (int kx = 0; kx < Width; ++kx)
        if (at >= kx && (at - kx) % Stride == 0 && (at - kx) / Stride < Pixels)
          S::keep(acc[(at - kx) / Stride] =
                      Kernel::combine(acc[(at - kx) / Stride], pixel, taps[kx]));
    }
  };

  /// A line of outputs of a window of any width.
  static TESSERA_INLINE void generic(const float *x, const float *filter, float *to,
                                     const Geometry &g, const Line &line) {
    // Outputs [begin, end) have all taps inside the image's width.
    const std::int64_t begin = least(g.outW, (g.left + g.strideW - 1) / g.strideW);
    const std::int64_t room = g.w + g.left - (g.kw - 1) * g.dilationW - 1;
    const std::int64_t end = room < 0 ? 0 : least(g.outW, room / g.strideW + 1);
    std::int64_t ox = 0;
    for (; ox < begin; ++ox)
      single(x, filter, to, g, line, ox);
    for (; ox + 4 <= end; ox += 4)
      channels<4>(x, filter, to + ox * g.outPixelStride, g, line, ox * g.strideW - g.left, 0, g.kw);
    for (; ox < g.outW; ++ox)
      single(x, filter, to, g, line, ox);
  }

  static TESSERA_INLINE std::int64_t least(std::int64_t a, std::int64_t b) { return a < b ? a : b; }
  static TESSERA_INLINE std::int64_t most(std::int64_t a, std::int64_t b) { return a > b ? a : b; }

  /// The first tap at or after position 0, and the number of taps before position `size`.
  static TESSERA_INLINE std::int64_t firstTap(std::int64_t start, std::int64_t dilation) {
    return start >= 0 ? 0 : (dilation - 1 - start) / dilation;
  }
  static TESSERA_INLINE std::int64_t lastTap(std::int64_t start, std::int64_t dilation,
                                             std::int64_t size, std::int64_t taps) {
    if (start >= size)
      return 0;
    return least((size - start + dilation - 1) / dilation, taps);
  }

  static TESSERA_INLINE void single(const float *x, const float *filter, float *line,
                                    const Geometry &g, const Line &rows, std::int64_t ox) {
    const std::int64_t x0 = ox * g.strideW - g.left;
    channels<1>(x, filter, line + ox * g.outPixelStride, g, rows, x0, firstTap(x0, g.dilationW),
                lastTap(x0, g.dilationW, g.w, g.kw));
  }

  /// `Pixels` neighbouring outputs, the first of whose windows starts at column x0, and their taps
  /// [firstX, lastX) of each line.
  template <int Pixels>
  static TESSERA_INLINE void channels(const float *x, const float *filter, float *out,
                                      const Geometry &g, const Line &line, std::int64_t x0,
                                      std::int64_t firstX, std::int64_t lastX) {
    std::int64_t ch = 0;
    for (; ch + S::kLanes <= g.c; ch += S::kLanes)
      vector<Pixels, false>(x + ch, filter + ch, out + ch, g, line, x0, firstX, lastX, S::kLanes);
    if (ch < g.c)
      vector<Pixels, true>(x + ch, filter + ch, out + ch, g, line, x0, firstX, lastX, g.c - ch);
  }

  template <int Pixels, bool Part>
  static TESSERA_INLINE void vector(const float *x, const float *filter, float *out,
                                    const Geometry &g, const Line &line, std::int64_t x0,
                                    std::int64_t firstX, std::int64_t lastX, std::int64_t lanes) {
    F acc[Pixels];
    TESSERA_UNROLL
    for (int p = 0; p < Pixels; ++p)
      acc[p] = Kernel::start();
    for (std::int64_t ky = line.firstY; ky < line.lastY; ++ky) {
      const float *from = x + (line.y0 + ky * g.dilationH) * g.rowStride;
      const float *taps = filter + ky * g.kw * g.tapStride;
      for (std::int64_t kx = firstX; kx < lastX; ++kx) {
        const float *at = from + (x0 + kx * g.dilationW) * g.pixelStride;
        const F tap = Kernel::kUsesFilter ? load<Part>(taps + kx * g.tapStride, lanes) : F(0.0f);
        TESSERA_UNROLL
        for (int p = 0; p < Pixels; ++p)
          acc[p] =
              Kernel::combine(acc[p], load<Part>(at + p * g.strideW * g.pixelStride, lanes), tap);
      }
    }
    const std::int64_t wide = lastX - firstX, high = line.lastY - line.firstY;
    TESSERA_UNROLL
    for (int p = 0; p < Pixels; ++p) {
      const F y = Kernel::finish(acc[p], wide > 0 && high > 0 ? wide * high : 0);
      if constexpr (Part)
        S::storePart(out + p * g.outPixelStride, y, lanes);
      else
        S::store(out + p * g.outPixelStride, y);
    }
  }

  template <bool Part> static TESSERA_INLINE F load(const float *p, std::int64_t lanes) {
    if constexpr (Part)
      return S::loadPart(p, lanes);
    else
      return S::load(p);
  }
};

/// The signature of window kernels without a filter.
template <class Kernel, class Arch> struct WindowFoldKernel : WindowKernel<Kernel, Arch> {
  static constexpr Family kFamily = Family::WindowFold;
  static constexpr bool kUsesFilter = false;

  /// out[oy, ox, ch] = combination over the kh x kw taps at (oy * strideH - top + ky * dilationH,
  /// ox * strideW - left + kx * dilationW) that lie inside the h x w x c image x. Strides in
  /// elements, channels contiguous; out does not overlap x.
  static void run(const float *x, std::int64_t h, std::int64_t w, std::int64_t c,
                  std::int64_t rowStride, std::int64_t pixelStride, std::int64_t kh,
                  std::int64_t kw, std::int64_t strideH, std::int64_t strideW,
                  std::int64_t dilationH, std::int64_t dilationW, std::int64_t top,
                  std::int64_t left, float *out, std::int64_t outH, std::int64_t outW,
                  std::int64_t outRowStride, std::int64_t outPixelStride) {
    const WindowGeometry<Arch> g{h,    w,       c,       rowStride,    pixelStride,   kh,
                                 kw,   strideH, strideW, dilationH,    dilationW,     top,
                                 left, outH,    outW,    outRowStride, outPixelStride};
    WindowKernel<Kernel, Arch>::image(x, x, out, g);
  }
};

} // namespace tessera::kernels
