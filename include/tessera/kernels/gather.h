// Elements of a tensor of any rank picked along one axis by indices.
#pragma once

#include "tessera/kernels/IndexedLoops.h"

namespace tessera::kernels {

/// dst[i] = src[i, index[i]], as IndexedArgs says; zero where the index is outside [-axisSize,
/// axisSize). Returns how many elements that were.
template <class Arch> struct Gather {
  static constexpr Family kFamily = Family::Indexed;

  static std::int64_t run(const IndexedArgs &args) {
    const std::int64_t none = 0;
    return IndexedLoops<Arch>::run(args, true,
                                   [&]<class T>(bool inside, const T *from, std::int64_t fromStride,
                                                T *to, std::int64_t toStride, std::int64_t count) {
                                     if (inside)
                                       Move<Arch>::strided(from, fromStride, to, toStride, count);
                                     else
                                       Move<Arch>::strided(reinterpret_cast<const T *>(&none), 0,
                                                           to, toStride, count);
                                   });
  }
};

} // namespace tessera::kernels
