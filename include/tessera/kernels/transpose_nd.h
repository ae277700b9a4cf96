// Transposition of tensors of any rank up to eight, with elements of 1, 2, 4 or 8 bytes.
#pragma once

#include "tessera/kernels/transpose2d.h"

namespace tessera::kernels {

template <class Arch> struct TransposeNd {
  static constexpr Family kFamily = Family::CopyNd;
  static constexpr std::int64_t kMaxRank = 8;

  /// dst at the sum of i_d * dstStrides[d] = src at the sum of i_d * srcStrides[d], for all indices
  /// i_d < sizes[d], d < rank <= 8; strides in elements of elementBytes (1, 2, 4 or 8). Covers
  /// transposition, slices, broadcasts (source strides of 0), concatenation and padding as a copy
  /// into a part of dst. dst does not overlap src. Fast where some dimension is contiguous in both,
  /// or elements have 4 bytes and each side has a contiguous dimension.
  static void run(const void *src, const std::int64_t *srcStrides, void *dst,
                  const std::int64_t *dstStrides, const std::int64_t *sizes, std::int64_t rank,
                  std::int64_t elementBytes) {
    Loop loop[kMaxRank + 2];
    std::int64_t count = simplified(srcStrides, dstStrides, sizes, rank, loop);
    if (count < 0)
      return;
    while (count < 2) // so that the inner kernels have two dimensions
      loop[count++] = {1, 0, 0};
    // The dimension in which dst is contiguous goes last, and one in which src is before it.
    toEnd(loop, count, [](const Loop &l) { return l.src == 1; });
    toEnd(loop, count, [](const Loop &l) { return l.dst == 1; });
    walk(static_cast<const char *>(src), static_cast<char *>(dst), loop, count, elementBytes);
  }

private:
  struct Loop {
    std::int64_t size, src, dst;
  };

  /// The loops without those of size 1, neighbours that are one dimension joined; -1 for no
  /// element.
  static TESSERA_INLINE std::int64_t simplified(const std::int64_t *src, const std::int64_t *dst,
                                                const std::int64_t *sizes, std::int64_t rank,
                                                Loop *loop) {
    std::int64_t count = 0;
    for (std::int64_t d = 0; d < rank; ++d) {
      if (sizes[d] <= 0)
        return -1;
      if (sizes[d] == 1)
        continue;
      if (count > 0 && loop[count - 1].src == src[d] * sizes[d] &&
          loop[count - 1].dst == dst[d] * sizes[d])
        loop[count - 1] = {loop[count - 1].size * sizes[d], src[d], dst[d]};
      else
        loop[count++] = {sizes[d], src[d], dst[d]};
    }
    return count;
  }

  template <class Wanted>
  static TESSERA_INLINE void toEnd(Loop *loop, std::int64_t count, Wanted wanted) {
    for (std::int64_t d = count - 1; d >= 0; --d)
      if (loop[d].size > 1 && wanted(loop[d])) {
        const Loop found = loop[d];
        for (; d + 1 < count; ++d)
          loop[d] = loop[d + 1];
        loop[count - 1] = found;
        return;
      }
  }

  /// All loops but the last two, counted like an odometer.
  static void walk(const char *src, char *dst, const Loop *loop, std::int64_t count,
                   std::int64_t bytes) {
    const Loop &rows = loop[count - 2], &cols = loop[count - 1];
    std::int64_t index[kMaxRank + 2] = {};
    for (;;) {
      plane(src, dst, rows, cols, bytes);
      std::int64_t d = count - 3;
      for (; d >= 0; --d) {
        src += loop[d].src * bytes;
        dst += loop[d].dst * bytes;
        if (++index[d] < loop[d].size)
          break;
        src -= loop[d].src * bytes * loop[d].size;
        dst -= loop[d].dst * bytes * loop[d].size;
        index[d] = 0;
      }
      if (d < 0)
        return;
    }
  }

  static TESSERA_INLINE void plane(const char *src, char *dst, const Loop &rows, const Loop &cols,
                                   std::int64_t bytes) {
    if (cols.src == 1 && cols.dst == 1) {
      for (std::int64_t r = 0; r < rows.size; ++r)
        __builtin_memcpy(dst + r * rows.dst * bytes, src + r * rows.src * bytes,
                         static_cast<std::size_t>(cols.size * bytes));
      return;
    }
    if (bytes == 4 && cols.dst == 1 && rows.src == 1 && rows.size > 1) {
      Transpose2d<Arch>::run(src, cols.src, dst, rows.dst, cols.size, rows.size);
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
        to[r * rows.dst + c * cols.dst] = from[r * rows.src + c * cols.src];
  }
};

} // namespace tessera::kernels
