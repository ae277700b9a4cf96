// One product of matrices in memory: operands of either layout and of several types, blocks from
// the caches, what happens to the sums, threads.
#pragma once

#include <cstdint>

#include "tessera/support/Parallel.h"
#include "tessera/support/Tuning.h"

namespace tessera::kernels {

/// Applied to each sum, after bias and residual.
enum class Activation : std::int32_t { None, Relu, Gelu, GeluTanh, Silu, Tanh, Sigmoid };

/// c[m, n] = activation(a[m, k] * b[k, n] + bias + residual), and c + a * b in the place of a * b
/// with `accumulate`. Elements are a[i * aRow + p * aK], b[p * bK + j * bN], c[i * cRow + j], all
/// strides in elements, so that operands may be transposed. a and b have the type of the kernel's
/// row (f32, f16 or bf16), everything else is f32. c overlaps no operand and no residual: what c
/// holds is added with accumulate. Without it c is not read; k == 0 makes the product zero.
struct GemmArgs {
  const void *a, *b;
  float *c;
  std::int64_t m, n, k;
  std::int64_t aRow, aK, bK, bN, cRow;
  bool accumulate = false;
  const float *bias = nullptr;     ///< n; null for none
  const float *residual = nullptr; ///< [m, n]; null for none
  std::int64_t residualRow = 0;
  Activation activation = Activation::None;

  /// So many products of these sizes, whose operands and results are so many elements apart; an
  /// operand that all of them share is 0 apart. The results overlap nothing. bias is for all.
  std::int64_t batch = 1, aBatch = 0, bBatch = 0, cBatch = 0, residualBatch = 0;
  /// f32 only: b is as pack_rhs leaves it in panels of so many columns, and aK must be 1; bK and bN
  /// are not read, and no workspace is needed. 0 for a plain b.
  std::int64_t bPanel = 0;

  /// As many floats as `run` says; null to have f32 done without packing, which is slow unless the
  /// product is small or has few rows.
  float *workspace = nullptr;
  /// Null to stay on the calling thread. The result does not depend on it.
  ParallelFor parallelFor = nullptr;
  void *pool = nullptr;
};

/// The sizes of blocks: a block of a of `rows` x `depth` stays in L2, and one of b of `depth` x
/// `columns` in the last cache. They fix the order of summation, but no count of threads enters.
struct GemmBlocks {
  std::int64_t rows, columns, depth;
};

/// `size` in parts of about equal size, whole steps each, none larger than `most` in whole steps.
inline __attribute__((always_inline)) std::int64_t gemmPart(std::int64_t size, std::int64_t most,
                                                            std::int64_t step) {
  most = most < step ? step : most;
  const std::int64_t count = size <= most ? 1 : (size + most - 1) / most;
  return ((size + count - 1) / count + step - 1) / step * step;
}

/// The length of a packed row of a: whole lines, and an odd number of them, so that the rows of a
/// tile do not meet in the same set of L1.
inline __attribute__((always_inline)) std::int64_t gemmLeftRow(std::int64_t depth) {
  return (((depth + 15) / 16) | 1) * 16;
}

/// Blocks for a register tile of tileRows x tileColumns that fill so much of the caches.
inline __attribute__((always_inline)) GemmBlocks gemmBlocks(const CacheBudget &budget,
                                                            std::int64_t m, std::int64_t n,
                                                            std::int64_t k, std::int64_t tileRows,
                                                            std::int64_t tileColumns) {
  GemmBlocks blocks;
  // The rows of one tile lie in L1, beside the panel of b that streams through it.
  blocks.depth = gemmPart(k, budget.l1 / (4 * tileRows), 16);
  const std::int64_t line = 4 * (blocks.depth > 0 ? blocks.depth : 16);
  blocks.rows = gemmPart(m, budget.l2 / line / tileRows * tileRows, tileRows);
  blocks.columns = gemmPart(n, budget.l3 / line / tileColumns * tileColumns, tileColumns);
  return blocks;
}

} // namespace tessera::kernels
