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

  DepthwiseTileInt8(const ConvShape &shape, const ConvLayout &layout, const T *image,
                    const std::int8_t *packed, std::int64_t firstChannel, std::int64_t count,
                    const Int8Epilogue &epilogue)
      : s(shape), xl(layout), x(image), filter(packed + kChannels * 4), channel(firstChannel),
        channels(count), e(epilogue),
        mask(count == 64 ? ~__mmask64(0) : (__mmask64(1) << count) - 1),
        outside(_mm512_set1_epi8(static_cast<char>(e.aZero + kShift))) {
    std::int32_t start[kChannels];
    Int8Finish<Arch>::first(start, reinterpret_cast<const std::int32_t *>(packed), channel,
                            channels, s.kh * s.kw, e.aZero + kShift, e);
    for (std::int64_t i = 0; i < kChannels; ++i) {
      first[vectorOf(i)][laneOf(i)] = start[i];
      scale[vectorOf(i)][laneOf(i)] =
          e.scale == nullptr || i >= channels ? 0.0f : e.scale[(channel + i) * e.scaleStride];
    }
  }

  void line(std::int64_t oy, char *y, std::int64_t pixel) const {
    if (s.dilationW == 1 && s.strideW == 1 && s.kw == 3)
      return groups<3, 1>(oy, y, pixel);
    if (s.dilationW == 1 && s.strideW == 2 && s.kw == 3)
      return groups<3, 2>(oy, y, pixel);
    if (s.dilationW == 1 && s.strideW == 1 && s.kw == 5)
      return groups<5, 1>(oy, y, pixel);
    if (s.dilationW == 1 && s.strideW == 2 && s.kw == 5)
      return groups<5, 2>(oy, y, pixel);
    for (std::int64_t ox = 0; ox < s.outW; ++ox)
      group<1, 0, 1>(oy, ox, y, pixel);
  }

private:
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

  template <int Width, int Stride>
  TESSERA_INLINE void groups(std::int64_t oy, char *y, std::int64_t pixel) const {
    std::int64_t ox = 0;
    for (; ox + 4 <= s.outW; ox += 4)
      group<4, Width, Stride>(oy, ox, y, pixel);
    if (s.outW - ox == 3)
      group<3, Width, Stride>(oy, ox, y, pixel);
    else if (s.outW - ox == 2)
      group<2, Width, Stride>(oy, ox, y, pixel);
    else if (s.outW - ox == 1)
      group<1, Width, Stride>(oy, ox, y, pixel);
  }

  /// `Pixels` neighbouring outputs; Width 0 is a kernel of any width for one.
  template <int Pixels, int Width, int Stride>
  __attribute__((noinline)) void group(std::int64_t oy, std::int64_t ox, char *y,
                                       std::int64_t pixel) const {
    __m512i acc[Pixels][4];
    TESSERA_UNROLL
    for (int p = 0; p < Pixels; ++p) {
      TESSERA_UNROLL
      for (int v = 0; v < 4; ++v)
        acc[p][v] = _mm512_load_si512(first[v]);
    }
    const std::int64_t x0 = ox * s.strideW - s.left;
    const std::int8_t *taps = filter;
    for (std::int64_t ky = 0; ky < s.kh; ky += 4, taps += s.kw * 256) {
      const T *rows[4];
      for (std::int64_t i = 0; i < 4; ++i) {
        const std::int64_t yy = oy * s.strideH - s.top + (ky + i) * s.dilationH;
        rows[i] = ky + i < s.kh && yy >= 0 && yy < s.h ? x + yy * xl.row : nullptr;
      }
      if constexpr (Width > 0) {
        TESSERA_UNROLL
        for (int col = 0; col < (Pixels - 1) * Stride + Width; ++col) {
          __m512i column[4];
          interleave(column, rows, x0 + col);
          TESSERA_UNROLL
          for (int p = 0; p < Pixels; ++p)
            if (col >= p * Stride && col - p * Stride < Width)
              add(acc[p], column, taps + (col - p * Stride) * 256);
        }
      } else {
        for (std::int64_t kx = 0; kx < s.kw; ++kx) {
          __m512i column[4];
          interleave(column, rows, x0 + kx * s.dilationW);
          add(acc[0], column, taps + kx * 256);
        }
      }
    }
    TESSERA_UNROLL
    for (int p = 0; p < Pixels; ++p)
      store(acc[p], y, (ox + p) * pixel);
  }

  TESSERA_INLINE __m512i load(const T *row, std::int64_t column) const {
    if (row == nullptr || column < 0 || column >= s.w)
      return outside;
    const __m512i bytes = _mm512_maskz_loadu_epi8(mask, row + column * xl.pixel);
    return kShift == 0 ? bytes : _mm512_xor_si512(bytes, _mm512_set1_epi8(-128));
  }

  TESSERA_INLINE void interleave(__m512i (&column)[4], const T *const (&rows)[4],
                                 std::int64_t at) const {
    const __m512i a = load(rows[0], at), b = load(rows[1], at);
    const __m512i c = load(rows[2], at), d = load(rows[3], at);
    const __m512i lowAb = _mm512_unpacklo_epi8(a, b), highAb = _mm512_unpackhi_epi8(a, b);
    const __m512i lowCd = _mm512_unpacklo_epi8(c, d), highCd = _mm512_unpackhi_epi8(c, d);
    column[0] = _mm512_unpacklo_epi16(lowAb, lowCd);
    column[1] = _mm512_unpackhi_epi16(lowAb, lowCd);
    column[2] = _mm512_unpacklo_epi16(highAb, highCd);
    column[3] = _mm512_unpackhi_epi16(highAb, highCd);
  }

  static TESSERA_INLINE void add(__m512i (&acc)[4], const __m512i (&column)[4],
                                 const std::int8_t *taps) {
    TESSERA_UNROLL
    for (int v = 0; v < 4; ++v)
      acc[v] = _mm512_dpbusd_epi32(acc[v], column[v], _mm512_loadu_si512(taps + v * 64));
  }

  TESSERA_INLINE void store(const __m512i (&acc)[4], char *y, std::int64_t at) const {
    if (e.output == Int8Output::U8 || e.output == Int8Output::S8) {
      using F = typename S::F;
      const std::int32_t low = e.output == Int8Output::U8 ? 0 : -128;
      const F least(static_cast<float>(low - e.cZero));
      const F most(static_cast<float>(low + 255 - e.cZero));
      __m512i whole[4];
      TESSERA_UNROLL
      for (int v = 0; v < 4; ++v) {
        const F scaled = S::toFloat(acc[v]) * S::S::load(scale[v]);
        whole[v] = S::add(S::toInt(S::S::min(S::S::max(scaled, least), most)), e.cZero - low);
      }
      // In range, so that nothing saturates; packing undoes the interleaving.
      const __m512i bytes = _mm512_packus_epi16(_mm512_packs_epi32(whole[0], whole[1]),
                                                _mm512_packs_epi32(whole[2], whole[3]));
      const __m512i back = _mm512_set1_epi8(static_cast<char>(low));
      _mm512_mask_storeu_epi8(y + at + channel, mask, _mm512_add_epi8(bytes, back));
      return;
    }
    alignas(64) std::int32_t mixed[4][16], sums[kChannels];
    for (int v = 0; v < 4; ++v)
      S::store(mixed[v], acc[v]);
    for (std::int64_t i = 0; i < kChannels; ++i)
      sums[i] = mixed[vectorOf(i)][laneOf(i)];
    const std::int64_t size = e.output == Int8Output::I32 || e.output == Int8Output::F32 ? 4 : 1;
    const std::int32_t none = 0;
    Int8Finish<Arch>::run(sums, &none, y + at * size, 0, 1, channel, channels, e);
  }
};

} // namespace tessera::kernels
#endif
