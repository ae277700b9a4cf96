// Binary operators on tensors of any rank, with any dimension of an operand repeated.
#pragma once

#include "tessera/kernels/LoopNest.h"
#include "tessera/kernels/movement.h"

namespace tessera::kernels {

/// Runs a kernel of two arrays, with results of type T, over tensors.
template <class Arch, class T, class Fn> struct BroadcastKernel {
  /// y[i] = op(a[i], b[i]) for all indices i_d < sizes[d], d < rank <= 8, each operand at the sum
  /// of i_d times its strides, in elements; a stride of 0 repeats. op is a kernel's `run`. y has a
  /// stride for every dimension of a size above 1; it is a or b with equal strides, where op allows
  /// that, or overlaps neither. Operands that are not contiguous over some dimensions are copied
  /// to 4 KiB each of stack.
  static void run(Fn *op, const float *a, const std::int64_t *aStrides, const float *b,
                  const std::int64_t *bStrides, T *y, const std::int64_t *yStrides,
                  const std::int64_t *sizes, std::int64_t rank) {
    Nest nest(sizes, rank, {aStrides, bStrides, yStrides}, 2);
    nest.toEnd([](const Loop &l) { return l.stride[kY] == 1; });
    const Loop &rows = nest.loop[nest.count - 2], &cols = nest.loop[nest.count - 1];
    nest.walk(2, [&](const std::int64_t *at) {
      // Rows too short for a call each go together.
      const std::int64_t step = cols.size < kBlock / 8 ? kBlock / cols.size : 1;
      for (std::int64_t r = 0; r < rows.size; r += step) {
        const std::int64_t count = rows.size - r < step ? rows.size - r : step;
        const std::int64_t from[3] = {at[kA] + r * rows.stride[kA], at[kB] + r * rows.stride[kB],
                                      at[kY] + r * rows.stride[kY]};
        block(op, a + from[kA], b + from[kB], y + from[kY], rows, cols, count);
      }
    });
  }

private:
  using Nest = LoopNest<Arch, 3>;
  using Loop = typename Nest::Loop;
  enum Operand { kA, kB, kY };
  /// Elements of a block: three of them lie in L1 beside what is copied into them.
  static constexpr std::int64_t kBlock = 1024;

  /// `count` rows, of which there is only one unless they fit a block.
  static TESSERA_INLINE void block(Fn *op, const float *a, const float *b, T *y, const Loop &rows,
                                   const Loop &cols, std::int64_t count) {
    const bool direct = flat(rows, cols, kY, count);
    // A single row is taken whole where nothing has to be copied.
    const bool whole =
        count > 1 || (direct && steps(rows, cols, kA, 1) >= 0 && steps(rows, cols, kB, 1) >= 0);
    const std::int64_t step = whole ? cols.size : kBlock;
    alignas(64) float as[kBlock], bs[kBlock];
    alignas(64) T ys[kBlock];
    for (std::int64_t c = 0; c < cols.size; c += step) {
      const std::int64_t width = cols.size - c < step ? cols.size - c : step;
      const std::int64_t aStep = steps(rows, cols, kA, count);
      const std::int64_t bStep = steps(rows, cols, kB, count);
      const float *x = a + c * cols.stride[kA], *z = b + c * cols.stride[kB];
      T *to = y + c * cols.stride[kY];
      for (std::int64_t r = 0; r < count; ++r) {
        if (aStep < 0)
          Move<Arch>::strided(x + r * rows.stride[kA], cols.stride[kA], as + r * width, 1, width);
        if (bStep < 0)
          Move<Arch>::strided(z + r * rows.stride[kB], cols.stride[kB], bs + r * width, 1, width);
      }
      op(aStep < 0 ? as : x, aStep < 0 ? 1 : aStep, bStep < 0 ? bs : z, bStep < 0 ? 1 : bStep,
         direct ? to : ys, count * width);
      for (std::int64_t r = 0; r < count && !direct; ++r)
        Move<Arch>::strided(ys + r * width, 1, to + r * rows.stride[kY], cols.stride[kY], width);
    }
  }

  /// Whether so many rows of an operand are one array.
  static TESSERA_INLINE bool flat(const Loop &rows, const Loop &cols, Operand o,
                                  std::int64_t count) {
    return (cols.stride[o] == 1 || cols.size == 1) && (count == 1 || rows.stride[o] == cols.size);
  }
  /// The stride at which a kernel can read them, 0 or 1; -1 where they have to be copied.
  static TESSERA_INLINE std::int64_t steps(const Loop &rows, const Loop &cols, Operand o,
                                           std::int64_t count) {
    if (cols.stride[o] == 0 && (count == 1 || rows.stride[o] == 0))
      return 0;
    return flat(rows, cols, o, count) ? 1 : -1;
  }
};

template <class Arch> struct Broadcast : BroadcastKernel<Arch, float, BinaryFn> {
  static constexpr Family kFamily = Family::Broadcast;
};
template <class Arch> struct BroadcastCompare : BroadcastKernel<Arch, std::uint8_t, CompareFn> {
  static constexpr Family kFamily = Family::BroadcastCompare;
};

} // namespace tessera::kernels
