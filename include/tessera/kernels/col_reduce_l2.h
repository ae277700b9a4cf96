// The col_reduce_l2 operator.
#pragma once

#include "tessera/kernels/columns.h"
#include "tessera/kernels/row_reduce_l2.h"

namespace tessera::kernels {

/// What row_reduce_l2 makes of rows, made of columns.
template <class Arch> struct ColReduceL2 : ColReduceKernel<RowReduceL2<Arch>, Arch> {};

} // namespace tessera::kernels
