// oneDNN beside our kernels: matrix products (plain, and with weights in the layout it prefers),
// elementwise functions, softmax and layer norm, depthwise convolution.
#include "Bench.h"

#if defined(TESSERA_BENCH_ONEDNN)
#include <map>

#include "OneDnn.h"

namespace tessera::bench {

const dnnl::engine &oneDnn() {
  static const dnnl::engine e(dnnl::engine::kind::cpu, 0);
  return e;
}

dnnl::memory reordered(dnnl::memory given, const dnnl::memory::desc &wanted) {
  dnnl::memory result(wanted, oneDnn());
  dnnl::stream stream(oneDnn());
  dnnl::reorder(given, result).execute(stream, given, result);
  stream.wait();
  return result;
}

Repeated executing(dnnl::primitive primitive, std::unordered_map<int, dnnl::memory> args,
                   std::vector<std::shared_ptr<void>> buffers) {
  return repeated([primitive = std::move(primitive), args = std::move(args),
                   buffers = std::move(buffers),
                   stream = std::make_shared<dnnl::stream>(oneDnn())] {
    primitive.execute(*stream, args);
    stream->wait();
  });
}

Repeated oneDnnProduct(const Product &p, bool packed) {
  auto a = floats(p.batch * p.m * p.k, 1), b = floats(p.batch * p.k * p.n, 2),
       c = floats(p.batch * p.m * p.n, 3);
  const bool batched = p.batch > 1;
  const Tag tag = batched ? Tag::abc : Tag::ab;
  const auto dims = [&](std::int64_t rows, std::int64_t cols) {
    return batched ? Dims{p.batch, rows, cols} : Dims{rows, cols};
  };
  const auto ad = plain(dims(p.m, p.k), tag), cd = plain(dims(p.m, p.n), tag);
  const auto bd = plain(dims(p.k, p.n), packed ? Tag::any : tag);
  const dnnl::matmul::primitive_desc desc(dnnl::matmul::desc(ad, bd, cd), oneDnn());
  dnnl::memory weights = wrap(plain(dims(p.k, p.n), tag), b);
  if (packed)
    weights = reordered(weights, desc.weights_desc());
  return executing(
      dnnl::matmul(desc),
      {{DNNL_ARG_SRC, wrap(ad, a)}, {DNNL_ARG_WEIGHTS, weights}, {DNNL_ARG_DST, wrap(cd, c)}},
      {a, b, c});
}

Repeated oneDnnElementwise(const std::string &op, std::int64_t count) {
  using A = dnnl::algorithm;
  static const std::map<std::string, std::pair<A, float>> kAlgorithms = {
      {"relu", {A::eltwise_relu, 0.0f}},
      {"tanh", {A::eltwise_tanh, 0.0f}},
      {"exp", {A::eltwise_exp, 0.0f}},
      {"sigmoid", {A::eltwise_logistic, 0.0f}},
      {"gelu", {A::eltwise_gelu_erf, 0.0f}},
      {"gelu_tanh", {A::eltwise_gelu_tanh, 0.0f}},
      {"silu", {A::eltwise_swish, 1.0f}},
      {"elu", {A::eltwise_elu, 1.0f}},
      {"hard_swish", {A::eltwise_hardswish, 0.0f}},
      {"mish", {A::eltwise_mish, 0.0f}},
      {"softplus", {A::eltwise_soft_relu, 0.0f}},
      {"round", {A::eltwise_round, 0.0f}},
      {"abs", {A::eltwise_abs, 0.0f}},
      {"log", {A::eltwise_log, 0.0f}},
      {"sqrt", {A::eltwise_sqrt, 0.0f}},
  };
  const auto found = kAlgorithms.find(op);
  if (found == kAlgorithms.end())
    return {};
  auto x = inputFor(op, count), y = floats(count);
  const auto md = plain({count}, Tag::a);
  const dnnl::eltwise_forward::primitive_desc desc(
      dnnl::eltwise_forward::desc(dnnl::prop_kind::forward_inference, found->second.first, md,
                                  found->second.second, 0.0f),
      oneDnn());
  return executing(dnnl::eltwise_forward(desc),
                   {{DNNL_ARG_SRC, wrap(md, x)}, {DNNL_ARG_DST, wrap(md, y)}}, {x, y});
}

Repeated oneDnnRows(const std::string &op, std::int64_t rows, std::int64_t cols) {
  auto x = floats(rows * cols), y = floats(rows * cols);
  const auto md = plain({rows, cols}, Tag::ab);
  const auto forward = dnnl::prop_kind::forward_inference;
  dnnl::primitive primitive;
  if (op == "softmax")
    primitive = dnnl::softmax_forward({{forward, md, 1}, oneDnn()});
  else if (op == "log_softmax")
    primitive = dnnl::logsoftmax_forward({{forward, md, 1}, oneDnn()});
  else if (op == "layer_norm")
    primitive = dnnl::layer_normalization_forward(
        {{forward, md, 1e-5f,
          dnnl::normalization_flags::use_scale | dnnl::normalization_flags::use_shift},
         oneDnn()});
  else
    return {};
  auto scale = floats(cols, 2), bias = floats(cols, 3);
  const auto line = plain({cols}, Tag::a);
  return executing(primitive,
                   {{DNNL_ARG_SRC, wrap(md, x)},
                    {DNNL_ARG_DST, wrap(md, y)},
                    {DNNL_ARG_SCALE, wrap(line, scale)},
                    {DNNL_ARG_SHIFT, wrap(line, bias)}},
                   {x, y, scale, bias});
}

Repeated oneDnnDepthwise(std::int64_t h, std::int64_t w, std::int64_t c, std::int64_t k) {
  auto x = floats(h * w * c, 1), f = floats(k * k * c, 2), y = floats(h * w * c, 3);
  const auto xd = plain({1, c, h, w}, Tag::nhwc), yd = plain({1, c, h, w}, Tag::nhwc);
  const auto fd = plain({c, 1, 1, k, k}, Tag::any);
  const Dims one = {1, 1}, pad = {k / 2, k / 2};
  const dnnl::convolution_forward::primitive_desc desc(
      dnnl::convolution_forward::desc(dnnl::prop_kind::forward_inference,
                                      dnnl::algorithm::convolution_direct, xd, fd, yd, one, pad,
                                      pad),
      oneDnn());
  const dnnl::memory weights =
      reordered(wrap(plain({c, 1, 1, k, k}, Tag::goihw), f), desc.weights_desc());
  return executing(
      dnnl::convolution_forward(desc),
      {{DNNL_ARG_SRC, wrap(xd, x)}, {DNNL_ARG_WEIGHTS, weights}, {DNNL_ARG_DST, wrap(yd, y)}},
      {x, f, y});
}

Repeated oneDnnAttention(std::int64_t heads, std::int64_t queries, std::int64_t keys,
                         std::int64_t size) {
  // Scores of all heads at once where they stay near the caches, else of one after the other.
  const std::int64_t batch = heads * queries * keys <= (4 << 20) ? heads : 1;
  auto q = floats(batch * queries * size, 1), k = floats(batch * keys * size, 2),
       v = floats(batch * keys * size, 3), s = floats(batch * queries * keys),
       o = floats(batch * queries * size);
  const auto qd = plain({batch, queries, size}, Tag::abc);
  const auto kd = plain({batch, size, keys}, Tag::acb), vd = plain({batch, keys, size}, Tag::abc);
  const auto sd = plain({batch, queries, keys}, Tag::abc);
  dnnl::primitive_attr scale;
  scale.set_output_scales(0, {0.125f});
  const dnnl::matmul::primitive_desc first(dnnl::matmul::desc(qd, kd, sd), scale, oneDnn());
  const dnnl::softmax_forward::primitive_desc middle(
      dnnl::softmax_forward::desc(dnnl::prop_kind::forward_inference, sd, 2), oneDnn());
  const dnnl::matmul::primitive_desc last(dnnl::matmul::desc(sd, vd, qd), oneDnn());
  const Repeated steps[] = {executing(dnnl::matmul(first),
                                      {{DNNL_ARG_SRC, wrap(qd, q)},
                                       {DNNL_ARG_WEIGHTS, wrap(kd, k)},
                                       {DNNL_ARG_DST, wrap(sd, s)}},
                                      {q, k, s}),
                            executing(dnnl::softmax_forward(middle),
                                      {{DNNL_ARG_SRC, wrap(sd, s)}, {DNNL_ARG_DST, wrap(sd, s)}},
                                      {s}),
                            executing(dnnl::matmul(last),
                                      {{DNNL_ARG_SRC, wrap(sd, s)},
                                       {DNNL_ARG_WEIGHTS, wrap(vd, v)},
                                       {DNNL_ARG_DST, wrap(qd, o)}},
                                      {s, v, o})};
  return repeated([=, products = steps[0], softmax = steps[1], values = steps[2]] {
    for (std::int64_t h = 0; h < heads; h += batch) {
      products(1);
      softmax(1);
      values(1);
    }
  });
}

} // namespace tessera::bench
#else
namespace tessera::bench {

Repeated oneDnnProduct(const Product &, bool) {
  return {};
}

Repeated oneDnnElementwise(const std::string &, std::int64_t) {
  return {};
}

Repeated oneDnnRows(const std::string &, std::int64_t, std::int64_t) {
  return {};
}

Repeated oneDnnDepthwise(std::int64_t, std::int64_t, std::int64_t, std::int64_t) {
  return {};
}

Repeated oneDnnAttention(std::int64_t, std::int64_t, std::int64_t, std::int64_t) {
  return {};
}

} // namespace tessera::bench
#endif
