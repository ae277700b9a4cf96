// f32 matrix products: of plain operands, and those of language models with and without weights
// packed beforehand.
#include "Suite.h"
#include "tessera/kernels/GemmArgs.h"

namespace tessera::bench {

namespace {

/// Our kernel with b plain, or packed beforehand.
Repeated ourProduct(const Product &p, bool packed, const Setting &setting) {
  const kernels::KernelRow *row = kernels::findKernel("gemm", "f32", setting.isa);
  const kernels::KernelRow *pack = kernels::findKernel("pack_rhs", "f32", setting.isa);
  if (!row || !pack)
    return {};
  auto a = floats(p.batch * p.m * p.k, 1), b = floats(p.batch * p.k * p.n, 2),
       c = floats(p.batch * p.m * p.n, 3);
  kernels::GemmArgs g{};
  g.m = p.m, g.n = p.n, g.k = p.k;
  g.aRow = p.k, g.aK = 1, g.bK = p.n, g.bN = 1, g.cRow = p.n;
  g.batch = p.batch, g.aBatch = p.m * p.k, g.bBatch = p.k * p.n, g.cBatch = p.m * p.n;
  std::shared_ptr<float[]> workspace;
  if (packed) {
    const std::int64_t lanes = isaFloatLanes(setting.isa);
    g.bPanel = lanes == 16 ? 64 : 2 * lanes;
    auto panels = floats((p.n + g.bPanel - 1) / g.bPanel * g.bPanel * p.k);
    pack->function.packRhs(b.get(), p.n, 1, panels.get(), p.k, p.n, g.bPanel);
    b = panels;
  } else {
    const std::int64_t sizes[] = {p.m, p.n, p.k};
    workspace = floats(row->function.gemm(nullptr, sizes));
    g.workspace = workspace.get();
  }
  g.a = a.get(), g.b = b.get(), g.c = c.get();
  if (setting.threads > 1)
    g.parallelFor = setting.parallelFor, g.pool = setting.pool;
  return repeated([=, run = row->function.gemm] {
    run(&g, nullptr);
    (void)a, (void)b, (void)c, (void)workspace; // kept as long as the call
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
    sides.ours(gemmProduct(p, setting));
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

/// m rows by a matrix of weights.
Row modelRow(const Product &p, bool packed) {
  const double operands = static_cast<double>(p.m * p.k + p.k * p.n + p.m * p.n);
  Row row{p.shape() + (packed ? " packed" : ""),
          packed ? "packed" : "plain",
          Work::Flops,
          p.flops(),
          4 * operands,
          {}};
  row.make = [p, packed](Sides &sides, const Setting &setting) {
    sides.ours(ourProduct(p, packed, setting));
    sides.peer("onednn", oneDnnProduct(p, packed));
    if (!packed) {
      sides.peer("openblas", openBlasProduct(p));
      if (setting.threads == 1)
        sides.peer("eigen", eigenProduct(p, setting.isa));
    }
    if (p.m > 8) {
      addIdealProduct(sides, setting);
      return;
    }
    // As fast as the weights come, counted in operations: two for each of their floats.
    double bytes = 0;
    Repeated read = idealRead(setting, 4.0 * static_cast<double>(p.k * p.n), bytes);
    sides.ideal(std::move(read), bytes / 2 * static_cast<double>(p.m));
  };
  return row;
}

} // namespace

Repeated gemmProduct(const Product &p, const Setting &setting) {
  return ourProduct(p, /*packed=*/false, setting);
}

std::vector<Product> gemmShapes() {
  std::vector<Product> shapes;
  for (std::int64_t size : {8, 16, 32, 64, 128, 256, 512, 1024, 2048})
    shapes.push_back({1, size, size, size});
  for (const Product &p : std::initializer_list<Product>{{1, 97, 131, 61},
                                                         {1, 333, 257, 191},
                                                         {1, 4096, 64, 64},
                                                         {1, 64, 4096, 64},
                                                         {1, 64, 64, 4096},
                                                         {12, 128, 128, 64}})
    shapes.push_back(p);
  return shapes;
}

Suite gemmSuite() {
  Suite suite{"gemm",
              "f32 matrix products of plain operands, m x n x k",
              {{"plain", 1.15, 0.97}, {"small", 1.0, 0.97}},
              {}};
  for (const Product &p : gemmShapes())
    suite.rows.push_back(productRow(p));
  return suite;
}

Suite gemmLlmSuite() {
  Suite suite{"gemm-llm",
              "f32 products of a few rows by the weights of language models, m x n x k",
              {{"packed", 1.05, 0.97}, {"plain", 1.3, 1.0}},
              {}};
  for (const bool packed : {false, true})
    for (const std::int64_t m : {1, 4, 32, 128})
      for (const auto &[n, k] : std::initializer_list<std::pair<std::int64_t, std::int64_t>>{
               {768, 3072}, {4096, 4096}, {11008, 4096}})
        suite.rows.push_back(modelRow({1, m, n, k}, packed));
  return suite;
}

} // namespace tessera::bench
