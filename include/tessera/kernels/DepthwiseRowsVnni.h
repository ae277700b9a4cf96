// The lines of an 8-bit image that a depthwise convolution reads with AVX-512: 64 bytes at a time,
// which are the channels of a pixel or of two neighbours, and four lines interleaved.
#pragma once

#include "tessera/kernels/ConvTypes.h"
#include "tessera/kernels/TileInt8.h"

#if XSIMD_WITH_AVX512BW && defined(__AVX512VNNI__)
#include <immintrin.h>

namespace tessera::kernels {

/// Up to 64 channels of one image, of which the first are at x. T: its type.
template <class T> struct DepthwiseRows {
  static constexpr std::int32_t kShift = Int8Left<Avx512Vnni, T>::kShift;

  /// A line of the image from its next column on, or zero points for all of its pixels.
  struct Row {
    const T *at;
    std::int64_t pixel;
  };

  const ConvShape &s;
  const ConvLayout &xl;
  const T *x;
  __mmask64 mask;  ///< the channels there are
  __m512i outside; ///< zero points

  /// The first column of the image that any window sees: later where the image is cropped.
  TESSERA_INLINE std::int64_t firstColumn() const { return s.left < 0 ? -s.left : 0; }
  TESSERA_INLINE bool isInside(std::int64_t column) const { return column >= 0 && column < s.w; }
  TESSERA_INLINE const T *zeroPoints() const { return reinterpret_cast<const T *>(&outside); }

  /// Line `ky` of the windows of outputs in line oy.
  TESSERA_INLINE Row at(std::int64_t oy, std::int64_t ky) const {
    const std::int64_t yy = oy * s.strideH - s.top + ky * s.dilationH;
    if (yy < 0 || yy >= s.h)
      return {zeroPoints(), 0};
    return {x + yy * xl.row + firstColumn() * xl.pixel, xl.pixel};
  }

  /// Column `column` of that line, unsigned.
  TESSERA_INLINE __m512i pixel(std::int64_t oy, std::int64_t ky, std::int64_t column) const {
    const Row row = at(oy, ky);
    return asUnsigned(_mm512_maskz_loadu_epi8(
        mask, isInside(column) ? row.at + (column - firstColumn()) * row.pixel : zeroPoints()));
  }

  /// Column `at` of four lines, or with Copies 2 that and the next, unsigned. Those of [0, whole)
  /// can be read at once. Pixels: what the rows step by, at most Copies.
  template <int Copies, int Pixels>
  TESSERA_INLINE void next(__m512i (&line)[4], Row *rows, std::int64_t at,
                           std::int64_t whole) const {
    if (at >= 0 && at < whole) {
      TESSERA_UNROLL
      for (int i = 0; i < 4; ++i)
        line[i] = nextWhole<Pixels>(rows[i]);
    } else {
      TESSERA_UNROLL
      for (int i = 0; i < 4; ++i)
        line[i] = nextPart<Copies, Pixels>(rows[i], at);
    }
  }
  template <int Copies, int Pixels>
  TESSERA_INLINE __m512i next(Row &row, std::int64_t at, std::int64_t whole) const {
    return at >= 0 && at < whole ? nextWhole<Pixels>(row) : nextPart<Copies, Pixels>(row, at);
  }

  /// The bytes of four lines side by side, those of channel 16 * a + 4 * v + i in lane 4 * a + i of
  /// vector v.
  static TESSERA_INLINE void interleave(__m512i (&four)[4], const __m512i (&line)[4]) {
    const __m512i lowAb = _mm512_unpacklo_epi8(line[0], line[1]);
    const __m512i highAb = _mm512_unpackhi_epi8(line[0], line[1]);
    const __m512i lowCd = _mm512_unpacklo_epi8(line[2], line[3]);
    const __m512i highCd = _mm512_unpackhi_epi8(line[2], line[3]);
    four[0] = _mm512_unpacklo_epi16(lowAb, lowCd);
    four[1] = _mm512_unpackhi_epi16(lowAb, lowCd);
    four[2] = _mm512_unpacklo_epi16(highAb, highCd);
    four[3] = _mm512_unpackhi_epi16(highAb, highCd);
  }

private:
  static TESSERA_INLINE __m512i asUnsigned(__m512i bytes) {
    return kShift == 0 ? bytes
                       : _mm512_xor_si512(bytes, _mm512_set1_epi8(static_cast<char>(kShift)));
  }
  template <int Pixels> static TESSERA_INLINE __m512i nextWhole(Row &row) {
    const __m512i bytes = _mm512_loadu_si512(row.at);
    row.at += Pixels * row.pixel;
    return asUnsigned(bytes);
  }
  /// The channels there are, of columns that may be outside.
  template <int Copies, int Pixels>
  TESSERA_INLINE __m512i nextPart(Row &row, std::int64_t at) const {
    const T *const low = isInside(at) ? row.at : zeroPoints();
    if (isInside(at))
      row.at += row.pixel;
    if constexpr (Copies == 1)
      return asUnsigned(_mm512_maskz_loadu_epi8(mask, low));
    const T *const high = isInside(at + 1) ? row.at : zeroPoints();
    if (Pixels == 2 && isInside(at + 1))
      row.at += row.pixel;
    const auto half = static_cast<__mmask32>(mask);
    return asUnsigned(_mm512_inserti64x4(_mm512_castsi256_si512(_mm256_maskz_loadu_epi8(half, low)),
                                         _mm256_maskz_loadu_epi8(half, high), 1));
  }
};

} // namespace tessera::kernels
#endif
