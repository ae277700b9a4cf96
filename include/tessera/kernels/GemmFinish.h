// What happens to the sums of gemm.h once they are complete: bias, residual, activation.
#pragma once

#include "tessera/kernels/GemmArgs.h"
#include "tessera/kernels/gelu.h"
#include "tessera/kernels/gelu_tanh.h"
#include "tessera/kernels/relu.h"
#include "tessera/kernels/sigmoid.h"
#include "tessera/kernels/silu.h"
#include "tessera/kernels/tanh.h"

namespace tessera::kernels {

template <class Arch> struct GemmFinish {
  using S = Simd<Arch>;
  using F = typename S::F;

  /// Rows [i, i + rows) and columns [j, j + columns) of c, which hold the product.
  static void run(const GemmArgs &g, std::int64_t i, std::int64_t rows, std::int64_t j,
                  std::int64_t columns) {
    switch (g.activation) {
    case Activation::None:
      if (g.bias || g.residual)
        block(g, i, rows, j, columns, [](F x) { return x; });
      break;
    case Activation::Relu:
      block(g, i, rows, j, columns, [](F x) { return Relu<Arch>::step(x); });
      break;
    case Activation::Gelu:
      block(g, i, rows, j, columns, [](F x) { return Gelu<Arch>::step(x); });
      break;
    case Activation::GeluTanh:
      block(g, i, rows, j, columns, [](F x) { return GeluTanh<Arch>::step(x); });
      break;
    case Activation::Silu:
      block(g, i, rows, j, columns, [](F x) { return Silu<Arch>::step(x); });
      break;
    case Activation::Tanh:
      block(g, i, rows, j, columns, [](F x) { return Tanh<Arch>::step(x); });
      break;
    case Activation::Sigmoid:
      block(g, i, rows, j, columns, [](F x) { return Sigmoid<Arch>::step(x); });
      break;
    }
  }

private:
  template <class Step>
  static __attribute__((noinline)) void block(const GemmArgs &g, std::int64_t i, std::int64_t rows,
                                              std::int64_t j, std::int64_t columns, Step step) {
    for (std::int64_t r = i; r < i + rows; ++r)
      for (std::int64_t q = j; q < j + columns; q += S::kLanes) {
        const std::int64_t left = j + columns - q, count = left < S::kLanes ? left : S::kLanes;
        float *c = g.c + r * g.cRow + q;
        F x = S::loadPart(c, count);
        if (g.bias)
          x = x + S::loadPart(g.bias + q, count);
        if (g.residual)
          x = x + S::loadPart(g.residual + r * g.residualRow + q, count);
        S::storePart(c, step(x), count);
      }
  }
};

} // namespace tessera::kernels
