// The mma_fractal operator: matrix products of fractal operands held as f32, f16, bf16 or signed
// bytes.
#pragma once

#include "tessera/kernels/FractalInt8.h"
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

/// Operands of 16 bits, which `Storage<Arch>::widen` brings to f32; products and sums in f32.
template <class Arch, template <class> class Storage>
struct MmaFractalNarrow : FractalMmaKernel<MmaFractalNarrow<Arch, Storage>, Arch, std::uint16_t> {
  static constexpr bool kWidens = true;

  /// The first `rows` rows of a block [16][k0], `depths` valid elements each.
  static TESSERA_INLINE const float *widen(const std::uint16_t *block, float *wide,
                                           std::int64_t rows, std::int64_t k0,
                                           std::int64_t depths) {
    if (depths == k0) {
      Storage<Arch>::widen(block, wide, rows * k0);
      return wide;
    }
    for (std::int64_t r = 0; r < rows; ++r)
      Storage<Arch>::widen(block + r * k0, wide + r * k0, depths);
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

template <class Arch> using MmaFractalF16 = MmaFractalNarrow<Arch, Half>;
template <class Arch> using MmaFractalBf16 = MmaFractalNarrow<Arch, BrainHalf>;

} // namespace tessera::kernels
