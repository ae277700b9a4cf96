// Packing of a signed 8-bit right operand into the panels that matmul_int8.h reads.
#pragma once

#include "tessera/kernels/Family.h"
#include "tessera/kernels/TileInt8.h"

namespace tessera::kernels {

template <class Arch> struct PackRhsInt8 {
  static constexpr Family kFamily = Family::PackRhsInt8;
  using Layout = Int8Layout<Arch>;
  using S = SimdInt8<Arch>;

  /// Packs b[p * kStride + j * nStride] (strides in elements) and returns the bytes that takes;
  /// with dst null it only returns them. The layout is this instruction set's own. dst does not
  /// overlap b.
  static std::int64_t run(const std::int8_t *b, std::int64_t kStride, std::int64_t nStride,
                          void *dst, std::int64_t k, std::int64_t n) {
    const std::int64_t panels = (n + Layout::kPanel - 1) / Layout::kPanel;
    auto *out = static_cast<std::int8_t *>(dst);
    if (out)
      for (std::int64_t j = 0; j < n; j += Layout::kPanel, out += Layout::panelBytes(k))
        panel(b + j * nStride, kStride, nStride, out, k,
              n - j < Layout::kPanel ? n - j : Layout::kPanel);
    return panels * Layout::panelBytes(k);
  }

private:
  static void panel(const std::int8_t *b, std::int64_t kStride, std::int64_t nStride,
                    std::int8_t *dst, std::int64_t k, std::int64_t columns) {
    std::int32_t sums[Layout::kPanel] = {};
    std::int8_t *out = dst + Layout::kSumBytes;
    for (std::int64_t p = 0; p < k; p += S::kGroup, out += Layout::kGroupBytes) {
      const std::int64_t depths = k - p < S::kGroup ? k - p : S::kGroup;
      if (depths < S::kGroup || columns < Layout::kPanel)
        __builtin_memset(out, 0, static_cast<std::size_t>(Layout::kGroupBytes));
      for (std::int64_t d = 0; d < depths; ++d) {
        const std::int8_t *row = b + (p + d) * kStride;
        for (std::int64_t j = 0; j < columns; ++j) {
          const std::int8_t x = row[j * nStride];
          out[j * S::kGroup + d] = x;
          sums[j] += x;
        }
      }
    }
    __builtin_memcpy(dst, sums, sizeof sums);
  }
};

} // namespace tessera::kernels
