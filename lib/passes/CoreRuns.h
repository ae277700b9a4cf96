// How the blocks of a grid are shared out among cores.
#pragma once

#include "mlir/Support/LLVM.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/MathExtras.h"

namespace tessera {

/// Each core takes a run of consecutive blocks; runs differ by one block at most.
struct CoreRuns {
  int64_t cores = 1;
  llvm::SmallVector<int64_t> trips; ///< Blocks along each dim of the grid.

  int64_t blocks() const { return llvm::product_of(trips); }
  /// The most blocks that one core computes.
  int64_t longest() const { return llvm::divideCeil(blocks(), cores); }
  /// At how many places one core's run is, at most, when `fast` consecutive blocks share a place.
  int64_t places(int64_t fast) const {
    int64_t run = longest();
    bool even = blocks() % cores == 0;
    if (even && run % fast == 0)
      return run / fast;
    if (even && fast % run == 0)
      return 1;
    return llvm::divideCeil(run - 1, fast) + 1;
  }
};

} // namespace tessera
