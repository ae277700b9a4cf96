// Convolution of images by a packed filter, the input read where it lies.
#pragma once

#include "tessera/kernels/ConvBlock.h"
#include "tessera/kernels/ConvPlanes.h"
#include "tessera/kernels/Family.h"
#include "tessera/support/Caches.h"
#include "tessera/support/Parallel.h"

namespace tessera::kernels {

template <class Arch> struct Conv2d {
  static constexpr Family kFamily = Family::Conv2d;
  using Block = ConvBlock<Arch>;
  using Planes = ConvPlanes<Arch>;

  /// y = epilogue(the convolution of x by the filter), in the sizes of `shape`.
  ///
  /// x and y lie in memory as xLayout and yLayout say; outputs whose channels are not together in
  /// whole vectors (NCHW) are computed aside, which takes 64 KiB more of stack, and inputs in NCHW
  /// may be gathered, which takes 256 KiB. `filter` is what
  /// conv2d_pack leaves. y overlaps neither x nor filter; residual is y or does not overlap it.
  /// Sizes and channels may be zero; kh, kw, strides, dilations, groups and the layouts' blocks are
  /// at least one.
  ///
  /// `cacheBytes` is the size of L2, for the blocks; the pool shares out the blocks. Each output
  /// starts from bias and residual and adds the taps in order of (ky, kx, input channel), fused
  /// multiply-adds where the architecture has them, so that neither the blocks nor the number of
  /// threads change a bit.
  static void run(const ConvShape *shape, const ConvLayout *xLayout, const float *x,
                  const float *filter, const ConvLayout *yLayout, float *y,
                  const ConvEpilogue *epilogue, std::int64_t cacheBytes, ParallelFor parallelFor,
                  void *pool) {
    if (Planes::serves(*shape, *xLayout, *yLayout, caches().l1)) {
      Planes planes(*shape, *xLayout, x, filter, *yLayout, y, *epilogue, caches().l1);
      parallelFor(pool, planes.count(), &Planes::task, &planes);
      return;
    }
    Block block(*shape, *xLayout, x, filter, *yLayout, y, *epilogue, cacheBytes);
    parallelFor(pool, block.count(), &Block::task, &block);
  }
};

} // namespace tessera::kernels
