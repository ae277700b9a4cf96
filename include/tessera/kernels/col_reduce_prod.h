// The col_reduce_prod operator.
#pragma once

#include "tessera/kernels/columns.h"
#include "tessera/kernels/row_reduce_prod.h"

namespace tessera::kernels {

/// What row_reduce_prod makes of rows, made of columns.
template <class Arch> struct ColReduceProd : ColReduceKernel<RowReduceProd<Arch>, Arch> {};

} // namespace tessera::kernels
