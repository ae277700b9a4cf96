// The ways a kernel may be cut, for tools that try them.
#ifndef TESSERA_PASSES_TILECANDIDATES_H
#define TESSERA_PASSES_TILECANDIDATES_H

#include "tessera/dialect/tile/ChipSpec.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <string>

namespace tessera {

/// Attribute of an operator, put there by a schedule: the tile of the kernel that the operator
/// becomes part of, as an array of i64 with one size per dim of the kernel's result; 0 for a whole
/// dim. Of attention the sizes are queries of a block, scores of a row that the vector unit takes
/// at a time, and keys of one product.
inline constexpr llvm::StringLiteral kTileAttr = "npu.tile";

/// One way to cut a kernel.
struct TileCandidate {
  llvm::SmallVector<int64_t> sizes; ///< As in `npu.tile`.
  double cycles = 0;                ///< What the cost function says of it.
};

/// The tiles of an outlined kernel that are tried and fit the chip, least cycles first. Empty where
/// none fits or the kernel's cut is not chosen by sizes (a result of no loops).
llvm::SmallVector<TileCandidate> tileCandidates(mlir::func::FuncOp kernel,
                                                const tile::ChipSpec &chip);

/// What a record of tuning calls an outlined kernel: its operators, then the types of its operands
/// and results. No spaces.
std::string tuningKey(mlir::func::FuncOp kernel);

} // namespace tessera

#endif // TESSERA_PASSES_TILECANDIDATES_H
