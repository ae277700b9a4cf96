// The elementwise half of an LSTM step, after the products.
#pragma once

#include "tessera/kernels/sigmoid.h"
#include "tessera/kernels/tanh.h"

namespace tessera::kernels {

template <class Arch> struct LstmCell {
  static constexpr Family kFamily = Family::LstmCell;
  using S = Simd<Arch>;
  using F = typename S::F;

  /// With gates[rows, 4 size] the sums of products and biases, in the order input, output, forget,
  /// cell (ONNX's iofc): c' = sigmoid(f) c + sigmoid(i) tanh(g), h' = sigmoid(o) tanh(c'). cell and
  /// next have rows x size elements and may be the same; so has hidden. Strides in elements. Each
  /// function has 4 ulp.
  static void run(const float *gates, std::int64_t gatesRow, const float *cell,
                  std::int64_t cellRow, float *next, std::int64_t nextRow, float *hidden,
                  std::int64_t hiddenRow, std::int64_t rows, std::int64_t size) {
    for (std::int64_t r = 0; r < rows; ++r)
      for (std::int64_t i = 0; i < size; i += S::kLanes) {
        const std::int64_t count = size - i < S::kLanes ? size - i : S::kLanes;
        const float *g = gates + r * gatesRow + i;
        const F in = Sigmoid<Arch>::step(S::loadPart(g, count));
        const F out = Sigmoid<Arch>::step(S::loadPart(g + size, count));
        const F keep = Sigmoid<Arch>::step(S::loadPart(g + 2 * size, count));
        const F fresh = Tanh<Arch>::step(S::loadPart(g + 3 * size, count));
        const F c = S::fma(keep, S::loadPart(cell + r * cellRow + i, count), in * fresh);
        S::storePart(next + r * nextRow + i, c, count);
        S::storePart(hidden + r * hiddenRow + i, out * Tanh<Arch>::step(c), count);
      }
  }
};

} // namespace tessera::kernels
