// Data movement: copies, transpositions and gathers move every element once and nothing else.
#include <catch2/catch.hpp>

#include "Harness.h"

using namespace tessera;
using namespace tessera::test;

namespace {
std::size_t size(std::int64_t n) {
  return static_cast<std::size_t>(n);
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
