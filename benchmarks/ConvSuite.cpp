// f32 convolutions in NHWC and NCHW.
#include "Convolution.h"
#include "Peers.h"
#include "Suite.h"
#include "tessera/kernels/ConvTypes.h"
#include "tessera/support/Caches.h"

namespace tessera::bench {
namespace {

/// Our depthwise convolution, its lines shared out.
struct Depthwise {
  kernels::WindowFmaFn *run;
  std::int64_t size, c, k, parts;
  std::shared_ptr<float[]> x, f, y;

  static void task(void *self, std::int64_t index) {
    const Depthwise &d = *static_cast<const Depthwise *>(self);
    const std::int64_t first = d.size * index / d.parts, last = d.size * (index + 1) / d.parts;
    d.run(d.x.get(), d.size, d.size, d.c, d.size * d.c, d.c, d.f.get(), d.c, d.k, d.k, 1, 1, 1, 1,
          d.k / 2 - first, d.k / 2, d.y.get() + first * d.size * d.c, last - first, d.size,
          d.size * d.c, d.c);
  }
};

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
      sides.ours(repeated([=, d = Depthwise{ours->function.windowFma, size, c, k, setting.threads,
                                            x, f, y}] {
        setting.parallelFor(setting.pool, d.parts, &Depthwise::task, const_cast<Depthwise *>(&d));
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

kernels::ConvLayout layoutOf(const std::string &name, std::int64_t size, std::int64_t c) {
  return name == "nchw" ? kernels::ConvLayout{size * size * c, size, 1, size * size, c, 0}
                        : kernels::ConvLayout{size * size * c, size * c, c, 1, c, 0};
}

Repeated ourConvolution(const Convolution &conv, const std::string &layout,
                        const Setting &setting) {
  const kernels::KernelRow *row = kernels::findKernel("conv2d", "f32", setting.isa);
  const kernels::KernelRow *pack = kernels::findKernel("conv2d_pack", "f32", setting.isa);
  if (!row || !pack)
    return {};
  const std::int64_t out = conv.outSize(), taps = conv.k * conv.k, pad = conv.k / 2;
  const kernels::ConvShape s{1,      conv.size, conv.size,   conv.c,      out, out, conv.outC, 1,
                             conv.k, conv.k,    conv.stride, conv.stride, 1,   1,   pad,       pad};
  auto f = floats(conv.outC * taps * conv.c, 2);
  const std::int64_t outStride = taps * conv.c;
  auto packed = floats(pack->function.conv2dPack(&s, f.get(), 0, outStride, 1, taps, nullptr), 3);
  pack->function.conv2dPack(&s, f.get(), 0, outStride, 1, taps, packed.get());
  auto x = floats(conv.size * conv.size * conv.c, 1), y = floats(out * out * conv.outC, 4);
  return repeated([=, run = row->function.conv2d, xl = layoutOf(layout, conv.size, conv.c),
                   yl = layoutOf(layout, out, conv.outC), end = kernels::ConvEpilogue(),
                   cache = caches().l2Share(setting.threads)] {
    run(&s, &xl, x.get(), packed.get(), &yl, y.get(), &end, cache, setting.parallelFor,
        setting.pool);
  });
}

/// In NHWC oneDNN may choose another layout for x and y; in NCHW it is held to it.
Row convRow(const Convolution &conv, const std::string &layout, std::string group) {
  const double image = static_cast<double>(conv.size * conv.size * conv.c);
  const double filter = static_cast<double>(conv.outC * conv.k * conv.k * conv.c);
  const double result = static_cast<double>(conv.outSize() * conv.outSize() * conv.outC);
  Row row{layout + " " + conv.shape(),
          std::move(group),
          Work::Flops,
          conv.flops(),
          4 * (image + filter + result),
          {}};
  row.make = [=](Sides &sides, const Setting &setting) {
    sides.ours(ourConvolution(conv, layout, setting));
    sides.peer("onednn", oneDnnConvolution(conv, layout, ConvType::F32));
    if (layout == "nhwc")
      sides.peer("onednn any", oneDnnConvolution(conv, "any", ConvType::F32));
    addIdealProduct(sides, setting);
  };
  return row;
}

/// The first convolution of ResNet-50 and those of its stages.
constexpr Convolution kConvolutions[] = {
    {224, 3, 64, 7, 2},    {56, 64, 64, 1, 1},   {56, 64, 64, 3, 1},   {56, 64, 256, 1, 1},
    {56, 256, 64, 1, 1},   {56, 128, 128, 3, 2}, {28, 128, 128, 3, 1}, {28, 128, 512, 1, 1},
    {28, 512, 128, 1, 1},  {56, 256, 512, 1, 2}, {14, 256, 256, 3, 1}, {14, 256, 1024, 1, 1},
    {14, 1024, 256, 1, 1}, {7, 512, 512, 3, 1},  {7, 512, 2048, 1, 1}, {7, 2048, 512, 1, 1},
};

} // namespace

Suite convSuite() {
  Suite suite{"conv",
              "f32 convolutions, height x width x channels and the kernel",
              {{"nhwc", 1.03, 0.95},
               {"nhwc, stem and 7x7", 1.1, 0.95},
               {"nchw", 1.4, 0.95},
               {"depthwise", 1.2, 0.95}},
              {depthwiseRow(112, 32, 3), depthwiseRow(56, 64, 3), depthwiseRow(28, 96, 5),
               depthwiseRow(14, 256, 3), depthwiseRow(7, 960, 3)}};
  for (const char *layout : {"nhwc", "nchw"})
    for (const Convolution &conv : kConvolutions) {
      const bool edge = conv.size == 7 || conv.c == 3;
      suite.rows.push_back(convRow(conv, layout,
                                   layout == std::string("nchw") ? "nchw"
                                   : edge                        ? "nhwc, stem and 7x7"
                                                                 : "nhwc"));
    }
  return suite;
}

} // namespace tessera::bench
