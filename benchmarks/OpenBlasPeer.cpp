// OpenBLAS beside our matrix multiplication.
#include "Bench.h"

#if defined(TESSERA_BENCH_OPENBLAS)
#include <cstdlib>

#include <cblas.h>

extern "C" char *openblas_get_corename(void);

namespace tessera::bench {

Repeated openBlasProduct(const Product &p) {
  auto a = floats(p.batch * p.m * p.k, 1), b = floats(p.batch * p.k * p.n, 2),
       c = floats(p.batch * p.m * p.n, 3);
  const int m = static_cast<int>(p.m), n = static_cast<int>(p.n), k = static_cast<int>(p.k);
  return repeated([=] {
    for (std::int64_t i = 0; i < p.batch; ++i)
      cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, m, n, k, 1.0f, a.get() + i * p.m * p.k,
                  k, b.get() + i * p.k * p.n, n, 0.0f, c.get() + i * p.m * p.n, n);
  });
}

bool openBlasMultiply(const float *a, const float *b, float *c, const Product &p, bool turned) {
  const int m = static_cast<int>(p.m), n = static_cast<int>(p.n), k = static_cast<int>(p.k);
  if (m > 0 && n > 0)
    cblas_sgemm(CblasRowMajor, CblasNoTrans, turned ? CblasTrans : CblasNoTrans, m, n, k, 1.0f, a,
                k, b, turned ? k : n, 0.0f, c, n);
  return true;
}

std::string openBlasReport() {
  // OpenBLAS picks its kernels when it is loaded, and these variables overrule it.
  std::string text = std::string("openblas runs its kernels for ") + openblas_get_corename();
  for (const char *name : {"OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"})
    if (const char *value = std::getenv(name))
      text += std::string(", with ") + name + "=" + value;
  return text;
}

} // namespace tessera::bench
#else
namespace tessera::bench {

Repeated openBlasProduct(const Product &) {
  return {};
}

bool openBlasMultiply(const float *, const float *, float *, const Product &, bool) {
  return false;
}

std::string openBlasReport() {
  return {};
}

} // namespace tessera::bench
#endif
