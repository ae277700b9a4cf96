// Elements put into a tensor of any rank, along one axis at indices.
#pragma once

#include "tessera/kernels/IndexedLoops.h"

namespace tessera::kernels {

/// dst[i, index[i]] = src[i], as IndexedArgs says, in order of i: the last of equal indices stays.
/// Elements whose index is outside [-axisSize, axisSize) are left out. Returns how many they were.
template <class Arch> struct Scatter {
  static constexpr Family kFamily = Family::Indexed;

  static std::int64_t run(const IndexedArgs &args) {
    return IndexedLoops<Arch>::run(args, false,
                                   []<class T>(bool inside, const T *from, std::int64_t fromStride,
                                               T *to, std::int64_t toStride, std::int64_t count) {
                                     if (inside)
                                       Move<Arch>::strided(from, fromStride, to, toStride, count);
                                   });
  }
};

} // namespace tessera::kernels
