// How many slots each buffer of a block gets, and what of it stays from one block to the next.
#pragma once

#include "BlockBuffers.h"
#include "CoreRuns.h"

#include "tessera/dialect/tile/TileDialect.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace tessera {

struct BufferSlots {
  BlockBuffer buffer;
  int64_t slots = 1;
  /// The first `kept` parts that its loop loads have slots of their own: while the block is at the
  /// same place along the dims that `load` depends on, they are not loaded again.
  int64_t kept = 0, trips = 1;
  int64_t fast = 1; ///< Consecutive blocks at the same place along those dims.
  tile::CopyOp load = {};

  bool isRewritten() const { return slots > 1 || kept > 0; }
  /// Slots that change with the block, or keep something for the next, are not reused in between.
  bool outlivesBlock() const { return !buffer.loop || kept > 0; }
};

struct SlotPlan {
  llvm::SmallVector<BufferSlots> buffers;
  /// Dims of the grid, the one that changes slowest first.
  llvm::SmallVector<unsigned> order;
  /// Bytes that one core need not load because of what is kept, and that keeping the operand which
  /// comes second would have saved.
  int64_t savedBytes = 0, secondBytes = 0;
};

/// Two slots where a second pipe gains by them, fewer where a memory is too small for that; what
/// room is then left keeps parts of an operand that consecutive blocks share.
SlotPlan planSlots(mlir::func::FuncOp kernel, mlir::scf::ForallOp grid, const CoreRuns &runs,
                   const tile::ChipSpec &chip);

} // namespace tessera
