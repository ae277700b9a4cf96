// 8-bit depthwise convolution with VNNI: the taps of four kernel rows are interleaved, so that one
// instruction adds four of them for sixteen channels.
#pragma once

#include "tessera/kernels/DepthwiseRowsVnni.h"
#include "tessera/kernels/DepthwiseTileInt8.h"

#if XSIMD_WITH_AVX512BW && defined(__AVX512VNNI__)
#include <immintrin.h>

namespace tessera::kernels {

template <class T> struct DepthwiseTileInt8<Avx512Vnni, T> {
  using Arch = Avx512Vnni;
  using S = SimdInt8<Arch>;
  static constexpr std::int64_t kChannels = 64, kHalf = 32;

  /// How often its channels are in a block: twice where two pixels fit, kHalf apart.
  static TESSERA_INLINE std::int64_t copies(std::int64_t channels) {
    return channels <= kHalf ? 2 : 1;
  }

  /// Whether the last row of taps is laid out by columns: alone in a group of four rows, four of
  /// its taps are better interleaved with each other. Two lines of pairs of pixels are faster yet.
  static TESSERA_INLINE bool isLastByColumns(const ConvShape &s, std::int64_t channels) {
    return s.kh == 5 && s.kw == 5 && s.strideW <= 2 && s.dilationW == 1 && copies(channels) == 1;
  }
  /// The sums of the taps (int32), then [ceil(kh / 4)][kw][4][16 channels][4 kernel rows], zero
  /// behind the last row. Channel 16 * a + 4 * v + i is lane 4 * a + i of vector v: the order that
  /// interleaving bytes within 128 bits gives. A last row by columns is [2][4][16 channels][4]:
  /// its taps from the second on, and the first followed by zeros.
  static TESSERA_INLINE std::int64_t blockBytes(const ConvShape &s) {
    return kChannels * (4 + (s.kh + 3) / 4 * 4 * s.kw);
  }
  static TESSERA_INLINE std::int64_t at(const ConvShape &s, std::int64_t ky, std::int64_t kx,
                                        std::int64_t channel, std::int64_t channels) {
    const bool alone = isLastByColumns(s, channels) && ky == 4;
    const std::int64_t group = alone ? s.kw + (kx == 0) : ky / 4 * s.kw + kx;
    const std::int64_t byte = alone ? (kx + 3) % 4 * (kx != 0) : ky % 4;
    return (group * 4 + vectorOf(channel)) * 64 + laneOf(channel) * 4 + byte;
  }
  DepthwiseTileInt8(const ConvShape &shape, const ConvLayout &layout, const T *x,
                    const std::int8_t *packed, std::int64_t firstChannel, std::int64_t count,
                    const Int8Epilogue &epilogue)
      : s(shape),
        image{shape, layout, x, bits(count), _mm512_set1_epi8(static_cast<char>(epilogue.aZero))},
        filter(packed + kChannels * 4), channel(firstChannel), channels(count), e(epilogue),
        bytes(prepare(reinterpret_cast<const std::int32_t *>(packed))) {}

  /// Lines [begin, end) of outputs; lines and pixels are `row` and `pixel` elements apart.
  void lines(std::int64_t begin, std::int64_t end, char *y, std::int64_t row,
             std::int64_t pixel) const {
    const Lines to{begin, end, y, row, pixel};
    narrow(e) ? pick<true>(to) : pick<false>(to);
  }

private:
  /// Of kernels of known width: lines of the image that two lines of outputs see.
  static constexpr int kMostRows = 16;
  /// Rows of four taps that are kept for the second of two lines.
  static constexpr std::int64_t kSecond = 2 * 7;
  /// Accumulators beside which a column of the image, and what interleaves it, have registers.
  static constexpr int kMostSums = 24;

  struct Taps {
    std::int8_t of[64];
  };
  struct Lines {
    std::int64_t begin, end;
    char *y;
    std::int64_t row, pixel;
  };
  /// How lines of outputs are computed.
  template <int Rows, int Width, int Stride, int Copies, bool Narrow, bool Low, bool Last = false>
  struct Kind {
    static constexpr int kRows = Rows;      ///< lines at a time
    static constexpr int kWidth = Width;    ///< of the kernel
    static constexpr int kStride = Stride;  ///< in columns between outputs
    static constexpr int kCopies = Copies;  ///< neighbours that are one output here
    static constexpr bool kNarrow = Narrow; ///< outputs are bytes
    static constexpr bool kLow = Low;       ///< the lines see no more than four of the image
    static constexpr bool kLast = Last;     ///< isLastByColumns
    /// Of pairs of pixels those that begin within others are made of their halves.
    static constexpr int kPixels = Copies == 2 && Low ? 2 : 1;
    static constexpr int kLive = (Width + Stride - 1) / Stride; ///< outputs that see a column
  };
  /// What the windows of one or two lines of outputs have in common.
  template <class K> struct Windows {
    const std::int8_t *taps[K::kRows]; ///< of each line of outputs
    std::int64_t steps;                ///< of four rows
    std::int64_t whole;                ///< columns [0, whole) are read as whole vectors
    typename DepthwiseRows<T>::Row rows[K::kLow ? 4 : kMostRows];
    __m512i last[4]; ///< with kLast: the last columns of the last row
    __m512i four[4]; ///< of the last column that was read
  };

  const ConvShape &s;
  const DepthwiseRows<T> image;
  const std::int8_t *filter;
  std::int64_t channel, channels;
  const Int8Epilogue &e;
  alignas(64) std::int32_t first[4][16];
  alignas(64) float scales[4][16];
  Int8Bytes<Arch> bytes;

  static TESSERA_INLINE std::int64_t vectorOf(std::int64_t channel) { return channel % 16 / 4; }
  static TESSERA_INLINE std::int64_t laneOf(std::int64_t channel) {
    return channel / 16 * 4 + channel % 4;
  }
  static TESSERA_INLINE __mmask64 bits(std::int64_t count) {
    return count >= 64 ? ~__mmask64(0) : (__mmask64(1) << count) - 1;
  }
  static TESSERA_INLINE bool narrow(const Int8Epilogue &e) {
    return e.output == Int8Output::U8 || e.output == Int8Output::S8;
  }

  /// What belongs to each channel, twice where two pixels are in a block, to where its sums are.
  template <class Each>
  static TESSERA_INLINE void ordered(Each (&to)[4][16], Each (&from)[kChannels],
                                     std::int64_t channels) {
    if (copies(channels) == 2)
      __builtin_memcpy(from + kHalf, from, sizeof from / 2);
    for (std::int64_t i = 0; i < kChannels; i += 4)
      __builtin_memcpy(&to[vectorOf(i)][laneOf(i)], from + i, 16);
  }

  /// What sums begin with and are multiplied by, and how they become bytes.
  Int8Bytes<Arch> prepare(const std::int32_t *tapSums) {
    std::int32_t start[kChannels];
    Int8Finish<Arch>::first(start, tapSums, channel, channels, s.kh * s.kw, e.aZero + image.kShift,
                            e);
    ordered(first, start, channels);
    float factors[kChannels] = {};
    if (e.output != Int8Output::I32 && e.scaleStride == 1)
      __builtin_memcpy(factors, e.scale + channel, static_cast<std::size_t>(channels) * 4);
    else if (e.output != Int8Output::I32)
      for (float &each : factors)
        each = e.scale[0];
    ordered(scales, factors, channels);
    typename S::F all[4];
    for (int v = 0; v < 4; ++v)
      all[v] = S::S::load(scales[v]);
    return Int8Bytes<Arch>(e.output == Int8Output::U8 ? 0 : -128, e.cZero, all);
  }

  template <bool Narrow> void pick(const Lines &to) const {
    const bool pairs = Narrow && copies(channels) == 2;
    const bool any = s.kh + 1 > kMostRows || s.dilationW != 1;
    if (!any && s.strideW == 1 && s.kw == 3)
      return pairs ? all<3, 2, 2, true>(to) : all<3, 1, 1, Narrow>(to);
    if (!any && s.strideW == 1 && s.kw == 5)
      return pairs ? all<5, 2, 2, true>(to) : all<5, 1, 1, Narrow>(to);
    if (!any && s.strideW == 2 && s.kw == 3)
      return all<3, 2, 1, Narrow>(to);
    if (!any && s.strideW == 2 && s.kw == 5)
      return all<5, 2, 1, Narrow>(to);
    for (std::int64_t oy = to.begin; oy < to.end; ++oy)
      for (std::int64_t ox = 0; ox < s.outW; ++ox)
        anySize<Narrow>(to, oy, ox);
  }

  template <int Width, int Stride, int Copies, bool Narrow> void all(const Lines &to) const {
    constexpr bool kMayBeLow = Narrow && Width == 3; // the common one; else fewer programs
    std::int64_t oy = to.begin;
    if constexpr (Width == 5)
      if (isLastByColumns(s, channels))
        for (; oy < to.end; ++oy)
          line<Kind<1, Width, Stride, Copies, Narrow, false, true>>(to, oy);
    const std::int64_t vectors = (s.kh + 3) / 4 * s.kw * 4;
    // Two lines of outputs share the interleaved lines of the image. The filter of the second is a
    // kernel row later, which must leave no group of four.
    if constexpr (Stride == Copies &&
                  2 * 4 * Kind<2, Width, Stride, Copies, Narrow, 0>::kLive <= kMostSums)
      if (s.strideH == 1 && s.dilationH == 1 && s.kh % 4 != 0 && vectors <= kSecond * 4) {
        alignas(64) std::int8_t second[kSecond * 4 * 64];
        shift(second, vectors);
        if (kMayBeLow && s.kh < 4)
          for (; oy + 2 <= to.end; oy += 2)
            line<Kind<2, Width, Stride, Copies, Narrow, kMayBeLow>>(to, oy, second);
        for (; oy + 2 <= to.end; oy += 2)
          line<Kind<2, Width, Stride, Copies, Narrow, false>>(to, oy, second);
      }
    if (kMayBeLow && s.kh <= 4)
      for (; oy < to.end; ++oy)
        line<Kind<1, Width, Stride, Copies, Narrow, kMayBeLow>>(to, oy);
    for (; oy < to.end; ++oy)
      line<Kind<1, Width, Stride, Copies, Narrow, false>>(to, oy);
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

  /// One or two lines of outputs. Each column of the image is read and interleaved once, and added
  /// to all outputs that see it, which take turns in the registers.
  template <class K>
  __attribute__((noinline)) void line(const Lines &to, std::int64_t oy,
                                      const std::int8_t *second = nullptr) const {
    const std::int64_t count = (s.outW + K::kCopies - 1) / K::kCopies;
    const bool fills = channels * K::kCopies == kChannels;
    const auto together = [&](std::int64_t pixel) { return K::kCopies == 1 || pixel == kHalf; };
    Windows<K> see{{filter}, K::kLast ? 1 : (s.kh + 3) / 4, 0, {}, {}, {}};
    if constexpr (K::kRows == 2)
      see.taps[1] = second;
    if (fills && together(image.xl.pixel))
      see.whole = s.w - K::kCopies + 1;
    for (std::int64_t i = 0; i < (K::kLow ? 4 : K::kLast ? 5 : see.steps * 4); ++i)
      see.rows[i] = image.at(oy, i < s.kh + K::kRows - 1 ? i : 0); // any where there are no taps
    const std::int64_t size = K::kNarrow ? 1 : 4, yStep = to.pixel * K::kCopies * size;
    char *y[K::kRows];
    for (int r = 0; r < K::kRows; ++r)
      y[r] = to.y + (oy + r) * to.row * size + (K::kNarrow ? channel : 0);
    const std::int64_t whole = fills && together(to.pixel) ? s.outW / K::kCopies : 0;
    const Int8Bytes<Arch> toBytes = bytes;

    __m512i acc[K::kLive][K::kRows][4];
    TESSERA_UNROLL
    for (int i = 0; i < K::kLive; ++i)
      start(acc[i]);
    std::int64_t at = -s.left;
    TESSERA_UNROLL
    for (int i = 0; i < K::kWidth - K::kStride; ++i, ++at)
      column<K>(acc, see, at, i, 0);
    for (std::int64_t ox = 0; ox < count;) {
      TESSERA_UNROLL
      for (int now = 0; now < K::kLive; ++now) {
        TESSERA_UNROLL
        for (int i = K::kWidth - K::kStride; i < K::kWidth; i += K::kPixels, at += K::kPixels)
          column<K>(acc, see, at, i, now);
        if constexpr (!K::kNarrow) {
          storeWide(acc[now], y);
        } else {
          typename S::F scaled[K::kRows][4];
          scale(scaled, acc[now]);
          TESSERA_UNROLL
          for (int r = 0; r < K::kRows; ++r)
            if (ox < whole)
              _mm512_storeu_si512(y[r], toBytes.packed(scaled[r]));
            else
              storePart<K::kCopies>(toBytes.packed(scaled[r]), y[r], to.pixel,
                                    ox * K::kCopies + 1 < s.outW);
        }
        TESSERA_UNROLL
        for (int r = 0; r < K::kRows; ++r)
          y[r] += yStep;
        if (++ox == count)
          return;
        start(acc[now]);
      }
    }
  }

  template <int Rows> TESSERA_INLINE void start(__m512i (&acc)[Rows][4]) const {
    TESSERA_UNROLL
    for (int r = 0; r < Rows; ++r) {
      TESSERA_UNROLL
      for (int v = 0; v < 4; ++v)
        acc[r][v] = _mm512_load_si512(first[v]);
    }
  }

  /// Adds column `at` of the image, which is column i of the window of output `now`, to that output
  /// and to those after it; with kPixels 2 also the next column, but for the first.
  template <class K>
  TESSERA_INLINE void column(__m512i (&acc)[K::kLive][K::kRows][4], Windows<K> &see,
                             std::int64_t at, int i, int now) const {
    __m512i line[4];
    if constexpr (K::kPixels == 2) {
      __m512i next[4];
      const int ahead = i > 0 ? 1 : 0;
      image.template next<2, 2>(line, see.rows, at + ahead, see.whole);
      image.interleave(next, line);
      if (ahead > 0) {
        TESSERA_UNROLL
        for (int v = 0; v < 4; ++v)
          see.four[v] = _mm512_alignr_epi64(next[v], see.four[v], 4);
        toAll<K>(acc, see, 0, i, now);
      }
      TESSERA_UNROLL
      for (int v = 0; v < 4; ++v)
        see.four[v] = next[v];
      toAll<K>(acc, see, 0, i + ahead, now);
      return;
    }
    for (std::int64_t step = 0; step < (K::kLow || K::kLast ? 1 : see.steps); ++step) {
      image.template next<K::kCopies, 1>(line, see.rows + step * 4, at, see.whole);
      image.interleave(see.four, line);
      toAll<K>(acc, see, step, i, now);
    }
    if constexpr (K::kLast) {
      TESSERA_UNROLL
      for (int c = 0; c < 3; ++c)
        see.last[c] = see.last[c + 1];
      see.last[3] = image.template next<K::kCopies, 1>(see.rows[4], at, see.whole);
      image.interleave(see.four, see.last);
      TESSERA_UNROLL
      for (int later = 0; later < K::kLive; ++later) {
        const int tap = i - later * K::kStride;
        if (tap >= 3) // four columns later those of taps 1 to 4, before that those of 0 to 3
          add(acc[(now + later) % K::kLive][0], see.four, filter + (tap == 4 ? 5 : 6) * 256);
      }
    }
  }

  template <class K>
  TESSERA_INLINE void toAll(__m512i (&acc)[K::kLive][K::kRows][4], const Windows<K> &see,
                            std::int64_t step, int i, int now) const {
    TESSERA_UNROLL
    for (int later = 0; later < K::kLive; ++later) {
      const int tap = i - later * K::kStride;
      TESSERA_UNROLL
      for (int r = 0; r < K::kRows; ++r)
        if (tap >= 0)
          add(acc[(now + later) % K::kLive][r], see.four,
              see.taps[r] + (step * K::kWidth + tap) * 256);
    }
  }

  /// One output of a kernel of any size.
  template <bool Narrow> void anySize(const Lines &to, std::int64_t oy, std::int64_t ox) const {
    __m512i acc[1][4];
    start(acc);
    const std::int8_t *taps = filter;
    for (std::int64_t ky = 0; ky < s.kh; ky += 4)
      for (std::int64_t kx = 0; kx < s.kw; ++kx, taps += 256) {
        const std::int64_t at = ox * s.strideW - s.left + kx * s.dilationW;
        __m512i line[4], four[4];
        for (std::int64_t i = 0; i < 4; ++i)
          line[i] = image.pixel(oy, ky + i < s.kh ? ky + i : ky, at);
        image.interleave(four, line);
        add(acc[0], four, taps);
      }
    const std::int64_t at = oy * to.row + ox * to.pixel;
    if constexpr (Narrow) {
      typename S::F scaled[1][4];
      scale(scaled, acc);
      storePart<1>(bytes.packed(scaled[0]), to.y + at + channel, to.pixel, false);
    } else {
      storeWide(acc, {to.y + at * 4});
    }
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

  /// Of as many lines of outputs: each factor is loaded once.
  template <int Rows>
  TESSERA_INLINE void scale(typename S::F (&scaled)[Rows][4], const __m512i (&acc)[Rows][4]) const {
    TESSERA_UNROLL
    for (int v = 0; v < 4; ++v) {
      const typename S::F factors = S::S::load(scales[v]);
      TESSERA_UNROLL
      for (int r = 0; r < Rows; ++r)
        scaled[r][v] = S::toFloat(acc[r][v]) * factors;
    }
  }

  /// The bytes of the channels there are, in whose order packing has put them; with Copies 2 those
  /// of two pixels, of which the second may not exist.
  template <int Copies>
  TESSERA_INLINE void storePart(__m512i from, char *y, std::int64_t pixel, bool hasSecond) const {
    if constexpr (Copies == 1)
      return _mm512_mask_storeu_epi8(y, image.mask, from);
    const auto half = static_cast<__mmask32>(image.mask);
    _mm256_mask_storeu_epi8(y, half, _mm512_castsi512_si256(from));
    if (hasSecond)
      _mm256_mask_storeu_epi8(y + pixel, half, _mm512_extracti64x4_epi64(from, 1));
  }

  template <int Rows> void storeWide(const __m512i (&acc)[Rows][4], char *const (&y)[Rows]) const {
    for (int r = 0; r < Rows; ++r)
      storeWide(acc[r], y[r]);
  }
  void storeWide(const __m512i (&acc)[4], char *y) const {
    alignas(64) std::int32_t mixed[4][16], sums[kChannels];
    TESSERA_UNROLL
    for (int v = 0; v < 4; ++v)
      S::store(mixed[v], acc[v]);
    for (std::int64_t i = 0; i < kChannels; ++i)
      sums[i] = mixed[vectorOf(i)][laneOf(i)];
    const std::int32_t none = 0;
    Int8Finish<Arch>::run(sums, &none, y, 0, 1, channel, channels, e);
  }
};

} // namespace tessera::kernels
#endif
