// Depthwise convolution, pooling and the gather of convolution, beside Eigen's array operations.
#include "Bench.h"
#include "Peers.h"

namespace tessera::bench {
namespace {

constexpr std::int64_t kSizes[][4] = {{56, 56, 64, 3}, {14, 14, 256, 3}, {28, 28, 96, 5}};

void addOne(const kernels::KernelRow &row) {
  const std::string op(row.op);
  const bool filtered = op == "window_fma";
  for (const auto &[h, w, c, k] : kSizes) {
    auto x = floats(h * w * c, 1), f = floats(k * k * c, 2), y = floats(h * w * c, 3);
    const double flops = static_cast<double>(h * w * c * k * k) * (filtered ? 2 : 1);
    const std::string size = shape({h, w, c, k});
    if (filtered)
      add(op, "f32", whoOf(row), size, Work::Flops, flops,
          [=, h = h, w = w, c = c, k = k, run = row.function.windowFma] {
            run(x.get(), h, w, c, w * c, c, f.get(), c, k, k, 1, 1, 1, 1, k / 2, k / 2, y.get(), h,
                w, w * c, c);
          });
    else
      add(op, "f32", whoOf(row), size, Work::Flops, flops,
          [=, h = h, w = w, c = c, k = k, run = row.function.windowFold] {
            run(x.get(), h, w, c, w * c, c, k, k, 1, 1, 1, 1, k / 2, k / 2, y.get(), h, w, w * c,
                c);
          });
    if (op == "window_mean")
      continue;
    add(op, "f32", "eigen-" + std::string(isaName(row.isa)), size, Work::Flops, flops,
        [=, h = h, w = w, c = c, k = k, run = isaPeers(row.isa).window] {
          run(op.c_str(), x.get(), filtered ? f.get() : nullptr, y.get(), h, w, c, k);
        });
  }
}

void addGather(const kernels::KernelRow &row) {
  const std::int64_t h = 28, w = 28, c = 64, k = 3;
  auto x = floats(h * w * c), y = floats(h * w * c * k * k);
  add("im2col", "f32", whoOf(row), shape({h, w, c, k}), Work::Bytes,
      8.0 * static_cast<double>(h * w * c * k * k), [=, run = row.function.im2col] {
        run(x.get(), h, w, c, w * c, c, k, k, 1, 1, 1, 1, 1, 1, 0, h * w, w, y.get(), k * k * c);
      });
}

} // namespace

void addWindow() {
  for (const char *op : {"window_fma", "window_max", "window_sum", "window_mean"})
    forEachRow(op, addOne);
  forEachRow("im2col", addGather);
}

} // namespace tessera::bench
