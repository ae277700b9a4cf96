// Whether the blocks of a grid keep to their own parts of the arguments they write.
#pragma once
#include "Findings.h"
#include "llvm/ADT/DenseSet.h"

namespace tessera::machine {

/// Walks every block of the grid twice, unless that would be too much: then false.
mlir::FailureOr<bool> compareBlocks(mlir::scf::ForallOp grid, const BlockList &list,
                                    Interpreter &interpreter,
                                    const llvm::SmallDenseSet<int64_t> &written,
                                    Findings &findings);

} // namespace tessera::machine
