// The col_reduce_l1 operator.
#pragma once

#include "tessera/kernels/columns.h"
#include "tessera/kernels/row_reduce_l1.h"

namespace tessera::kernels {

/// What row_reduce_l1 makes of rows, made of columns.
template <class Arch> struct ColReduceL1 : ColReduceKernel<RowReduceL1<Arch>, Arch> {};

} // namespace tessera::kernels
