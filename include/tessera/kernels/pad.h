// Padding of tensors of any rank up to eight, by a value or by what is there.
#pragma once

#include "tessera/kernels/PadArgs.h"
#include "tessera/kernels/movement.h"

namespace tessera::kernels {

template <class Arch> struct Pad {
  static constexpr Family kFamily = Family::Pad;
  static constexpr std::int64_t kMaxRank = 8;

  /// As PadArgs says. Rows of dst are written in order, each element once.
  static void run(const PadArgs &args) {
    args.elementBytes == 1   ? pad<std::uint8_t>(args)
    : args.elementBytes == 2 ? pad<std::uint16_t>(args)
    : args.elementBytes == 4 ? pad<std::uint32_t>(args)
                             : pad<std::uint64_t>(args);
  }

private:
  struct Dim {
    std::int64_t size, before, after, src, dst;
    TESSERA_INLINE std::int64_t all() const { return before + size + after; }
  };

  /// The dimensions, those joined that are padded as one; -1 when dst has no element.
  static TESSERA_INLINE std::int64_t simplified(const PadArgs &args, Dim *dims) {
    std::int64_t count = 0;
    for (std::int64_t d = 0; d < args.rank; ++d) {
      const Dim next = {args.sizes[d], args.before[d], args.after[d], args.srcStrides[d],
                        args.dstStrides[d]};
      if (next.all() <= 0)
        return -1;
      const Dim outer = count > 0 ? dims[count - 1] : Dim{};
      // Only a value is the same for every element of an index outside.
      const bool alike = args.mode == PadMode::Constant || (outer.before == 0 && outer.after == 0);
      if (count > 0 && alike && next.before == 0 && next.after == 0 &&
          outer.src == next.src * next.size && outer.dst == next.dst * next.size)
        dims[count - 1] = {outer.size * next.size, outer.before * next.size,
                           outer.after * next.size, next.src, next.dst};
      else
        dims[count++] = next;
    }
    if (count == 0)
      dims[count++] = {1, 0, 0, 1, 1};
    return count;
  }

  /// Where in src index `at` of dst comes from; -1 for the value.
  static TESSERA_INLINE std::int64_t source(const Dim &dim, PadMode mode, std::int64_t at) {
    const std::int64_t i = at - dim.before;
    if (i >= 0 && i < dim.size)
      return i;
    if (dim.size == 0 || mode == PadMode::Constant)
      return -1;
    if (mode == PadMode::Edge)
      return i < 0 ? 0 : dim.size - 1;
    // Reflection has the ends once in each period.
    const std::int64_t period = mode == PadMode::Wrap ? dim.size : 2 * (dim.size - 1);
    if (period == 0)
      return 0;
    const std::int64_t rest = (i % period + period) % period;
    return rest < dim.size ? rest : period - rest;
  }

  template <class T> static void pad(const PadArgs &args) {
    Dim dims[kMaxRank + 1];
    const std::int64_t count = simplified(args, dims);
    T value;
    __builtin_memcpy(&value, args.value, sizeof(T));
    std::int64_t index[kMaxRank + 1] = {};
    for (bool more = count > 0; more;) {
      std::int64_t from = 0, to = 0;
      bool outside = false;
      for (std::int64_t d = 0; d + 1 < count; ++d) {
        const std::int64_t at = source(dims[d], args.mode, index[d]);
        outside |= at < 0;
        from += (at < 0 ? 0 : at) * dims[d].src;
        to += index[d] * dims[d].dst;
      }
      row(static_cast<const T *>(args.src) + from, static_cast<T *>(args.dst) + to, dims[count - 1],
          args.mode, outside, value);
      more = false;
      for (std::int64_t d = count - 2; d >= 0 && !more; --d) {
        more = ++index[d] < dims[d].all();
        if (!more)
          index[d] = 0;
      }
    }
  }

  template <class T>
  static TESSERA_INLINE void row(const T *src, T *dst, const Dim &dim, PadMode mode, bool outside,
                                 T value) {
    const std::int64_t all = dim.all();
    if (outside) {
      for (std::int64_t i = 0; i < all; ++i)
        dst[i * dim.dst] = value;
      return;
    }
    const std::int64_t first = dim.before < 0 ? 0 : dim.before < all ? dim.before : all;
    const std::int64_t end = dim.before + dim.size, last = end < first ? first
                                                           : end < all ? end
                                                                       : all;
    for (std::int64_t i = 0; i < first; ++i)
      single(src, dst, dim, mode, i, value);
    Move<Arch>::strided(src + (first - dim.before) * dim.src, dim.src, dst + first * dim.dst,
                        dim.dst, last - first);
    for (std::int64_t i = last; i < all; ++i)
      single(src, dst, dim, mode, i, value);
  }

  template <class T>
  static TESSERA_INLINE void single(const T *src, T *dst, const Dim &dim, PadMode mode,
                                    std::int64_t i, T value) {
    const std::int64_t at = source(dim, mode, i);
    dst[i * dim.dst] = at < 0 ? value : src[at * dim.src];
  }
};

} // namespace tessera::kernels
