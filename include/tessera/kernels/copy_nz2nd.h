// The copy_nz2nd operator, by size of element.
#pragma once

#include "tessera/kernels/fractal.h"

namespace tessera::kernels {

/// Fractal to row-major order, elements of 4, 2 and 1 bytes.
template <class Arch> struct CopyNz2Nd32 : NzToNd<Arch, 4> {};
template <class Arch> struct CopyNz2Nd16 : NzToNd<Arch, 2> {};
template <class Arch> struct CopyNz2Nd8 : NzToNd<Arch, 1> {};

} // namespace tessera::kernels
