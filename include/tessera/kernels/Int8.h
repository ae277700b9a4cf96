// What becomes of the 32-bit sums of 8-bit products: zero points, bias, requantisation.
#pragma once

#include <cstdint>

namespace tessera::kernels {

/// The type of the results.
enum class Int8Output : std::int32_t { I32, F32, U8, S8 };

/// With q = sum over p of (a[i, p] - aZero) * (b[p, j] - bZero[j]) + bias[j], exact in 32 bits:
///   I32   q
///   F32   float(q) * scale[j]
///   U8 S8 float(q) * scale[j], rounded to the nearest integer (ties to even), + cZero, saturated
/// float(q) is q rounded to nearest, and the product is rounded once. NaN saturates low.
struct Int8Epilogue {
  const std::int32_t *bZero = nullptr; ///< zero points of b; null for zeros
  std::int64_t bZeroStride = 0;        ///< 0: one for all columns; 1: one for each
  const std::int32_t *bias = nullptr;  ///< n numbers in units of the sums; null for zeros
  const float *scale = nullptr;        ///< not read for I32
  std::int64_t scaleStride = 0;        ///< 0: one for all columns; 1: one for each
  std::int32_t aZero = 0;              ///< in the range of a's type
  std::int32_t cZero = 0;              ///< in the range of the output's type
  Int8Output output = Int8Output::I32;
};

} // namespace tessera::kernels
