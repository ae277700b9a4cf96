// What padding is asked to do, without any code.
#pragma once

#include <cstdint>

namespace tessera::kernels {

/// What lies around a tensor, for [1, 2, 3] padded by 3.
enum class PadMode : std::int32_t {
  Constant, ///< v v v 1 2 3 v v v
  Edge,     ///< 1 1 1 1 2 3 3 3 3
  Reflect,  ///< 2 3 2 1 2 3 2 1 2
  Wrap,     ///< 1 2 3 1 2 3 1 2 3
};

/// dst[before + sizes + after] = src[sizes] in its middle and around it what `mode` says. Negative
/// numbers before or after cut off instead. Strides in elements.
struct PadArgs {
  const void *src;
  void *dst; ///< does not overlap src
  const std::int64_t *sizes, *before, *after, *srcStrides, *dstStrides;
  std::int64_t rank;         ///< at most 8
  std::int32_t elementBytes; ///< 1, 2, 4 or 8
  PadMode mode;
  const void *value; ///< one element: what Constant pads with, and any mode where src is empty
};

} // namespace tessera::kernels
