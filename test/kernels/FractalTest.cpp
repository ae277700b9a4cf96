// Fractal copies and products: each order of blocks, each k0, every partial block.
#include <bit>
#include <cmath>

#include <catch2/catch.hpp>

#include "Harness.h"

using namespace tessera;
using namespace tessera::test;

namespace {

std::size_t size(std::int64_t n) {
  return static_cast<std::size_t>(n);
}
std::int64_t blocks(std::int64_t n, std::int64_t of) {
  return (n + of - 1) / of;
}

/// The f16 nearest to a value that is one (multiples of 2^-9 below 1).
std::uint16_t halfOf(float value) {
  if (value == 0)
    return 0;
  int exponent = 0;
  const float mantissa = std::frexp(std::fabs(value), &exponent);
  const auto fraction = static_cast<unsigned>(std::ldexp(mantissa, 11)) & 0x3ffu;
  return static_cast<std::uint16_t>((value < 0 ? 0x8000u : 0u) |
                                    static_cast<unsigned>(exponent + 14) << 10 | fraction);
}

/// rows x cols elements into blocks of 16 x c0 at the given block strides, padding `pad`.
template <class T, class Get>
std::vector<T> fractal(std::int64_t rows, std::int64_t cols, std::int64_t c0, bool rowMajorBlocks,
                       T pad, Get get) {
  const std::int64_t br = blocks(rows, 16), bc = blocks(cols, c0);
  std::vector<T> out(size(br * bc * 16 * c0), pad);
  for (std::int64_t r = 0; r < rows; ++r)
    for (std::int64_t c = 0; c < cols; ++c) {
      const std::int64_t block = rowMajorBlocks ? r / 16 * bc + c / c0 : c / c0 * br + r / 16;
      out[size((block * 16 + r % 16) * c0 + c % c0)] = get(r, c);
    }
  return out;
}

template <class T> T convert(float v, bool brain) {
  if constexpr (sizeof(T) == 2)
    return brain ? static_cast<T>(std::bit_cast<std::uint32_t>(v) >> 16) : halfOf(v);
  else
    return v;
}

/// One product with A in zZ or NZ order, B in nZ, C in zN; unused elements hold NaN.
template <class T>
void checkProduct(const KernelRow &row, std::int64_t m, std::int64_t n, std::int64_t k,
                  std::int64_t k0, bool zz, bool add) {
  const std::string details = "m=" + std::to_string(m) + ",n=" + std::to_string(n) +
                              ",k=" + std::to_string(k) + ",k0=" + std::to_string(k0) +
                              ",zz=" + std::to_string(zz) + ",add=" + std::to_string(add);
  if (!selected(row, details))
    return;
  INFO(replay(row, details));
  const bool brain = row.dtype == "bf16"; // eight significant bits: multiples of 2^-6 below 2
  std::vector<float> a = randomFloats(size(m * k), 41), b = randomFloats(size(k * n), 42);
  for (std::vector<float> *v : {&a, &b})
    for (float &x : *v)
      x = brain ? std::round(x * 64) / 64 : std::round(x * 512) / 512;
  const T nan = sizeof(T) == 2 ? static_cast<T>(brain ? 0x7fc0 : 0x7e00) : static_cast<T>(NAN);
  Guarded<T> as(fractal<T>(m, k, k0, zz, nan, [&](std::int64_t i, std::int64_t q) {
    return convert<T>(a[size(i * k + q)], brain);
  }));
  // nZ: blocks [k / k0][n / 16] of [16 columns][k0 depths], that is the transpose in NZ order.
  Guarded<T> bs(fractal<T>(n, k, k0, false, nan, [&](std::int64_t j, std::int64_t q) {
    return convert<T>(b[size(q * n + j)], brain);
  }));
  const std::int64_t mb = blocks(m, 16), nb = blocks(n, 16), kb = blocks(k, k0), block = 16 * k0;
  Guarded<float> c(size(mb * nb * 256), 0.25f);
  row.function.fractalMma(as.data(), zz ? kb * block : block, zz ? block : mb * block, bs.data(),
                          nb * block, block, c.data(), 256, mb * 256, m, n, k, k0, add);
  bool right = as.intact() && bs.intact() && c.intact();
  for (std::int64_t i = 0; i < mb * 16; ++i)
    for (std::int64_t j = 0; j < nb * 16; ++j) {
      const float got = c[size((j / 16 * mb + i / 16) * 256 + i % 16 * 16 + j % 16)];
      double want = i < m && j < n && !add ? 0.0 : 0.25;
      for (std::int64_t q = 0; i < m && j < n && q < k; ++q)
        want += double(a[size(i * k + q)]) * b[size(q * n + j)];
      right &= std::fabs(got - want) <= 1e-7 * static_cast<double>(k + 1) * 2;
    }
  CHECK(right);
}

/// The same for signed bytes, whose sums are exact; unused elements of the operands hold 99.
void checkInt8(const KernelRow &row, std::int64_t m, std::int64_t n, std::int64_t k, bool zz,
               bool add) {
  const std::int64_t k0 = 32;
  const std::string details = "m=" + std::to_string(m) + ",n=" + std::to_string(n) +
                              ",k=" + std::to_string(k) + ",zz=" + std::to_string(zz) +
                              ",add=" + std::to_string(add);
  if (!selected(row, details))
    return;
  INFO(replay(row, details));
  const auto value = [](std::int64_t i) { // with both extremes among them
    return static_cast<std::int8_t>(i % 5 == 0 ? -128 : i % 7 == 0 ? 127 : i * 37 % 251);
  };
  const auto atA = [&](std::int64_t i, std::int64_t q) { return value(i * k + q); };
  const auto atB = [&](std::int64_t j, std::int64_t q) { return value(3 + j * k + q); };
  Guarded<std::int8_t> as(fractal<std::int8_t>(m, k, k0, zz, 99, atA));
  Guarded<std::int8_t> bs(fractal<std::int8_t>(n, k, k0, false, 99, atB));
  const std::int64_t mb = blocks(m, 16), nb = blocks(n, 16), kb = blocks(k, k0), block = 16 * k0;
  Guarded<std::int32_t> c(size(mb * nb * 256), 12345);
  row.function.fractalMma(as.data(), zz ? kb * block : block, zz ? block : mb * block, bs.data(),
                          nb * block, block, c.data(), 256, mb * 256, m, n, k, k0, add);
  bool right = as.intact() && bs.intact() && c.intact();
  for (std::int64_t i = 0; i < mb * 16; ++i)
    for (std::int64_t j = 0; j < nb * 16; ++j) {
      std::int32_t want = i < m && j < n && !add ? 0 : 12345;
      for (std::int64_t q = 0; i < m && j < n && q < k; ++q)
        want += atA(i, q) * atB(j, q);
      right &= c[size((j / 16 * mb + i / 16) * 256 + i % 16 * 16 + j % 16)] == want;
    }
  CHECK(right);
}

template <int Size> struct Element;
template <> struct Element<4> {
  using type = std::uint32_t;
};
template <> struct Element<2> {
  using type = std::uint16_t;
};
template <> struct Element<1> {
  using type = std::uint8_t;
};

template <int Size>
void checkCopy(const KernelRow &row, std::int64_t rows, std::int64_t cols, std::int64_t c0,
               bool turned) {
  using T = typename Element<Size>::type;
  const std::string details = "rows=" + std::to_string(rows) + ",cols=" + std::to_string(cols) +
                              ",c0=" + std::to_string(c0) + ",turned=" + std::to_string(turned);
  if (!selected(row, details))
    return;
  INFO(replay(row, details));
  const bool pack = row.op == "copy_nd2nz";
  std::vector<T> values(size(rows * cols));
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = static_cast<T>(i * 7 + 1);
  const auto at = [&](std::int64_t r, std::int64_t c) {
    return size(turned ? c * rows + r : r * cols + c);
  };
  const std::vector<T> nz =
      fractal<T>(rows, cols, c0, false, T(77),
                 [&](std::int64_t r, std::int64_t c) { return values[at(r, c)]; });
  const std::int64_t ndRow = turned ? 1 : cols, ndCol = turned ? rows : 1;
  const std::int64_t blockRow = 16 * c0, blockCol = blocks(rows, 16) * blockRow;
  Guarded<T> from(pack ? values : nz), to(pack ? nz.size() : values.size(), T(77));
  if (pack)
    row.function.fractalCopy(from.data(), ndRow, ndCol, to.data(), blockRow, blockCol, rows, cols,
                             c0);
  else
    row.function.fractalCopy(from.data(), blockRow, blockCol, to.data(), ndRow, ndCol, rows, cols,
                             c0);
  const std::vector<T> &want = pack ? nz : values;
  bool right = from.intact() && to.intact();
  for (std::size_t i = 0; i < want.size(); ++i)
    right &= to[i] == want[i];
  CHECK(right);
}

} // namespace

TEST_CASE("fractal products equal plain products", "[fractal]") {
  forEachRow(Family::FractalMma, [&](const KernelRow &row) {
    for (std::int64_t m : {1, 7, 16, 37})
      for (std::int64_t n : {1, 15, 16, 33, 48})
        for (std::int64_t k : {0, 1, 8, 13, 32, 300})
          for (int mode = 0; mode < 4; ++mode)
            if (row.dtype == "s8")
              checkInt8(row, m, n, k, mode & 1, mode & 2);
            else if (row.dtype != "f32")
              checkProduct<std::uint16_t>(row, m, n, k, 16, mode & 1, mode & 2);
            else
              checkProduct<float>(row, m, n, k, mode & 2 ? 8 : 16, mode & 1, mode & 2);
  });
}

TEST_CASE("fractal copies move valid elements to their blocks and back", "[fractal]") {
  forEachRow(Family::FractalCopy, [&](const KernelRow &row) {
    for (std::int64_t rows : {1, 15, 16, 40})
      for (std::int64_t cols : {1, 7, 8, 16, 33, 64})
        for (std::int64_t c0 : {8, 16, 32})
          for (bool turned : {false, true}) {
            if (row.dtype == "32")
              checkCopy<4>(row, rows, cols, c0, turned);
            else if (row.dtype == "16")
              checkCopy<2>(row, rows, cols, c0, turned);
            else
              checkCopy<1>(row, rows, cols, c0, turned);
          }
  });
}
