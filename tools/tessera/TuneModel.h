// The tiles of a model's kernels, tried: in the machine for an NPU, on this machine for a CPU.
#pragma once
#include "mlir/IR/BuiltinOps.h"
#include "tessera/compiler/Compiler.h"
#include "tessera/support/Tuning.h"
#include <optional>
#include <string>
#include <vector>

namespace tessera::tool {

/// What was found for one kernel.
struct TriedKernel {
  std::string name; ///< As reports call it.
  TunedTile chosen; ///< By the cost function.
  TunedTile best;   ///< Of all that were tried; the chosen one where that is nearly as fast.
  double chosenUs = 0, bestUs = 0; ///< `bestUs` is the least time, whatever `best` is.
  int64_t tried = 0;
};

struct TryOptions {
  int64_t tiles = 12;   ///< How many per kernel.
  double seconds = 0.5; ///< How long the tiles of one kernel run, where they are run.
  int threads = 1;
};

/// Tries tiles for each kernel of a model that has more than one. Nothing, with everything said,
/// when one cannot be compiled.
std::optional<std::vector<TriedKernel>> tryTiles(mlir::ModuleOp model,
                                                 const CompileOptions &options, TryOptions how);

} // namespace tessera::tool
