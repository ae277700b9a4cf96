// Offsets for blocks of memory that are each live for a while. Knows nothing of MLIR.
#pragma once
#include <cstdint>
#include <vector>

namespace tessera {

/// Live from time `begin` to `end`, both included.
struct Block {
  int64_t bytes = 0;
  int64_t begin = 0, end = -1;
  int64_t offset = 0; ///< Found by packBlocks.
};

/// How good the offsets are. No packing takes less than `bound`, which is what is live at the
/// worst moment; `exact` says that none takes less than `bytes`.
struct Packing {
  int64_t bytes = 0, bound = 0;
  bool exact = true;
};

/// Gives every block an offset, a multiple of `align`, such that blocks that are live at the same
/// time do not overlap. The same blocks always get the same offsets. A packing that takes at most
/// `enough` bytes is not improved.
Packing packBlocks(std::vector<Block> &blocks, int64_t align, int64_t enough = 0);

/// The most bytes that are live at once, each block rounded up to `align` except for the one that
/// would be the last.
int64_t liveBound(const std::vector<Block> &blocks, int64_t align);

} // namespace tessera
