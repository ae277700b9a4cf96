// How the buffers of a block are used: by which pipes, and from which loop on anew.
#pragma once

#include "tessera/dialect/tile/ChipSpec.h"

#include "mlir/Dialect/SCF/IR/SCF.h"

namespace tessera {

/// A buffer that a block allocates.
struct BlockBuffer {
  mlir::Operation *owner; ///< memref.alloc or tile.workspace.
  /// The innermost loop that holds every use; null where that is the block itself.
  mlir::scf::ForOp loop;
  std::string space; ///< Its memory, or "workspace".
  int64_t bytes = 0; ///< Of one slot.
  /// Operations that touch it, in program order.
  llvm::SmallVector<mlir::Operation *> accesses;
  /// One pipe fills it and another reads it, and each iteration of `loop` begins by overwriting
  /// it: with a second slot the two pipes work at once.
  bool gainsFromSlots = false;

  mlir::Value value() const { return owner->getResult(0); }
};

/// The buffers that `block` allocates and that are used in ways a change of place can follow.
llvm::SmallVector<BlockBuffer> buffersOf(mlir::Block &block, const tile::ChipSpec &chip);

/// How often a loop runs at most, where its bounds say so.
std::optional<int64_t> tripsOf(mlir::scf::ForOp loop);

} // namespace tessera
