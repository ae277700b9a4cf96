// OpenBLAS beside our matrix multiplication, one thread.
#include <array>

#include <cblas.h>

#include "Bench.h"

namespace tessera::bench {

extern const std::vector<std::array<std::int64_t, 3>> kGemmShapes;

void addOpenBlas() {
  for (const auto &[m, n, k] : kGemmShapes) {
    auto a = floats(m * k, 1), b = floats(k * n, 2), c = floats(m * n, 3);
    const int mi = static_cast<int>(m), ni = static_cast<int>(n), ki = static_cast<int>(k);
    add("matmul", "f32", "openblas", shape({m, n, k}), Work::Flops,
        2.0 * static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k), [=] {
          cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, mi, ni, ki, 1.0f, a.get(), ki,
                      b.get(), ni, 0.0f, c.get(), ni);
        });
  }
}

} // namespace tessera::bench
