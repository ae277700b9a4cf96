// What a tile program is made of, and whether its arena holds what its launches read.
#pragma once
#include "mlir/IR/BuiltinOps.h"
#include "tessera/dialect/tile/ChipSpec.h"
#include "llvm/ADT/StringMap.h"
#include <map>
#include <string>
#include <vector>

namespace tessera::test {

/// Counts over tile programs, which show that they are not trivial.
struct Evidence {
  int64_t launches = 0, kernels = 0, operations = 0, buffers = 0;
  int64_t events = 0, barriers = 0, flags = 0, workspaces = 0;
  int64_t tiles = 0;       ///< Kinds of kernels that are cut at random.
  int64_t waves = 0;       ///< Launches in which a core has more than one tile.
  int64_t interpreted = 0; ///< Operations done by the interpreter ...
  int64_t overtakings = 0; ///< ... and those before one that precedes them in the text.
  std::map<std::string, int64_t> operators; ///< Tile operations by name.
  /// Of arenas in which at least 16 buffers are live at once: their size over what is live at the
  /// worst point.
  std::vector<double> gaps;
};

/// How many tiles each kernel of a module at Level::Buffers is cut into. Later a core of an NPU has
/// a loop over its own.
using TileCounts = llvm::StringMap<int64_t>;
TileCounts tileCounts(mlir::ModuleOp module);

/// Adds a placed program, and returns what is wrong with its arena: a launch that reads a buffer
/// another one has been written over, or that has two overlapping buffers, one written. Nothing
/// here is taken from `tile-plan-memory`.
std::string examine(mlir::ModuleOp program, const tile::ChipSpec &chip, const TileCounts &tiles,
                    Evidence &evidence);

} // namespace tessera::test
