// Vectors for processors that xsimd does not know: the compiler's own, of 16 bytes, which it turns
// into whatever there is, single numbers at worst. To be included by Simd.h only.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tessera::kernels {

/// The tag of those processors.
struct Scalar {};

/// The compiler's vector of T. One by one, since g++ forgets the attribute of a dependent type.
template <class T> struct ScalarVector;
template <> struct ScalarVector<float> {
  typedef float Type __attribute__((vector_size(16)));
};
template <> struct ScalarVector<double> {
  typedef double Type __attribute__((vector_size(16)));
};
template <> struct ScalarVector<std::int32_t> {
  typedef std::int32_t Type __attribute__((vector_size(16)));
};
template <> struct ScalarVector<std::int64_t> {
  typedef std::int64_t Type __attribute__((vector_size(16)));
};

/// True or false for each element of a ScalarLanes of elements of so many bytes.
template <std::size_t Bytes> struct ScalarMask {
  using Bits = std::conditional_t<Bytes == 4, std::int32_t, std::int64_t>;
  using Vector = typename ScalarVector<Bits>::Type;
  Vector data; ///< 0 or -1

  friend ScalarMask operator&(ScalarMask a, ScalarMask b) { return {a.data & b.data}; }
  friend ScalarMask operator|(ScalarMask a, ScalarMask b) { return {a.data | b.data}; }
  friend ScalarMask operator!(ScalarMask a) { return {~a.data}; }
  friend bool any(ScalarMask a) {
    Bits all = 0;
    for (std::size_t i = 0; i < 16 / Bytes; ++i)
      all |= a.data[i];
    return all != 0;
  }
};

/// As xsimd's batch, as far as kernels use it.
template <class T> struct ScalarLanes {
  using Vector = typename ScalarVector<T>::Type;
  using Mask = ScalarMask<sizeof(T)>;
  static constexpr std::size_t size = 16 / sizeof(T);
  Vector data;

  ScalarLanes() = default;
  ScalarLanes(Vector v) : data(v) {}
  ScalarLanes(T x) {
    for (std::size_t i = 0; i < size; ++i)
      data[i] = x;
  }
  static ScalarLanes load_unaligned(const T *p) {
    ScalarLanes x;
    __builtin_memcpy(&x.data, p, sizeof x.data);
    return x;
  }
  static ScalarLanes load_aligned(const T *p) { return load_unaligned(p); }
  void store_unaligned(T *p) const { __builtin_memcpy(p, &data, sizeof data); }
  void store_aligned(T *p) const { store_unaligned(p); }

  using L = ScalarLanes;
  friend L operator+(L a, L b) { return a.data + b.data; }
  friend L operator-(L a, L b) { return a.data - b.data; }
  friend L operator*(L a, L b) { return a.data * b.data; }
  friend L operator/(L a, L b) { return a.data / b.data; }
  L &operator+=(L b) { return *this = *this + b; }
  L &operator*=(L b) { return *this = *this * b; }
  friend L operator&(L a, L b) { return a.data & b.data; }
  friend L operator|(L a, L b) { return a.data | b.data; }
  friend L operator^(L a, L b) { return a.data ^ b.data; }
  friend L operator<<(L a, int bits) { return a.data << bits; }
  friend L operator>>(L a, int bits) { return a.data >> bits; }
  friend Mask operator<(L a, L b) { return {a.data < b.data}; }
  friend Mask operator>(L a, L b) { return {a.data > b.data}; }
  friend Mask operator<=(L a, L b) { return {a.data <= b.data}; }
  friend Mask operator>=(L a, L b) { return {a.data >= b.data}; }
  friend Mask operator==(L a, L b) { return {a.data == b.data}; }
  friend Mask operator!=(L a, L b) { return {a.data != b.data}; }

  friend L select(Mask m, L a, L b) {
    using Bits = typename Mask::Vector;
    const Bits one = __builtin_bit_cast(Bits, a.data), other = __builtin_bit_cast(Bits, b.data);
    return __builtin_bit_cast(Vector, (one & m.data) | (other & ~m.data));
  }
  friend L max(L a, L b) { return select(a > b, a, b); }
  friend L min(L a, L b) { return select(a < b, a, b); }
};

inline ScalarLanes<float> sqrt(ScalarLanes<float> x) {
  for (std::size_t i = 0; i < 4; ++i)
    x.data[i] = __builtin_sqrtf(x.data[i]);
  return x;
}
inline ScalarLanes<std::int32_t> to_int(ScalarLanes<float> x) {
  ScalarLanes<std::int32_t> y;
  for (std::size_t i = 0; i < 4; ++i)
    y.data[i] = static_cast<std::int32_t>(x.data[i]);
  return y;
}
inline ScalarLanes<float> to_float(ScalarLanes<std::int32_t> x) {
  ScalarLanes<float> y;
  for (std::size_t i = 0; i < 4; ++i)
    y.data[i] = static_cast<float>(x.data[i]);
  return y;
}
template <class To, class T> To bitwise_cast(ScalarLanes<T> x) {
  return __builtin_bit_cast(typename To::Vector, x.data);
}

/// The vectors of Simd<Arch>.
template <class Arch> struct SimdTypes {
  using F = xsimd::batch<float, Arch>;
  using I = xsimd::batch<std::int32_t, Arch>;
  using M = xsimd::batch_bool<float, Arch>;
  using D = xsimd::batch<double, Arch>;
  using L = xsimd::batch<std::int64_t, Arch>;
};
template <> struct SimdTypes<Scalar> {
  using F = ScalarLanes<float>;
  using I = ScalarLanes<std::int32_t>;
  using M = ScalarMask<4>;
  using D = ScalarLanes<double>;
  using L = ScalarLanes<std::int64_t>;
};

} // namespace tessera::kernels
