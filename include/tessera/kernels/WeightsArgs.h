// Products of floats with weights that are stored in fewer bits.
#pragma once

#include <cstdint>

#include "tessera/support/Parallel.h"

namespace tessera::kernels {

/// Weights w[p, j] for p < k, j < n as they come from a file, for pack_weights.h. By the type of
/// the kernel's row:
///   s4        (q - zero) * scale; q unsigned, 0 to 15, two to a byte, the lower half first: of
///             (p, j) in byte p / 2 of column j, which begins at data + j * columnBytes
///   s8        (q - zero) * scale; q signed, in byte p of column j
///   f16 bf16  in bytes 2 p and 2 p + 1 of column j; no groups
/// A group is `group` depths of one column with one scale and one zero; the last may be shorter.
struct Weights {
  const void *data;
  std::int64_t columnBytes, k, n;
  std::int64_t group = 0;             ///< a multiple of 8
  const float *scale = nullptr;       ///< [n][groups of a column]
  const std::int32_t *zero = nullptr; ///< the same; null: 8 for s4, 0 for s8
};

/// c[m, n] = a[m, k] * w + bias; rows of a and c contiguous, strides in elements. c overlaps
/// nothing else. `group` and `zeros` (whether there were zero points) are those at packing.
struct WeightsArgs {
  const float *a;
  std::int64_t aRow;
  const void *weights; ///< as pack_weights of the same instruction set and type left them
  float *c;
  std::int64_t cRow, m, n, k;
  std::int64_t group = 0;
  bool zeros = false;
  const float *bias = nullptr; ///< n; null for none
  /// Null to stay on the calling thread. The result does not depend on it.
  ParallelFor parallelFor = nullptr;
  void *pool = nullptr;
};

} // namespace tessera::kernels
