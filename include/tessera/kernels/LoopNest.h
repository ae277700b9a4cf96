// Loops over tensors of any rank up to eight whose elements lie at strides: how few there need to
// be, and all but the innermost of them.
#pragma once

#include "tessera/kernels/Family.h"
#include "tessera/kernels/Simd.h"

namespace tessera::kernels {

/// The loops over the indices i_d < sizes[d] of so many operands, each of which has its element at
/// the sum of i_d * strides[operand][d].
template <class Arch, int Operands> struct LoopNest {
  static constexpr std::int64_t kMaxRank = 8;
  struct Loop {
    std::int64_t size, stride[Operands];
  };
  /// Outermost first.
  Loop loop[kMaxRank + 2];
  std::int64_t count = 0;
  bool empty = false; ///< some size is not positive

  /// Without the loops of size 1, and with neighbours that are one loop for every operand joined;
  /// at least `least` <= 2 of them. The order of the elements is that of the sizes.
  TESSERA_INLINE LoopNest(const std::int64_t *sizes, std::int64_t rank,
                          const std::int64_t *const (&strides)[Operands], std::int64_t least) {
    for (std::int64_t d = 0; d < rank; ++d) {
      empty |= sizes[d] <= 0;
      if (sizes[d] == 1)
        continue;
      Loop next;
      next.size = sizes[d];
      for (int o = 0; o < Operands; ++o)
        next.stride[o] = strides[o][d];
      if (count > 0 && continues(loop[count - 1], next))
        next.size *= loop[--count].size;
      loop[count++] = next;
    }
    while (count < least) {
      for (std::int64_t d = count++; d > 0; --d)
        loop[d] = loop[d - 1];
      loop[0] = {1, {}};
    }
  }

  /// Makes the innermost of the loops that `wanted` holds for the innermost of all.
  template <class Wanted> TESSERA_INLINE void toEnd(Wanted wanted) {
    for (std::int64_t d = count - 1; d >= 0; --d)
      if (loop[d].size > 1 && wanted(loop[d])) {
        const Loop found = loop[d];
        for (; d + 1 < count; ++d)
          loop[d] = loop[d + 1];
        loop[count - 1] = found;
        return;
      }
  }

  /// Runs all loops but the last `inner`, like an odometer; the body gets the operands' offsets.
  template <class Body> TESSERA_INLINE void walk(std::int64_t inner, Body body) const {
    std::int64_t index[kMaxRank + 2] = {}, at[Operands] = {};
    for (bool more = !empty; more;) {
      body(at);
      more = false;
      for (std::int64_t d = count - inner - 1; d >= 0 && !more; --d) {
        more = ++index[d] < loop[d].size;
        for (int o = 0; o < Operands; ++o)
          at[o] += loop[d].stride[o] * (more ? 1 : 1 - loop[d].size);
        if (!more)
          index[d] = 0;
      }
    }
  }

private:
  static TESSERA_INLINE bool continues(const Loop &outer, const Loop &inner) {
    for (int o = 0; o < Operands; ++o)
      if (outer.stride[o] != inner.stride[o] * inner.size)
        return false;
    return true;
  }
};

} // namespace tessera::kernels
