// Copies of rows picked by an index, as in embedding lookups.
#pragma once

#include "tessera/kernels/movement.h"

namespace tessera::kernels {

template <class Arch> struct GatherRows {
  static constexpr Family kFamily = Family::GatherRows;

  /// dst row i = src row indices[i] for i < count; rows of `rowBytes` bytes at distances of
  /// srcRowBytes and dstRowBytes. Indices are signed integers of indexBytes (4 or 8) bytes; a
  /// negative one counts from the end. An index outside [-srcRows, srcRows) gives a row of zeros.
  /// Returns how many of those there were.
  static std::int64_t run(const void *src, std::int64_t srcRowBytes, std::int64_t srcRows,
                          const void *indices, std::int32_t indexBytes, std::int64_t count,
                          void *dst, std::int64_t dstRowBytes, std::int64_t rowBytes) {
    std::int64_t bad = 0;
    for (std::int64_t i = 0; i < count; ++i) {
      std::int64_t index = indexBytes == 4 ? static_cast<const std::int32_t *>(indices)[i]
                                           : static_cast<const std::int64_t *>(indices)[i];
      index += index < 0 ? srcRows : 0;
      char *to = static_cast<char *>(dst) + i * dstRowBytes;
      if (index < 0 || index >= srcRows) {
        __builtin_memset(to, 0, static_cast<std::size_t>(rowBytes));
        ++bad;
        continue;
      }
      __builtin_memcpy(to, static_cast<const char *>(src) + index * srcRowBytes,
                       static_cast<std::size_t>(rowBytes));
    }
    return bad;
  }
};

} // namespace tessera::kernels
