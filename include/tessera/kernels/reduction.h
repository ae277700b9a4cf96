// The row reduction family: one number per row, by an operation given by the operator.
#pragma once

#include "tessera/kernels/Family.h"
#include "tessera/kernels/Simd.h"

namespace tessera::kernels {

/// What an operator gives to be reduced by: `kIdentity`, `F combine(F, F)`; and where they are not
/// the identity `F take(F)`, what is combined of an element, and `F finish(F, F count)`, what is
/// made of the combination of so many; `F join(F, F)` then combines two results.
template <class Kernel, class Arch> struct Reduction {
  using S = Simd<Arch>;
  using F = typename S::F;

  static TESSERA_INLINE F take(F x) {
    if constexpr (requires { Kernel::take(x); })
      return Kernel::take(x);
    else
      return x;
  }
  static TESSERA_INLINE F finish(F value, std::int64_t count) {
    const F n(static_cast<float>(count));
    if constexpr (requires { Kernel::finish(value, n); })
      return Kernel::finish(value, n);
    else
      return value;
  }
  static TESSERA_INLINE F join(F a, F b) {
    if constexpr (requires { Kernel::join(a, b); })
      return Kernel::join(a, b);
    else
      return Kernel::combine(a, b);
  }
};

/// Base of Kernel<Arch> with what Reduction says.
template <class Kernel, class Arch> struct RowReduceKernel {
  using S = Simd<Arch>;
  using F = typename S::F;
  using Op = Reduction<Kernel, Arch>;
  static constexpr Family kFamily = Family::RowReduce;

  /// out[r] = combine over c < cols of x[r * rowStride + c], for r < rows; strides in elements.
  /// With accumulate != 0 the value of out[r] is combined in as well. cols == 0 gives the identity.
  /// The order of combination depends on the lanes of the ISA and on cols, on nothing else.
  static void run(const float *x, std::int64_t rows, std::int64_t rowStride, std::int64_t cols,
                  float *out, std::int32_t accumulate) {
    for (std::int64_t r = 0; r < rows; ++r) {
      const float value = row(x + r * rowStride, cols);
      out[r] = accumulate ? S::first(Op::join(F(out[r]), F(value))) : value;
    }
  }

  /// The reduction of one row.
  static TESSERA_INLINE float row(const float *x, std::int64_t cols) {
    const F identity(Kernel::kIdentity);
    F acc[4] = {identity, identity, identity, identity};
    std::int64_t c = 0;
    for (; c + 4 * S::kLanes <= cols; c += 4 * S::kLanes) {
      TESSERA_UNROLL
      for (int i = 0; i < 4; ++i)
        acc[i] = Kernel::combine(acc[i], Op::take(S::load(x + c + i * S::kLanes)));
    }
    for (; c + S::kLanes <= cols; c += S::kLanes)
      acc[0] = Kernel::combine(acc[0], Op::take(S::load(x + c)));
    if (c < cols)
      acc[1] = S::blendPart(Kernel::combine(acc[1], Op::take(S::loadPart(x + c, cols - c))), acc[1],
                            cols - c);
    const F both =
        Kernel::combine(Kernel::combine(acc[0], acc[1]), Kernel::combine(acc[2], acc[3]));
    const float all = S::across(both, [](F a, F b) { return Kernel::combine(a, b); });
    return S::first(Op::finish(F(all), cols));
  }
};

/// Base of reductions that are sums.
template <class Kernel, class Arch> struct RowSumKernel : RowReduceKernel<Kernel, Arch> {
  using F = typename Simd<Arch>::F;
  static constexpr float kIdentity = 0.0f;

  static TESSERA_INLINE F combine(F a, F b) { return a + b; }
};

} // namespace tessera::kernels
