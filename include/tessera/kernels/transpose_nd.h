// Transposition of tensors of any rank up to eight, with elements of 1, 2, 4 or 8 bytes.
#pragma once

#include "tessera/kernels/LoopNest.h"
#include "tessera/kernels/transpose2d.h"

namespace tessera::kernels {

template <class Arch> struct TransposeNd {
  static constexpr Family kFamily = Family::CopyNd;

  /// dst at the sum of i_d * dstStrides[d] = src at the sum of i_d * srcStrides[d], for all indices
  /// i_d < sizes[d], d < rank <= 8; strides in elements of elementBytes (1, 2, 4 or 8). Covers
  /// transposition, slices, broadcasts (source strides of 0) and concatenation as copies into parts
  /// of dst. dst does not overlap src. Fast where some dimension is contiguous in both, or elements
  /// have 4 bytes and each side has a contiguous dimension.
  static void run(const void *src, const std::int64_t *srcStrides, void *dst,
                  const std::int64_t *dstStrides, const std::int64_t *sizes, std::int64_t rank,
                  std::int64_t elementBytes) {
    Nest nest(sizes, rank, {srcStrides, dstStrides}, 2);
    // The dimension in which dst is contiguous goes last, and one in which src is before it.
    nest.toEnd([](const Loop &l) { return l.stride[kSrc] == 1; });
    nest.toEnd([](const Loop &l) { return l.stride[kDst] == 1; });
    nest.walk(2, [&](const std::int64_t *at) {
      plane(static_cast<const char *>(src) + at[kSrc] * elementBytes,
            static_cast<char *>(dst) + at[kDst] * elementBytes, nest.loop[nest.count - 2],
            nest.loop[nest.count - 1], elementBytes);
    });
  }

private:
  using Nest = LoopNest<Arch, 2>;
  using Loop = typename Nest::Loop;
  enum Operand { kSrc, kDst };

  static TESSERA_INLINE void plane(const char *src, char *dst, const Loop &rows, const Loop &cols,
                                   std::int64_t bytes) {
    if (cols.stride[kSrc] == 1 && cols.stride[kDst] == 1) {
      for (std::int64_t r = 0; r < rows.size; ++r)
        __builtin_memcpy(dst + r * rows.stride[kDst] * bytes, src + r * rows.stride[kSrc] * bytes,
                         static_cast<std::size_t>(cols.size * bytes));
      return;
    }
    if (bytes == 4 && cols.stride[kDst] == 1 && rows.stride[kSrc] == 1 && rows.size > 1) {
      Transpose2d<Arch>::run(src, cols.stride[kSrc], dst, rows.stride[kDst], cols.size, rows.size);
      return;
    }
    bytes == 1   ? elements<std::uint8_t>(src, dst, rows, cols)
    : bytes == 2 ? elements<std::uint16_t>(src, dst, rows, cols)
    : bytes == 4 ? elements<std::uint32_t>(src, dst, rows, cols)
                 : elements<std::uint64_t>(src, dst, rows, cols);
  }

  template <class T>
  static void elements(const char *src, char *dst, const Loop &rows, const Loop &cols) {
    const T *from = reinterpret_cast<const T *>(src);
    T *to = reinterpret_cast<T *>(dst);
    for (std::int64_t r = 0; r < rows.size; ++r)
      for (std::int64_t c = 0; c < cols.size; ++c)
        to[r * rows.stride[kDst] + c * cols.stride[kDst]] =
            from[r * rows.stride[kSrc] + c * cols.stride[kSrc]];
  }
};

} // namespace tessera::kernels
