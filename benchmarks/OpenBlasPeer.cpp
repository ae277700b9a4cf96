// OpenBLAS beside our matrix multiplication, one thread.
#include <array>
#include <cstdio>
#include <cstdlib>

#include <cblas.h>

#include "Bench.h"

extern "C" char *openblas_get_corename(void);

namespace tessera::bench {

extern const std::vector<std::array<std::int64_t, 3>> kGemmShapes;

void addOpenBlasProduct(const std::string &op, const Product &p) {
  auto a = floats(p.batch * p.m * p.k, 1), b = floats(p.batch * p.k * p.n, 2),
       c = floats(p.batch * p.m * p.n, 3);
  const int m = static_cast<int>(p.m), n = static_cast<int>(p.n), k = static_cast<int>(p.k);
  add(op, "f32", "openblas", p.shape(), Work::Flops, p.flops(), [=] {
    for (std::int64_t i = 0; i < p.batch; ++i)
      cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, m, n, k, 1.0f, a.get() + i * p.m * p.k,
                  k, b.get() + i * p.k * p.n, n, 0.0f, c.get() + i * p.m * p.n, n);
  });
}

void addOpenBlas() {
  for (const auto &[m, n, k] : kGemmShapes)
    addOpenBlasProduct("matmul", {1, m, n, k});
}

void reportOpenBlas() {
  // OpenBLAS picks its kernels when it is loaded, and these variables overrule it.
  std::printf("openblas runs its kernels for %s", openblas_get_corename());
  for (const char *name : {"OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"})
    if (const char *value = std::getenv(name))
      std::printf(", with %s=%s", name, value);
  std::printf("; run again with another OPENBLAS_CORETYPE, or none, to see whether those for "
              "another are faster here\n");
}

} // namespace tessera::bench
