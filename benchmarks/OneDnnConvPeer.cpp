// oneDNN's convolutions beside ours.
#include "Convolution.h"

#if defined(TESSERA_BENCH_ONEDNN)
#include <cstring>

#include "OneDnn.h"

namespace tessera::bench {
namespace {

/// Memory of its own with numbers in it.
dnnl::memory filled(const dnnl::memory::desc &desc, std::uint32_t seed) {
  dnnl::memory memory(desc, oneDnn());
  const auto size = static_cast<std::int64_t>(desc.get_size());
  if (desc.data_type() == dnnl::memory::data_type::f32)
    std::memcpy(memory.get_data_handle(), floats(size / 4 + 1, seed).get(), desc.get_size());
  else
    std::memcpy(memory.get_data_handle(), bytes(size, seed).get(), desc.get_size());
  return memory;
}

} // namespace

Repeated oneDnnConvolution(const Convolution &conv, const std::string &layout, ConvType type) {
  using Type = dnnl::memory::data_type;
  const Tag tag = layout == "nhwc" ? Tag::nhwc : layout == "nchw" ? Tag::nchw : Tag::any;
  const Type image = type == ConvType::F32 ? Type::f32 : type == ConvType::U8 ? Type::u8 : Type::s8;
  const Dims filter = conv.groups > 1 ? Dims{conv.groups, conv.outC / conv.groups,
                                             conv.c / conv.groups, conv.k, conv.k}
                                      : Dims{conv.outC, conv.c, conv.k, conv.k};
  const Dims strides = {conv.stride, conv.stride}, pad = {conv.k / 2, conv.k / 2};
  dnnl::primitive_attr attributes;
  if (type != ConvType::F32)
    attributes.set_output_scales(0, {0.001f});
  const dnnl::convolution_forward::primitive_desc desc(
      dnnl::convolution_forward::desc(
          dnnl::prop_kind::forward_inference, dnnl::algorithm::convolution_direct,
          {{1, conv.c, conv.size, conv.size}, image, tag},
          {filter, type == ConvType::F32 ? Type::f32 : Type::s8, Tag::any},
          {{1, conv.outC, conv.outSize(), conv.outSize()}, image, tag}, strides, pad, pad),
      attributes, oneDnn());
  return executing(dnnl::convolution_forward(desc),
                   {{DNNL_ARG_SRC, filled(desc.src_desc(), 1)},
                    {DNNL_ARG_WEIGHTS, filled(desc.weights_desc(), 2)},
                    {DNNL_ARG_DST, filled(desc.dst_desc(), 3)}},
                   {});
}

} // namespace tessera::bench
#else
namespace tessera::bench {

Repeated oneDnnConvolution(const Convolution &, const std::string &, ConvType) {
  return {};
}

} // namespace tessera::bench
#endif
