// The col_arg_min operator.
#pragma once

#include "tessera/kernels/arg_reduction.h"
#include "tessera/kernels/row_reduce_min.h"

namespace tessera::kernels {

/// Where the smallest element of each column is.
template <class Arch> struct ColArgMin : ColArgReduceKernel<RowReduceMin<Arch>, Arch> {};

} // namespace tessera::kernels
