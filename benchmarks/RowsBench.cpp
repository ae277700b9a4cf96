// Row operators in L2, beside Eigen per ISA.
#include "Bench.h"
#include "Peers.h"

namespace tessera::bench {
namespace {

constexpr std::int64_t kRows = 64, kCols = 768;
constexpr double kElements = static_cast<double>(kRows) * kCols;

void addMap(const kernels::KernelRow &row) {
  auto x = floats(kRows * kCols), y = floats(kRows * kCols);
  auto scale = floats(kCols, 2), bias = floats(kCols, 3);
  const std::string op(row.op);
  if (row.family == kernels::Family::RowMap)
    add(op, "f32", whoOf(row), shape({kRows, kCols}), Work::Bytes, 8 * kElements,
        [=, run = row.function.rowMap] { run(x.get(), kCols, y.get(), kCols, kRows, kCols); });
  else
    add(op, "f32", whoOf(row), shape({kRows, kCols}), Work::Bytes, 8 * kElements,
        [=, run = row.function.rowNorm] {
          run(x.get(), kCols, y.get(), kCols, kRows, kCols, scale.get(),
              op == "layer_norm" ? bias.get() : nullptr, 1e-5f);
        });
  add(op, "f32", "eigen-" + std::string(isaName(row.isa)), shape({kRows, kCols}), Work::Bytes,
      8 * kElements, [=, run = isaPeers(row.isa).rowMap] {
        run(op.c_str(), x.get(), y.get(), kRows, kCols, scale.get(), bias.get());
      });
}

void addReduce(const kernels::KernelRow &row) {
  const std::string op(row.op);
  auto x = inputFor(op, kRows * kCols), y = floats(kRows);
  add(op, "f32", whoOf(row), shape({kRows, kCols}), Work::Bytes, 4 * kElements,
      [=, run = row.function.rowReduce] { run(x.get(), kRows, kCols, kCols, y.get(), 0); });
  add(op, "f32", "eigen-" + std::string(isaName(row.isa)), shape({kRows, kCols}), Work::Bytes,
      4 * kElements,
      [=, run = isaPeers(row.isa).rowReduce] { run(op.c_str(), x.get(), y.get(), kRows, kCols); });
}

} // namespace

void addRows() {
  for (const char *op : {"softmax", "log_softmax", "layer_norm", "rms_norm"})
    forEachRow(op, addMap);
  for (const char *op : {"row_reduce_sum", "row_reduce_max", "row_reduce_min", "row_reduce_prod"})
    forEachRow(op, addReduce);
}

} // namespace tessera::bench
