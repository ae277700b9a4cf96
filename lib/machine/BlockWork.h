// What one block of a kernel does, ready to be placed in time, and what that adds up to.
#pragma once
#include "Costs.h"
#include "Pipes.h"
#include "Syncs.h"
#include <map>

namespace tessera::machine {

/// One class of blocks: its operations, and what they add up to.
struct BlockWork {
  std::vector<TimedStep> steps;
  std::vector<double> busy; ///< By pipe.
  std::map<std::pair<std::string, std::string>, std::pair<int64_t, int64_t>> paths;
  double readBytes = 0, writeBytes = 0, macs = 0, idealMatrixCycles = 0;
  double vectorOps = 0;
  std::map<std::string, double> macsByType;
  double levelCycles = 0; ///< That the shared cache takes for the bytes, on whatever pipes.
};

/// Where a launch's bytes are while it runs.
struct Traffic {
  double coldBytes = 0;                         ///< From and to main memory, of all grids.
  double coldReadShare = 0, coldWriteShare = 0; ///< Of all bytes of the last grid.
  std::vector<double> shares;                   ///< Cold share of each argument.
  llvm::SmallDenseSet<int64_t> written;         ///< Domains that the kernel writes.
  llvm::SmallDenseSet<int64_t> ofArguments;     ///< Domains of arguments.

  /// Adds a grid of `counts` blocks of each class; `isCold` as in timeLaunch.
  mlir::LogicalResult addGrid(Interpreter &interpreter, mlir::func::FuncOp kernel,
                              const tile::ChipSpec &chip, mlir::scf::ForallOp grid,
                              const BlockList &list, llvm::ArrayRef<int64_t> counts,
                              llvm::ArrayRef<bool> isCold);
};

/// The work of the block at `indices` of the grid.
mlir::LogicalResult gatherWork(Interpreter &interpreter, mlir::scf::ForallOp grid,
                               llvm::ArrayRef<int64_t> indices, const CostModel &costs,
                               const Traffic &traffic, PipeTable &table, SyncTable &syncs,
                               BlockWork &work);

} // namespace tessera::machine
