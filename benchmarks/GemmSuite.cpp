// f32 matrix products of plain operands: nothing is packed beforehand.
#include "Suite.h"

namespace tessera::bench {
namespace {

/// Ours as a caller has it: one call for each product of a batch.
Repeated ourProduct(const Product &p, Isa isa) {
  const kernels::KernelRow *row = kernels::findKernel("matmul", "f32", isa);
  if (!row)
    return {};
  auto a = floats(p.batch * p.m * p.k, 1), b = floats(p.batch * p.k * p.n, 2),
       c = floats(p.batch * p.m * p.n, 3);
  return repeated([=, run = row->function.matmul] {
    for (std::int64_t i = 0; i < p.batch; ++i)
      run(a.get() + i * p.m * p.k, p.k, 1, b.get() + i * p.k * p.n, p.n, 1, c.get() + i * p.m * p.n,
          p.n, p.m, p.n, p.k, 0);
  });
}

Row productRow(const Product &p) {
  const double operands =
      static_cast<double>(p.batch) * static_cast<double>(p.m * p.k + p.k * p.n + p.m * p.n);
  Row row{p.shape(), "plain", Work::Flops, p.flops(), 4 * operands, {}};
  if (p.batch == 1 && p.m == p.n && p.n == p.k) {
    if (p.m <= 32)
      row.group = "small";
    else if (p.m >= 256)
      row.leastOfIdeal = 0.92;
  }
  row.make = [p](Sides &sides, const Setting &setting) {
    sides.ours(ourProduct(p, setting.isa));
    sides.peer("openblas", openBlasProduct(p));
    sides.peer("onednn", oneDnnProduct(p, /*packed=*/false));
    if (setting.threads == 1) { // these two know no threads
      sides.peer("eigen", eigenProduct(p, setting.isa));
      sides.peer("libxsmm", libxsmmProduct(p));
    }
    addIdealProduct(sides, setting);
  };
  return row;
}

} // namespace

Suite gemmSuite() {
  Suite suite{"gemm",
              "f32 matrix products of plain operands, m x n x k",
              {{"plain", 1.15, 0.97}, {"small", 1.0, 0.97}},
              {}};
  for (const Product &p : std::initializer_list<Product>{{1, 8, 8, 8},
                                                         {1, 16, 16, 16},
                                                         {1, 32, 32, 32},
                                                         {1, 64, 64, 64},
                                                         {1, 128, 128, 128},
                                                         {1, 256, 256, 256},
                                                         {1, 512, 512, 512},
                                                         {1, 1024, 1024, 1024},
                                                         {1, 2048, 2048, 2048},
                                                         {1, 97, 131, 61},
                                                         {1, 333, 257, 191},
                                                         {1, 4096, 64, 64},
                                                         {1, 64, 4096, 64},
                                                         {1, 64, 64, 4096},
                                                         {12, 128, 128, 64}})
    suite.rows.push_back(productRow(p));
  return suite;
}

} // namespace tessera::bench
