// The col_reduce_sum_square operator.
#pragma once

#include "tessera/kernels/columns.h"
#include "tessera/kernels/row_reduce_sum_square.h"

namespace tessera::kernels {

/// What row_reduce_sum_square makes of rows, made of columns.
template <class Arch>
struct ColReduceSumSquare : ColReduceKernel<RowReduceSumSquare<Arch>, Arch> {};

} // namespace tessera::kernels
