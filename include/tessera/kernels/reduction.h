// The row reduction family: one number per row, by an operation given by the operator.
#pragma once

#include "tessera/kernels/Family.h"
#include "tessera/kernels/Simd.h"

namespace tessera::kernels {

/// Base of Kernel<Arch> with `kIdentity`, `F combine(F, F)`, `float combine(float, float)` and
/// `float fold(F)`; and where they are not the identity, `take`, what is combined of an element,
/// and `finish`, what is made of the combination of so many; `join` then combines two results.
template <class Kernel, class Arch> struct RowReduceKernel {
  using S = Simd<Arch>;
  using F = typename S::F;
  static constexpr Family kFamily = Family::RowReduce;

  /// out[r] = combine over c < cols of x[r * rowStride + c], for r < rows; strides in elements.
  /// With accumulate != 0 the value of out[r] is combined in as well. cols == 0 gives the identity.
  /// The order of combination depends on the lanes of the ISA and on cols, on nothing else.
  static void run(const float *x, std::int64_t rows, std::int64_t rowStride, std::int64_t cols,
                  float *out, std::int32_t accumulate) {
    for (std::int64_t r = 0; r < rows; ++r) {
      const float value = row(x + r * rowStride, cols);
      out[r] = accumulate ? joined(out[r], value) : value;
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
        acc[i] = Kernel::combine(acc[i], taken(S::load(x + c + i * S::kLanes)));
    }
    for (; c + S::kLanes <= cols; c += S::kLanes)
      acc[0] = Kernel::combine(acc[0], taken(S::load(x + c)));
    float rest = Kernel::kIdentity;
    for (; c < cols; ++c)
      rest = Kernel::combine(rest, taken(x[c]));
    const F both =
        Kernel::combine(Kernel::combine(acc[0], acc[1]), Kernel::combine(acc[2], acc[3]));
    return finished(Kernel::combine(Kernel::fold(both), rest), cols);
  }

private:
  template <class X> static TESSERA_INLINE X taken(X x) {
    if constexpr (requires { Kernel::take(x); })
      return Kernel::take(x);
    else
      return x;
  }
  static TESSERA_INLINE float finished(float value, std::int64_t cols) {
    if constexpr (requires { Kernel::finish(value, cols); })
      return Kernel::finish(value, cols);
    else
      return value;
  }
  static TESSERA_INLINE float joined(float a, float b) {
    if constexpr (requires { Kernel::join(a, b); })
      return Kernel::join(a, b);
    else
      return Kernel::combine(a, b);
  }
};

} // namespace tessera::kernels
