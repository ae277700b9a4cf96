// Elementwise kernels on an array that fits L1 and one that fits L2, beside Eigen per ISA.
#include "Bench.h"
#include "Peers.h"

namespace tessera::bench {
namespace {

constexpr std::int64_t kShapes[][2] = {{4, 1024}, {32, 2048}};

void addUnary(const kernels::KernelRow &row) {
  static const float kParams[] = {0.2f, 0.5f};
  const std::string op(row.op);
  for (const auto &[rows, cols] : kShapes) {
    const std::int64_t count = rows * cols;
    auto x = inputFor(op, count), y = floats(count);
    const double bytes = 8.0 * static_cast<double>(count);
    add(op, "f32", whoOf(row), shape({rows, cols}), Work::Bytes, bytes,
        [=, run = row.function.unary] { run(x.get(), y.get(), count, kParams); });
    if (IsaPeers::Unary peer = isaPeers(row.isa).unary(op.c_str()))
      add(op, "f32", "eigen-" + std::string(isaName(row.isa)), shape({rows, cols}), Work::Bytes,
          bytes, [=] { peer(x.get(), y.get(), count); });
  }
}

void addBinary(const kernels::KernelRow &row) {
  const std::string op(row.op);
  for (const auto &[rows, cols] : kShapes) {
    const std::int64_t count = rows * cols;
    auto a = inputFor(op, count), b = floats(count, 2), y = floats(count);
    const double bytes = 12.0 * static_cast<double>(count);
    add(op, "f32", whoOf(row), shape({rows, cols}), Work::Bytes, bytes,
        [=, run = row.function.binary] { run(a.get(), 1, b.get(), 1, y.get(), count); });
    if (IsaPeers::Binary peer = isaPeers(row.isa).binary(op.c_str()))
      add(op, "f32", "eigen-" + std::string(isaName(row.isa)), shape({rows, cols}), Work::Bytes,
          bytes, [=] { peer(a.get(), b.get(), y.get(), count); });
  }
}

} // namespace

std::shared_ptr<float[]> inputFor(const std::string &op, std::int64_t count) {
  auto x = floats(count);
  const bool positive = op == "log" || op == "sqrt" || op == "rsqrt" || op == "pow";
  for (std::int64_t i = 0; i < count; ++i) {
    x[i] *= 4.0f;
    if (positive && x[i] < 0)
      x[i] = -x[i];
    if (op == "row_reduce_prod") // products of small numbers end in denormals
      x[i] = 1.0f + x[i] * 1e-3f;
  }
  return x;
}

void addElementwise() {
#define TESSERA_KERNEL(op, dtype, Kernel)
#define TESSERA_UNARY(op, dtype, Kernel) forEachRow(#op, addUnary);
#define TESSERA_UNARY_1(op, dtype, Kernel) forEachRow(#op, addUnary);
#define TESSERA_UNARY_2(op, dtype, Kernel) forEachRow(#op, addUnary);
#define TESSERA_BINARY(op, dtype, Kernel) forEachRow(#op, addBinary);
#include "tessera/kernels/kernels.def"
}

} // namespace tessera::bench
