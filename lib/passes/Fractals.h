// Matrices cut into fractal blocks, as the matrix unit's memories hold them.
#pragma once

#include "mlir/Dialect/MemRef/IR/MemRef.h"

#include <utility>

namespace tessera {

constexpr int64_t kBlockRows = 16; // of every fractal block

/// Extents of a matrix cut into fractal blocks that lie column by column of blocks.
inline llvm::SmallVector<int64_t> nzShape(int64_t rows, int64_t cols, int64_t blockCols) {
  return {int64_t(llvm::divideCeil(cols, blockCols)), int64_t(llvm::divideCeil(rows, kBlockRows)),
          kBlockRows, blockCols};
}

/// The same, row by row of blocks.
inline llvm::SmallVector<int64_t> zzShape(int64_t rows, int64_t cols, int64_t blockCols) {
  llvm::SmallVector<int64_t> shape = nzShape(rows, cols, blockCols);
  std::swap(shape[0], shape[1]);
  return shape;
}

/// Blocks that lie column by column, seen row by row. In front of the four dims of blocks there may
/// be one of slots.
inline mlir::Value rowsOfBlocks(mlir::OpBuilder &b, mlir::Location loc, mlir::Value stored) {
  auto type = mlir::cast<mlir::MemRefType>(stored.getType());
  llvm::SmallVector<int64_t> shape(type.getShape()), strides;
  int64_t offset;
  (void)type.getStridesAndOffset(strides, offset);
  size_t first = shape.size() - 4;
  std::swap(shape[first], shape[first + 1]);
  std::swap(strides[first], strides[first + 1]);
  auto seen = mlir::MemRefType::get(shape, type.getElementType(),
                                    mlir::StridedLayoutAttr::get(b.getContext(), 0, strides),
                                    type.getMemorySpace());
  return mlir::memref::ReinterpretCastOp::create(b, loc, seen, stored, 0, shape, strides);
}

/// Blocks held by rows, seen as those of the transpose: rows and columns of each exchanged.
inline mlir::Value columnsInBlocks(mlir::OpBuilder &b, mlir::Location loc, mlir::Value stored) {
  auto type = mlir::cast<mlir::MemRefType>(stored.getType());
  llvm::SmallVector<int64_t> shape(type.getShape()), strides;
  int64_t offset;
  (void)type.getStridesAndOffset(strides, offset);
  std::swap(shape[shape.size() - 2], shape[shape.size() - 1]);
  std::swap(strides[shape.size() - 2], strides[shape.size() - 1]);
  auto seen = mlir::MemRefType::get(shape, type.getElementType(),
                                    mlir::StridedLayoutAttr::get(b.getContext(), 0, strides),
                                    type.getMemorySpace());
  return mlir::memref::ReinterpretCastOp::create(b, loc, seen, stored, 0, shape, strides);
}

} // namespace tessera
