// Numbers of a tensor of any rank multiplied, along one axis at indices.
#pragma once

#include "tessera/kernels/ScatterKernel.h"
#include "tessera/kernels/mul.h"

namespace tessera::kernels {

/// dst[i, index[i]] *= src[i].
template <class Arch> struct ScatterMul : ScatterKernel<Mul<Arch>, Arch> {};

} // namespace tessera::kernels
