// Products of 8-bit integers, and of floats by weights of few bits.
#include "Suite.h"
#include "tessera/kernels/MatmulInt8Args.h"
#include "tessera/kernels/WeightsArgs.h"

namespace tessera::bench {
namespace {

/// `bytes` bytes of anything.
std::shared_ptr<float[]> bytesOf(std::int64_t bytes, std::uint32_t seed) {
  return floats((bytes + 3) / 4, seed);
}

Repeated ourInt8Product(const Product &p, bool signedLeft, const Setting &setting) {
  const kernels::KernelRow *row =
      kernels::findKernel("matmul_int8", signedLeft ? "s8s8" : "u8s8", setting.isa);
  const kernels::KernelRow *pack = kernels::findKernel("pack_rhs_int8", "s8", setting.isa);
  if (!row || !pack)
    return {};
  auto a = bytes(p.m * p.k, 1), b = bytes(p.k * p.n, 2);
  auto c = floats(p.m * p.n, 3);
  auto packed = bytesOf(pack->function.packRhsInt8(nullptr, 0, 0, nullptr, p.k, p.n), 4);
  pack->function.packRhsInt8(b.get(), p.n, 1, packed.get(), p.k, p.n);
  const std::int64_t sizes[] = {p.m, p.n, p.k};
  auto workspace = bytesOf(row->function.matmulInt8(nullptr, sizes), 5);
  kernels::MatmulInt8Args g{};
  g.a = a.get(), g.aRow = p.k, g.b = packed.get(), g.c = c.get(), g.cRow = p.n;
  g.m = p.m, g.n = p.n, g.k = p.k;
  g.workspace = workspace.get();
  if (setting.threads > 1)
    g.parallelFor = setting.parallelFor, g.pool = setting.pool;
  return repeated([=, run = row->function.matmulInt8] {
    run(&g, nullptr);
    (void)a, (void)packed, (void)c, (void)workspace; // kept as long as the call
  });
}

Row int8Row(const Product &p, bool signedLeft) {
  const char *types = signedLeft ? "s8s8" : "u8s8";
  Row row{p.shape() + " " + types,
          types,
          Work::Flops,
          p.flops(),
          static_cast<double>(p.m * p.k + p.k * p.n + 4 * p.m * p.n),
          {}};
  row.make = [p, signedLeft](Sides &sides, const Setting &setting) {
    sides.ours(ourInt8Product(p, signedLeft, setting));
    sides.peer("onednn", oneDnnInt8Product(p, signedLeft));
  };
  return row;
}

/// m rows of floats by weights, counted in the bytes of the packed weights.
Row weightsRow(const char *dtype, std::int64_t m, std::int64_t n, std::int64_t k,
               std::int64_t group) {
  const std::string type = dtype;
  const double bits = type == "s4" ? 4 : type == "s8" ? 8 : 16;
  const auto weights = static_cast<double>(n * k);
  const double bytes = weights * bits / 8 + (group > 0 ? 4 * weights / double(group) : 0);
  Row row{type + (group > 0 ? "/" + std::to_string(group) : "") + " " + shape({m, n, k}),
          m == 1 ? "m = 1" : "few rows",
          Work::Bytes,
          2.0 * static_cast<double>(m) * weights,
          bytes,
          {}};
  if (m == 1)
    row.leastOfIdeal = 0.8;
  row.make = [=](Sides &sides, const Setting &setting) {
    const kernels::KernelRow *run = kernels::findKernel("matmul_weights", type, setting.isa);
    const kernels::KernelRow *pack = kernels::findKernel("pack_weights", type, setting.isa);
    const std::int64_t columnBytes = k * static_cast<std::int64_t>(bits) / 8;
    auto data = bytesOf(n * columnBytes, 1);
    const std::int64_t halves = bits == 16 ? n * k : 0;
    for (std::int64_t i = 0; i < halves; ++i) { // small numbers, none of them a NaN or denormal
      auto &half = reinterpret_cast<std::uint16_t *>(data.get())[i];
      half = static_cast<std::uint16_t>((half & 0xbbff) | 0x3000);
    }
    auto scale = floats(group > 0 ? n * ((k + group - 1) / group) : 1, 2);
    const kernels::Weights w{data.get(), columnBytes, k, n, group, scale.get(), nullptr};
    auto packed = bytesOf(pack->function.packWeights(&w, nullptr), 3);
    pack->function.packWeights(&w, packed.get());
    auto a = floats(m * k, 4), c = floats(m * n, 5);
    kernels::WeightsArgs g{};
    g.a = a.get(), g.aRow = k, g.weights = packed.get(), g.c = c.get(), g.cRow = n;
    g.m = m, g.n = n, g.k = k, g.group = group;
    if (setting.threads > 1)
      g.parallelFor = setting.parallelFor, g.pool = setting.pool;
    sides.ours(repeated([=, call = run->function.matmulWeights] {
      call(&g);
      (void)a, (void)c, (void)packed; // kept as long as the call
    }));
    addIdealRead(sides, setting, bytes);
  };
  return row;
}

} // namespace

Suite gemmInt8Suite() {
  Suite suite{"gemm-int8",
              "products of 8-bit integers with packed weights, 32-bit sums, m x n x k",
              {{"u8s8", 1.1, 0.97}, {"s8s8", 1.4, 0.97}},
              {}};
  for (const bool signedLeft : {false, true})
    for (const Product &p : std::initializer_list<Product>{{1, 64, 64, 64},
                                                           {1, 128, 128, 128},
                                                           {1, 256, 256, 256},
                                                           {1, 512, 512, 512},
                                                           {1, 1024, 1024, 1024},
                                                           {1, 97, 131, 61},
                                                           {1, 333, 257, 191},
                                                           {1, 4096, 64, 64},
                                                           {1, 64, 4096, 64},
                                                           {1, 64, 64, 4096},
                                                           {1, 1, 4096, 4096},
                                                           {1, 4, 4096, 4096},
                                                           {1, 32, 4096, 4096},
                                                           {1, 128, 4096, 4096}})
      suite.rows.push_back(int8Row(p, signedLeft));
  return suite;
}

Suite weightOnlySuite() {
  Suite suite{"weight-only",
              "floats by weights of few bits, [m x n x k], in bytes of weights and scales",
              {},
              {}};
  // Larger than the caches, as the weights of a model are.
  const std::int64_t n = 11008, k = 8192;
  for (const std::int64_t m : {1, 4, 8}) {
    for (const std::int64_t group : {32, 64, 128})
      suite.rows.push_back(weightsRow("s4", m, n, k, group));
    suite.rows.push_back(weightsRow("s8", m, n, k, 128));
    suite.rows.push_back(weightsRow("f16", m, n, k, 0));
    suite.rows.push_back(weightsRow("bf16", m, n, k, 0));
  }
  return suite;
}

} // namespace tessera::bench
