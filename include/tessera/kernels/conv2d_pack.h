// Packing of a convolution's filter into the panels that conv2d.h reads.
#pragma once

#include "tessera/kernels/ConvPanel.h"
#include "tessera/kernels/ConvTypes.h"
#include "tessera/kernels/Family.h"
#include "tessera/kernels/pack_rhs.h"

namespace tessera::kernels {

template <class Arch> struct Conv2dPack {
  static constexpr Family kFamily = Family::Conv2dPack;
  using Panel = ConvPanel<Arch>;

  /// Lays out the filter for conv2d: [groups][panels][kh][kw][c / groups][width], zero padded.
  /// Element (ky, kx) from channel ch to channel j of group g, both counted within the group, is at
  /// g * groupStride + j * outStride + (ky * kw + kx) * tapStride + ch * inStride of `filter`.
  /// Returns how many floats `dst` needs; with dst == null that is all it does. dst does not
  /// overlap the filter.
  static std::int64_t run(const ConvShape *shape, const float *filter, std::int64_t groupStride,
                          std::int64_t outStride, std::int64_t tapStride, std::int64_t inStride,
                          float *dst) {
    const std::int64_t inC = shape->c / shape->groups, outC = shape->outC / shape->groups;
    const std::int64_t width = Panel::width(outC), panels = (outC + width - 1) / width;
    const std::int64_t taps = shape->kh * shape->kw;
    if (dst != nullptr)
      for (std::int64_t g = 0; g < shape->groups; ++g)
        for (std::int64_t j = 0; j < outC; j += width)
          for (std::int64_t t = 0; t < taps; ++t, dst += inC * width) {
            const std::int64_t columns = outC - j < width ? outC - j : width;
            PackRhs<Arch>::onePanel(filter + g * groupStride + j * outStride + t * tapStride,
                                    inStride, outStride, dst, inC, columns, width);
          }
    return shape->groups * panels * taps * inC * width;
  }
};

} // namespace tessera::kernels
