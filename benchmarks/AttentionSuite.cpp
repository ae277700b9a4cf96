// Attention: whole sequences, and single queries over a long cache.
#include <algorithm>

#include "Peers.h"
#include "Suite.h"
#include "tessera/kernels/AttentionArgs.h"

namespace tessera::bench {
namespace {

using kernels::AttentionArgs;

/// Heads of `queries` queries over `keys` keys, all contiguous: [head][row][size].
struct Attention {
  std::int64_t heads, kvHeads, queries, keys, size;
  bool causal;
  const char *dtype;

  double flops() const {
    const double pairs = static_cast<double>(queries) * static_cast<double>(keys);
    return 4.0 * static_cast<double>(heads * size) * pairs * (causal && queries > 1 ? 0.5 : 1.0);
  }
  double bytes() const {
    const double width = std::string(dtype) == "f32" ? 4 : 2;
    return 8.0 * static_cast<double>(heads * queries * size) +
           2 * width * static_cast<double>(kvHeads * keys * size);
  }
};

/// Elements of 16 bits that are small numbers in f16 and in bf16.
std::shared_ptr<float[]> halves(std::int64_t count) {
  auto data = floats(count / 2 + 1);
  auto *bits = reinterpret_cast<std::uint16_t *>(data.get());
  for (std::int64_t i = 0; i < count; ++i)
    bits[i] =
        static_cast<std::uint16_t>(0x3000u | (static_cast<std::uint32_t>(i) * 2654435761u >> 20));
  return data;
}

Repeated ours(const Attention &a, const Setting &setting) {
  const kernels::KernelRow *row = kernels::findKernel("attention", a.dtype, setting.isa);
  if (!row)
    return {};
  const bool wide = std::string(a.dtype) == "f32";
  const std::int64_t cache = a.kvHeads * a.keys * a.size;
  auto q = floats(a.heads * a.queries * a.size, 1), out = floats(a.heads * a.queries * a.size);
  auto k = wide ? floats(cache, 2) : halves(cache), v = wide ? floats(cache, 3) : halves(cache);
  AttentionArgs args{};
  args.q = q.get();
  args.k = k.get();
  args.v = v.get();
  args.out = out.get();
  args.batch = 1;
  args.heads = a.heads;
  args.kvHeads = a.kvHeads;
  args.queries = a.queries;
  args.keys = a.keys;
  args.headSize = args.valueSize = a.size;
  args.qHead = args.outHead = a.queries * a.size;
  args.kHead = args.vHead = a.keys * a.size;
  args.qRow = args.kRow = args.vRow = args.outRow = a.size;
  args.scale = 0.125f;
  args.causal = a.causal;
  args.firstPosition = a.keys - a.queries;
  args.parallelFor = setting.parallelFor;
  args.pool = setting.pool;
  auto workspace = floats(std::max<std::int64_t>(args.workspaceFloats(), 1));
  args.workspace = workspace.get();
  return repeated([=, run = row->function.attention] {
    (void)q, (void)k, (void)v, (void)out, (void)workspace; // kept alive
    run(args);
  });
}

/// Head after head: scores, softmax, values, by Eigen or with OpenBLAS's products. Each head has
/// its own operands, as those of our kernel have.
Repeated composed(const Attention &a, Isa isa, bool blas) {
  const std::int64_t rows = a.queries * a.size, cache = a.keys * a.size;
  auto q = floats(a.heads * rows, 1), out = floats(a.heads * rows);
  auto k = floats(a.kvHeads * cache, 2), v = floats(a.kvHeads * cache, 3);
  auto turned = floats(cache), scores = floats(a.queries * a.keys);
  if (blas && !openBlasMultiply(nullptr, nullptr, nullptr, {1, 0, 0, 0}, false))
    return {};
  return repeated([=, &peers = isaPeers(isa)] {
    for (std::int64_t h = 0; h < a.heads; ++h) {
      const std::int64_t shared = h / (a.heads / a.kvHeads) * cache;
      const float *queries = q.get() + h * rows, *keys = k.get() + shared;
      if (blas) {
        openBlasMultiply(queries, keys, scores.get(), {1, a.queries, a.keys, a.size}, true);
      } else {
        peers.transpose(keys, turned.get(), a.keys, a.size);
        peers.matmul(queries, turned.get(), scores.get(), a.queries, a.keys, a.size);
      }
      peers.rowMap("softmax", scores.get(), scores.get(), a.queries, a.keys, nullptr, nullptr);
      float *result = out.get() + h * rows;
      if (blas)
        openBlasMultiply(scores.get(), v.get() + shared, result, {1, a.queries, a.size, a.keys},
                         false);
      else
        peers.matmul(scores.get(), v.get() + shared, result, a.queries, a.size, a.keys);
    }
  });
}

void addSequence(Suite &suite, const Attention &a, const char *group) {
  Row row{shape({a.heads, a.queries, a.size}) + (a.causal ? " causal" : "") +
              (std::string(a.dtype) == "f32" ? "" : std::string(" ") + a.dtype),
          group,
          Work::Flops,
          a.flops(),
          a.bytes(),
          {}};
  row.make = [=](Sides &sides, const Setting &setting) {
    sides.ours(ours(a, setting));
    if (!a.causal && std::string(a.dtype) == "f32") {
      sides.peer("onednn", oneDnnAttention(a.heads, a.queries, a.keys, a.size));
      if (setting.threads == 1) {
        sides.peer("eigen", composed(a, setting.isa, false));
        sides.peer("openblas", composed(a, setting.isa, true));
      }
    }
    addIdealProduct(sides, setting);
  };
  suite.rows.push_back(std::move(row));
}

void addCache(Suite &suite, const Attention &a) {
  Row row{shape({a.heads, a.kvHeads, a.keys, a.size}) + " " + a.dtype,
          "one query over a cache",
          Work::Bytes,
          a.flops(),
          a.bytes(),
          {}};
  row.leastOfIdeal = a.heads == a.kvHeads ? 0.85 : 0;
  row.make = [=](Sides &sides, const Setting &setting) {
    sides.ours(ours(a, setting));
    if (setting.threads == 1 && std::string(a.dtype) == "f32")
      sides.peer("openblas", composed(a, setting.isa, true));
    addIdealRead(sides, setting, a.bytes());
  };
  suite.rows.push_back(std::move(row));
}

} // namespace

Suite attentionSuite() {
  Suite suite{
      "attention",
      "attention, heads x queries x size of a head, operations of products; and heads x heads "
      "of keys x keys x size for one query, bytes read and written",
      {{"whole sequences", 1.5, 1.2}},
      {}};
  for (std::int64_t s : {128, 256, 512, 1024, 2048, 4096})
    addSequence(suite, {12, 12, s, s, 64, false, "f32"}, "whole sequences");
  // One head of twelve: memory of the peers is quadratic.
  addSequence(suite, {1, 1, 8192, 8192, 64, false, "f32"}, "whole sequences");
  addSequence(suite, {12, 12, 1024, 1024, 64, true, "f32"}, "options");
  addSequence(suite, {12, 12, 1024, 1024, 64, false, "f16"}, "options");
  addSequence(suite, {12, 12, 1024, 1024, 64, false, "bf16"}, "options");
  addSequence(suite, {8, 8, 1024, 1024, 128, false, "f32"}, "options");
  for (const char *dtype : {"f32", "f16", "bf16"})
    addCache(suite, {12, 12, 1, 32768, 64, true, dtype});
  addCache(suite, {32, 8, 1, 32768, 128, true, "f16"});
  return suite;
}

} // namespace tessera::bench
