// 8-bit depthwise convolution with VNNI: the taps of four kernel rows are interleaved, so that one
// instruction adds four of them for sixteen channels.
#pragma once

#include "tessera/kernels/DepthwiseTileInt8.h"

#if XSIMD_WITH_AVX512BW && defined(__AVX512VNNI__)
#include <immintrin.h>

namespace tessera::kernels {

template <class T> struct DepthwiseTileInt8<Avx512Vnni, T> {
  using Arch = Avx512Vnni;
  using S = SimdInt8<Arch>;
  static constexpr std::int64_t kChannels = 64;
  static constexpr std::int32_t kShift = Int8Left<Arch, T>::kShift;

  /// The sums of the taps (int32), then [ceil(kh / 4)][kw][4][16 channels][4 kernel rows], zero
  /// behind the last row. Channel 16 * a + 4 * v + i is lane 4 * a + i of vector v: the order that
  /// interleaving bytes within 128 bits gives.
  static TESSERA_INLINE std::int64_t blockBytes(std::int64_t kh, std::int64_t kw) {
    return kChannels * (4 + (kh + 3) / 4 * 4 * kw);
  }
  static TESSERA_INLINE std::int64_t at(std::int64_t ky, std::int64_t kx, std::int64_t kw,
                                        std::int64_t channel) {
    return ((ky / 4 * kw + kx) * 4 + vectorOf(channel)) * 64 + laneOf(channel) * 4 + ky % 4;
  }
  /// How often the channels are in a block: twice where two pixels fill it.
  static TESSERA_INLINE std::int64_t copies(std::int64_t channels) {
    return channels == 32 ? 2 : 1;
  }

  DepthwiseTileInt8(const ConvShape &shape, const ConvLayout &layout, const T *image,
                    const std::int8_t *packed, std::int64_t firstChannel, std::int64_t count,
                    const Int8Epilogue &epilogue)
      : s(shape), xl(layout), x(image), filter(packed + kChannels * 4), channel(firstChannel),
        channels(count), e(epilogue), mask(bits(count)),
        outside(_mm512_set1_epi8(static_cast<char>(e.aZero))) {
    std::int32_t start[kChannels];
    Int8Finish<Arch>::first(start, reinterpret_cast<const std::int32_t *>(packed), channel,
                            channels, s.kh * s.kw, e.aZero + kShift, e);
    float scales[kChannels] = {};
    for (std::int64_t i = 0; i < channels && e.output != Int8Output::I32; ++i)
      scales[i] = e.scale[(channel + i) * e.scaleStride];
    if (copies(s.c) == 2) {
      __builtin_memcpy(start + channels, start, sizeof start / 2);
      __builtin_memcpy(scales + channels, scales, sizeof scales / 2);
    }
    for (std::int64_t i = 0; i < kChannels; i += 4) {
      __builtin_memcpy(&first[vectorOf(i)][laneOf(i)], start + i, 16);
      __builtin_memcpy(&scale[vectorOf(i)][laneOf(i)], scales + i, 16);
    }
  }

  /// Lines [begin, end) of outputs; lines and pixels are `row` and `pixel` elements apart.
  void lines(std::int64_t begin, std::int64_t end, char *y, std::int64_t row,
             std::int64_t pixel) const {
    Lines to{begin, end, y, row, pixel, nullptr, {}};
    const bool pairs = copies(s.c) == 2 && xl.pixel == s.c && pixel == s.c && narrow(e);
    const bool any = s.kh + 1 > kMostRows || s.dilationW != 1;
    if (!any && s.strideW == 1 && s.kw == 3)
      return pairs ? all<3, 2, 2>(to) : all<3, 1, 1>(to);
    if (!any && s.strideW == 1 && s.kw == 5)
      return pairs ? all<5, 2, 2>(to) : all<5, 1, 1>(to);
    if (!any && s.strideW == 2 && s.kw == 3)
      return all<3, 2, 1>(to);
    if (!any && s.strideW == 2 && s.kw == 5)
      return all<5, 2, 1>(to);
    for (std::int64_t oy = begin; oy < end; ++oy)
      groups<1, 1, 0, 1, 1, true>(to, oy, 0, s.outW);
  }

private:
  /// Rows of four taps that `lines` keeps for the second of two lines: those of 7 x 7 kernels.
  static constexpr std::int64_t kSecond = 2 * 7;

  /// Lines of the image that a line of outputs sees, when kernels are of known width.
  static constexpr std::int64_t kMostRows = 16;

  struct Taps {
    std::int8_t of[64];
  };
  /// A line of the image, or zero points for all of its pixels.
  struct Row {
    const T *at;
    std::int64_t pixel;
  };
  struct Lines {
    std::int64_t begin, end;
    char *y;
    std::int64_t row, pixel;
    const std::int8_t *second; ///< the filter, one kernel row later; null for lines one by one
    Row rows[kMostRows];       ///< that the windows of a line see
  };

  const ConvShape &s;
  const ConvLayout &xl;
  const T *x;
  const std::int8_t *filter;
  std::int64_t channel, channels;
  const Int8Epilogue &e;
  __mmask64 mask;
  __m512i outside;
  alignas(64) std::int32_t first[4][16];
  alignas(64) float scale[4][16];

  static TESSERA_INLINE std::int64_t vectorOf(std::int64_t channel) { return channel % 16 / 4; }
  static TESSERA_INLINE std::int64_t laneOf(std::int64_t channel) {
    return channel / 16 * 4 + channel % 4;
  }
  static TESSERA_INLINE __mmask64 bits(std::int64_t count) {
    return count >= 64 ? ~__mmask64(0) : (__mmask64(1) << count) - 1;
  }
  static TESSERA_INLINE std::int64_t least(std::int64_t a, std::int64_t b) { return a < b ? a : b; }
  static TESSERA_INLINE bool narrow(const Int8Epilogue &e) {
    return e.output == Int8Output::U8 || e.output == Int8Output::S8;
  }

  /// Width: of the kernel; Stride: in columns between outputs, of which Copies neighbours are one.
  template <int Width, int Stride, int Copies> void all(Lines &to) const {
    std::int64_t oy = to.begin;
    const std::int64_t vectors = (s.kh + 3) / 4 * s.kw * 4;
    // Two lines of outputs share the interleaved lines of the image. The filter of the second is a
    // kernel row later, which must leave no group of four.
    if constexpr (Stride == Copies)
      if (s.strideH == 1 && s.dilationH == 1 && s.kh % 4 != 0 && vectors <= kSecond * 4) {
        alignas(64) std::int8_t second[kSecond * 4 * 64];
        shift(second, vectors);
        to.second = second;
        for (; oy + 2 <= to.end; oy += 2)
          line<2, 2, Width, Stride, Copies>(to, oy);
      }
    for (; oy < to.end; ++oy)
      line<1, 4, Width, Stride, Copies>(to, oy);
  }

  void shift(std::int8_t *second, std::int64_t vectors) const {
    for (std::int64_t i = 0; i < vectors; ++i) {
      const __m512i now = _mm512_slli_epi32(_mm512_loadu_si512(filter + i * 64), 8);
      const __m512i before =
          i < s.kw * 4 ? _mm512_setzero_si512()
                       : _mm512_srli_epi32(_mm512_loadu_si512(filter + (i - s.kw * 4) * 64), 24);
      _mm512_store_si512(second + i * 64, _mm512_or_si512(now, before));
    }
  }

  /// One or two lines of outputs.
  template <int Rows, int Pixels, int Width, int Stride, int Copies>
  TESSERA_INLINE void line(Lines &to, std::int64_t oy) const {
    for (std::int64_t i = 0; i < (s.kh + 3) / 4 * 4; ++i)
      to.rows[i] = rowAt(oy, i < s.kh + Rows - 1 ? i : 0); // any where there are no taps
    const std::int64_t count = (s.outW + Copies - 1) / Copies,
                       room = s.w + s.left - Width + 1 - Copies;
    // Outputs [begin, end) see nothing beside the image; whole groups, lest there be many kinds.
    const std::int64_t pad = s.left < 0 ? 0 : s.left; // negative where the image is cropped
    const std::int64_t begin =
        least((pad + Stride - 1) / Stride + Pixels - 1, count) / Pixels * Pixels;
    std::int64_t end = room < 0 ? 0 : least(room / Stride + 1, count);
    end = end < begin ? begin : begin + (end - begin) / Pixels * Pixels;
    run<Rows, Pixels, Width, Stride, Copies, true>(to, oy, 0, begin);
    run<Rows, Pixels, Width, Stride, Copies, false>(to, oy, begin, end);
    run<Rows, Pixels, Width, Stride, Copies, true>(to, oy, end, count);
  }

  template <int Rows, int Pixels, int Width, int Stride, int Copies, bool Edge>
  TESSERA_INLINE void run(const Lines &to, std::int64_t oy, std::int64_t begin,
                          std::int64_t end) const {
    const std::int64_t whole = (end - begin) / Pixels;
    if (whole > 0)
      groups<Rows, Pixels, Width, Stride, Copies, Edge>(to, oy, begin, whole);
    if (begin + whole * Pixels < end)
      groups<Rows, 1, Width, Stride, Copies, Edge>(to, oy, begin + whole * Pixels,
                                                   end - begin - whole * Pixels);
  }

  /// `count` times `Pixels` neighbouring outputs of each line, from output ox on; Width 0 is a
  /// kernel of any size for one. With `Edge` some of their taps may be outside the image.
  template <int Rows, int Pixels, int Width, int Stride, int Copies, bool Edge>
  __attribute__((noinline)) void groups(const Lines &lines, std::int64_t oy, std::int64_t ox,
                                        std::int64_t count) const {
    const Lines to = lines;
    const std::int64_t steps = (s.kh + 3) / 4, tapRow = s.kw * 256;
    const Int8Bytes<Arch> bytes = ending();
    const std::int8_t *const weights = filter;
    for (; count > 0; --count, ox += Pixels) {
      __m512i acc[Rows][Pixels][4];
      TESSERA_UNROLL
      for (int r = 0; r < Rows; ++r) {
        TESSERA_UNROLL
        for (int p = 0; p < Pixels; ++p) {
          TESSERA_UNROLL
          for (int v = 0; v < 4; ++v)
            acc[r][p][v] = _mm512_load_si512(first[v]);
        }
      }
      if constexpr (Width > 0)
        for (std::int64_t i = 0; i < steps; ++i)
          known<Rows, Pixels, Width, Stride, Copies, Edge>(
              acc, to.rows + i * 4, ox * Stride - s.left, weights + i * tapRow,
              Rows == 2 ? to.second + i * tapRow : nullptr);
      else
        anySize(acc[0][0], oy, ox);
      TESSERA_UNROLL
      for (int r = 0; r < Rows; ++r) {
        TESSERA_UNROLL
        for (int p = 0; p < Pixels; ++p) {
          const std::int64_t column = (ox + p) * Copies;
          store(acc[r][p], bytes, to.y, (oy + r) * to.row + column * to.pixel,
                Copies == 1 ? mask : bits((s.outW - column) * channels));
        }
      }
    }
  }

  /// Line `ky` of the windows of outputs in line oy.
  TESSERA_INLINE Row rowAt(std::int64_t oy, std::int64_t ky) const {
    const std::int64_t yy = oy * s.strideH - s.top + ky * s.dilationH;
    if (yy < 0 || yy >= s.h)
      return {reinterpret_cast<const T *>(&outside), 0};
    return {x + yy * xl.row, xl.pixel};
  }

  /// Four lines of the windows that begin at column x0.
  template <int Rows, int Pixels, int Width, int Stride, int Copies, bool Edge>
  TESSERA_INLINE void known(__m512i (&acc)[Rows][Pixels][4], const Row *rows, std::int64_t x0,
                            const std::int8_t *taps, const std::int8_t *second) const {
    TESSERA_UNROLL
    for (int col = 0; col < (Pixels - 1) * Stride + Width; ++col) {
      __m512i column[4];
      interleave<Copies, Edge>(column, rows, x0 + col);
      TESSERA_UNROLL
      for (int p = 0; p < Pixels; ++p)
        if (col >= p * Stride && col - p * Stride < Width) {
          add(acc[0][p], column, taps + (col - p * Stride) * 256);
          if constexpr (Rows == 2)
            add(acc[1][p], column, second + (col - p * Stride) * 256);
        }
    }
  }

  /// One output of a kernel of any size.
  TESSERA_INLINE void anySize(__m512i (&acc)[4], std::int64_t oy, std::int64_t ox) const {
    const std::int8_t *taps = filter;
    for (std::int64_t ky = 0; ky < s.kh; ky += 4) {
      Row rows[4];
      for (std::int64_t i = 0; i < 4; ++i)
        rows[i] = rowAt(oy, ky + i < s.kh ? ky + i : ky);
      for (std::int64_t kx = 0; kx < s.kw; ++kx, taps += 256) {
        __m512i column[4];
        interleave<1, true>(column, rows, ox * s.strideW - s.left + kx * s.dilationW);
        add(acc, column, taps);
      }
    }
  }

  /// 64 channels, or with Copies 2 those of two pixels.
  template <int Copies, bool Edge>
  TESSERA_INLINE __m512i load(const Row &row, std::int64_t column) const {
    const __m512i shift = _mm512_set1_epi8(static_cast<char>(kShift));
    __mmask64 inside = Copies == 1 ? mask : ~__mmask64(0);
    if constexpr (Edge) {
      const auto isOutside = [&](std::int64_t at) { return at < 0 || at >= s.w; };
      if (isOutside(column))
        inside &= Copies == 1 ? 0 : ~__mmask64(0) << 32;
      if (Copies > 1 && isOutside(column + 1))
        inside &= ~__mmask64(0) >> 32;
      if (inside == 0)
        return _mm512_xor_si512(outside, shift);
    }
    const __m512i bytes = _mm512_mask_loadu_epi8(outside, inside, row.at + column * row.pixel);
    return kShift == 0 ? bytes : _mm512_xor_si512(bytes, shift);
  }

  template <int Copies, bool Edge>
  TESSERA_INLINE void interleave(__m512i (&column)[4], const Row *rows, std::int64_t at) const {
    const __m512i a = load<Copies, Edge>(rows[0], at), b = load<Copies, Edge>(rows[1], at);
    const __m512i c = load<Copies, Edge>(rows[2], at), d = load<Copies, Edge>(rows[3], at);
    const __m512i lowAb = _mm512_unpacklo_epi8(a, b), highAb = _mm512_unpackhi_epi8(a, b);
    const __m512i lowCd = _mm512_unpacklo_epi8(c, d), highCd = _mm512_unpackhi_epi8(c, d);
    column[0] = _mm512_unpacklo_epi16(lowAb, lowCd);
    column[1] = _mm512_unpackhi_epi16(lowAb, lowCd);
    column[2] = _mm512_unpacklo_epi16(highAb, highCd);
    column[3] = _mm512_unpackhi_epi16(highAb, highCd);
  }

  /// In this order and with the taps from memory: compilers that may choose keep many of them, and
  /// of the columns, on the stack.
  static TESSERA_INLINE void add(__m512i (&acc)[4], const __m512i (&column)[4],
                                 const std::int8_t *taps) {
    const auto *from = reinterpret_cast<const Taps *>(taps);
    TESSERA_UNROLL
    for (int v = 0; v < 4; ++v)
      __asm__ volatile("vpdpbusd %2, %1, %0" : "+v"(acc[v]) : "v"(column[v]), "m"(from[v]));
  }

  TESSERA_INLINE Int8Bytes<Arch> ending() const {
    typename S::F scales[4];
    for (int v = 0; v < 4; ++v)
      scales[v] = S::S::load(scale[v]);
    return Int8Bytes<Arch>(e.output == Int8Output::U8 ? 0 : -128, e.cZero, scales);
  }

  /// To element `at` of the outputs on; `which` of the 64 channels.
  TESSERA_INLINE void store(const __m512i (&acc)[4], const Int8Bytes<Arch> &bytes, char *y,
                            std::int64_t at, __mmask64 which) const {
    if (!narrow(e))
      return storeWide(acc, y, at);
    typename S::F scaled[4];
    TESSERA_UNROLL
    for (int v = 0; v < 4; ++v)
      scaled[v] = S::toFloat(acc[v]) * S::S::load(scale[v]);
    // Packing undoes the interleaving.
    _mm512_mask_storeu_epi8(y + at + channel, which, bytes.packed(scaled));
  }

  TESSERA_INLINE void storeWide(const __m512i (&acc)[4], char *y, std::int64_t at) const {
    alignas(64) std::int32_t mixed[4][16], sums[kChannels];
    TESSERA_UNROLL
    for (int v = 0; v < 4; ++v)
      S::store(mixed[v], acc[v]);
    for (std::int64_t i = 0; i < kChannels; ++i)
      sums[i] = mixed[vectorOf(i)][laneOf(i)];
    const std::int32_t none = 0;
    Int8Finish<Arch>::run(sums, &none, y + at * 4, 0, 1, channel, channels, e);
  }
};

} // namespace tessera::kernels
#endif
