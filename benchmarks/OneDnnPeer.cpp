// oneDNN beside our kernels, one thread: matrix products (plain, and with weights in the layout it
// prefers), elementwise functions, softmax and layer norm, depthwise convolution.
#include <array>

#include <dnnl.hpp>

#include "Bench.h"

namespace tessera::bench {

extern const std::vector<std::array<std::int64_t, 3>> kGemmShapes;

namespace {

using Dims = dnnl::memory::dims;
using Tag = dnnl::memory::format_tag;

const dnnl::engine &engine() {
  static const dnnl::engine e(dnnl::engine::kind::cpu, 0);
  return e;
}

dnnl::memory::desc plain(Dims dims, Tag tag) {
  return {std::move(dims), dnnl::memory::data_type::f32, tag};
}

dnnl::memory wrap(const dnnl::memory::desc &desc, const std::shared_ptr<float[]> &data) {
  return {desc, engine(), data.get()};
}

/// Adds a row that executes `primitive`; the buffers live as long as the row.
void addPrimitive(const std::string &op, const std::string &who, const std::string &size, Work kind,
                  double work, dnnl::primitive primitive,
                  std::unordered_map<int, dnnl::memory> args,
                  std::vector<std::shared_ptr<float[]>> buffers) {
  auto stream = std::make_shared<dnnl::stream>(engine());
  add(op, "f32", who, size, kind, work,
      [primitive = std::move(primitive), args = std::move(args), buffers = std::move(buffers),
       stream] {
        primitive.execute(*stream, args);
        stream->wait();
      });
}

/// oneDNN lays out the right operand as it likes beforehand when it is `packed`.
void addMatmul(const std::string &op, const Product &p, bool packed) {
  auto a = floats(p.batch * p.m * p.k, 1), b = floats(p.batch * p.k * p.n, 2),
       c = floats(p.batch * p.m * p.n, 3);
  const bool batched = p.batch > 1;
  const Tag tag = batched ? Tag::abc : Tag::ab;
  const auto dims = [&](std::int64_t rows, std::int64_t cols) {
    return batched ? Dims{p.batch, rows, cols} : Dims{rows, cols};
  };
  const auto ad = plain(dims(p.m, p.k), tag), cd = plain(dims(p.m, p.n), tag);
  const auto bd = plain(dims(p.k, p.n), packed ? Tag::any : tag);
  const dnnl::matmul::primitive_desc desc(dnnl::matmul::desc(ad, bd, cd), engine());
  dnnl::memory weights = wrap(plain(dims(p.k, p.n), tag), b);
  if (packed) {
    dnnl::memory preferred(desc.weights_desc(), engine());
    dnnl::stream stream(engine());
    dnnl::reorder(weights, preferred).execute(stream, weights, preferred);
    stream.wait();
    weights = preferred;
  }
  addPrimitive(
      op, packed ? "onednn-packed" : "onednn", p.shape(), Work::Flops, p.flops(),
      dnnl::matmul(desc),
      {{DNNL_ARG_SRC, wrap(ad, a)}, {DNNL_ARG_WEIGHTS, weights}, {DNNL_ARG_DST, wrap(cd, c)}},
      {a, b, c});
}

void addEltwise(const char *op, dnnl::algorithm algorithm, float alpha = 0, float beta = 0) {
  for (const auto &[rows, cols] : {std::pair<std::int64_t, std::int64_t>{4, 1024}, {32, 2048}}) {
    auto x = floats(rows * cols), y = floats(rows * cols);
    for (std::int64_t i = 0; i < rows * cols; ++i)
      x[i] *= 4.0f;
    const auto md = plain({rows, cols}, Tag::ab);
    const dnnl::eltwise_forward::primitive_desc desc(
        dnnl::eltwise_forward::desc(dnnl::prop_kind::forward_inference, algorithm, md, alpha, beta),
        engine());
    addPrimitive(op, "onednn", shape({rows, cols}), Work::Bytes,
                 8.0 * static_cast<double>(rows * cols), dnnl::eltwise_forward(desc),
                 {{DNNL_ARG_SRC, wrap(md, x)}, {DNNL_ARG_DST, wrap(md, y)}}, {x, y});
  }
}

void addRowOperators() {
  const std::int64_t rows = 64, cols = 768;
  const double bytes = 8.0 * static_cast<double>(rows * cols);
  const auto md = plain({rows, cols}, Tag::ab);
  auto x = floats(rows * cols), y = floats(rows * cols), mean = floats(rows),
       variance = floats(rows);
  const dnnl::softmax_forward::primitive_desc softmax(
      dnnl::softmax_forward::desc(dnnl::prop_kind::forward_inference, md, 1), engine());
  addPrimitive("softmax", "onednn", shape({rows, cols}), Work::Bytes, bytes,
               dnnl::softmax_forward(softmax),
               {{DNNL_ARG_SRC, wrap(md, x)}, {DNNL_ARG_DST, wrap(md, y)}}, {x, y});
  const dnnl::logsoftmax_forward::primitive_desc logarithm(
      dnnl::logsoftmax_forward::desc(dnnl::prop_kind::forward_inference, md, 1), engine());
  addPrimitive("log_softmax", "onednn", shape({rows, cols}), Work::Bytes, bytes,
               dnnl::logsoftmax_forward(logarithm),
               {{DNNL_ARG_SRC, wrap(md, x)}, {DNNL_ARG_DST, wrap(md, y)}}, {x, y});
  const dnnl::layer_normalization_forward::primitive_desc norm(
      dnnl::layer_normalization_forward::desc(dnnl::prop_kind::forward_inference, md, 1e-5f,
                                              dnnl::normalization_flags::none),
      engine());
  addPrimitive("layer_norm", "onednn", shape({rows, cols}), Work::Bytes, bytes,
               dnnl::layer_normalization_forward(norm),
               {{DNNL_ARG_SRC, wrap(md, x)}, {DNNL_ARG_DST, wrap(md, y)}}, {x, y});
}

void addDepthwise(std::int64_t h, std::int64_t w, std::int64_t c, std::int64_t k) {
  auto x = floats(h * w * c, 1), f = floats(k * k * c, 2), y = floats(h * w * c, 3);
  const auto xd = plain({1, c, h, w}, Tag::nhwc), yd = plain({1, c, h, w}, Tag::nhwc);
  const auto fd = plain({c, 1, 1, k, k}, Tag::any);
  const Dims one = {1, 1}, pad = {k / 2, k / 2};
  const dnnl::convolution_forward::primitive_desc desc(
      dnnl::convolution_forward::desc(dnnl::prop_kind::forward_inference,
                                      dnnl::algorithm::convolution_direct, xd, fd, yd, one, pad,
                                      pad),
      engine());
  dnnl::memory weights(desc.weights_desc(), engine());
  dnnl::memory given = wrap(plain({c, 1, 1, k, k}, Tag::goihw), f);
  dnnl::stream stream(engine());
  dnnl::reorder(given, weights).execute(stream, given, weights);
  stream.wait();
  addPrimitive(
      "window_fma", "onednn", shape({h, w, c, k}), Work::Flops,
      2.0 * static_cast<double>(h * w * c * k * k), dnnl::convolution_forward(desc),
      {{DNNL_ARG_SRC, wrap(xd, x)}, {DNNL_ARG_WEIGHTS, weights}, {DNNL_ARG_DST, wrap(yd, y)}},
      {x, f, y});
}

} // namespace

void addOneDnnProduct(const std::string &op, const Product &product) {
  addMatmul(op, product, /*packed=*/false);
}

void addOneDnn() {
  using A = dnnl::algorithm;
  for (const auto &[m, n, k] : kGemmShapes)
    for (bool packed : {false, true})
      addMatmul("matmul", {1, m, n, k}, packed);
  addEltwise("relu", A::eltwise_relu);
  addEltwise("tanh", A::eltwise_tanh);
  addEltwise("exp", A::eltwise_exp);
  addEltwise("sigmoid", A::eltwise_logistic);
  addEltwise("gelu", A::eltwise_gelu_erf);
  addEltwise("gelu_tanh", A::eltwise_gelu_tanh);
  addEltwise("silu", A::eltwise_swish, 1.0f);
  addEltwise("elu", A::eltwise_elu, 1.0f);
  addEltwise("hard_swish", A::eltwise_hardswish);
  addEltwise("mish", A::eltwise_mish);
  addEltwise("softplus", A::eltwise_soft_relu);
  addEltwise("round", A::eltwise_round);
  addRowOperators();
  addDepthwise(56, 56, 64, 3);
  addDepthwise(14, 14, 256, 3);
  addDepthwise(28, 28, 96, 5);
}

} // namespace tessera::bench
