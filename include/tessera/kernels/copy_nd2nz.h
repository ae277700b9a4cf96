// The copy_nd2nz operator, by size of element.
#pragma once

#include "tessera/kernels/fractal.h"

namespace tessera::kernels {

/// Row-major to fractal order, elements of 4, 2 and 1 bytes.
template <class Arch> struct CopyNd2Nz32 : NdToNz<Arch, 4> {};
template <class Arch> struct CopyNd2Nz16 : NdToNz<Arch, 2> {};
template <class Arch> struct CopyNd2Nz8 : NdToNz<Arch, 1> {};

} // namespace tessera::kernels
