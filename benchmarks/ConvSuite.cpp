// f32 convolutions in NHWC.
#include "Peers.h"
#include "Suite.h"

namespace tessera::bench {
namespace {

/// One channel with itself: kernel k x k, stride 1, padding k / 2.
Row depthwiseRow(std::int64_t size, std::int64_t c, std::int64_t k) {
  const double pixels = static_cast<double>(size * size * c), taps = static_cast<double>(k * k);
  Row row{"depthwise " + shape({size, size, c}) + " " + shape({k, k}),
          "depthwise",
          Work::Flops,
          2 * pixels * taps,
          8 * pixels + 4 * static_cast<double>(c) * taps,
          {}};
  row.make = [=](Sides &sides, const Setting &setting) {
    auto x = floats(size * size * c, 1), f = floats(k * k * c, 2), y = floats(size * size * c, 3);
    if (const kernels::KernelRow *ours = kernels::findKernel("window_fma", "f32", setting.isa))
      sides.ours(repeated([=, run = ours->function.windowFma] {
        run(x.get(), size, size, c, size * c, c, f.get(), c, k, k, 1, 1, 1, 1, k / 2, k / 2,
            y.get(), size, size, size * c, c);
      }));
    sides.peer("onednn", oneDnnDepthwise(size, size, c, k));
    if (setting.threads == 1)
      sides.peer("eigen", repeated([=, run = isaPeers(setting.isa).window] {
                   run("window_fma", x.get(), f.get(), y.get(), size, size, c, k);
                 }));
    addIdealProduct(sides, setting);
  };
  return row;
}

} // namespace

Suite convSuite() {
  return {"conv",
          "f32 convolutions in NHWC, height x width x channels and the kernel",
          {{"depthwise", 1.2, 0.95}},
          {depthwiseRow(112, 32, 3), depthwiseRow(56, 64, 3), depthwiseRow(28, 96, 5),
           depthwiseRow(14, 256, 3), depthwiseRow(7, 960, 3)}};
}

} // namespace tessera::bench
