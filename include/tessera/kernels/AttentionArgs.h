// What an attention kernel is asked to do: shapes, strides and options, without any code.
#pragma once

#include <cstdint>

#include "tessera/support/Parallel.h"

namespace tessera::kernels {

/// out[b, h, i, :] = sum over keys j of p[j] v[b, g, j, :], p the softmax over the visible j of
///   scale * (q[b, h, i, :] . k[b, g, j, :]) + mask[b, h, i, j] + slopes[h] * (j - position)
/// with g = h / (heads / kvHeads) and position = firstPosition + i. Strides count elements; the
/// innermost dimension of every tensor is contiguous. q and out are f32, k and v of the type in the
/// kernel's name. Any size may be zero.
struct AttentionArgs {
  const float *q;
  const void *k;
  const void *v;
  float *out; ///< overlaps no input
  std::int64_t batch, heads, kvHeads, queries, keys;
  std::int64_t headSize;  ///< of q and k
  std::int64_t valueSize; ///< of v and out
  std::int64_t qBatch, qHead, qRow;
  std::int64_t kBatch, kHead, kRow;
  std::int64_t vBatch, vHead, vRow;
  std::int64_t outBatch, outHead, outRow;
  float scale;

  /// Added to the scores; may be null. -inf hides a key. Strides of 0 broadcast.
  const float *mask = nullptr;
  std::int64_t maskBatch = 0, maskHead = 0, maskRow = 0;
  /// ALiBi (Press et al. 2022): one slope per query head; may be null.
  const float *slopes = nullptr;

  /// Where query 0 stands among the keys; keys - queries when the queries are the last ones.
  std::int64_t firstPosition = 0;
  /// A query sees keys j <= its position only.
  bool causal = false;
  /// When not 0, a query sees keys j > its position - window only.
  std::int64_t window = 0;

  /// workspaceFloats() floats; may be null when that is 0.
  float *workspace = nullptr;
  /// Null to stay on the calling thread. The result does not depend on it.
  ParallelFor parallelFor = nullptr;
  void *pool = nullptr;

  /// So many rows of queries over one head of keys at most are done part by part of the cache. A
  /// part fixes the order of summation, so that no count of threads or cores may enter.
  static constexpr std::int64_t kFewRows = 8;
  static constexpr std::int64_t kPart = 1024;

  /// Rows of queries that share a head of keys and values.
  __attribute__((always_inline)) std::int64_t groupRows() const {
    return kvHeads > 0 ? heads / kvHeads * queries : 0;
  }
  /// Whether rows of keys of different heads are interleaved, [keys][heads][size], so that reading
  /// one head alone would skip through memory.
  __attribute__((always_inline)) bool headsTogether() const {
    return kvHeads > 1 && kHead < kRow && vHead < vRow;
  }
  /// Floats that `workspace` must have; depends on the sizes only.
  __attribute__((always_inline)) std::int64_t workspaceFloats() const {
    if (groupRows() > kFewRows)
      return 0;
    const std::int64_t parts = keys > kPart ? (keys + kPart - 1) / kPart : 1;
    return batch * heads * queries * parts * (valueSize + 2);
  }
};

} // namespace tessera::kernels
