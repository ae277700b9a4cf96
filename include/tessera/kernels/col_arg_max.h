// The col_arg_max operator.
#pragma once

#include "tessera/kernels/arg_reduction.h"
#include "tessera/kernels/row_reduce_max.h"

namespace tessera::kernels {

/// Where the largest element of each column is.
template <class Arch> struct ColArgMax : ColArgReduceKernel<RowReduceMax<Arch>, Arch> {};

} // namespace tessera::kernels
