// The mma_fractal operator: matrix products of fractal operands held as f32 or f16.
#pragma once

#include "tessera/kernels/Half.h"
#include "tessera/kernels/fractal.h"

namespace tessera::kernels {

/// f32 operands, read in place.
template <class Arch> struct MmaFractalF32 : FractalMmaKernel<MmaFractalF32<Arch>, Arch, float> {
  static constexpr bool kWidens = false;

  static TESSERA_INLINE const float *widen(const float *block, float *, std::int64_t, std::int64_t,
                                           std::int64_t) {
    return block;
  }
  static TESSERA_INLINE const float *widenBlocks(const float *a, std::int64_t, float *,
                                                 std::int64_t, std::int64_t, std::int64_t) {
    return a;
  }
};

/// f16 operands, products and sums in f32.
template <class Arch>
struct MmaFractalF16 : FractalMmaKernel<MmaFractalF16<Arch>, Arch, std::uint16_t> {
  static constexpr bool kWidens = true;

  /// The first `rows` rows of a block [16][k0], `depths` valid elements each.
  static TESSERA_INLINE const float *widen(const std::uint16_t *block, float *wide,
                                           std::int64_t rows, std::int64_t k0,
                                           std::int64_t depths) {
    if (depths == k0) {
      Half<Arch>::widen(block, wide, rows * k0);
      return wide;
    }
    for (std::int64_t r = 0; r < rows; ++r)
      Half<Arch>::widen(block + r * k0, wide + r * k0, depths);
    return wide;
  }

  /// wide[block][16][k0] from the blocks of one row of blocks.
  static TESSERA_INLINE const float *widenBlocks(const std::uint16_t *a, std::int64_t aBlockK,
                                                 float *wide, std::int64_t rows, std::int64_t depth,
                                                 std::int64_t k0) {
    for (std::int64_t p = 0; p * k0 < depth; ++p)
      widen(a + p * aBlockK, wide + p * Fractal<Arch>::kRows * k0, rows, k0,
            depth - p * k0 < k0 ? depth - p * k0 : k0);
    return wide;
  }
};

} // namespace tessera::kernels
