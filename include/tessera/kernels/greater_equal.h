// The greater_equal operator.
#pragma once

#include "tessera/kernels/compare.h"

namespace tessera::kernels {

/// a >= b.
template <class Arch> struct GreaterEqual : CompareKernel<GreaterEqual<Arch>, Arch> {
  static TESSERA_INLINE bool step(float a, float b) { return a >= b; }
};

} // namespace tessera::kernels
