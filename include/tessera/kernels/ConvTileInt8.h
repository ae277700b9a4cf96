// The register tile of 8-bit convolution that reads the input where it lies: some output pixels by
// a panel of output channels.
#pragma once

#include "tessera/kernels/ConvRuns.h"
#include "tessera/kernels/TileInt8.h"

namespace tessera::kernels {

/// What the tiles of a block share.
template <class Arch> struct ConvPassInt8 {
  using Layout = Int8Layout<Arch>;
  const ConvRun<Arch> *runs; ///< inputs in bytes, rows of the filter in groups
  std::int64_t count;
  const std::int8_t *filter; ///< the first group of the panel
  std::int64_t column, columns;
  const Int8Epilogue *e;
  alignas(64) std::int32_t first[Layout::kPanel]; ///< what the sums begin with

  TESSERA_INLINE void next() {}
};

/// 8-bit tiles for ConvWalk. T: the type of the input, which is multiplied as it is; that of
/// prepared operands, or with VNNI signed bytes too.
template <class Arch, class T> struct ConvBytes {
  using In = T;
  using Out = char;
  using Pass = ConvPassInt8<Arch>;
  using S = SimdInt8<Arch>;
  using V = typename S::V;
  static constexpr int kVectors = Int8Shape<Arch>::kVectors;
  static constexpr int kRows = Int8Shape<Arch>::kRows;
  static constexpr int kNarrowRows = kRows + 2;

  /// out[r]: the pixel's first output channel of the group.
  template <int R, int Vs>
  static TESSERA_INLINE void tile(const Pass &pass, const T *const (&pixels)[R],
                                  char *const (&out)[R]) {
    using Tile = Int8Tile<Arch, R, Vs>;
    V acc[R][Vs];
    Tile::start(acc, pass.first);
    for (std::int64_t i = 0; i < pass.count; ++i)
      stretch<R, Vs>(acc, pixels, pass, pass.runs[i]);
    if (Tile::finishes(*pass.e)) {
      Tile::finish(acc, out, pass.column, pass.columns, *pass.e);
      return;
    }
    constexpr std::int64_t kPanel = Int8Layout<Arch>::kPanel;
    alignas(64) std::int32_t sums[R * kPanel];
    Tile::store(acc, sums, kPanel);
    const std::int32_t none = 0;
    for (int r = 0; r < R; ++r)
      Int8Finish<Arch>::run(sums + r * kPanel, &none, out[r], 0, 1, pass.column, pass.columns,
                            *pass.e);
  }

private:
  static TESSERA_INLINE typename S::Splat splat(const T *p) {
    if constexpr (sizeof(T) == 1)
      return S::splatInput(p);
    else
      return S::splatLeft(p);
  }

  template <int R, int Vs>
  static TESSERA_INLINE void stretch(V (&acc)[R][Vs], const T *const (&pixels)[R], const Pass &pass,
                                     const ConvRun<Arch> &run) {
    const T *x[R];
    TESSERA_UNROLL
    for (int r = 0; r < R; ++r)
      x[r] = pixels[r] + run.input;
    const std::int8_t *b = pass.filter + run.filter * Int8Layout<Arch>::kGroupBytes;
    const std::int64_t end = run.length * S::kGroup;
    for (std::int64_t q = 0; q < end; q += S::kGroup, b += Int8Layout<Arch>::kGroupBytes) {
      typename S::Right right[Vs];
      TESSERA_UNROLL
      for (int v = 0; v < Vs; ++v)
        right[v] = S::loadRight(b + v * S::kLanes * S::kGroup);
      TESSERA_UNROLL
      for (int r = 0; r < R; ++r) {
        const typename S::Splat left = splat(x[r] + q);
        TESSERA_UNROLL
        for (int v = 0; v < Vs; ++v)
          acc[r][v] = S::dot(acc[r][v], left, right[v]);
      }
    }
  }
};

} // namespace tessera::kernels
