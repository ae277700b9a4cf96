// The family of scatters that combine what they put with what is there.
#pragma once

#include "tessera/kernels/IndexedLoops.h"

namespace tessera::kernels {

/// Base of Kernel<Arch>: dst[i, index[i]] = step(dst[i, index[i]], src[i]) on f32 with the step of
/// the elementwise operator Combine, as IndexedArgs says, in order of i: results for equal indices
/// are the same every time. Elements whose index is outside [-axisSize, axisSize) are left out.
/// Returns how many they were.
template <class Combine, class Arch> struct ScatterKernel {
  static constexpr Family kFamily = Family::Indexed;
  using S = Simd<Arch>;
  using F = typename S::F;

  static std::int64_t run(const IndexedArgs &args) {
    return IndexedLoops<Arch>::run(args, false,
                                   []<class T>(bool inside, const T *from, std::int64_t fromStride,
                                               T *to, std::int64_t toStride, std::int64_t count) {
                                     if constexpr (sizeof(T) == sizeof(float))
                                       if (inside)
                                         combine(reinterpret_cast<const float *>(from), fromStride,
                                                 reinterpret_cast<float *>(to), toStride, count);
                                   });
  }

private:
  static TESSERA_INLINE void combine(const float *x, std::int64_t xStride, float *y,
                                     std::int64_t yStride, std::int64_t count) {
    std::int64_t i = 0;
    if (xStride == 1 && yStride == 1)
      for (; i + S::kLanes <= count; i += S::kLanes)
        S::store(y + i, Combine::step(S::load(y + i), S::load(x + i)));
    for (; i < count; ++i)
      y[i * yStride] = S::first(Combine::step(F(y[i * yStride]), F(x[i * xStride])));
  }
};

} // namespace tessera::kernels
