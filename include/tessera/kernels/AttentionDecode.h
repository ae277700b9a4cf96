// Attention of few queries over a long cache, limited by how fast keys and values arrive: lanes are
// dimensions of the head, every key and value is read once, and the cache is split into parts.
#pragma once

#include "tessera/kernels/AttentionArgs.h"
#include "tessera/kernels/AttentionRows.h"
#include "tessera/kernels/MathCore.h"

namespace tessera::kernels {

/// Up to kRows rows of queries share one head of keys and values: row r is query r % queries of
/// head r / queries of the group.
template <class Arch, class Stored> struct AttentionDecode {
  using S = Simd<Arch>;
  using F = typename S::F;
  using T = typename Stored::T;
  using Core = MathCore<Arch>;
  using Rows = AttentionRows<Arch, Stored>;
  static constexpr std::int64_t kRows = AttentionArgs::kFewRows;
  /// Keys whose scores are taken before their values: both stay in L1 for all rows.
  static constexpr std::int64_t kBlock = 64;
  static constexpr float kLowest = -1e30f;
  static constexpr float kLog2E = 0x1.715476p+0f;

  /// The whole of attention when no head of keys has more than kRows rows of queries.
  static void all(const AttentionArgs &args) {
    Plan plan = {&args, 0, args.keys, 1, args.headsTogether() ? args.kvHeads : 1};
    if (args.window > 0)
      plan.first = least(most(0, args.firstPosition - args.window + 1), args.keys);
    if (args.causal)
      plan.last = most(plan.first, least(args.keys, args.firstPosition + args.queries));
    const std::int64_t part = AttentionArgs::kPart;
    plan.parts = most(1, (plan.last - plan.first + part - 1) / part);
    each(args, args.batch * args.kvHeads / plan.heads * plan.parts, onePart, &plan);
    each(args, args.batch * args.kvHeads, combine, &plan);
  }

private:
  struct Plan {
    const AttentionArgs *args;
    std::int64_t first, last; ///< keys that some query sees
    std::int64_t parts;       ///< into which they fall
    std::int64_t heads;       ///< of keys and values that are done together
  };

  static TESSERA_INLINE std::int64_t least(std::int64_t x, std::int64_t y) { return x < y ? x : y; }
  static TESSERA_INLINE std::int64_t most(std::int64_t x, std::int64_t y) { return x > y ? x : y; }
  static TESSERA_INLINE float most(float x, float y) { return x > y ? x : y; }

  static TESSERA_INLINE void each(const AttentionArgs &args, std::int64_t count, ParallelBody body,
                                  Plan *plan) {
    if (args.parallelFor)
      args.parallelFor(args.pool, count, body, plan);
    else
      for (std::int64_t i = 0; i < count; ++i)
        body(plan, i);
  }

  /// What one part of the cache gave one head of keys: the maxima of the scores of its rows in base
  /// 2, the sums of their probabilities relative to those, and the sums of the values.
  struct Slot {
    float *high, *sum, *o;
  };
  static TESSERA_INLINE Slot slot(const AttentionArgs &args, std::int64_t parts, std::int64_t head,
                                  std::int64_t part) {
    const std::int64_t rows = args.groupRows();
    float *at = args.workspace + (head * parts + part) * rows * (args.valueSize + 2);
    return {at, at + rows, at + 2 * rows};
  }

  /// Part index % parts of sequence and heads index / parts.
  static void onePart(void *data, std::int64_t index) {
    const Plan &plan = *static_cast<const Plan *>(data);
    const AttentionArgs &args = *plan.args;
    const std::int64_t part = index % plan.parts, head = index / plan.parts * plan.heads;
    const std::int64_t first = plan.first + part * AttentionArgs::kPart;
    const std::int64_t last = least(plan.last, first + AttentionArgs::kPart);
    for (std::int64_t h = head; h < head + plan.heads; ++h) {
      const Slot s = slot(args, plan.parts, h, part);
      for (std::int64_t r = 0; r < args.groupRows(); ++r) {
        s.high[r] = kLowest;
        s.sum[r] = 0.0f;
      }
      for (std::int64_t i = 0; i < args.groupRows() * args.valueSize; ++i)
        s.o[i] = 0.0f;
    }
    for (std::int64_t j = first; j < last; j += kBlock)
      for (std::int64_t h = head; h < head + plan.heads; ++h)
        block(args, h / args.kvHeads, h % args.kvHeads, j, least(kBlock, last - j),
              slot(args, plan.parts, h, part));
  }

  /// Adds keys [j, j + keys) to what `to` holds.
  static TESSERA_INLINE void block(const AttentionArgs &args, std::int64_t b, std::int64_t g,
                                   std::int64_t j, std::int64_t keys, Slot to) {
    alignas(64) float s[kRows * kBlock];
    const float *q[kRows];
    float *o[kRows];
    float shrink[kRows];
    const std::int64_t rows = args.groupRows();
    for (std::int64_t r = 0; r < rows; ++r) {
      const std::int64_t head = g * (args.heads / args.kvHeads) + r / args.queries;
      q[r] = args.q + b * args.qBatch + head * args.qHead + r % args.queries * args.qRow;
      o[r] = to.o + r * args.valueSize;
    }
    const T *k = static_cast<const T *>(args.k) + b * args.kBatch + g * args.kHead + j * args.kRow;
    const T *v = static_cast<const T *>(args.v) + b * args.vBatch + g * args.vHead + j * args.vRow;
    // What is read next is fetched while this is computed with: values with their keys, the next
    // keys with the values. Memory delivers two streams faster than one after the other, and the
    // hardware does not run far enough ahead of what is computed with, nor over the end of a page.
    // It does not follow the rows of many heads either, nor floats that rows of queries share;
    // there the whole next block is fetched, which is 1.2 and 1.8 times as fast on Zen 4.
    typename Rows::Next keysNext, valuesNext;
    const typename Rows::Next keysAfter = {k + kBlock * args.kRow, args.kRow, args.headSize};
    const bool more = j + 2 * kBlock <= args.keys;
    if (args.headsTogether() || (rows > 1 && sizeof(T) == sizeof(float))) {
      if (more) {
        keysNext = keysAfter;
        valuesNext = {v + kBlock * args.vRow, args.vRow, args.valueSize};
      }
    } else {
      keysNext = {v, args.vRow, args.valueSize};
      if (more)
        valuesNext = keysAfter;
    }
    Rows::scores(q, rows, k, args.kRow, args.headSize, s, kBlock, keys, keysNext);
    for (std::int64_t r = 0; r < rows; ++r)
      shrink[r] = softmax(args, b, g, r, j, keys, s + r * kBlock, to.high[r], to.sum[r]);
    Rows::values(v, args.vRow, s, kBlock, keys, args.valueSize, shrink, o, rows, valuesNext);
  }

  /// Scores of row r for keys [j, j + keys) to probabilities; returns what shrinks the past.
  static TESSERA_INLINE float softmax(const AttentionArgs &args, std::int64_t b, std::int64_t g,
                                      std::int64_t r, std::int64_t j, std::int64_t keys, float *s,
                                      float &high, float &sum) {
    const std::int64_t head = g * (args.heads / args.kvHeads) + r / args.queries;
    const std::int64_t i = r % args.queries, position = args.firstPosition + i;
    const std::int64_t low = args.window > 0 ? position - args.window + 1 : 0;
    const std::int64_t end = least(j + keys, args.causal ? position + 1 : args.keys);
    const float *mask =
        args.mask ? args.mask + b * args.maskBatch + head * args.maskHead + i * args.maskRow + j
                  : nullptr;
    const F lowest(relative(low - j)), past(relative(end - j)), hidden(-__builtin_inff());
    const F slope(args.slopes ? args.slopes[head] * kLog2E : 0.0f);
    const F distance(static_cast<float>(j - position));
    F top(kLowest);
    for (std::int64_t c = 0; c < keys; c += S::kLanes) {
      F x = S::load(s + c) * F(args.scale * kLog2E);
      const F index = Rows::lanes() + F(static_cast<float>(c));
      if (mask)
        x = S::fma(S::loadPart(mask + c, least(S::kLanes, keys - c)), F(kLog2E), x);
      x = S::fma(slope, index + distance, x);
      x = S::select(index < lowest, hidden, S::select(index < past, x, hidden));
      top = S::max(x, top);
      S::store(s + c, x);
    }
    const float before = high;
    high = most(before, S::across(top, [](F a, F b) { return S::max(a, b); }));
    F acc(0.0f);
    for (std::int64_t c = 0; c < keys; c += S::kLanes) {
      const F e = Core::exp2Negative(S::load(s + c) - F(high));
      acc = acc + e;
      S::store(s + c, e);
    }
    const float shrink = power(before - high);
    sum = sum * shrink + S::sum(acc);
    return shrink;
  }

  static TESSERA_INLINE float relative(std::int64_t bound) {
    return static_cast<float>(most(-1, least(bound, kBlock)));
  }
  static TESSERA_INLINE float power(float x) {
    alignas(64) float lanes[S::kLanes];
    S::store(lanes, Core::exp2Negative(F(x)));
    return lanes[0];
  }

  /// The output of one head of keys, from its parts in the order of their keys.
  static void combine(void *data, std::int64_t head) {
    const Plan &plan = *static_cast<const Plan *>(data);
    const AttentionArgs &args = *plan.args;
    const std::int64_t size = args.valueSize, group = args.heads / args.kvHeads;
    for (std::int64_t r = 0; r < args.groupRows(); ++r) {
      float high = kLowest, sum = 0.0f;
      for (std::int64_t i = 0; i < plan.parts; ++i)
        high = most(slot(args, plan.parts, head, i).high[r], high);
      float *out = args.out + head / args.kvHeads * args.outBatch +
                   (head % args.kvHeads * group + r / args.queries) * args.outHead +
                   r % args.queries * args.outRow;
      for (std::int64_t i = 0; i < plan.parts; ++i) {
        const Slot from = slot(args, plan.parts, head, i);
        const float share = power(from.high[r] - high);
        sum += from.sum[r] * share;
        for (std::int64_t c = 0; c < size; ++c)
          out[c] = (i > 0 ? out[c] : 0.0f) + from.o[r * size + c] * share;
      }
      const float scale = sum == 0.0f ? 0.0f : 1.0f / sum;
      for (std::int64_t c = 0; c < size; ++c)
        out[c] = out[c] * scale;
    }
  }
};

} // namespace tessera::kernels
