// Attention on blocks of many queries: panels of queries in the lanes against blocks of keys.
#pragma once

#include "tessera/kernels/AttentionArgs.h"
#include "tessera/kernels/AttentionTile.h"
#include "tessera/kernels/MathCore.h"
#include "tessera/kernels/Storage.h"
#include "tessera/kernels/transpose2d.h"

namespace tessera::kernels {

/// Up to kQueries rows of queries that share one head of keys and values: row r is query r %
/// queries of head r / queries of the group. Takes 200 KiB of stack, 290 where elements are
/// widened.
template <class Arch, class Stored> struct AttentionPanels {
  using S = Simd<Arch>;
  using F = typename S::F;
  using Shape = MatmulShape<Arch>;
  using Tile = AttentionTile<Arch, Shape::kRows, Shape::kVectors>;
  using T = typename Stored::T;
  static constexpr bool kWidens = sizeof(T) < sizeof(float);
  static constexpr std::int64_t kPanel = Tile::kPanel;
  static constexpr std::int64_t kPanels = kPanel < 64 ? 64 / kPanel : 1;
  static constexpr std::int64_t kQueries = kPanel * kPanels;
  /// Keys of a block, whole register tiles: the probabilities of a panel stay in L1 between the two
  /// products, and the block of keys and values in L2 while the panels pass over it. No cache has a
  /// say in it: from 60 to 192 keys take the same time within 1.5 %.
  static constexpr std::int64_t kKeys = 96;
  /// Head dimensions taken at a time; larger heads repeat work for each part.
  static constexpr std::int64_t kDepth = 256;
  /// Below every score: the maximum of a query that has seen no key yet.
  static constexpr float kLowest = -1e30f;
  static constexpr float kLog2E = 0x1.715476p+0f;

  /// The whole of attention, for any shape.
  static void all(const AttentionArgs &args) {
    // Short sequences fill the lanes with the queries of several heads.
    const std::int64_t rows = args.queries < kQueries ? args.groupRows() : args.queries;
    Plan plan = {&args, rows, (rows + kQueries - 1) / kQueries};
    const std::int64_t count = args.batch * args.heads * args.queries / rows * plan.blocks;
    if (args.parallelFor)
      args.parallelFor(args.pool, count, block, &plan);
    else
      for (std::int64_t i = 0; i < count; ++i)
        block(&plan, i);
  }

private:
  struct Plan {
    const AttentionArgs *args;
    std::int64_t rows;   ///< that may share a panel
    std::int64_t blocks; ///< into which they fall
  };

  static void block(void *data, std::int64_t index) {
    const Plan &plan = *static_cast<const Plan *>(data);
    const AttentionArgs &args = *plan.args;
    // The last queries, which with `causal` see most keys, first.
    const std::int64_t begin = (plan.blocks - 1 - index % plan.blocks) * kQueries;
    const std::int64_t row = index / plan.blocks * plan.rows; // among all rows of all heads
    const std::int64_t head = row / args.groupRows();
    run(args, head / args.kvHeads, head % args.kvHeads, row % args.groupRows() + begin,
        least(kQueries, plan.rows - begin));
  }

  /// Rows [first, first + count) of the group of queries that shares head g of sequence b.
  static __attribute__((noinline)) void run(const AttentionArgs &args, std::int64_t b,
                                            std::int64_t g, std::int64_t first,
                                            std::int64_t count) {
    State state;
    state.args = &args;
    state.b = b;
    state.g = g;
    state.first = first;
    state.count = count;
    bounds(state);
    std::int64_t from = 0;
    do {
      const std::int64_t size = least(args.valueSize - from, kDepth);
      pass(state, from, size);
      from += size;
    } while (from < args.valueSize);
  }

  struct State {
    alignas(64) float q[kDepth * kQueries]; ///< by panel, [depth][kPanel]
    alignas(64) float s[kKeys * kQueries];  ///< by panel, [keys][kPanel]
    alignas(64) float o[kDepth * kQueries]; ///< by panel, [size][kPanel]
    alignas(64) float extra[kKeys * (kWidens ? kDepth : kPanel)];
    alignas(64) float high[kQueries], sum[kQueries], shrink[kQueries];
    alignas(64) float low[kPanel], end[kPanel], slope[kPanel], distance[kPanel];
    const AttentionArgs *args;
    std::int64_t b, g, first, count;
    std::int64_t lowest, highest; ///< keys that some row sees lie in [lowest, highest)
    std::int64_t shared, common;  ///< those in [shared, common) are seen by every row
  };

  static TESSERA_INLINE std::int64_t least(std::int64_t x, std::int64_t y) { return x < y ? x : y; }
  static TESSERA_INLINE std::int64_t most(std::int64_t x, std::int64_t y) { return x > y ? x : y; }

  /// The keys [low, end) that a row sees.
  static TESSERA_INLINE void seen(const AttentionArgs &args, std::int64_t row, std::int64_t &low,
                                  std::int64_t &end) {
    const std::int64_t position = args.firstPosition + row % args.queries;
    low = args.window > 0 ? least(most(0, position - args.window + 1), args.keys) : 0;
    end = args.causal ? most(low, least(args.keys, position + 1)) : args.keys;
  }

  static void bounds(State &t) {
    t.lowest = t.common = t.args->keys;
    t.highest = t.shared = 0;
    for (std::int64_t r = t.first; r < t.first + t.count; ++r) {
      std::int64_t low, end;
      seen(*t.args, r, low, end);
      t.lowest = least(t.lowest, low);
      t.shared = most(t.shared, low);
      t.common = least(t.common, end);
      t.highest = most(t.highest, end);
    }
  }

  /// Columns [from, from + size) of the values, from all keys.
  static void pass(State &t, std::int64_t from, std::int64_t size) {
    const AttentionArgs &args = *t.args;
    for (std::int64_t r = 0; r < kQueries; ++r) {
      t.high[r] = kLowest;
      t.sum[r] = 0.0f;
    }
    for (std::int64_t p = 0; p * kPanel < t.count; ++p)
      for (std::int64_t i = 0; i < size * kPanel; i += S::kLanes)
        S::store(t.o + p * kDepth * kPanel + i, F(0.0f));
    fetchRows(t, from, size);
    if (args.headSize <= kDepth)
      packQueries(t, 0, args.headSize);
    // Blocks start at multiples of kKeys, wherever the window does.
    for (std::int64_t j = t.lowest - t.lowest % kKeys; j < t.highest; j += kKeys) {
      const std::int64_t keys = least(kKeys, t.highest - j);
      scores(t, j, keys);
      for (std::int64_t p = 0; p * kPanel < t.count; ++p)
        softmax(t, p, j, keys);
      values(t, j, keys, from, size);
    }
    finish(t, from, size);
  }

  /// Asks for the rows of queries, and for those of the output to be written: their transposition
  /// goes in steps that no prefetcher follows.
  static void fetchRows(const State &t, std::int64_t from, std::int64_t size) {
    const AttentionArgs &args = *t.args;
    for (std::int64_t r = t.first; r < t.first + t.count; ++r) {
      const float *q = queryRow(t, r), *out = outRow(t, r) + from;
      for (std::int64_t c = 0; c < least(args.headSize, kDepth); c += 16)
        __builtin_prefetch(q + c);
      for (std::int64_t c = 0; c < size; c += 16)
        __builtin_prefetch(out + c, 1, 2);
    }
  }

  static const T *keyRow(const State &t, std::int64_t j) {
    return static_cast<const T *>(t.args->k) + t.b * t.args->kBatch + t.g * t.args->kHead +
           j * t.args->kRow;
  }
  static const T *valueRow(const State &t, std::int64_t j) {
    return static_cast<const T *>(t.args->v) + t.b * t.args->vBatch + t.g * t.args->vHead +
           j * t.args->vRow;
  }
  static TESSERA_INLINE std::int64_t columnsOf(const State &t, std::int64_t p) {
    return least(kPanel, t.count - p * kPanel);
  }
  static TESSERA_INLINE std::int64_t vectorsOf(const State &t, std::int64_t p) {
    return (columnsOf(t, p) + S::kLanes - 1) / S::kLanes;
  }

  /// Columns [from, from + depth) of the queries, transposed, times scale log2 e; zeros in the
  /// columns of the last vector that have no query.
  static void packQueries(State &t, std::int64_t from, std::int64_t depth) {
    const AttentionArgs &args = *t.args;
    const F factor(args.scale * kLog2E);
    for (std::int64_t p = 0; p * kPanel < t.count; ++p) {
      float *to = t.q + p * kDepth * kPanel;
      const std::int64_t columns = columnsOf(t, p), width = vectorsOf(t, p) * S::kLanes;
      for (std::int64_t c = 0; c < columns;) {
        const std::int64_t row = t.first + p * kPanel + c, i = row % args.queries;
        const std::int64_t run = least(columns - c, args.queries - i);
        Transpose2d<Arch>::inCaches(queryRow(t, row) + from, args.qRow, to + c, kPanel, run, depth);
        c += run;
      }
      for (std::int64_t d = 0; d < depth; ++d)
        for (std::int64_t c = 0; c < width; c += S::kLanes) {
          float *at = to + d * kPanel + c;
          S::store(at, S::loadPart(at, least(S::kLanes, columns - c)) * factor);
        }
    }
  }

  static const float *queryRow(const State &t, std::int64_t row) {
    const AttentionArgs &args = *t.args;
    return args.q + t.b * args.qBatch + headOf(t, row) * args.qHead +
           row % args.queries * args.qRow;
  }
  static float *outRow(const State &t, std::int64_t row) {
    const AttentionArgs &args = *t.args;
    return args.out + t.b * args.outBatch + headOf(t, row) * args.outHead +
           row % args.queries * args.outRow;
  }
  static TESSERA_INLINE std::int64_t headOf(const State &t, std::int64_t row) {
    return t.g * (t.args->heads / t.args->kvHeads) + row / t.args->queries;
  }

  /// The products of queries and keys [j, j + keys), and shrink = their maxima.
  static void scores(State &t, std::int64_t j, std::int64_t keys) {
    const AttentionArgs &args = *t.args;
    std::int64_t from = 0;
    do {
      const std::int64_t depth = least(args.headSize - from, kDepth);
      if (args.headSize > kDepth)
        packQueries(t, from, depth);
      std::int64_t stride = args.kRow;
      const float *k = widened(t, keyRow(t, j) + from, stride, keys, depth);
      for (std::int64_t c = 0; c < kQueries; c += S::kLanes)
        S::store(t.shrink + c, F(kLowest));
      for (std::int64_t p = 0; p * kPanel < t.count; ++p)
        Tile::scores(vectorsOf(t, p), k, stride, t.q + p * kDepth * kPanel,
                     t.s + p * kKeys * kPanel, keys, depth, t.shrink + p * kPanel, from > 0);
      from += depth;
    } while (from < args.headSize);
  }

  static void values(State &t, std::int64_t j, std::int64_t keys, std::int64_t from,
                     std::int64_t size) {
    std::int64_t stride = t.args->vRow;
    const float *v = widened(t, valueRow(t, j) + from, stride, keys, size);
    for (std::int64_t p = 0; p * kPanel < t.count; ++p)
      Tile::values(vectorsOf(t, p), v, stride, t.s + p * kKeys * kPanel, t.o + p * kDepth * kPanel,
                   size, keys, t.shrink + p * kPanel);
  }

  /// The rows as floats, in place or in `extra`, and their stride.
  static const float *widened(State &t, const T *rows, std::int64_t &stride, std::int64_t count,
                              std::int64_t size) {
    if constexpr (!kWidens) {
      return rows;
    } else {
      for (std::int64_t r = 0; r < count; ++r) {
        const T *from = rows + r * stride;
        float *to = t.extra + r * kDepth;
        std::int64_t c = 0;
        for (; c + S::kLanes <= size; c += S::kLanes)
          S::store(to + c, Stored::load(from + c));
        if (c < size)
          S::storePart(to + c, Stored::loadPart(from + c, size - c), size - c);
      }
      stride = kDepth;
      return t.extra;
    }
  }

  /// Scores to probabilities relative to the maximum so far; shrink = what that does to the past.
  static void softmax(State &t, std::int64_t p, std::int64_t j, std::int64_t keys) {
    const bool partly = j < t.shared || j + keys > t.common;
    if (t.args->mask || t.args->slopes || partly)
      addBiases(t, p, j, keys, partly);
    for (std::int64_t v = 0; v < vectorsOf(t, p); ++v) {
      float *s = t.s + p * kKeys * kPanel + v * S::kLanes;
      const std::int64_t at = p * kPanel + v * S::kLanes;
      const F before = S::load(t.high + at), high = S::max(before, S::load(t.shrink + at));
      F sums[4] = {F(0.0f), F(0.0f), F(0.0f), F(0.0f)};
      std::int64_t i = 0;
      for (; i + 4 <= keys; i += 4) {
        TESSERA_UNROLL
        for (int u = 0; u < 4; ++u)
          sums[u] = sums[u] + exponential(s + (i + u) * kPanel, high);
      }
      for (; i < keys; ++i)
        sums[0] = sums[0] + exponential(s + i * kPanel, high);
      const F shrink = MathCore<Arch>::exp2Negative(before - high);
      const F sum = (sums[0] + sums[1]) + (sums[2] + sums[3]);
      S::store(t.high + at, high);
      S::store(t.shrink + at, shrink);
      S::store(t.sum + at, S::fma(S::load(t.sum + at), shrink, sum));
    }
  }

  static TESSERA_INLINE F exponential(float *s, F high) {
    const F e = MathCore<Arch>::exp2Negative(S::load(s) - high);
    S::store(s, e);
    return e;
  }

  /// Adds mask and slopes to the scores of a panel, hides the keys that a query does not see, and
  /// takes the maxima again.
  static __attribute__((noinline)) void addBiases(State &t, std::int64_t p, std::int64_t j,
                                                  std::int64_t keys, bool partly) {
    float *s = t.s + p * kKeys * kPanel;
    if (t.args->mask)
      addMask(t, p, j, keys);
    relativeBounds(t, p, j);
    for (std::int64_t v = 0; v < vectorsOf(t, p); ++v) {
      const std::int64_t at = v * S::kLanes;
      const F low = S::load(t.low + at), end = S::load(t.end + at);
      const F slope = S::load(t.slope + at), distance = S::load(t.distance + at);
      F high(kLowest);
      for (std::int64_t i = 0; i < keys; ++i) {
        const F index(static_cast<float>(i));
        F x = S::fma(slope, index + distance, S::load(s + i * kPanel + at));
        if (partly)
          x = S::select(index < low, F(-__builtin_inff()),
                        S::select(index < end, x, F(-__builtin_inff())));
        high = S::max(x, high);
        S::store(s + i * kPanel + at, x);
      }
      S::store(t.shrink + p * kPanel + at, high);
    }
  }

  static void addMask(State &t, std::int64_t p, std::int64_t j, std::int64_t keys) {
    const AttentionArgs &args = *t.args;
    const std::int64_t columns = columnsOf(t, p);
    for (std::int64_t c = 0; c < columns;) {
      const std::int64_t row = t.first + p * kPanel + c, i = row % args.queries;
      const std::int64_t run = least(columns - c, args.queries - i);
      const float *mask = args.mask + t.b * args.maskBatch + headOf(t, row) * args.maskHead;
      Transpose2d<Arch>::inCaches(mask + i * args.maskRow + j, args.maskRow, t.extra + c, kPanel,
                                  run, keys);
      c += run;
    }
    float *s = t.s + p * kKeys * kPanel;
    for (std::int64_t i = 0; i < keys; ++i)
      for (std::int64_t c = 0; c < columns; c += S::kLanes) {
        const F mask = S::loadPart(t.extra + i * kPanel + c, least(S::kLanes, columns - c));
        S::store(s + i * kPanel + c, S::fma(mask, F(kLog2E), S::load(s + i * kPanel + c)));
      }
  }

  /// What addBiases needs of the panel's rows for a block that starts at key j.
  static void relativeBounds(State &t, std::int64_t p, std::int64_t j) {
    const AttentionArgs &args = *t.args;
    for (std::int64_t c = 0; c < kPanel; ++c) {
      const std::int64_t row = t.first + least(p * kPanel + c, t.count - 1);
      std::int64_t low, end;
      seen(args, row, low, end);
      t.low[c] = static_cast<float>(most(0, least(low - j, kKeys)));
      t.end[c] = static_cast<float>(most(0, least(end - j, kKeys)));
      t.slope[c] = args.slopes ? args.slopes[headOf(t, row)] * kLog2E : 0.0f;
      t.distance[c] = static_cast<float>(j - args.firstPosition - row % args.queries);
    }
  }

  /// Columns [from, from + size) of the output: o over the sums, zero where no key was seen.
  static void finish(State &t, std::int64_t from, std::int64_t size) {
    const AttentionArgs &args = *t.args;
    for (std::int64_t p = 0; p * kPanel < t.count; ++p) {
      float *o = t.o + p * kDepth * kPanel;
      const std::int64_t columns = columnsOf(t, p);
      for (std::int64_t c = 0; c < columns; c += S::kLanes) {
        const F sum = S::load(t.sum + p * kPanel + c);
        const F scale = S::select(sum == F(0.0f), F(0.0f), F(1.0f) / sum);
        for (std::int64_t i = 0; i < size; ++i)
          S::store(o + i * kPanel + c, S::load(o + i * kPanel + c) * scale);
      }
      for (std::int64_t c = 0; c < columns;) {
        const std::int64_t row = t.first + p * kPanel + c;
        const std::int64_t run = least(columns - c, args.queries - row % args.queries);
        Transpose2d<Arch>::inCaches(o + c, kPanel, outRow(t, row) + from, args.outRow, size, run);
        c += run;
      }
    }
  }
};

} // namespace tessera::kernels
