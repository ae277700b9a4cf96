// The smaller numbers put into a tensor of any rank, along one axis at indices.
#pragma once

#include "tessera/kernels/ScatterKernel.h"
#include "tessera/kernels/min.h"

namespace tessera::kernels {

/// dst[i, index[i]] = min(dst[i, index[i]], src[i]); NaN when either is NaN.
template <class Arch> struct ScatterMin : ScatterKernel<Min<Arch>, Arch> {};

} // namespace tessera::kernels
