// Numbers added to those of a tensor of any rank, along one axis at indices.
#pragma once

#include "tessera/kernels/IndexedLoops.h"

namespace tessera::kernels {

/// dst[i, index[i]] += src[i] on f32, as IndexedArgs says, in order of i: sums of equal indices are
/// the same every time. Elements whose index is outside [-axisSize, axisSize) are left out. Returns
/// how many they were.
template <class Arch> struct ScatterAdd {
  static constexpr Family kFamily = Family::Indexed;
  using S = Simd<Arch>;

  static std::int64_t run(const IndexedArgs &args) {
    return IndexedLoops<Arch>::run(args, false,
                                   []<class T>(bool inside, const T *from, std::int64_t fromStride,
                                               T *to, std::int64_t toStride, std::int64_t count) {
                                     if constexpr (sizeof(T) == sizeof(float))
                                       if (inside)
                                         add(reinterpret_cast<const float *>(from), fromStride,
                                             reinterpret_cast<float *>(to), toStride, count);
                                   });
  }

private:
  static TESSERA_INLINE void add(const float *x, std::int64_t xStride, float *y,
                                 std::int64_t yStride, std::int64_t count) {
    std::int64_t i = 0;
    if (xStride == 1 && yStride == 1)
      for (; i + S::kLanes <= count; i += S::kLanes)
        S::store(y + i, S::load(y + i) + S::load(x + i));
    for (; i < count; ++i)
      y[i * yStride] += x[i * xStride];
  }
};

} // namespace tessera::kernels
