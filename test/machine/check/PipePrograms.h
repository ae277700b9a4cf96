// What the pipes of a core group are given to do: two blocks of a kernel as one queue for each
// pipe.
#pragma once
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "tessera/dialect/tile/ChipSpec.h"
#include <optional>
#include <vector>

namespace tessera::test {

struct Item {
  enum Kind { Op, Set, Wait, Barrier } kind = Op;
  size_t pipe = 0;
  /// What a set raises and a wait takes from. A flag between a cube core and its vector cores is a
  /// counter for each of these: the cube core sets all, and waits for all.
  std::vector<size_t> channels;
  /// By pipe: how many items of its queue must have ended before this starts.
  std::vector<size_t> after;
};

struct PipePrograms {
  std::vector<std::vector<Item>> queues; ///< By pipe; each vector core has pipes of its own.
  std::vector<std::vector<size_t>> sets; ///< Places of the sets in each queue.
  std::vector<int16_t> limits;           ///< By channel: the count that it may reach.
};

/// Two blocks of the kernel's first class, one after another on a core. Nothing when there is too
/// much to look at.
std::optional<PipePrograms> pipeProgramsOf(mlir::func::FuncOp kernel, const tile::ChipSpec &chip);

} // namespace tessera::test
