// The col_reduce_sum operator.
#pragma once

#include "tessera/kernels/columns.h"
#include "tessera/kernels/row_reduce_sum.h"

namespace tessera::kernels {

/// What row_reduce_sum makes of rows, made of columns.
template <class Arch> struct ColReduceSum : ColReduceKernel<RowReduceSum<Arch>, Arch> {};

} // namespace tessera::kernels
