// Runs one launch of a tile program on data, its operations in an order that the chip's pipes could
// take. What an operation computes is not known here.
#pragma once
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "tessera/dialect/tile/ChipSpec.h"
#include <cstdint>
#include <functional>

namespace tessera::machine {

/// How operations are done.
struct StepCode {
  /// Does one operation. The words are what `tile::stepInputs` lists, one after another: of a
  /// buffer the address of its first element, its sizes and its strides in elements; of an integer
  /// its value.
  std::function<void(mlir::Operation *, llvm::ArrayRef<int64_t>)> perform;
  /// The address of a `memref.global`.
  std::function<void *(llvm::StringRef)> constant;
};

/// What all launches of a run did.
struct ExecutionCounts {
  int64_t operations = 0, syncs = 0;
  int64_t overtakings = 0; ///< Operations done before one that precedes them in the text.
  int64_t doubleSets = 0;  ///< Of an event that was set already.
};

/// Every byte of memory that nothing has written: a NaN in every type of real numbers.
inline constexpr int kPoison = 0xff;

/// Runs a kernel's blocks, core after core. Each core has memories of its own, filled with poison,
/// in which buffers lie at their planned addresses. Its pipes are queues: a pipe starts its
/// operations in order and ends those between two barriers in any, events and flags hold it back.
/// `seed` decides who goes on, and which blocks run on how many cores, at most the chip's. On a
/// chip without events (a CPU) the order within a block is that of the text. Failure, with an error
/// on an operation, when the kernel cannot be walked, or its pipes wait for what never comes.
mlir::LogicalResult executeLaunch(mlir::func::FuncOp kernel, const tile::ChipSpec &chip,
                                  const StepCode &code, void *const *arguments, int64_t blocks,
                                  uint64_t seed, ExecutionCounts &counts);

} // namespace tessera::machine
