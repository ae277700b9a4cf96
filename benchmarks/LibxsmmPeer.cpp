// libxsmm beside our matrix multiplication: code generated for one small product.
#include "Bench.h"

#if defined(TESSERA_BENCH_LIBXSMM)
#include <libxsmm.h>

namespace tessera::bench {

Repeated libxsmmProduct(const Product &p) {
  // Above this it is no longer what libxsmm is for, and it has no blocking of its own.
  constexpr std::int64_t kLargest = 128;
  if (p.m > kLargest || p.n > kLargest || p.k > kLargest)
    return {};
  // Its matrices are column-major: the transposed product, with the operands exchanged.
  const auto m = static_cast<libxsmm_blasint>(p.m), n = static_cast<libxsmm_blasint>(p.n),
             k = static_cast<libxsmm_blasint>(p.k);
  const float alpha = 1.0f, beta = 0.0f;
  const libxsmm_smmfunction run =
      libxsmm_smmdispatch(n, m, k, &n, &k, &n, &alpha, &beta, nullptr, nullptr);
  if (!run)
    return {};
  auto a = floats(p.batch * p.m * p.k, 1), b = floats(p.batch * p.k * p.n, 2),
       c = floats(p.batch * p.m * p.n, 3);
  return repeated([=] {
    for (std::int64_t i = 0; i < p.batch; ++i)
      run(b.get() + i * p.k * p.n, a.get() + i * p.m * p.k, c.get() + i * p.m * p.n);
  });
}

} // namespace tessera::bench
#else
namespace tessera::bench {

Repeated libxsmmProduct(const Product &) {
  return {};
}

} // namespace tessera::bench
#endif
