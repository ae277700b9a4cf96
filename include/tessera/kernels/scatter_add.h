// Numbers added to those of a tensor of any rank, along one axis at indices.
#pragma once

#include "tessera/kernels/ScatterKernel.h"
#include "tessera/kernels/add.h"

namespace tessera::kernels {

/// dst[i, index[i]] += src[i].
template <class Arch> struct ScatterAdd : ScatterKernel<Add<Arch>, Arch> {};

} // namespace tessera::kernels
