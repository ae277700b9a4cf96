// The larger numbers put into a tensor of any rank, along one axis at indices.
#pragma once

#include "tessera/kernels/ScatterKernel.h"
#include "tessera/kernels/max.h"

namespace tessera::kernels {

/// dst[i, index[i]] = max(dst[i, index[i]], src[i]); NaN when either is NaN.
template <class Arch> struct ScatterMax : ScatterKernel<Max<Arch>, Arch> {};

} // namespace tessera::kernels
