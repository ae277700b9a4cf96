// oneDNN's products of 8-bit integers.
#include "Bench.h"

#if defined(TESSERA_BENCH_ONEDNN)
#include "OneDnn.h"

namespace tessera::bench {

Repeated oneDnnInt8Product(const Product &p, bool signedLeft) {
  using Type = dnnl::memory::data_type;
  auto a = bytes(p.m * p.k, 1), b = bytes(p.k * p.n, 2);
  auto c = floats(p.m * p.n, 3);
  const dnnl::memory::desc ad({p.m, p.k}, signedLeft ? Type::s8 : Type::u8, Tag::ab);
  const dnnl::memory::desc cd({p.m, p.n}, Type::s32, Tag::ab);
  const dnnl::memory::desc bd({p.k, p.n}, Type::s8, Tag::any);
  const dnnl::matmul::primitive_desc desc(dnnl::matmul::desc(ad, bd, cd), oneDnn());
  const dnnl::memory::desc given({p.k, p.n}, Type::s8, Tag::ab);
  return executing(dnnl::matmul(desc),
                   {{DNNL_ARG_SRC, wrap(ad, a)},
                    {DNNL_ARG_WEIGHTS, reordered(wrap(given, b), desc.weights_desc())},
                    {DNNL_ARG_DST, wrap(cd, c)}},
                   {a, b, c});
}

} // namespace tessera::bench

#else
namespace tessera::bench {
Repeated oneDnnInt8Product(const Product &, bool) {
  return {};
}
} // namespace tessera::bench
#endif
