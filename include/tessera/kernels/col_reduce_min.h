// The col_reduce_min operator.
#pragma once

#include "tessera/kernels/columns.h"
#include "tessera/kernels/row_reduce_min.h"

namespace tessera::kernels {

/// What row_reduce_min makes of rows, made of columns.
template <class Arch> struct ColReduceMin : ColReduceKernel<RowReduceMin<Arch>, Arch> {};

} // namespace tessera::kernels
