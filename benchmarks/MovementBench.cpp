// Data movement: transposition beside Eigen, copies and gathers beside memcpy.
#include <cstring>

#include "Bench.h"
#include "Peers.h"

namespace tessera::bench {
namespace {

constexpr std::int64_t kRows = 256, kCols = 256;
constexpr double kBytes = 8.0 * kRows * kCols;

void addMemcpy(const std::string &op, const std::string &dtype) {
  auto x = floats(kRows * kCols), y = floats(kRows * kCols);
  add(op, dtype, "memcpy", shape({kRows, kCols}), Work::Bytes, kBytes,
      [=] { std::memcpy(y.get(), x.get(), kRows * kCols * sizeof(float)); });
}

void addCopy(const kernels::KernelRow &row) {
  auto x = floats(kRows * kCols), y = floats(kRows * kCols);
  add(std::string(row.op), "32", whoOf(row), shape({kRows, kCols}), Work::Bytes, kBytes,
      [=, run = row.function.copy2d] { run(x.get(), kCols, y.get(), kCols, kRows, kCols); });
  if (row.op == "transpose2d")
    add("transpose2d", "32", "eigen-" + std::string(isaName(row.isa)), shape({kRows, kCols}),
        Work::Bytes, kBytes,
        [=, run = isaPeers(row.isa).transpose] { run(x.get(), y.get(), kRows, kCols); });
  else
    addMemcpy("copy2d", "32");
}

void addFractalCopy(const kernels::KernelRow &row) {
  const std::int64_t size = row.dtype == "32" ? 4 : row.dtype == "16" ? 2 : 1;
  const std::int64_t rows = kRows, cols = kCols * 4 / size, c0 = 32 / size, block = 16 * c0;
  auto x = floats(kRows * kCols), y = floats(kRows * kCols);
  const bool pack = row.op == "copy_nd2nz";
  add(std::string(row.op), std::string(row.dtype), whoOf(row), shape({kRows, kCols}), Work::Bytes,
      kBytes, [=, run = row.function.fractalCopy] {
        if (pack)
          run(x.get(), cols, 1, y.get(), block, rows / 16 * block, rows, cols, c0);
        else
          run(x.get(), block, rows / 16 * block, y.get(), cols, 1, rows, cols, c0);
      });
  addMemcpy(std::string(row.op), std::string(row.dtype));
}

void addGather(const kernels::KernelRow &row) {
  auto x = floats(kRows * kCols), y = floats(kRows * kCols);
  auto indices = std::make_shared<std::vector<std::int64_t>>();
  for (std::int64_t i = 0; i < kRows; ++i)
    indices->push_back(i * 97 % kRows);
  add("gather_rows", "any", whoOf(row), shape({kRows, kCols}), Work::Bytes, kBytes,
      [=, run = row.function.gatherRows] {
        run(x.get(), kCols * 4, kRows, indices->data(), 8, kRows, y.get(), kCols * 4, kCols * 4);
      });
  addMemcpy("gather_rows", "any");
}

} // namespace

void addMovement() {
  for (const char *op : {"copy2d", "transpose2d"})
    forEachRow(op, addCopy);
  for (const char *op : {"copy_nd2nz", "copy_nz2nd"})
    forEachRow(op, addFractalCopy);
  forEachRow("gather_rows", addGather);
}

} // namespace tessera::bench
