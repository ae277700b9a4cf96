// Reductions along columns and to indices, the largest elements and running sums.
#include <algorithm>
#include <cmath>

#include <catch2/catch.hpp>

#include "Harness.h"

using namespace tessera;
using namespace tessera::test;

namespace {

std::size_t size(std::int64_t n) {
  return static_cast<std::size_t>(n);
}

std::vector<std::int64_t> lengths(int lanes) {
  std::vector<std::int64_t> all;
  for (std::int64_t n = 0; n <= 2 * lanes + 2; ++n)
    all.push_back(n);
  for (std::int64_t n : {4 * lanes, 9 * lanes + 3, 1000})
    all.push_back(n);
  return all;
}

std::string text(std::int64_t rows, std::int64_t cols) {
  return "rows=" + std::to_string(rows) + ",cols=" + std::to_string(cols);
}

/// Numbers of few values, so that there are equal ones.
std::vector<float> coarse(std::int64_t count, std::uint32_t seed) {
  std::vector<float> values = randomFloats(size(count), seed);
  for (float &value : values)
    value = std::floor(value * 20.0f);
  return values;
}

/// Whether a comes before b among the largest.
bool above(float a, float b) {
  return a > b || (std::isnan(a) && !std::isnan(b));
}

/// What a column reduction makes of numbers, in double.
double columnReduced(std::string_view op, const std::vector<double> &x) {
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
  op.remove_prefix(std::string_view("col_reduce_").size());
  return op == "sum"          ? sum
         : op == "prod"       ? product
         : op == "max"        ? high
         : op == "min"        ? low
         : op == "l1"         ? sizes
         : op == "l2"         ? std::sqrt(squares)
         : op == "sum_square" ? squares
         : op == "logsumexp"  ? std::log(powers)
                              : sum / static_cast<double>(x.size());
}

bool near(float got, double want) {
  return got == static_cast<float>(want) || std::fabs(got - want) < 2e-6 ||
         (std::isnan(got) && std::isnan(want));
}

} // namespace

TEST_CASE("column reductions combine whole columns, and what was there before", "[reduction]") {
  forEachRow(Family::ColReduce, [&](const KernelRow &row) {
    for (std::int64_t cols : lengths(isaFloatLanes(row.isa)))
      for (std::int64_t rows : {0, 1, 7}) {
        if (!selected(row, text(rows, cols)))
          continue;
        INFO(replay(row, text(rows, cols)));
        for (std::int64_t gap : {0, 3}) {
          const std::int64_t stride = cols + gap;
          Guarded<float> x(randomFloats(size(rows > 0 ? rows * stride - gap : 0), 41));
          Guarded<float> y(size(cols), 0.5f, GuardedBuffer::AtStart), z(size(cols), 0.5f);
          row.function.rowReduce(x.data(), rows, stride, cols, y.data(), 0);
          row.function.rowReduce(x.data(), rows, stride, cols, z.data(), 1);
          bool right = x.intact() && y.intact() && z.intact();
          for (std::int64_t c = 0; c < cols; ++c) {
            std::vector<double> column;
            for (std::int64_t r = 0; r < rows; ++r)
              column.push_back(x[size(r * stride + c)]);
            const double want = columnReduced(row.op, column);
            column.push_back(0.5);
            // Means and sums of squares are added, all others are those of one column that is
            // longer.
            const double both = row.op == "col_reduce_mean" || row.op == "col_reduce_sum_square"
                                    ? want + 0.5
                                    : columnReduced(row.op, column);
            right &= near(y[size(c)], want) && near(z[size(c)], both);
          }
          CHECK(right);
        }
      }
  });
}

TEST_CASE("column reductions keep NaN, wherever it is", "[reduction]") {
  forEachRow(Family::ColReduce, [&](const KernelRow &row) {
    for (std::size_t at = 0; at < 5; ++at) {
      std::vector<float> x(5, 1.0f);
      x[at] = NAN;
      float y = 0;
      row.function.rowReduce(x.data(), 5, 1, 1, &y, 0);
      INFO(replay(row, "nan") << " at " << at);
      CHECK(std::isnan(y));
    }
  });
}

TEST_CASE("arg reductions find the first extreme element, or the first NaN", "[reduction]") {
  forEachRow(Family::ArgReduce, [&](const KernelRow &row) {
    for (std::int64_t cols : lengths(isaFloatLanes(row.isa))) {
      if (!selected(row, text(3, cols)))
        continue;
      INFO(replay(row, text(3, cols)));
      Guarded<float> x(coarse(3 * cols, 42));
      if (cols > 0)
        x[size(2 * cols - 1)] = NAN;
      Guarded<std::int64_t> y(3, 7);
      row.function.argReduce(x.data(), 3, cols, cols, y.data());
      bool right = x.intact() && y.intact();
      for (std::int64_t r = 0; r < 3; ++r) {
        std::int64_t want = cols > 0 ? 0 : -1;
        for (std::int64_t c = 1; c < cols; ++c) {
          const float a = x[size(r * cols + c)], b = x[size(r * cols + want)];
          if (!std::isnan(b) && (std::isnan(a) || (row.op == "row_arg_max" ? a > b : a < b)))
            want = c;
        }
        right &= y[size(r)] == want;
      }
      CHECK(right);
    }
  });
}

TEST_CASE("arg reductions of columns are those of the rows that are turned", "[reduction]") {
  forEachRow(Family::ColArgReduce, [&](const KernelRow &row) {
    for (std::int64_t cols : lengths(isaFloatLanes(row.isa)))
      for (std::int64_t rows : {0, 1, 2, 30}) {
        INFO(replay(row, text(rows, cols)));
        Guarded<float> x(coarse(rows * cols, 45));
        for (std::int64_t c = 0; c < cols && rows > 2; c += 3) // two NaNs, the first counts
          x[size(c % (rows - 1) * cols + c)] = x[size((rows - 1) * cols + c)] = NAN;
        Guarded<std::int64_t> y(size(cols), 7);
        row.function.argReduce(x.data(), rows, cols, cols, y.data());
        bool right = x.intact() && y.intact();
        for (std::int64_t c = 0; c < cols; ++c) {
          std::int64_t want = rows > 0 ? 0 : -1;
          for (std::int64_t r = 1; r < rows; ++r) {
            const float a = x[size(r * cols + c)], b = x[size(want * cols + c)];
            if (!std::isnan(b) && (std::isnan(a) || (row.op == "col_arg_max" ? a > b : a < b)))
              want = r;
          }
          right &= y[size(c)] == want;
        }
        CHECK(right);
      }
  });
}

TEST_CASE("top_k sorts the largest elements, equal ones by column", "[reduction]") {
  forEachRow(Family::TopK, [&](const KernelRow &row) {
    for (std::int64_t cols : lengths(isaFloatLanes(row.isa)))
      for (std::int64_t wanted : {0, 1, 5, 1000}) {
        const std::int64_t k = std::min(wanted, cols);
        INFO(replay(row, text(2, cols)) << " k=" << k);
        Guarded<float> x(coarse(2 * cols, 43)), values(size(2 * k), 0.0f);
        if (cols > 3)
          x[size(cols - 2)] = NAN;
        Guarded<std::int64_t> indices(size(2 * k), -1);
        row.function.topK(x.data(), 2, cols, cols, k, values.data(), indices.data());
        bool right = x.intact() && values.intact() && indices.intact();
        for (std::int64_t r = 0; r < 2; ++r) {
          std::vector<std::int64_t> order(size(cols));
          for (std::int64_t c = 0; c < cols; ++c)
            order[size(c)] = c;
          std::sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
            const float p = x[size(r * cols + a)], q = x[size(r * cols + b)];
            return above(p, q) || (!above(q, p) && a < b);
          });
          for (std::int64_t i = 0; i < k; ++i) {
            const float got = values[size(r * k + i)], want = x[size(r * cols + order[size(i)])];
            right &= indices[size(r * k + i)] == order[size(i)];
            right &= got == want || (std::isnan(got) && std::isnan(want));
          }
        }
        CHECK(right);
      }
  });
}

TEST_CASE("running sums add in order, forwards and backwards, with and without the element",
          "[reduction]") {
  forEachRow(Family::Scan, [&](const KernelRow &row) {
    const bool down = row.op == "col_cumsum";
    for (std::int64_t rows : {0, 1, 8, 11})
      for (std::int64_t cols : {0, 1, 2, 17, 100})
        for (int mode = 0; mode < 4; ++mode) {
          INFO(replay(row, text(rows, cols)) << " mode=" << mode);
          Guarded<float> x(randomFloats(size(rows * cols), 44)), y(size(rows * cols), 0.0f);
          row.function.scan(x.data(), cols, y.data(), cols, rows, cols, mode & 1, mode & 2);
          bool right = x.intact() && y.intact();
          const std::int64_t lines = down ? cols : rows, length = down ? rows : cols;
          for (std::int64_t line = 0; line < lines; ++line) {
            float sum = 0;
            for (std::int64_t i = 0; i < length; ++i) {
              const std::int64_t along = mode & 2 ? length - 1 - i : i;
              const std::size_t at = size(down ? along * cols + line : line * cols + along);
              const float before = sum;
              sum += x[at];
              right &= y[at] == (mode & 1 ? before : sum);
            }
          }
          row.function.scan(x.data(), cols, x.data(), cols, rows, cols, mode & 1, mode & 2);
          right &= std::equal(y.data(), y.data() + y.size(), x.data());
          CHECK(right);
        }
  });
}
