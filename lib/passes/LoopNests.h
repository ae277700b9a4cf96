// Which loops an npu operator has when it is tiled, and along which dims they run.
#ifndef TESSERA_LIB_PASSES_LOOPNESTS_H
#define TESSERA_LIB_PASSES_LOOPNESTS_H

#include "mlir/IR/Operation.h"

namespace tessera {

constexpr int kWhole = -1; ///< No loop runs along this dim: every tile takes all of it.

/// For each dim of a shape, the loop that runs along it or kWhole.
using DimLoops = llvm::SmallVector<int>;

/// The loops of an operator and where they run.
struct LoopNest {
  DimLoops result;
  llvm::SmallVector<DimLoops> operands;
  unsigned parallel = 0;            ///< Loops over dims of the result, numbered from 0.
  llvm::SmallVector<int64_t> inner; ///< Extents of loops that no result dim has (reductions).
};

/// The loops of an npu operator with one ranked result.
LoopNest loopNest(mlir::Operation *op);

} // namespace tessera

#endif // TESSERA_LIB_PASSES_LOOPNESTS_H
