// The peers that are compiled once per instruction set: Eigen, and plain loops where Eigen has no
// counterpart.
#pragma once

#include <cstdint>

#include "tessera/support/Isa.h"

namespace tessera::bench {

struct IsaPeers {
  /// y = op(x) by Eigen; null when it has no such function. Parameters as in the kernel.
  using Unary = void (*)(const float *x, float *y, std::int64_t count);
  Unary (*unary)(const char *op);
  using Binary = void (*)(const float *a, const float *b, float *y, std::int64_t count);
  Binary (*binary)(const char *op);
  void (*matmul)(const float *a, const float *b, float *c, std::int64_t m, std::int64_t n,
                 std::int64_t k);
  void (*transpose)(const float *x, float *y, std::int64_t rows, std::int64_t cols);
  /// softmax, log_softmax, layer_norm, rms_norm on rows, by Eigen. A norm multiplies by cols
  /// scales, and layer_norm adds as many biases.
  void (*rowMap)(const char *op, const float *x, float *y, std::int64_t rows, std::int64_t cols,
                 const float *scale, const float *bias);
  void (*rowReduce)(const char *op, const float *x, float *y, std::int64_t rows, std::int64_t cols);
  /// Depthwise convolution or pooling (filter null) with kernel k, stride 1 and padding k / 2, by
  /// Eigen's array operations on the channels of each pixel.
  void (*window)(const char *op, const float *x, const float *filter, float *y, std::int64_t h,
                 std::int64_t w, std::int64_t c, std::int64_t k);
};

extern const IsaPeers kIsaPeers_sse2;
extern const IsaPeers kIsaPeers_avx2;
extern const IsaPeers kIsaPeers_avx512;

/// The peers compiled for one ISA.
const IsaPeers &isaPeers(Isa isa);

} // namespace tessera::bench
