// The col_reduce_mean operator.
#pragma once

#include "tessera/kernels/columns.h"
#include "tessera/kernels/row_reduce_mean.h"

namespace tessera::kernels {

/// What row_reduce_mean makes of rows, made of columns.
template <class Arch> struct ColReduceMean : ColReduceKernel<RowReduceMean<Arch>, Arch> {};

} // namespace tessera::kernels
