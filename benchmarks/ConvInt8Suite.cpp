// Convolutions of 8-bit images in NHWC, requantised to the type of the image.
#include "Convolution.h"
#include "Suite.h"
#include "tessera/kernels/ConvTypes.h"

namespace tessera::bench {
namespace {

/// The filter as the kernel wants it; its rows are in order of (ky, kx, input channel).
std::shared_ptr<std::int8_t[]> packedFilter(const Convolution &conv, const kernels::ConvShape &s,
                                            Isa isa) {
  const bool depthwise = conv.groups > 1;
  const kernels::KernelRow *row =
      kernels::findKernel(depthwise ? "depthwise_int8_pack" : "pack_rhs_int8", "s8", isa);
  if (!row)
    return {};
  const std::int64_t depth = conv.k * conv.k * (conv.c / conv.groups);
  auto filter = bytes(depth * conv.outC, 2);
  const auto pack = [&](void *to) {
    return depthwise ? row->function.depthwisePack(&s, filter.get(), conv.outC, 1, to)
                     : row->function.packRhsInt8(filter.get(), conv.outC, 1, to, depth, conv.outC);
  };
  auto packed = bytes(pack(nullptr));
  pack(packed.get());
  return packed;
}

/// One convolution, or with as many groups as channels a depthwise one.
Repeated ours(const Convolution &conv, ConvType type, const Setting &setting) {
  const std::int64_t out = conv.outSize(), pad = conv.k / 2;
  const kernels::ConvShape s{1,         conv.size,   conv.size, conv.c, out,         out,
                             conv.outC, conv.groups, conv.k,    conv.k, conv.stride, conv.stride,
                             1,         1,           pad,       pad};
  const kernels::KernelRow *row =
      kernels::findKernel(conv.groups > 1 ? "depthwise_int8" : "conv2d_int8",
                          type == ConvType::U8 ? "u8s8" : "s8s8", setting.isa);
  auto packed = packedFilter(conv, s, setting.isa);
  if (!row || !packed)
    return {};
  const kernels::ConvLayout xl{
      conv.size * conv.size * conv.c, conv.size * conv.c, conv.c, 1, conv.c, 0};
  const kernels::ConvLayout yl{out * out * conv.outC, out * conv.outC, conv.outC, 1, conv.outC, 0};
  auto x = bytes(conv.size * conv.size * conv.c), y = bytes(out * out * conv.outC, 3);
  auto scale = floats(1);
  scale[0] = 0.001f;
  kernels::Int8Epilogue e;
  e.scale = scale.get();
  e.output = type == ConvType::U8 ? kernels::Int8Output::U8 : kernels::Int8Output::S8;
  return repeated([=, run = row->function.conv2dInt8] {
    (void)scale;
    run(&s, &xl, x.get(), packed.get(), &yl, y.get(), &e, setting.parallelFor, setting.pool);
  });
}

Row rowOf(const Convolution &conv, ConvType type, std::string group) {
  const double image = static_cast<double>(conv.size * conv.size * conv.c);
  const double filter = static_cast<double>(conv.outC * conv.k * conv.k * conv.c / conv.groups);
  const double result = static_cast<double>(conv.outSize() * conv.outSize() * conv.outC);
  const std::string kind = conv.groups > 1 ? "depthwise " : "";
  Row row{(type == ConvType::U8 ? "u8s8 " : "s8s8 ") + kind + conv.shape(),
          std::move(group),
          Work::Flops,
          conv.flops(),
          image + filter + result,
          {}};
  row.make = [=](Sides &sides, const Setting &setting) {
    sides.ours(ours(conv, type, setting));
    sides.peer("onednn", oneDnnConvolution(conv, "nhwc", type));
    sides.peer("onednn any", oneDnnConvolution(conv, "any", type));
  };
  return row;
}

constexpr Convolution kConvolutions[] = {
    {224, 3, 64, 7, 2},   {56, 32, 64, 1, 1},    {56, 64, 64, 1, 1},   {56, 64, 64, 3, 1},
    {56, 64, 256, 1, 1},  {56, 256, 64, 1, 1},   {28, 128, 128, 3, 1}, {28, 512, 128, 1, 1},
    {14, 256, 256, 3, 1}, {14, 1024, 256, 1, 1}, {7, 512, 512, 3, 1},  {7, 512, 2048, 1, 1},
};

/// The channel multiplier is one.
constexpr Convolution kDepthwise[] = {{112, 32, 32, 3, 1, 32},
                                      {56, 64, 64, 3, 1, 64},
                                      {28, 96, 96, 5, 1, 96},
                                      {14, 256, 256, 3, 1, 256},
                                      {7, 960, 960, 3, 1, 960}};

} // namespace

Suite convInt8Suite() {
  Suite suite{"conv-int8",
              "convolutions of 8-bit images, height x width x channels and the kernel",
              {{"wide", 1.1, 0.95}, {"stem and narrow", 1.4, 0.95}, {"depthwise", 2, 0.95}},
              {}};
  for (ConvType type : {ConvType::U8, ConvType::S8}) {
    for (const Convolution &conv : kConvolutions)
      suite.rows.push_back(rowOf(
          conv, type, conv.c == 3 || (conv.k == 1 && conv.c <= 64) ? "stem and narrow" : "wide"));
    for (const Convolution &conv : kDepthwise)
      suite.rows.push_back(rowOf(conv, type, "depthwise"));
  }
  return suite;
}

} // namespace tessera::bench
