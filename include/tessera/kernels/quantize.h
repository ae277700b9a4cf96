// Floats to 8-bit integers with a scale and a zero point.
#pragma once

#include "tessera/kernels/Family.h"
#include "tessera/kernels/Simd.h"

namespace tessera::kernels {

template <class Arch, class T> struct Quantize {
  static constexpr Family kFamily = Family::Quantize;

  /// y[r, c] = saturate(round(x[r, c] / scale) + zero) for rows x cols, as ONNX's QuantizeLinear:
  /// ties to even, NaN to the zero point. One scale and zero point per row (a channel); zeros may
  /// be null. Strides in elements; y does not overlap x. Compilers make vectors of the loop.
  static void run(const void *xData, std::int64_t xRow, void *yData, std::int64_t yRow,
                  std::int64_t rows, std::int64_t cols, const float *scales,
                  const std::int32_t *zeros) {
    for (std::int64_t r = 0; r < rows; ++r)
      row(static_cast<const float *>(xData) + r * xRow, static_cast<T *>(yData) + r * yRow, cols,
          scales[r], static_cast<float>(zeros ? zeros[r] : 0));
  }

private:
  static constexpr float kLeast = T(-1) < T(0) ? -128.0f : 0.0f;
  static constexpr float kMost = T(-1) < T(0) ? 127.0f : 255.0f;

  static TESSERA_INLINE void row(const float *x, T *__restrict y, std::int64_t count, float scale,
                                 float zero) {
    // Adding 1.5 * 2^23 rounds to an integer; beyond 2^22 everything saturates.
    const float magic = 0x1.8p23f, least = kLeast - zero, most = kMost - zero;
    for (std::int64_t i = 0; i < count; ++i) {
      const float q = x[i] / scale;
      const float low = q > least ? q : least;
      const float bounded = q == q ? (low < most ? low : most) : 0.0f;
      y[i] = static_cast<T>(static_cast<std::int32_t>((bounded + magic) - magic + zero));
    }
  }
};

template <class Arch> struct QuantizeI8 : Quantize<Arch, std::int8_t> {};
template <class Arch> struct QuantizeU8 : Quantize<Arch, std::uint8_t> {};

} // namespace tessera::kernels
