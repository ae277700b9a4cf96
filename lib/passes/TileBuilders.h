// What computes one tile of an npu operator's result.
#ifndef TESSERA_LIB_PASSES_TILEBUILDERS_H
#define TESSERA_LIB_PASSES_TILEBUILDERS_H

#include "LoopNests.h"

#include "mlir/Interfaces/TilingInterface.h"

namespace tessera {

/// Builds the tile of `op` at `offsets` with `sizes`, one of each per loop of `nest`, from slices
/// of its operands. Loops in `nest.inner` are not cut.
mlir::FailureOr<mlir::TilingResult> buildTile(mlir::Operation *op, mlir::OpBuilder &b,
                                              const LoopNest &nest,
                                              llvm::ArrayRef<mlir::OpFoldResult> offsets,
                                              llvm::ArrayRef<mlir::OpFoldResult> sizes);

} // namespace tessera

#endif // TESSERA_LIB_PASSES_TILEBUILDERS_H
