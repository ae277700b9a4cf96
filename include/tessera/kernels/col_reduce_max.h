// The col_reduce_max operator.
#pragma once

#include "tessera/kernels/columns.h"
#include "tessera/kernels/row_reduce_max.h"

namespace tessera::kernels {

/// What row_reduce_max makes of rows, made of columns.
template <class Arch> struct ColReduceMax : ColReduceKernel<RowReduceMax<Arch>, Arch> {};

} // namespace tessera::kernels
