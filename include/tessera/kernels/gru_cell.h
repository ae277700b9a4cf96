// The elementwise half of a GRU step, after the products.
#pragma once

#include "tessera/kernels/sigmoid.h"
#include "tessera/kernels/tanh.h"

namespace tessera::kernels {

template <class Arch> struct GruCell {
  static constexpr Family kFamily = Family::GruCell;
  using S = Simd<Arch>;
  using F = typename S::F;

  /// With input[rows, 3 size] the products of the input and recurrent[rows, 3 size] those of the
  /// state, biases included, in the order update z, reset r, candidate n (ONNX's zrh with
  /// linear_before_reset): z = sigmoid(zi + zr), r = sigmoid(ri + rr), n = tanh(ni + r nr),
  /// next = (1 - z) n + z state. next may be state. Strides in elements. Each function has 4 ulp.
  static void run(const float *input, std::int64_t inputRow, const float *recurrent,
                  std::int64_t recurrentRow, const float *state, std::int64_t stateRow, float *next,
                  std::int64_t nextRow, std::int64_t rows, std::int64_t size) {
    for (std::int64_t r = 0; r < rows; ++r)
      for (std::int64_t i = 0; i < size; i += S::kLanes) {
        const std::int64_t count = size - i < S::kLanes ? size - i : S::kLanes;
        const float *a = input + r * inputRow + i, *b = recurrent + r * recurrentRow + i;
        const F z = Sigmoid<Arch>::step(S::loadPart(a, count) + S::loadPart(b, count));
        const F reset =
            Sigmoid<Arch>::step(S::loadPart(a + size, count) + S::loadPart(b + size, count));
        const F n = Tanh<Arch>::step(
            S::fma(reset, S::loadPart(b + 2 * size, count), S::loadPart(a + 2 * size, count)));
        const F old = S::loadPart(state + r * stateRow + i, count);
        S::storePart(next + r * nextRow + i, S::fma(z, old - n, n), count);
      }
  }
};

} // namespace tessera::kernels
