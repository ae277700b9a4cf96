// The row_reduce_sum operator.
#pragma once

#include "tessera/kernels/reduction.h"

namespace tessera::kernels {

/// The sum of each row; 0 for an empty one.
template <class Arch> struct RowReduceSum : RowSumKernel<RowReduceSum<Arch>, Arch> {};

} // namespace tessera::kernels
