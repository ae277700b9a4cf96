// Packing of a right operand into the panels that mma.h reads.
#pragma once

#include "tessera/kernels/Family.h"
#include "tessera/kernels/transpose2d.h"

namespace tessera::kernels {

template <class Arch> struct PackRhs {
  static constexpr Family kFamily = Family::PackRhs;
  using S = Simd<Arch>;
  using F = typename S::F;

  /// dst[ceil(n / panel)][k][panel] from b[p * kStride + j * nStride], strides in elements; columns
  /// from n on are zero. One stride being 1 makes it fast. dst does not overlap b.
  static void run(const float *b, std::int64_t kStride, std::int64_t nStride, float *dst,
                  std::int64_t k, std::int64_t n, std::int64_t panel) {
    for (std::int64_t j = 0; j < n; j += panel, dst += k * panel) {
      const std::int64_t columns = n - j < panel ? n - j : panel;
      onePanel(b + j * nStride, kStride, nStride, dst, k, columns, panel);
    }
  }

  /// One panel of `columns` valid columns.
  static void onePanel(const float *b, std::int64_t kStride, std::int64_t nStride, float *dst,
                       std::int64_t k, std::int64_t columns, std::int64_t panel) {
    if (nStride == 1) {
      for (std::int64_t p = 0; p < k; ++p)
        row(b + p * kStride, dst + p * panel, columns, panel);
      return;
    }
    if (columns < panel)
      for (std::int64_t p = 0; p < k; ++p)
        for (std::int64_t j = columns; j < panel; ++j)
          dst[p * panel + j] = 0.0f;
    if (kStride == 1) {
      Transpose2d<Arch>::inCaches(b, nStride, dst, panel, columns, k);
      return;
    }
    for (std::int64_t p = 0; p < k; ++p)
      for (std::int64_t j = 0; j < columns; ++j)
        dst[p * panel + j] = b[p * kStride + j * nStride];
  }

private:
  static TESSERA_INLINE void row(const float *b, float *dst, std::int64_t columns,
                                 std::int64_t panel) {
    std::int64_t j = 0;
    for (; j + S::kLanes <= columns; j += S::kLanes)
      S::store(dst + j, S::load(b + j));
    if (j < columns) {
      const F part = S::loadPart(b + j, columns - j);
      if (j + S::kLanes <= panel)
        S::store(dst + j, part);
      else
        S::storePart(dst + j, part, panel - j);
      j += S::kLanes;
    }
    for (; j < panel; ++j)
      dst[j] = 0.0f;
  }
};

} // namespace tessera::kernels
