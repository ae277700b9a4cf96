// What gather and scatter are asked to do, without any code.
#pragma once

#include <cstdint>

namespace tessera::kernels {

/// For all i in the box sizes[rank], rank <= 8, an index is read at the sum of i_d *
/// indexStrides[d], and times axisStride it is added to the offset of i on the indexed side: src in
/// gather, dst in scatter. Strides count elements, and where the index takes the place of a
/// dimension, the indexed side has stride 0 there. So gather of rows [indices, cols] has
/// indexStrides {1, 0}, srcStrides {0, 1} and dstStrides {cols, 1}; ONNX's GatherElements along
/// axis 1 has dense indexStrides and dstStrides, and srcStrides {cols, 0}.
struct IndexedArgs {
  const void *src;
  void *dst;           ///< overlaps neither src nor indices
  const void *indices; ///< signed integers; negative ones count from the end of the axis
  const std::int64_t *sizes, *srcStrides, *indexStrides, *dstStrides;
  std::int64_t rank;
  std::int64_t axisSize, axisStride; ///< of the indexed side
  std::int32_t indexBytes;           ///< 4 or 8
  std::int32_t elementBytes;         ///< 1, 2, 4 or 8; 4 where there is arithmetic
};

} // namespace tessera::kernels
