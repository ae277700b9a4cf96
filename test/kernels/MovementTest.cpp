// Data movement: copies, transpositions, gathers, scatters and padding move every element once and
// nothing else.
#include <algorithm>

#include <catch2/catch.hpp>

#include "Harness.h"
#include "tessera/kernels/IndexedArgs.h"
#include "tessera/kernels/PadArgs.h"
#include "tessera/support/Caches.h"

using namespace tessera;
using namespace tessera::test;

namespace {
std::size_t size(std::int64_t n) {
  return static_cast<std::size_t>(n);
}

using Sizes = std::vector<std::int64_t>;

/// The strides of a tensor without gaps.
Sizes dense(const Sizes &sizes) {
  Sizes strides(sizes.size());
  std::int64_t next = 1;
  for (std::size_t d = sizes.size(); d-- > 0; next *= sizes[d])
    strides[d] = next;
  return strides;
}

std::int64_t product(const Sizes &sizes) {
  std::int64_t count = 1;
  for (std::int64_t n : sizes)
    count *= n;
  return count;
}

/// The offset of element i of a dense tensor of `sizes` in one with other strides.
std::int64_t offset(std::int64_t i, const Sizes &sizes, const Sizes &strides) {
  std::int64_t at = 0;
  for (std::size_t d = sizes.size(); d-- > 0; i /= sizes[d])
    at += i % sizes[d] * strides[d];
  return at;
}

/// Bytes that differ from each other.
std::vector<unsigned char> bytePattern(std::int64_t count) {
  std::vector<unsigned char> values(size(count));
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = static_cast<unsigned char>(i * 37 + i / 256 + 1);
  return values;
}

/// A case of gather or scatter along `axis`: with a row of indices for all, or an index for each
/// element. The box is that of what is indexed, with `count` in the place of the axis.
struct Picked {
  Sizes whole, box, wholeStrides, boxStrides, indexStrides;
  std::int64_t axisStride;
  std::vector<std::int64_t> indices;

  Picked(const Sizes &sizes, std::size_t axis, std::int64_t count, bool each)
      : whole(sizes), box(sizes), wholeStrides(dense(sizes)) {
    box[axis] = count;
    boxStrides = dense(box);
    axisStride = wholeStrides[axis];
    wholeStrides[axis] = 0;
    indexStrides = each ? boxStrides : Sizes(box.size(), 0);
    indexStrides[axis] = each ? boxStrides[axis] : 1;
    const std::int64_t n = sizes[axis];
    for (std::int64_t i = 0; i < (each ? product(box) : count); ++i)
      indices.push_back((i * 7 + 3) % (2 * n + 2) - n - 1); // both sides of what there is
  }
  std::int64_t index(std::int64_t i) const { return indices[size(offset(i, box, indexStrides))]; }
};

void putFloat(std::vector<unsigned char> &bytes, std::int64_t i, float value) {
  std::memcpy(&bytes[size(i) * 4], &value, 4);
}

/// What a scatter leaves where there was `before`.
float combined(std::string_view op, float before, float value) {
  if (std::isnan(before) || std::isnan(value))
    return NAN;
  return op == "scatter_add"   ? before + value
         : op == "scatter_mul" ? before * value
         : op == "scatter_max" ? std::max(before, value)
                               : std::min(before, value);
}

/// Calls check for boxes of several ranks, along every axis.
template <class Check> void eachPicked(Check check) {
  for (const Sizes &sizes :
       {Sizes{5}, Sizes{4, 3}, Sizes{3, 33}, Sizes{2, 3, 5}, Sizes{3, 2, 4, 17}})
    for (std::size_t axis = 0; axis < sizes.size(); ++axis)
      for (std::int64_t count : {0, 1, 6})
        for (bool each : {false, true})
          check(Picked(sizes, axis, count, each), axis);
}

} // namespace

TEST_CASE("copies and transpositions of every shape around the block", "[movement]") {
  forEachRow(Family::Copy2d, [&](const KernelRow &row) {
    const bool turn = row.op == "transpose2d";
    const std::int64_t lanes = isaFloatLanes(row.isa);
    for (std::int64_t rows : {std::int64_t{0}, std::int64_t{1}, lanes - 1, lanes, lanes + 1,
                              2 * lanes + 9, std::int64_t{50}})
      for (std::int64_t cols :
           {std::int64_t{0}, std::int64_t{1}, std::int64_t{3}, lanes, lanes + 1, 3 * lanes + 9})
        for (std::int64_t gap : {0, 5}) {
          const std::string details =
              "rows=" + std::to_string(rows) + ",cols=" + std::to_string(cols);
          if (!selected(row, details))
            continue;
          INFO(replay(row, details));
          const std::int64_t srcRow = cols + gap, outRows = turn ? cols : rows;
          const std::int64_t outCols = turn ? rows : cols, dstRow = outCols + gap;
          const bool empty = rows == 0 || cols == 0;
          Guarded<float> src(randomFloats(empty ? 0 : size((rows - 1) * srcRow + cols), 31));
          Guarded<float> dst(empty ? 0 : size((outRows - 1) * dstRow + outCols), 8.0f);
          row.function.copy2d(src.data(), srcRow, dst.data(), dstRow, rows, cols);
          bool right = src.intact() && dst.intact();
          for (std::int64_t r = 0; r < outRows && !empty; ++r)
            for (std::int64_t c = 0; c < dstRow && size(r * dstRow + c) < dst.size(); ++c) {
              const float want = c >= outCols ? 8.0f
                                 : turn       ? src[size(c * srcRow + r)]
                                              : src[size(r * srcRow + c)];
              right &= dst[size(r * dstRow + c)] == want;
            }
          CHECK(right);
        }
  });
}

TEST_CASE("matrices that the caches do not hold are transposed", "[movement]") {
  // More columns than a strip has, and tails of rows and columns behind the blocks.
  const std::int64_t cols = 1100, far = std::min<std::int64_t>(caches().l3, 32 << 20);
  const std::int64_t rows = far / 8 / cols + 37;
  Guarded<float> x(randomFloats(size(rows * cols), 33));
  forEachRow(Family::Copy2d, [&](const KernelRow &row) {
    if (row.op != "transpose2d")
      return;
    for (const std::int64_t dstRow : {(rows + 15) / 16 * 16, rows + rows % 2 + 1}) {
      INFO(replay(row, "dstRow=" + std::to_string(dstRow)));
      // Ends at a page, so that rows begin lines, or most of them do not.
      Guarded<float> y(size(cols * dstRow), 8.0f);
      row.function.copy2d(x.data(), cols, y.data(), dstRow, rows, cols);
      bool right = x.intact() && y.intact();
      for (std::int64_t c = 0; c < cols; ++c)
        for (std::int64_t r = 0; r < dstRow; ++r)
          right &= y[size(c * dstRow + r)] == (r < rows ? x[size(r * cols + c)] : 8.0f);
      CHECK(right);
    }
  });
}

TEST_CASE("matrices that the caches do not hold are copied", "[movement]") {
  const std::int64_t cols = 1003,
                     rows = std::min<std::int64_t>(caches().l3, 32 << 20) / 4 / cols + 3;
  Guarded<float> x(randomFloats(size(rows * cols), 34));
  forEachRow(Family::Copy2d, [&](const KernelRow &row) {
    if (row.op != "copy2d")
      return;
    for (const std::int64_t gap : {0, 2}) // in one run, and row by row
      for (const std::int64_t skip : {0, 3}) {
        INFO(replay(row, "gap=" + std::to_string(gap) + ",skip=" + std::to_string(skip)));
        const std::int64_t width = cols - gap, count = rows - 1;
        Guarded<float> y(size(rows * cols), 8.0f);
        row.function.copy2d(x.data() + skip, cols, y.data() + skip, cols, count, width);
        bool right = x.intact() && y.intact();
        for (std::int64_t i = 0; i < rows * cols; ++i) {
          const bool copied = i >= skip && i < skip + count * cols && (i - skip) % cols < width;
          right &= y[size(i)] == (copied ? x[size(i)] : 8.0f);
        }
        CHECK(right);
      }
  });
}

TEST_CASE("gather_rows picks rows, wraps negative indices and reports bad ones", "[movement]") {
  forEachRow(Family::GatherRows, [&](const KernelRow &row) {
    const std::vector<std::int64_t> wide = {0, 4, -1, -5, 2, 5, -6, 1};
    const std::vector<std::int32_t> narrow(wide.begin(), wide.end());
    for (std::int64_t cols : {0, 1, 3, 16, 33}) {
      INFO(replay(row, "cols=" + std::to_string(cols)));
      Guarded<float> src(randomFloats(size(5 * cols), 32));
      Guarded<float> a(size(8 * cols), 1.0f), b(size(8 * cols), 1.0f);
      const std::int64_t bytes = cols * 4;
      CHECK(row.function.gatherRows(src.data(), bytes, 5, wide.data(), 8, 8, a.data(), bytes,
                                    bytes) == 2);
      CHECK(row.function.gatherRows(src.data(), bytes, 5, narrow.data(), 4, 8, b.data(), bytes,
                                    bytes) == 2);
      bool right = src.intact() && a.intact() && b.intact();
      for (std::size_t i = 0; i < wide.size(); ++i)
        for (std::int64_t c = 0; c < cols; ++c) {
          const std::int64_t from = wide[i] < 0 ? wide[i] + 5 : wide[i];
          const float want = from < 0 || from >= 5 ? 0.0f : src[size(from * cols + c)];
          right &= a[i * size(cols) + size(c)] == want && b[i * size(cols) + size(c)] == want;
        }
      CHECK(right);
    }
  });
}

TEST_CASE("gather and scatter find elements along any axis, and count bad indices", "[movement]") {
  forEachRow(Family::Indexed, [&](const KernelRow &row) {
    const bool gathers = row.op == "gather", combines = row.op.starts_with("scatter_");
    for (std::int32_t bytes : {1, 2, 4, 8})
      for (std::int32_t indexBytes : {4, 8})
        eachPicked([&](const Picked &p, std::size_t axis) {
          if (combines && bytes != 4)
            return;
          const std::int64_t n = product(p.box), all = product(p.whole);
          Guarded<std::int64_t> wide(p.indices);
          Guarded<std::int32_t> narrow(
              std::vector<std::int32_t>(p.indices.begin(), p.indices.end()));
          std::vector<unsigned char> from = bytePattern((gathers ? all : n) * bytes);
          std::vector<unsigned char> want((gathers ? size(n) : size(all)) * size(bytes), 0);
          if (combines) {
            for (std::int64_t i = 0; i < n; ++i)
              putFloat(from, i, i % 31 == 30 ? NAN : static_cast<float>(i * 7 % 100) - 40.0f);
            for (std::int64_t i = 0; i < all; ++i)
              putFloat(want, i, i % 37 == 36 ? NAN : static_cast<float>(i % 9) - 4.0f);
          }
          Guarded<unsigned char> src(from), dst(want);
          const kernels::IndexedArgs args = {
              src.data(),
              dst.data(),
              indexBytes == 8 ? static_cast<const void *>(wide.data()) : narrow.data(),
              p.box.data(),
              gathers ? p.wholeStrides.data() : p.boxStrides.data(),
              p.indexStrides.data(),
              gathers ? p.boxStrides.data() : p.wholeStrides.data(),
              static_cast<std::int64_t>(p.box.size()),
              p.whole[axis],
              p.axisStride,
              indexBytes,
              bytes};
          const std::int64_t bad = row.function.indexed(args);
          std::int64_t expected = 0;
          for (std::int64_t i = 0; i < n; ++i) {
            const std::int64_t length = p.whole[axis];
            const std::int64_t index = p.index(i) + (p.index(i) < 0 ? length : 0);
            if (index < 0 || index >= length) {
              ++expected;
              continue;
            }
            const std::size_t inner = size(i) * size(bytes);
            const std::size_t outer =
                size(offset(i, p.box, p.wholeStrides) + index * p.axisStride) * size(bytes);
            if (combines) {
              float before, value;
              std::memcpy(&before, &want[outer], 4);
              std::memcpy(&value, &from[inner], 4);
              putFloat(want, std::int64_t(outer) / 4, combined(row.op, before, value));
            } else
              std::memcpy(&want[gathers ? inner : outer], &from[gathers ? outer : inner],
                          size(bytes));
          }
          INFO(replay(row, "") << " bytes=" << bytes << " rank=" << p.box.size() << " axis=" << axis
                               << " count=" << p.box[axis]);
          CHECK(bad == expected);
          CHECK((src.intact() && dst.intact() && wide.intact() && narrow.intact()));
          CHECK((want.empty() || std::memcmp(dst.data(), want.data(), want.size()) == 0));
        });
  });
}

namespace {

/// Where element `at` of a padded dimension comes from; -1 for the value. By counting.
std::int64_t padSource(kernels::PadMode mode, std::int64_t n, std::int64_t at) {
  if (mode == kernels::PadMode::Constant || n == 0)
    return at >= 0 && at < n ? at : -1;
  while (at < 0 || at >= n) {
    if (mode == kernels::PadMode::Edge)
      return at < 0 ? 0 : n - 1;
    if (mode == kernels::PadMode::Wrap)
      at += at < 0 ? n : -n;
    else if (n == 1)
      return 0;
    else
      at = at < 0 ? -at : 2 * (n - 1) - at;
  }
  return at;
}

} // namespace

TEST_CASE("pad surrounds tensors of any rank in every mode, and cuts off", "[movement]") {
  struct Case {
    Sizes sizes, before, after;
  };
  const Case cases[] = {{{}, {}, {}},
                        {{5},
                         {
                             2,
                         },
                         {7}},
                        {{0}, {2}, {1}},
                        {{3, 0}, {1, 0}, {1, 2}},
                        {{1, 4}, {3, 1}, {2, 0}},
                        {{4, 5, 3}, {1, 2, 0}, {2, 1, 0}},
                        {{4, 5, 3}, {0, -2, 1}, {-1, 1, 1}},
                        {{2, 3, 2, 17}, {0, 1, 1, 0}, {0, 1, 1, 0}},
                        {{3, 4}, {-2, 0}, {-2, 0}}};
  forEachRow(Family::Pad, [&](const KernelRow &row) {
    for (const Case &c : cases)
      for (std::int32_t bytes : {1, 2, 4, 8})
        for (int mode = 0; mode < 4; ++mode) {
          const auto padMode = static_cast<kernels::PadMode>(mode);
          Sizes all;
          for (std::size_t d = 0; d < c.sizes.size(); ++d)
            all.push_back(std::max<std::int64_t>(c.before[d] + c.sizes[d] + c.after[d], 0));
          const Sizes from = dense(c.sizes), to = dense(all);
          const std::int64_t count = product(all);
          Guarded<unsigned char> src(bytePattern(product(c.sizes) * bytes));
          Guarded<unsigned char> dst(size(count * bytes), 0);
          const std::uint64_t value = 0x0102030405060708u;
          row.function.pad({src.data(), dst.data(), c.sizes.data(), c.before.data(), c.after.data(),
                            from.data(), to.data(), static_cast<std::int64_t>(all.size()), bytes,
                            padMode, &value});
          bool right = src.intact() && dst.intact();
          for (std::int64_t i = 0; i < count; ++i) {
            std::int64_t at = 0;
            bool outside = false;
            for (std::size_t d = 0; d < all.size(); ++d) {
              const std::int64_t s =
                  padSource(padMode, c.sizes[d], i / to[d] % all[d] - c.before[d]);
              outside |= s < 0;
              at += s * from[d];
            }
            const void *want =
                outside ? static_cast<const void *>(&value) : src.data() + at * bytes;
            right &= std::memcmp(dst.data() + i * bytes, want, size(bytes)) == 0;
          }
          INFO(replay(row, "") << " rank=" << all.size() << " bytes=" << bytes << " mode=" << mode);
          CHECK(right);
        }
  });
}
