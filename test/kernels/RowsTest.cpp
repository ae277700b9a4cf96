// Row operators: softmax, log-softmax, norms and reductions against sums in double.
#include <algorithm>
#include <cmath>

#include <catch2/catch.hpp>

#include "Harness.h"
#include "tessera/support/Caches.h"

using namespace tessera;
using namespace tessera::test;

namespace {

std::size_t size(std::int64_t n) {
  return static_cast<std::size_t>(n);
}

std::vector<std::int64_t> lengths(int lanes) {
  std::vector<std::int64_t> all;
  for (std::int64_t n = 1; n <= 2 * lanes + 2; ++n)
    all.push_back(n);
  for (std::int64_t n : {4 * lanes - 1, 4 * lanes, 5 * lanes + 3, 8 * lanes, 1000})
    all.push_back(n);
  return all;
}

std::string text(std::int64_t rows, std::int64_t cols, std::int64_t gap) {
  return "rows=" + std::to_string(rows) + ",cols=" + std::to_string(cols) +
         ",gap=" + std::to_string(gap);
}

/// rows x (cols + gap) values, the gaps NaN, ending with the last row's last column.
std::vector<float> gapped(std::int64_t rows, std::int64_t cols, std::int64_t gap, float scale) {
  std::vector<float> v(size(rows * (cols + gap) - gap), NAN);
  const std::vector<float> r = randomFloats(size(rows * cols), 21);
  for (std::int64_t i = 0; i < rows; ++i)
    for (std::int64_t j = 0; j < cols; ++j)
      v[size(i * (cols + gap) + j)] = r[size(i * cols + j)] * scale;
  return v;
}

/// Calls check(rows, cols, gap) for every length with and without a gap between rows.
template <class Check> void eachShape(const KernelRow &row, Check check) {
  for (std::int64_t rows : {3, 9}) // with whole groups of rows, and without
    for (std::int64_t cols : lengths(isaFloatLanes(row.isa)))
      for (std::int64_t gap : {0, 3})
        if (selected(row, text(rows, cols, gap)))
          check(rows, cols, gap);
}

} // namespace

TEST_CASE("softmax rows are shares of the exponentials", "[rows]") {
  forEachRow(Family::RowMap, [&](const KernelRow &row) {
    eachShape(row, [&](std::int64_t rows, std::int64_t cols, std::int64_t gap) {
      INFO(replay(row, text(rows, cols, gap)));
      const std::vector<float> values = gapped(rows, cols, gap, 20.0f);
      Guarded<float> x(values), y(size(rows * cols), -1.0f, GuardedBuffer::AtStart);
      Guarded<float> inPlace(values);
      row.function.rowMap(x.data(), cols + gap, y.data(), cols, rows, cols);
      row.function.rowMap(inPlace.data(), cols + gap, inPlace.data(), cols + gap, rows, cols);
      bool right = x.intact() && y.intact() && inPlace.intact();
      for (std::int64_t r = 0; r < rows; ++r) {
        const float *from = x.data() + r * (cols + gap);
        double high = -HUGE_VAL, sum = 0;
        for (std::int64_t c = 0; c < cols; ++c)
          high = from[c] > high ? from[c] : high;
        for (std::int64_t c = 0; c < cols; ++c)
          sum += std::exp(from[c] - high);
        for (std::int64_t c = 0; c < cols; ++c) {
          const double logarithm = from[c] - high - std::log(sum);
          const double want = row.op == "softmax" ? std::exp(logarithm) : logarithm;
          const double error = std::fabs(y[size(r * cols + c)] - want);
          // The subtraction of the maximum rounds to 2^-24 of the difference.
          const double relative = 1e-6 + std::ldexp(high - from[c], -23);
          right &= error <= (row.op == "softmax" ? want * relative : 40 * 4e-7);
          right &= inPlace[size(r * (cols + gap) + c)] == y[size(r * cols + c)];
        }
      }
      CHECK(right);
    });
  });
}

TEST_CASE("softmax does not change with an offset, however great, nor with the rows around",
          "[rows]") {
  forEachRow(Family::RowMap, [&](const KernelRow &row) {
    if (row.op != "softmax")
      return;
    constexpr std::int64_t kRows = 5, kCols = 83;
    std::vector<float> x(size(kRows * kCols)), offset(x), y(x), far(x), alone(x);
    for (std::size_t i = 0; i < x.size(); ++i)
      x[i] = static_cast<float>(i * 37 % 101) / 8.0f;
    row.function.rowMap(x.data(), kCols, y.data(), kCols, kRows, kCols);
    for (std::int64_t r = 0; r < kRows; ++r)
      row.function.rowMap(x.data() + r * kCols, kCols, alone.data() + r * kCols, kCols, 1, kCols);
    CHECK(y == alone);
    for (float by : {-30000.0f, 60000.0f, -0x1p17f, 0x1p20f}) {
      INFO(replay(row, "offset=" + std::to_string(by)));
      for (std::size_t i = 0; i < x.size(); ++i)
        offset[i] = x[i] + by; // exact
      row.function.rowMap(offset.data(), kCols, far.data(), kCols, kRows, kCols);
      bool right = true;
      for (std::size_t i = 0; i < x.size(); ++i)
        right &= std::fabs(far[i] - y[i]) <= 4e-6f * y[i];
      CHECK(right);
    }
    // Of each row two share all, and the others are far below.
    bool right = true;
    for (std::size_t i = 0; i < x.size(); ++i)
      offset[i] = i % size(kCols) % 64 == 3 ? 0x1.234568p100f : 0x1p80f * x[i];
    row.function.rowMap(offset.data(), kCols, far.data(), kCols, kRows, kCols);
    for (std::size_t i = 0; i < x.size(); ++i)
      right &= far[i] == (i % size(kCols) % 64 == 3 ? 0.5f : 0.0f);
    CHECK(right);
  });
}

TEST_CASE("softmax makes NaN of rows it cannot normalise, and only of those", "[rows]") {
  forEachRow(Family::RowMap, [&](const KernelRow &row) {
    for (float poison : {NAN, -INFINITY, INFINITY}) {
      std::vector<float> x(3 * 37, 0.5f), y(3 * 37, 0.0f);
      for (std::size_t c = 0; c < 37; ++c)
        x[37 + c] = std::isnan(poison) && c != 30 ? 1.0f : poison;
      row.function.rowMap(x.data(), 37, y.data(), 37, 3, 37);
      INFO(replay(row, "poison"));
      for (std::size_t c = 0; c < 37; ++c) {
        CHECK(std::isnan(y[37 + c]));
        CHECK(std::isfinite(y[c]));
        CHECK(std::isfinite(y[74 + c]));
      }
    }
    // -inf is how attention masks: such elements get probability zero.
    std::vector<float> x(21, 1.0f), y(21, 0.0f);
    x[20] = -INFINITY;
    row.function.rowMap(x.data(), 21, y.data(), 21, 1, 21);
    CHECK(y[20] == (row.op == "softmax" ? 0.0f : -INFINITY));
    CHECK(std::isfinite(y[0]));
  });
}

TEST_CASE("norms scale rows to their statistics", "[rows]") {
  forEachRow(Family::RowNorm, [&](const KernelRow &row) {
    eachShape(row, [&](std::int64_t rows, std::int64_t cols, std::int64_t gap) {
      for (int mode = 0; mode < 4; ++mode) {
        INFO(replay(row, text(rows, cols, gap)) << " mode=" << mode);
        const float epsilon = 1e-3f;
        Guarded<float> x(gapped(rows, cols, gap, 3.0f)), y(size(rows * cols), -1.0f);
        Guarded<float> scale(randomFloats(size(cols), 22)), bias(randomFloats(size(cols), 23));
        row.function.rowNorm(x.data(), cols + gap, y.data(), cols, rows, cols,
                             mode & 1 ? scale.data() : nullptr, mode & 2 ? bias.data() : nullptr,
                             epsilon);
        Guarded<float> inPlace(gapped(rows, cols, gap, 3.0f));
        row.function.rowNorm(inPlace.data(), cols + gap, inPlace.data(), cols + gap, rows, cols,
                             mode & 1 ? scale.data() : nullptr, mode & 2 ? bias.data() : nullptr,
                             epsilon);
        bool right = x.intact() && y.intact() && scale.intact() && bias.intact();
        right &= inPlace.intact();
        for (std::int64_t r = 0; r < rows; ++r) {
          right &= std::memcmp(inPlace.data() + r * (cols + gap), y.data() + r * cols,
                               size(cols) * sizeof(float)) == 0;
          const float *from = x.data() + r * (cols + gap);
          double mean = 0, square = 0;
          for (std::int64_t c = 0; c < cols; ++c)
            mean += from[c] / static_cast<double>(cols);
          mean = row.op == "layer_norm" ? mean : 0;
          for (std::int64_t c = 0; c < cols; ++c)
            square += (from[c] - mean) * (from[c] - mean) / static_cast<double>(cols);
          for (std::int64_t c = 0; c < cols; ++c) {
            double want = (from[c] - mean) / std::sqrt(square + epsilon);
            want = want * (mode & 1 ? scale[size(c)] : 1.0) + (mode & 2 ? bias[size(c)] : 0.0);
            right &= std::fabs(y[size(r * cols + c)] - want) <= 1e-5;
          }
        }
        CHECK(right);
      }
    });
  });
}

TEST_CASE("layer norm keeps the variance of rows far from zero", "[rows]") {
  forEachRow(Family::RowNorm, [&](const KernelRow &row) {
    if (row.op != "layer_norm")
      return;
    const std::int64_t cols = 1003;
    for (float offset : {0.0f, 3.0f, 4.0f, 4096.0f, -4096.0f}) {
      std::vector<float> x = randomFloats(size(cols), 29), y(size(cols));
      for (float &v : x)
        v = 3.0f * v + offset;
      row.function.rowNorm(x.data(), cols, y.data(), cols, 1, cols, nullptr, nullptr, 1e-3f);
      double mean = 0, square = 0;
      for (float v : x)
        mean += static_cast<double>(v) / static_cast<double>(cols);
      for (float v : x)
        square += (v - mean) * (v - mean) / static_cast<double>(cols);
      INFO(replay(row, "offset") << " offset=" << offset);
      // A mean is rounded to 2^-24 of itself, and the deviations are up to 3.
      const double bound = 3e-6 + std::ldexp(std::fabs(mean), -22);
      bool right = true;
      for (std::size_t c = 0; c < x.size(); ++c)
        right &= std::fabs(y[c] - (x[c] - mean) / std::sqrt(square + 1e-3)) <= bound;
      CHECK(right);
    }
    // The sum of squares overflows, and not that of squared deviations.
    std::vector<float> large(64);
    for (std::size_t c = 0; c < large.size(); ++c)
      large[c] = c % 2 ? 5.1e18f : 4.9e18f;
    row.function.rowNorm(large.data(), 64, large.data(), 64, 1, 64, nullptr, nullptr, 1e-3f);
    INFO(replay(row, "large elements"));
    for (std::size_t c = 0; c < large.size(); ++c)
      CHECK(std::fabs(large[c] - (c % 2 ? 1.0f : -1.0f)) <= 1e-4f);
    std::vector<float> same(37, 1234.567f), y(37);
    row.function.rowNorm(same.data(), 37, y.data(), 37, 1, 37, nullptr, nullptr, 1e-3f);
    INFO(replay(row, "equal elements"));
    for (float v : y)
      CHECK(std::fabs(v) <= 0.01f);
  });
}

TEST_CASE("results beyond L2 and past the caches are the same", "[rows]") {
  const std::int64_t cols = 1003;
  const bool isPast = GENERATE(false, true);
  const std::int64_t bytes = isPast ? std::min<std::int64_t>(caches().l3, 32 << 20) : caches().l2;
  const std::int64_t rows = bytes / 4 / cols + 2;
  std::vector<float> x = randomFloats(size(rows * cols), 27), one(size(rows * cols));
  const std::vector<float> scale = randomFloats(size(cols), 28);
  for (std::size_t shift : {0u, 1u}) // y is aligned to vectors, or not
    for (Family family : {Family::RowMap, Family::RowNorm, Family::Unary, Family::Binary})
      forEachRow(family, [&](const KernelRow &row) {
        if ((family == Family::Unary || family == Family::Binary) && row.op != "relu" &&
            row.op != "add")
          return;
        const auto run = [&](float *y, std::int64_t first, std::int64_t count) {
          const float *from = x.data() + first * cols, *b = scale.data();
          if (family == Family::RowMap)
            row.function.rowMap(from, cols, y, cols, count, cols);
          else if (family == Family::RowNorm)
            row.function.rowNorm(from, cols, y, cols, count, cols, b, nullptr, 1e-3f);
          else if (family == Family::Unary)
            row.function.unary(from, y, count * cols, nullptr);
          else
            row.function.binary(from, 1, b, 0, y, count * cols);
        };
        Guarded<float> y(size(rows * cols) + shift, 0.0f);
        run(y.data() + shift, 0, rows);
        for (std::int64_t r = 0; r < rows; ++r)
          run(one.data() + r * cols, r, 1);
        INFO(replay(row, ""));
        CHECK(y.intact());
        CHECK(std::memcmp(y.data() + shift, one.data(), one.size() * sizeof(float)) == 0);
      });
}

TEST_CASE("group norm normalises groups of channels in either layout", "[rows]") {
  struct Case {
    std::int64_t batch, channels, pixels, groups;
  };
  forEachRow(Family::GroupNorm, [&](const KernelRow &row) {
    for (const Case &c : {Case{0, 4, 4, 2}, Case{2, 1, 1, 1}, Case{2, 6, 35, 3}, Case{1, 32, 9, 32},
                          Case{1, 40, 70, 4}, Case{1, 1200, 5, 2}, Case{1, 520, 3, 1},
                          Case{2, 700, 2, 100}, Case{1, 2, 9000, 1}})
      for (int mode = 0; mode < 8; ++mode) {
        const bool last = mode & 4; // channels last
        const std::int64_t gap = 3,
                           image = c.channels * c.pixels + (last ? c.pixels : c.channels) * gap;
        const std::int64_t channel = last ? 1 : c.pixels + gap;
        const std::int64_t pixel = last ? c.channels + gap : 1;
        const auto count = size(std::max<std::int64_t>(c.batch * image - gap, 0));
        std::vector<float> values = randomFloats(count, 24);
        for (float &v : values)
          v = 3.0f * v + 10.0f;
        Guarded<float> x(values), y(values), scale(randomFloats(size(c.channels), 25));
        Guarded<float> bias(randomFloats(size(c.channels), 26));
        const float epsilon = 1e-3f;
        row.function.groupNorm(x.data(), y.data(), c.batch, c.channels, c.pixels, image, channel,
                               pixel, c.groups, mode & 1 ? scale.data() : nullptr,
                               mode & 2 ? bias.data() : nullptr, epsilon);
        bool right = x.intact() && y.intact() && scale.intact() && bias.intact();
        const std::int64_t each = c.channels / c.groups;
        std::vector<double> want(values.begin(), values.end());
        for (std::int64_t i = 0; i < c.batch * c.groups; ++i) {
          const auto visit = [&](auto f) {
            for (std::int64_t k = 0; k < each; ++k)
              for (std::int64_t p = 0; p < c.pixels; ++p) {
                const std::int64_t ch = i % c.groups * each + k;
                f(want[size(i / c.groups * image + ch * channel + p * pixel)], size(ch));
              }
          };
          double mean = 0, square = 0;
          const auto n = static_cast<double>(each * c.pixels);
          visit([&](double &v, std::size_t) { mean += v / n; });
          visit([&](double &v, std::size_t) { square += (v - mean) * (v - mean) / n; });
          visit([&](double &v, std::size_t ch) {
            v = (v - mean) / std::sqrt(square + epsilon) * (mode & 1 ? scale[ch] : 1.0f) +
                (mode & 2 ? bias[ch] : 0.0f);
          });
        }
        for (std::size_t i = 0; i < count; ++i) // gaps are as they were
          right &= std::fabs(y[i] - want[i]) <= 2e-5;
        row.function.groupNorm(x.data(), x.data(), c.batch, c.channels, c.pixels, image, channel,
                               pixel, c.groups, mode & 1 ? scale.data() : nullptr,
                               mode & 2 ? bias.data() : nullptr, epsilon);
        right &= count == 0 || std::memcmp(x.data(), y.data(), count * sizeof(float)) == 0;
        INFO(replay(row, "") << " channels=" << c.channels << " mode=" << mode);
        CHECK(right);
      }
  });
}

namespace {

/// What a row reduction makes of numbers, in double.
double reduced(std::string_view op, const std::vector<double> &x) {
  double sum = 0, product = 1, high = -HUGE_VAL, low = HUGE_VAL, sizes = 0, squares = 0, powers = 0;
  for (double v : x) {
    sum += v;
    product *= v;
    high = std::fmax(high, v);
    low = std::fmin(low, v);
    sizes += std::fabs(v);
    squares += v * v;
    powers += std::exp(v);
  }
  return op == "row_reduce_sum"          ? sum
         : op == "row_reduce_prod"       ? product
         : op == "row_reduce_max"        ? high
         : op == "row_reduce_min"        ? low
         : op == "row_reduce_l1"         ? sizes
         : op == "row_reduce_l2"         ? std::sqrt(squares)
         : op == "row_reduce_sum_square" ? squares
         : op == "row_reduce_logsumexp"  ? std::log(powers)
                                         : sum / static_cast<double>(x.size());
}

} // namespace

TEST_CASE("row reductions combine whole rows, and what was there before when asked", "[rows]") {
  forEachRow(Family::RowReduce, [&](const KernelRow &row) {
    eachShape(row, [&](std::int64_t rows, std::int64_t cols, std::int64_t gap) {
      INFO(replay(row, text(rows, cols, gap)));
      std::vector<float> values = gapped(rows, cols, gap, 1.0f);
      if (row.op == "row_reduce_prod")
        for (float &v : values)
          v = 1.0f + v / static_cast<float>(cols);
      Guarded<float> x(values);
      Guarded<float> y(size(rows), 0.5f), z(size(rows), 0.5f);
      row.function.rowReduce(x.data(), rows, cols + gap, cols, y.data(), 0);
      row.function.rowReduce(x.data(), rows, cols + gap, cols, z.data(), 1);
      bool right = x.intact() && y.intact() && z.intact();
      for (std::int64_t r = 0; r < rows; ++r) {
        const float *from = x.data() + r * (cols + gap);
        std::vector<double> numbers(from, from + cols);
        const double want = reduced(row.op, numbers);
        numbers.push_back(0.5);
        // Means and sums of squares are added, all others are those of one row that is longer.
        const double both = row.op == "row_reduce_mean" || row.op == "row_reduce_sum_square"
                                ? want + 0.5
                                : reduced(row.op, numbers);
        right &= std::fabs(y[size(r)] - want) <= 1e-6 * static_cast<double>(cols);
        right &= std::fabs(z[size(r)] - both) <= 1e-6 * static_cast<double>(cols + 1);
      }
      CHECK(right);
    });
    std::vector<float> x(50, 1.0f);
    float y = 0;
    for (std::size_t at = 0; at < x.size(); ++at) {
      x.assign(50, 1.0f);
      x[at] = NAN;
      row.function.rowReduce(x.data(), 1, 50, 50, &y, 0);
      INFO(replay(row, "nan") << " at " << at);
      CHECK(std::isnan(y));
    }
    row.function.rowReduce(x.data(), 1, 50, 0, &y, 0);
    const double none = reduced(row.op, {});
    CHECK((y == static_cast<float>(none) || (std::isnan(y) && std::isnan(none))));
  });
}

TEST_CASE("logsumexp neither overflows nor loses infinities", "[rows]") {
  forEachRow(Family::RowReduce, [&](const KernelRow &row) {
    if (row.op != "row_reduce_logsumexp")
      return;
    INFO(replay(row, ""));
    for (float x : {3e38f, -3e38f, INFINITY, -INFINITY}) {
      const std::vector<float> row3(3, x);
      float y = 0;
      row.function.rowReduce(row3.data(), 1, 3, 3, &y, 0);
      CHECK(y == x);
    }
    const std::vector<float> mixed = {1.0f, INFINITY, -INFINITY, -2.0f};
    float y = 0;
    row.function.rowReduce(mixed.data(), 1, 4, 4, &y, 0);
    CHECK(y == INFINITY);
  });
}
