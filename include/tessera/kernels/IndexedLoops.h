// The loops of gather and scatter.
#pragma once

#include "tessera/kernels/IndexedArgs.h"
#include "tessera/kernels/LoopNest.h"
#include "tessera/kernels/movement.h"

namespace tessera::kernels {

template <class Arch> struct IndexedLoops {
  /// Calls move(inside, from, fromStride, to, toStride, count) for runs of elements that share an
  /// index of src or dst. Where it is not inside, the pointer of that side is of no use. Returns
  /// how many elements that concerned.
  template <class Run>
  static TESSERA_INLINE std::int64_t run(const IndexedArgs &args, bool indexedSrc, Run move) {
    return args.elementBytes == 1   ? ofElement<std::uint8_t>(args, indexedSrc, move)
           : args.elementBytes == 2 ? ofElement<std::uint16_t>(args, indexedSrc, move)
           : args.elementBytes == 4 ? ofElement<std::uint32_t>(args, indexedSrc, move)
                                    : ofElement<std::uint64_t>(args, indexedSrc, move);
  }

private:
  using Nest = LoopNest<Arch, 3>;
  enum Operand { kSrc, kIndex, kDst };

  template <class T, class Run>
  static std::int64_t ofElement(const IndexedArgs &args, bool indexedSrc, Run move) {
    return args.indexBytes == 4 ? loops<T, std::int32_t>(args, indexedSrc, move)
                                : loops<T, std::int64_t>(args, indexedSrc, move);
  }

  template <class T, class Index, class Run>
  static TESSERA_INLINE std::int64_t loops(const IndexedArgs &args, bool indexedSrc, Run move) {
    const Nest nest(args.sizes, args.rank, {args.srcStrides, args.indexStrides, args.dstStrides},
                    1);
    const auto &last = nest.loop[nest.count - 1];
    const bool shared = last.stride[kIndex] == 0;
    const std::int64_t steps = shared ? 1 : last.size, length = shared ? last.size : 1;
    std::int64_t bad = 0;
    nest.walk(1, [&](const std::int64_t *at) {
      const T *from = static_cast<const T *>(args.src) + at[kSrc];
      const Index *indices = static_cast<const Index *>(args.indices) + at[kIndex];
      T *to = static_cast<T *>(args.dst) + at[kDst];
      for (std::int64_t i = 0; i < steps; ++i) {
        std::int64_t index = indices[i * last.stride[kIndex]];
        index += index < 0 ? args.axisSize : 0;
        const bool inside = index >= 0 && index < args.axisSize;
        bad += inside ? 0 : length;
        const std::int64_t offset = inside ? index * args.axisStride : 0;
        move(inside, from + i * last.stride[kSrc] + (indexedSrc ? offset : 0), last.stride[kSrc],
             to + i * last.stride[kDst] + (indexedSrc ? 0 : offset), last.stride[kDst], length);
      }
    });
    return bad;
  }
};

} // namespace tessera::kernels
