// Contractions: plain and packed operands over the shapes that matter, the ideal loop, packing,
// and products of fractal blocks.
#include <array>

#include "Bench.h"
#include "Peers.h"

namespace tessera::bench {

/// The shapes of the gemm suite, m x n x k; peers use them too.
extern const std::vector<std::array<std::int64_t, 3>> kGemmShapes;
const std::vector<std::array<std::int64_t, 3>> kGemmShapes = {
    {8, 8, 8},       {16, 16, 16},    {32, 32, 32},    {64, 64, 64},
    {128, 128, 128}, {256, 256, 256}, {512, 512, 512}, {1024, 1024, 1024},
    {97, 61, 131},   {333, 191, 257}, {4096, 64, 64},  {64, 4096, 64},
    {64, 64, 4096},  {1, 1024, 1024}, {4, 1024, 1024}, {32, 1024, 1024}};

namespace {

double flops(std::int64_t m, std::int64_t n, std::int64_t k) {
  return 2.0 * static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k);
}

void addPlain(const kernels::KernelRow &row) {
  for (const auto &[m, n, k] : kGemmShapes) {
    auto a = floats(m * k, 1), b = floats(k * n, 2), c = floats(m * n, 3);
    add("matmul", "f32", whoOf(row), shape({m, n, k}), Work::Flops, flops(m, n, k),
        [=, m = m, n = n, k = k, run = row.function.matmul] {
          run(a.get(), k, 1, b.get(), n, 1, c.get(), n, m, n, k, 0);
        });
  }
}

std::int64_t panelOf(Isa isa) {
  return isa == Isa::avx512 ? 64 : isa == Isa::avx2 ? 16 : 8;
}

/// The right operand packed beforehand, as compiled models have it. Peers are the plain products.
void addPacked(const kernels::KernelRow &row) {
  const std::int64_t panel = panelOf(row.isa);
  const std::string who = whoOf(row) + "-packed";
  for (const auto &[m, n, k] : kGemmShapes) {
    auto a = floats(m * k, 1), c = floats(m * n, 3);
    auto b = floats((n + panel - 1) / panel * panel * k, 2);
    add("matmul", "f32", who, shape({m, n, k}), Work::Flops, flops(m, n, k),
        [=, m = m, n = n, k = k, run = row.function.mma] {
          run(a.get(), k, b.get(), c.get(), n, m, n, k, panel, 0);
        });
  }
  // One panel in L1 and L2 and nothing else to do: what the register tile can reach.
  auto a = floats(96 * 256, 1), b = floats(256 * panel, 2), c = floats(96 * panel, 3);
  add(kIdealLoop, "f32", whoOf(row), shape({96, panel, 256}), Work::Flops, flops(96, panel, 256),
      [=, run = row.function.mma] {
        run(a.get(), 256, b.get(), c.get(), panel, 96, panel, 256, panel, 0);
      });
}

void addPack(const kernels::KernelRow &row) {
  const std::int64_t panel = panelOf(row.isa), n = 256, k = 256;
  auto b = floats(k * n), dst = floats(k * n);
  for (bool turned : {false, true})
    add(turned ? "pack_rhs_transposed" : "pack_rhs", "f32", whoOf(row), shape({k, n}), Work::Bytes,
        8.0 * k * n, [=, run = row.function.packRhs] {
          run(b.get(), turned ? 1 : n, turned ? k : 1, dst.get(), k, n, panel);
        });
}

void addFractal(const kernels::KernelRow &row) {
  const std::int64_t m = 128, n = 128, k = 128, k0 = row.dtype == "f32" ? 8 : 16;
  auto a = floats(m * k, 1), b = floats(k * n, 2), c = floats(m * n, 3);
  if (row.dtype != "f32") // zeros: their bits as halves are numbers, those of floats may not be
    for (std::int64_t i = 0; i < m * k; ++i)
      a[i] = b[i] = 0;
  add("mma_fractal", std::string(row.dtype), whoOf(row), shape({m, n, k}), Work::Flops,
      flops(m, n, k), [=, run = row.function.fractalMma] {
        run(a.get(), k * 16, 16 * k0, b.get(), n * k0, 16 * k0, c.get(), 256, m * 16, m, n, k, k0,
            0);
      });
  if (row.dtype == "f32")
    add("mma_fractal", "f32", "eigen-" + std::string(isaName(row.isa)), shape({m, n, k}),
        Work::Flops, flops(m, n, k),
        [=, run = isaPeers(row.isa).matmul] { run(a.get(), b.get(), c.get(), m, n, k); });
}

} // namespace

Repeated eigenProduct(const Product &p, Isa isa) {
  auto a = floats(p.batch * p.m * p.k, 1), b = floats(p.batch * p.k * p.n, 2),
       c = floats(p.batch * p.m * p.n, 3);
  return repeated([=, run = isaPeers(isa).matmul] {
    for (std::int64_t i = 0; i < p.batch; ++i)
      run(a.get() + i * p.m * p.k, b.get() + i * p.k * p.n, c.get() + i * p.m * p.n, p.m, p.n, p.k);
  });
}

void addEigenProduct(const std::string &op, const Product &p, Isa isa) {
  addPeer(op, "eigen-" + std::string(isaName(isa)), p.shape(), Work::Flops, p.flops(),
          eigenProduct(p, isa));
}

void addMatmul() {
  forEachRow("matmul", addPlain);
  forEachRow("mma", addPacked);
  forEachRow("mma", [](const kernels::KernelRow &row) {
    for (const auto &[m, n, k] : kGemmShapes)
      addEigenProduct("matmul", {1, m, n, k}, row.isa);
  });
  forEachRow("pack_rhs", addPack);
  forEachRow("mma_fractal", addFractal);
}

} // namespace tessera::bench
