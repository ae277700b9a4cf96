// The rows of the libraries in the list of kernels: OpenBLAS and oneDNN on one thread.
#include <array>

#include "Bench.h"

namespace tessera::bench {

extern const std::vector<std::array<std::int64_t, 3>> kGemmShapes;

void addPeer(const std::string &op, const std::string &who, const std::string &shape, Work kind,
             double work, Repeated run) {
  if (run)
    add(op, "f32", who, shape, kind, work, [run = std::move(run)] { run(1); });
}

void addLibraryProducts(const std::string &op, const Product &p) {
  addPeer(op, "openblas", p.shape(), Work::Flops, p.flops(), openBlasProduct(p));
  addPeer(op, "onednn", p.shape(), Work::Flops, p.flops(), oneDnnProduct(p, /*packed=*/false));
}

void addLibraries() {
  for (const auto &[m, n, k] : kGemmShapes) {
    const Product p{1, m, n, k};
    addLibraryProducts("matmul", p);
    addPeer("matmul", "onednn-packed", p.shape(), Work::Flops, p.flops(),
            oneDnnProduct(p, /*packed=*/true));
  }
  for (const char *op : {"relu", "tanh", "exp", "sigmoid", "gelu", "gelu_tanh", "silu", "elu",
                         "hard_swish", "mish", "softplus", "round"})
    for (const auto &[rows, cols] : {std::pair<std::int64_t, std::int64_t>{4, 1024}, {32, 2048}})
      addPeer(op, "onednn", shape({rows, cols}), Work::Bytes,
              8.0 * static_cast<double>(rows * cols), oneDnnElementwise(op, rows * cols));
  for (const char *op : {"softmax", "log_softmax", "layer_norm"})
    addPeer(op, "onednn", shape({64, 768}), Work::Bytes, 8.0 * 64 * 768, oneDnnRows(op, 64, 768));
  for (const auto &[size, c, k] :
       {std::array<std::int64_t, 3>{56, 64, 3}, {14, 256, 3}, {28, 96, 5}})
    addPeer("window_fma", "onednn", shape({size, size, c, k}), Work::Flops,
            2.0 * static_cast<double>(size * size * c * k * k), oneDnnDepthwise(size, size, c, k));
}

} // namespace tessera::bench
