// Reductions along the other axis and to indices, casts, and movement of tensors, in L2, beside the
// loops that people write.
#include <algorithm>
#include <cstring>
#include <memory>

#include "Bench.h"

namespace tessera::bench {
namespace {

using kernels::KernelRow;

constexpr std::int64_t kRows = 64, kCols = 768, kCount = kRows * kCols;

/// Adds the row of the kernel, and that of a plain loop compiled for the least machine.
void addBoth(const KernelRow &row, const std::string &size, double bytes,
             const std::function<void()> &ours, const std::function<void()> &loop) {
  const std::string op(row.op), dtype(row.dtype);
  add(op, dtype, whoOf(row), size, Work::Bytes, bytes, ours);
  if (loop && row.isa == Isa::sse2)
    add(op, dtype, "loop", size, Work::Bytes, bytes, loop);
}

void addColReduce(const KernelRow &row) {
  auto x = floats(kCount), y = floats(kCols);
  const bool sum = row.op == "col_reduce_sum";
  addBoth(
      row, shape({kRows, kCols}), 4.0 * kCount,
      [=, run = row.function.rowReduce] { run(x.get(), kRows, kCols, kCols, y.get(), 0); },
      [=] {
        for (std::int64_t c = 0; c < kCols; ++c)
          y[c] = sum ? 0.0f : x[c];
        for (std::int64_t r = 0; r < kRows; ++r)
          for (std::int64_t c = 0; c < kCols; ++c)
            y[c] = sum ? y[c] + x[r * kCols + c] : std::max(y[c], x[r * kCols + c]);
      });
}

void addArgReduce(const KernelRow &row) {
  auto x = floats(kCount);
  auto y = std::make_shared<std::int64_t[]>(kRows);
  addBoth(
      row, shape({kRows, kCols}), 4.0 * kCount,
      [=, run = row.function.argReduce] { run(x.get(), kRows, kCols, kCols, y.get()); },
      [=] {
        for (std::int64_t r = 0; r < kRows; ++r)
          y[r] = std::max_element(&x[r * kCols], &x[r * kCols] + kCols) - &x[r * kCols];
      });
}

void addTopK(const KernelRow &row) {
  constexpr std::int64_t kWanted = 8;
  auto x = floats(kCount), values = floats(kRows * kWanted);
  auto indices = std::make_shared<std::int64_t[]>(kRows * kWanted);
  auto order = std::make_shared<std::int64_t[]>(kCols);
  addBoth(
      row, shape({kRows, kCols, kWanted}), 4.0 * kCount,
      [=, run = row.function.topK] {
        run(x.get(), kRows, kCols, kCols, kWanted, values.get(), indices.get());
      },
      [=] {
        for (std::int64_t r = 0; r < kRows; ++r) {
          const float *from = &x[r * kCols];
          for (std::int64_t c = 0; c < kCols; ++c)
            order[c] = c;
          std::partial_sort(order.get(), order.get() + kWanted, order.get() + kCols,
                            [=](std::int64_t a, std::int64_t b) { return from[a] > from[b]; });
          for (std::int64_t i = 0; i < kWanted; ++i)
            values[r * kWanted + i] = from[indices[r * kWanted + i] = order[i]];
        }
      });
}

void addScan(const KernelRow &row) {
  auto x = floats(kCount), y = floats(kCount);
  addBoth(
      row, shape({kRows, kCols}), 8.0 * kCount,
      [=, run = row.function.scan] { run(x.get(), kCols, y.get(), kCols, kRows, kCols, 0, 0); },
      [=] {
        for (std::int64_t r = 0; r < kRows; ++r) {
          float sum = 0;
          for (std::int64_t c = 0; c < kCols; ++c)
            y[r * kCols + c] = sum += x[r * kCols + c];
        }
      });
}

double widthOf(std::string_view type) {
  return type == "i64" ? 8 : type == "f32" || type == "i32" ? 4 : type.ends_with("8") ? 1 : 2;
}

void addCast(const KernelRow &row) {
  const std::size_t split = row.dtype.find('_');
  auto x = floats(2 * kCount), y = floats(2 * kCount);
  if (!row.dtype.starts_with("f32"))
    std::memset(x.get(), 0x11, 8 * static_cast<std::size_t>(kCount));
  addBoth(
      row, shape({kCount}),
      (widthOf(row.dtype.substr(0, split)) + widthOf(row.dtype.substr(split + 1))) * kCount,
      [=, run = row.function.cast] { run(x.get(), y.get(), kCount); }, nullptr);
}

void addCompare(const KernelRow &row) {
  auto a = floats(kCount, 1), b = floats(kCount, 2), y = floats(kCount);
  auto *bytes = reinterpret_cast<std::uint8_t *>(y.get());
  addBoth(
      row, shape({kCount}), 9.0 * kCount,
      [=, run = row.function.compare] { run(a.get(), 1, b.get(), 1, bytes, kCount); }, nullptr);
}

void addTranspose(const KernelRow &row) {
  // Heads out of the way and back, as attention does it: 0 2 1 3 and 0 2 3 1.
  auto x = floats(kCount), y = floats(kCount);
  struct Plan {
    std::int64_t sizes[4], from[4], to[4];
  };
  static const Plan kHeads = {{1, 64, 12, 64}, {49152, 768, 64, 1}, {49152, 64, 4096, 1}};
  static const Plan kImage = {{1, 64, 24, 32}, {49152, 768, 32, 1}, {49152, 1, 2048, 64}};
  for (const Plan *plan : {&kHeads, &kImage})
    addBoth(
        row, plan == &kHeads ? "0213" : "0231", 8.0 * kCount,
        [=, run = row.function.copyNd] {
          run(x.get(), plan->from, y.get(), plan->to, plan->sizes, 4, 4);
        },
        [=] {
          for (std::int64_t i = 0; i < plan->sizes[1]; ++i)
            for (std::int64_t j = 0; j < plan->sizes[2]; ++j)
              for (std::int64_t k = 0; k < plan->sizes[3]; ++k)
                y[i * plan->to[1] + j * plan->to[2] + k * plan->to[3]] =
                    x[i * plan->from[1] + j * plan->from[2] + k * plan->from[3]];
        });
}

void addRope(const KernelRow &row) {
  auto x = floats(kCount), y = floats(kCount), cos = floats(kCount / 2, 2),
       sin = floats(kCount / 2);
  for (std::int32_t mode : {0, 1})
    addBoth(
        row, mode ? "768x64-pairs" : "768x64", 12.0 * kCount,
        [=, run = row.function.rope] {
          run(x.get(), 64, y.get(), 64, cos.get(), sin.get(), 32, 768, 64, mode);
        },
        nullptr);
}

void addQuantize(const KernelRow &row) {
  auto x = floats(kCount), y = floats(kCount), scales = floats(kRows);
  for (std::int64_t r = 0; r < kRows; ++r)
    scales[r] = 0.01f;
  addBoth(
      row, shape({kRows, kCols}), 5.0 * kCount,
      [=, run = row.function.quantize] {
        run(x.get(), kCols, y.get(), kCols, kRows, kCols, scales.get(), nullptr);
      },
      nullptr);
}

void addCells(const KernelRow &row) {
  constexpr std::int64_t kBatch = 16, kSize = 256;
  auto gates = floats(kBatch * 4 * kSize), more = floats(kBatch * 4 * kSize, 2);
  auto a = floats(kBatch * kSize), b = floats(kBatch * kSize);
  const double elements = static_cast<double>(kBatch * kSize);
  if (row.family == kernels::Family::LstmCell)
    addBoth(
        row, shape({kBatch, kSize}), 28 * elements,
        [=, run = row.function.lstmCell] {
          run(gates.get(), 4 * kSize, a.get(), kSize, a.get(), kSize, b.get(), kSize, kBatch,
              kSize);
        },
        nullptr);
  else
    addBoth(
        row, shape({kBatch, kSize}), 32 * elements,
        [=, run = row.function.gruCell] {
          run(gates.get(), 3 * kSize, more.get(), 3 * kSize, a.get(), kSize, a.get(), kSize, kBatch,
              kSize);
        },
        nullptr);
}

} // namespace

void addTensors() {
  for (const char *op : {"col_reduce_sum", "col_reduce_max"})
    forEachRow(op, addColReduce);
  forEachRow("row_arg_max", addArgReduce);
  forEachRow("top_k", addTopK);
  forEachRow("cumsum", addScan);
  forEachRow("cast", addCast);
  forEachRow("less", addCompare);
  forEachRow("transpose_nd", addTranspose);
  forEachRow("rope", addRope);
  for (const char *op : {"quantize", "dequantize"})
    forEachRow(op, addQuantize);
  for (const char *op : {"lstm_cell", "gru_cell"})
    forEachRow(op, addCells);
}

} // namespace tessera::bench
