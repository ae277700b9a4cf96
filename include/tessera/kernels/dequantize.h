// 8-bit integers with a scale and a zero point to floats.
#pragma once

#include "tessera/kernels/Family.h"
#include "tessera/kernels/Simd.h"

namespace tessera::kernels {

template <class Arch, class T> struct Dequantize {
  static constexpr Family kFamily = Family::Quantize;

  /// y[r, c] = (x[r, c] - zero) * scale for rows x cols, rounded once. One scale and zero point per
  /// row (a channel); zeros may be null. Strides in elements; y does not overlap x. Compilers make
  /// vectors of the loop.
  static void run(const void *xData, std::int64_t xRow, void *yData, std::int64_t yRow,
                  std::int64_t rows, std::int64_t cols, const float *scales,
                  const std::int32_t *zeros) {
    for (std::int64_t r = 0; r < rows; ++r) {
      const T *x = static_cast<const T *>(xData) + r * xRow;
      float *y = static_cast<float *>(yData) + r * yRow;
      const std::int32_t zero = zeros ? zeros[r] : 0;
      for (std::int64_t c = 0; c < cols; ++c)
        y[c] = static_cast<float>(x[c] - zero) * scales[r];
    }
  }
};

template <class Arch> struct DequantizeI8 : Dequantize<Arch, std::int8_t> {};
template <class Arch> struct DequantizeU8 : Dequantize<Arch, std::uint8_t> {};

} // namespace tessera::kernels
