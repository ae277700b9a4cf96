// Eigen's versions of the kernels; compiled once per instruction set.
#include "Peers.h"

#include <cmath>
#include <cstring>

#include <Eigen/Core>
#include <unsupported/Eigen/SpecialFunctions>

#define TESSERA_JOIN_(a, b) a##b
#define TESSERA_JOIN(a, b) TESSERA_JOIN_(a, b)

namespace tessera::bench {
namespace {

using Index = std::int64_t;
using Row = Eigen::Array<float, 1, Eigen::Dynamic>;
using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using In = Eigen::Map<const Row>;
using Out = Eigen::Map<Row>;

struct UnaryEntry {
  const char *op;
  IsaPeers::Unary call;
};

#define TESSERA_EIGEN(op, expression)                                                              \
  {#op, [](const float *p, float *q, Index count) {                                                \
     In x(p, count);                                                                               \
     Out(q, count) = expression;                                                                   \
   }}

constexpr float kRootHalf = 0.70710678f;

const UnaryEntry kUnary[] = {
    TESSERA_EIGEN(abs, x.abs()),
    TESSERA_EIGEN(ceil, x.ceil()),
    TESSERA_EIGEN(clip, x.max(-1.5f).min(2.5f)),
    TESSERA_EIGEN(cos, x.cos()),
    TESSERA_EIGEN(elu, (x > 0.0f).select(x, x.expm1())),
    TESSERA_EIGEN(erf, x.erf()),
    TESSERA_EIGEN(exp, x.exp()),
    TESSERA_EIGEN(floor, x.floor()),
    TESSERA_EIGEN(gelu, 0.5f * x * (1.0f + (x * kRootHalf).erf())),
    TESSERA_EIGEN(gelu_tanh,
                  0.5f * x * (1.0f + (0.79788456f * (x + 0.044715f * x * x * x)).tanh())),
    TESSERA_EIGEN(hard_sigmoid, (0.2f * x + 0.5f).max(0.0f).min(1.0f)),
    TESSERA_EIGEN(hard_swish, x *(x + 3.0f).max(0.0f).min(6.0f) * (1.0f / 6.0f)),
    TESSERA_EIGEN(leaky_relu, (x < 0.0f).select(0.01f * x, x)),
    TESSERA_EIGEN(log, x.log()),
    TESSERA_EIGEN(mish, x *x.exp().log1p().tanh()),
    TESSERA_EIGEN(neg, -x),
    TESSERA_EIGEN(reciprocal, x.inverse()),
    TESSERA_EIGEN(relu, x.max(0.0f)),
    TESSERA_EIGEN(round, x.rint()),
    TESSERA_EIGEN(rsqrt, x.rsqrt()),
    TESSERA_EIGEN(sigmoid, x.logistic()),
    TESSERA_EIGEN(sign, x.sign()),
    TESSERA_EIGEN(silu, x *x.logistic()),
    TESSERA_EIGEN(sin, x.sin()),
    TESSERA_EIGEN(softplus, x.exp().log1p()),
    TESSERA_EIGEN(sqrt, x.sqrt()),
    TESSERA_EIGEN(tanh, x.tanh()),
};

IsaPeers::Unary unary(const char *op) {
  for (const UnaryEntry &entry : kUnary)
    if (std::strcmp(entry.op, op) == 0)
      return entry.call;
  return nullptr;
}

#define TESSERA_EIGEN_BINARY(name, expression)                                                     \
  if (std::strcmp(op, #name) == 0)                                                                 \
    return [](const float *p, const float *q, float *r, Index count) {                             \
      In a(p, count), b(q, count);                                                                 \
      Out(r, count) = expression;                                                                  \
    };

IsaPeers::Binary binary(const char *op) {
  TESSERA_EIGEN_BINARY(add, a + b)
  TESSERA_EIGEN_BINARY(div, a / b)
  TESSERA_EIGEN_BINARY(max, a.max(b))
  TESSERA_EIGEN_BINARY(min, a.min(b))
  TESSERA_EIGEN_BINARY(mul, a * b)
  TESSERA_EIGEN_BINARY(pow, a.pow(b))
  TESSERA_EIGEN_BINARY(sub, a - b)
  return nullptr;
}

void matmul(const float *a, const float *b, float *c, Index m, Index n, Index k) {
  Eigen::Map<const Matrix> am(a, m, k), bm(b, k, n);
  Eigen::Map<Matrix>(c, m, n).noalias() = am * bm;
}

void transpose(const float *x, float *y, Index rows, Index cols) {
  Eigen::Map<Matrix>(y, cols, rows) = Eigen::Map<const Matrix>(x, rows, cols).transpose();
}

void rowMap(const char *op, const float *p, float *q, Index rows, Index cols, const float *scale,
            const float *bias) {
  for (Index r = 0; r < rows; ++r) {
    In x(p + r * cols, cols);
    Out y(q + r * cols, cols);
    if (op[0] == 's') { // softmax
      y = (x - x.maxCoeff()).exp();
      y *= 1.0f / y.sum();
    } else if (std::strcmp(op, "log_softmax") == 0) {
      const float high = x.maxCoeff();
      y = x - (high + std::log((x - high).exp().sum()));
    } else if (op[0] == 'l') { // layer_norm
      const float mean = x.mean();
      const float variance = (x - mean).square().mean();
      y = (x - mean) * (1.0f / std::sqrt(variance + 1e-5f)) * In(scale, cols) + In(bias, cols);
    } else { // rms_norm
      y = x * (1.0f / std::sqrt(x.square().mean() + 1e-5f)) * In(scale, cols);
    }
  }
}

void rowReduce(const char *op, const float *p, float *q, Index rows, Index cols) {
  for (Index r = 0; r < rows; ++r) {
    In x(p + r * cols, cols);
    if (std::strcmp(op, "row_reduce_sum") == 0)
      q[r] = x.sum();
    else if (std::strcmp(op, "row_reduce_max") == 0)
      q[r] = x.maxCoeff();
    else if (std::strcmp(op, "row_reduce_min") == 0)
      q[r] = x.minCoeff();
    else
      q[r] = x.prod();
  }
}

void window(const char *op, const float *p, const float *filter, float *q, Index h, Index w,
            Index c, Index k) {
  const bool high = std::strcmp(op, "window_max") == 0;
  for (Index oy = 0; oy < h; ++oy)
    for (Index ox = 0; ox < w; ++ox) {
      Out y(q + (oy * w + ox) * c, c);
      y.setConstant(high ? -__builtin_inff() : 0.0f);
      for (Index ky = 0; ky < k; ++ky)
        for (Index kx = 0; kx < k; ++kx) {
          const Index iy = oy + ky - k / 2, ix = ox + kx - k / 2;
          if (iy < 0 || iy >= h || ix < 0 || ix >= w)
            continue;
          In x(p + (iy * w + ix) * c, c);
          if (filter)
            y += x * In(filter + (ky * k + kx) * c, c);
          else if (high)
            y = y.max(x);
          else
            y += x;
        }
    }
}

} // namespace

constinit const IsaPeers TESSERA_JOIN(kIsaPeers_, TESSERA_ISA) = {
    unary, binary, matmul, transpose, rowMap, rowReduce, window};

} // namespace tessera::bench
