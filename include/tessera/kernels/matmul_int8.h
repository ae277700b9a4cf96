// Multiplication of 8-bit integers with a packed right operand, exact, and requantisation.
#pragma once

#include "tessera/kernels/Family.h"
#include "tessera/kernels/ProductInt8.h"

namespace tessera::kernels {

/// T: the type of the left operand.
template <class Arch, class T> struct MatmulInt8 {
  static constexpr Family kFamily = Family::MatmulInt8;
  /// c[i * cRow + j] from a[i * aRow + p] and b as pack_rhs_int8 of the same instruction set leaves
  /// it, strides in elements; Int8.h says what c is. c overlaps neither a nor b nor what the
  /// epilogue points to. k == 0 gives the sums 0. Takes up to 590 KiB of stack.
  static void run(const void *a, std::int64_t aRow, const void *b, void *c, std::int64_t cRow,
                  std::int64_t m, std::int64_t n, std::int64_t k, const Int8Epilogue *e) {
    const Rows rows{static_cast<const T *>(a), aRow, n, k};
    ProductInt8<Arch, T, Rows>::run(rows, b, c, cRow, 0, m, n, k, e);
  }

private:
  struct Rows {
    const T *a;
    std::int64_t aRow, n, k;

    TESSERA_INLINE void prepare(std::int64_t i, std::int64_t from, std::int64_t count,
                                typename SimdInt8<Arch>::Left *dst) const {
      Int8Left<Arch, T>::row(a + i * aRow + from, dst, count);
    }
    /// Bytes that need no shift lie ready, unless they serve so many columns that a copy pays.
    TESSERA_INLINE const typename SimdInt8<Arch>::Left *ready(std::int64_t &stride) const {
      using S = SimdInt8<Arch>;
      if constexpr (sizeof(T) == sizeof(typename S::Left) && Int8Left<Arch, T>::kShift == 0)
        if (k % S::kGroup == 0 && n <= 4 * Int8Layout<Arch>::kPanel) {
          stride = aRow;
          return a;
        }
      return nullptr;
    }
    TESSERA_INLINE std::int32_t sum(std::int64_t i) const {
      return Int8Left<Arch, T>::sum(a + i * aRow, k);
    }
  };
};

template <class Arch> using MatmulU8S8 = MatmulInt8<Arch, std::uint8_t>;
template <class Arch> using MatmulS8S8 = MatmulInt8<Arch, std::int8_t>;

} // namespace tessera::kernels
