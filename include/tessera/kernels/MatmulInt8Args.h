// One product of 8-bit matrices.
#pragma once

#include "tessera/kernels/Int8.h"
#include "tessera/support/Parallel.h"

namespace tessera::kernels {

/// c[i * cRow + j] from a[i * aRow + p] and b, in the sizes m, n and k, all of which may be zero;
/// strides in elements. Int8.h says what c is; k == 0 gives the sums 0. c overlaps neither a nor b
/// nor what the epilogue points to.
struct MatmulInt8Args {
  const void *a; ///< unsigned or signed bytes, as the kernel's row says
  std::int64_t aRow;
  const void *b; ///< as pack_rhs_int8 of the same instruction set leaves it
  void *c;
  std::int64_t cRow, m, n, k;
  Int8Epilogue epilogue;

  /// As many bytes as `run` says, for rows of a as the tiles read them.
  void *workspace = nullptr;
  /// Null to stay on the calling thread. The result does not depend on it: sums are exact.
  ParallelFor parallelFor = nullptr;
  void *pool = nullptr;
};

} // namespace tessera::kernels
