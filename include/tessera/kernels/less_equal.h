// The less_equal operator.
#pragma once

#include "tessera/kernels/compare.h"

namespace tessera::kernels {

/// a <= b.
template <class Arch> struct LessEqual : CompareKernel<LessEqual<Arch>, Arch> {
  static TESSERA_INLINE bool step(float a, float b) { return a <= b; }
};

} // namespace tessera::kernels
