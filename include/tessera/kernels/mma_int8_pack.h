// Packing of a signed 8-bit right operand into the panels that mma_int8.h reads.
#pragma once

#include "tessera/kernels/Family.h"

namespace tessera::kernels {

template <class Arch> struct MmaInt8Pack {
  static constexpr Family kFamily = Family::MmaInt8Pack;

  /// dst[ceil(n / panel)][ceil(k / group)][panel][group] from b[p * kStride + j * nStride], strides
  /// in elements; zero behind the last depth and column. dst does not overlap b.
  static void run(const std::int8_t *b, std::int64_t kStride, std::int64_t nStride,
                  std::int8_t *dst, std::int64_t k, std::int64_t n, std::int64_t panel,
                  std::int64_t group) {
    const std::int64_t groups = (k + group - 1) / group;
    for (std::int64_t j = 0; j < n; j += panel, b += panel * nStride) {
      const std::int64_t columns = n - j < panel ? n - j : panel;
      for (std::int64_t p = 0; p < groups * group; p += group, dst += panel * group) {
        if (group == 4 && p + 4 <= k && nStride == 1 && columns == panel)
          four(b + p * kStride, kStride, dst, panel);
        else
          any(b + p * kStride, kStride, nStride, dst, k - p < group ? k - p : group, columns, panel,
              group);
      }
    }
  }

private:
  /// A loop that compilers turn into shuffles of whole vectors.
  static void four(const std::int8_t *b, std::int64_t kStride, std::int8_t *dst,
                   std::int64_t panel) {
    const std::int8_t *b1 = b + kStride, *b2 = b1 + kStride, *b3 = b2 + kStride;
    for (std::int64_t j = 0; j < panel; ++j) {
      dst[4 * j] = b[j];
      dst[4 * j + 1] = b1[j];
      dst[4 * j + 2] = b2[j];
      dst[4 * j + 3] = b3[j];
    }
  }

  static void any(const std::int8_t *b, std::int64_t kStride, std::int64_t nStride,
                  std::int8_t *dst, std::int64_t depths, std::int64_t columns, std::int64_t panel,
                  std::int64_t group) {
    for (std::int64_t j = 0; j < panel; ++j)
      for (std::int64_t d = 0; d < group; ++d)
        dst[j * group + d] =
            j < columns && d < depths ? b[d * kStride + j * nStride] : std::int8_t(0);
  }
};

} // namespace tessera::kernels
