// Tensors of any rank moved, images resized, rotations, quantisation and the cells of recurrent
// networks.
#include <cmath>

#include <catch2/catch.hpp>

#include "Harness.h"

using namespace tessera;
using namespace tessera::test;

namespace {

std::size_t size(std::int64_t n) {
  return static_cast<std::size_t>(n);
}

double sigmoid(double x) {
  return 1 / (1 + std::exp(-x));
}

/// Numbers in [-3, 3).
std::vector<float> wide(std::int64_t count, std::uint32_t seed) {
  std::vector<float> values = randomFloats(size(count), seed);
  for (float &value : values)
    value *= 3.0f;
  return values;
}

} // namespace

TEST_CASE("transpose_nd reads every element by its strides", "[tensor]") {
  forEachRow(Family::CopyNd, [&](const KernelRow &row) {
    const std::vector<std::vector<std::int64_t>> shapes = {{},
                                                           {5},
                                                           {0, 3},
                                                           {3, 4},
                                                           {33, 18},
                                                           {2, 3, 40},
                                                           {3, 1, 5, 7},
                                                           {2, 17, 3, 19},
                                                           {2, 3, 2, 3, 2, 5}};
    for (const auto &sizes : shapes)
      for (std::int64_t bytes : {1, 2, 4, 8})
        for (int turn = 0; turn < 4; ++turn) {
          const auto rank = static_cast<std::int64_t>(sizes.size());
          // dst is dense in the order of dimensions d + turn, or backwards.
          std::vector<std::int64_t> from(sizes.size()), to(sizes.size());
          std::int64_t count = 1, next = 1;
          for (std::int64_t d = rank - 1; d >= 0; --d) {
            from[size(d)] = count;
            count *= sizes[size(d)];
          }
          for (std::int64_t d = 0; d < rank; ++d) {
            const std::int64_t at = turn == 3 ? d : (rank - 1 - d + turn) % rank;
            to[size(at)] = next;
            next *= sizes[size(at)];
          }
          std::vector<unsigned char> values(size(count * bytes));
          for (std::size_t i = 0; i < values.size(); ++i)
            values[i] = static_cast<unsigned char>(i * 37 + i / 256);
          Guarded<unsigned char> x(values), y(values.size(), 0);
          row.function.copyNd(x.data(), from.data(), y.data(), to.data(), sizes.data(), rank,
                              bytes);
          bool right = x.intact() && y.intact();
          for (std::int64_t i = 0; i < count; ++i) {
            std::int64_t at = 0;
            for (std::int64_t d = 0; d < rank; ++d)
              at += i / from[size(d)] % sizes[size(d)] * to[size(d)];
            right &= std::memcmp(x.data() + i * bytes, y.data() + at * bytes, size(bytes)) == 0;
          }
          INFO(replay(row, "") << " rank=" << rank << " bytes=" << bytes << " turn=" << turn);
          CHECK(right);
        }
  });
}

TEST_CASE("transpose_nd broadcasts a stride of 0 and leaves what lies between", "[tensor]") {
  forEachRow(Family::CopyNd, [&](const KernelRow &row) {
    INFO(replay(row, ""));
    const std::int64_t sizes[] = {3, 4}, from[] = {0, 1}, to[] = {6, 1};
    const std::vector<float> x = {1, 2, 3, 4};
    std::vector<float> y(18, 9.0f);
    row.function.copyNd(x.data(), from, y.data(), to, sizes, 2, 4);
    for (std::size_t i = 0; i < y.size(); ++i)
      CHECK(y[i] == (i % 6 < 4 ? x[i % 6] : 9.0f));
  });
}

TEST_CASE("rope rotates halves and pairs", "[tensor]") {
  forEachRow(Family::Rope, [&](const KernelRow &row) {
    for (std::int64_t half : {0, 1, 3, 16, 32, 45})
      for (int mode = 0; mode < 2; ++mode) {
        INFO(replay(row, "half=" + std::to_string(half)) << " mode=" << mode);
        Guarded<float> x(randomFloats(size(6 * half), 1)), y(size(6 * half), 0.0f);
        Guarded<float> cos(randomFloats(size(3 * half), 2)), sin(randomFloats(size(3 * half), 3));
        row.function.rope(x.data(), 2 * half, y.data(), 2 * half, cos.data(), sin.data(), half, 3,
                          2 * half, mode);
        bool right = x.intact() && y.intact() && cos.intact() && sin.intact();
        for (std::int64_t r = 0; r < 3; ++r)
          for (std::int64_t i = 0; i < half; ++i) {
            const std::size_t p = size(r * 2 * half + (mode ? 2 * i : i)),
                              q = p + size(mode ? 1 : half);
            const double c = cos[size(r * half + i)], s = sin[size(r * half + i)];
            right &= std::fabs(y[p] - (x[p] * c - x[q] * s)) < 2e-7;
            right &= std::fabs(y[q] - (x[q] * c + x[p] * s)) < 2e-7;
          }
        row.function.rope(x.data(), 2 * half, x.data(), 2 * half, cos.data(), sin.data(), half, 3,
                          2 * half, mode);
        for (std::size_t i = 0; i < x.size(); ++i)
          right &= x[i] == y[i];
        CHECK(right);
      }
  });
}

TEST_CASE("quantisation rounds to even and saturates, and goes back", "[tensor]") {
  forEachRow(Family::Quantize, [&](const KernelRow &row) {
    const bool isSigned = row.dtype.find("_i8") != row.dtype.npos || row.dtype.starts_with("i8");
    const double least = isSigned ? -128 : 0, most = isSigned ? 127 : 255;
    for (std::int64_t cols : {0, 1, 5, 64, 131}) {
      INFO(replay(row, "cols=" + std::to_string(cols)));
      const std::vector<float> scales = {0.5f, 0.037f};
      const std::vector<std::int32_t> zeros = {isSigned ? -3 : 7, isSigned ? 5 : 130};
      Guarded<float> numbers(size(2 * cols), 0.0f);
      Guarded<std::uint8_t> bytes(size(2 * cols), 0);
      for (std::size_t i = 0; i < numbers.size(); ++i) {
        const std::vector<float> &special = specialFloats();
        numbers[i] = i % 2 ? special[i / 2 % special.size()] : 0.25f * static_cast<float>(i) - 8.0f;
        bytes[i] = static_cast<std::uint8_t>(i * 11);
      }
      const bool forward = row.op == "quantize";
      row.function.quantize(forward ? static_cast<void *>(numbers.data()) : bytes.data(), cols,
                            forward ? static_cast<void *>(bytes.data()) : numbers.data(), cols, 2,
                            cols, scales.data(), zeros.data());
      int wrong = numbers.intact() && bytes.intact() ? 0 : 1;
      for (std::size_t i = 0; i < numbers.size(); ++i) {
        const std::size_t r = i / size(cols);
        const int kept = isSigned ? static_cast<signed char>(bytes[i]) : bytes[i];
        const float q = numbers[i] / scales[r];
        const double want = std::isnan(q)
                                ? zeros[r]
                                : std::fmin(std::fmax(std::nearbyint(q) + zeros[r], least), most);
        if (forward ? kept != want : numbers[i] != static_cast<float>(kept - zeros[r]) * scales[r])
          if (++wrong < 4)
            UNSCOPED_INFO("number " << numbers[i] << " byte " << kept << " want " << want);
      }
      CHECK(wrong == 0);
    }
  });
}

TEST_CASE("resize sums taps by their weights, and reads nothing of weight 0", "[tensor]") {
  forEachRow(Family::Resize, [&](const KernelRow &row) {
    for (std::int64_t taps : {1, 2, 4})
      for (std::int64_t c : {1, 3, 16, 37}) {
        INFO(replay(row, "taps=" + std::to_string(taps)) << " c=" << c);
        const std::int64_t h = 5, w = 4, outH = 7, outW = 3;
        Guarded<float> x(randomFloats(size(h * w * c), 1)), y(size(outH * outW * c), 0.0f);
        std::vector<std::int32_t> rows(size(outH * taps)), cols(size(outW * taps));
        std::vector<float> rowWeights = randomFloats(rows.size(), 2);
        std::vector<float> colWeights = randomFloats(cols.size(), 3);
        for (std::size_t i = 0; i < rows.size(); ++i)
          rows[i] = static_cast<std::int32_t>(i % 5);
        for (std::size_t i = 0; i < cols.size(); ++i)
          cols[i] = static_cast<std::int32_t>(i % 4);
        rows[0] = -100000000; // nowhere
        rowWeights[0] = 0.0f;
        row.function.resize(x.data(), w * c, c, c, y.data(), outW * c, c, outH, outW, taps,
                            rows.data(), rowWeights.data(), cols.data(), colWeights.data());
        bool right = x.intact() && y.intact();
        for (std::int64_t i = 0; i < outH * outW * c; ++i) {
          const std::int64_t oy = i / c / outW, ox = i / c % outW;
          double want = 0;
          for (std::int64_t ty = 0; ty < taps; ++ty)
            for (std::int64_t tx = 0; tx < taps; ++tx)
              if (rowWeights[size(oy * taps + ty)] != 0)
                want += static_cast<double>(rowWeights[size(oy * taps + ty)]) *
                        colWeights[size(ox * taps + tx)] *
                        x[size((rows[size(oy * taps + ty)] * w + cols[size(ox * taps + tx)]) * c +
                               i % c)];
          right &= std::fabs(y[size(i)] - want) < 1e-6;
        }
        CHECK(right);
      }
  });
}

TEST_CASE("the cells of recurrent networks", "[tensor]") {
  const std::int64_t rows = 3;
  for (std::int64_t n : {0, 1, 7, 16, 41}) {
    forEachRow(Family::LstmCell, [&](const KernelRow &row) {
      INFO(replay(row, "size=" + std::to_string(n)));
      Guarded<float> gates(wide(rows * 4 * n, 1)), cell(wide(rows * n, 2));
      Guarded<float> next(size(rows * n), 0.0f), hidden(size(rows * n), 0.0f);
      row.function.lstmCell(gates.data(), 4 * n, cell.data(), n, next.data(), n, hidden.data(), n,
                            rows, n);
      bool right = gates.intact() && cell.intact() && next.intact() && hidden.intact();
      for (std::int64_t r = 0; r < rows; ++r)
        for (std::int64_t i = 0; i < n; ++i) {
          const float *g = gates.data() + r * 4 * n + i;
          const double c =
              sigmoid(g[2 * n]) * cell[size(r * n + i)] + sigmoid(g[0]) * std::tanh(g[3 * n]);
          right &= std::fabs(next[size(r * n + i)] - c) < 1e-6;
          right &= std::fabs(hidden[size(r * n + i)] - sigmoid(g[n]) * std::tanh(c)) < 1e-6;
        }
      CHECK(right);
    });
    forEachRow(Family::GruCell, [&](const KernelRow &row) {
      INFO(replay(row, "size=" + std::to_string(n)));
      Guarded<float> input(wide(rows * 3 * n, 1)), recurrent(wide(rows * 3 * n, 2));
      Guarded<float> state(wide(rows * n, 3)), next(size(rows * n), 0.0f);
      row.function.gruCell(input.data(), 3 * n, recurrent.data(), 3 * n, state.data(), n,
                           next.data(), n, rows, n);
      bool right = input.intact() && recurrent.intact() && state.intact() && next.intact();
      for (std::int64_t r = 0; r < rows; ++r)
        for (std::int64_t i = 0; i < n; ++i) {
          const float *a = input.data() + r * 3 * n + i, *b = recurrent.data() + r * 3 * n + i;
          const double z = sigmoid(static_cast<double>(a[0]) + b[0]);
          const double candidate =
              std::tanh(a[2 * n] + sigmoid(static_cast<double>(a[n]) + b[n]) * b[2 * n]);
          const double want = (1 - z) * candidate + z * state[size(r * n + i)];
          right &= std::fabs(next[size(r * n + i)] - want) < 2e-6;
        }
      CHECK(right);
    });
  }
}
