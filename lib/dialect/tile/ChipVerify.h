// What the chip of a module allows of the operations in it.
#ifndef TESSERA_LIB_DIALECT_TILE_CHIPVERIFY_H
#define TESSERA_LIB_DIALECT_TILE_CHIPVERIFY_H

#include "tessera/dialect/tile/TileDialect.h"

namespace tessera::tile {

/// Each asks the chip of the enclosing module and is silent where it names none.

/// A path from the source's memory to the target's, which can change the layout so.
llvm::LogicalResult verifyOnChip(CopyOp op);
llvm::LogicalResult verifyOnChip(Im2colOp op);
/// Operands where the matrix unit takes them, of types it takes, in the form of its layouts.
llvm::LogicalResult verifyOnChip(MmaOp op);
/// A fixpipe between these memories that does what is asked of it.
llvm::LogicalResult verifyOnChip(FixpipeOp op);
/// Every buffer of a vector operation in a memory that a vector unit reaches. Windows are checked
/// in placed kernels only: before, they stand in global memory.
llvm::LogicalResult verifyVectorOnChip(mlir::Operation *op);
/// A pipe that the chip has.
llvm::LogicalResult verifyPipeOnChip(mlir::Operation *op, llvm::StringRef pipe);
/// An event, or a flag between cores, that the chip has.
llvm::LogicalResult verifyEventOnChip(mlir::Operation *op, int64_t id);
llvm::LogicalResult verifyFlagOnChip(mlir::Operation *op, int64_t mode, int64_t id);
/// A buffer that has an address (`tile.offset`) lies within its memory, aligned.
llvm::LogicalResult verifyAddressOnChip(mlir::Operation *op, int64_t offset);

} // namespace tessera::tile

#endif // TESSERA_LIB_DIALECT_TILE_CHIPVERIFY_H
