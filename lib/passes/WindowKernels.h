// Kernels of windows made again: for a strip of the result's columns, or with a line as a column.
#pragma once

#include "CanonicalizeGraph.h"

#include "tessera/dialect/npu/NpuOps.h"

namespace tessera {

constexpr int64_t kColumnDim = 2; ///< Of an NHWC image.

/// What of a window operator a cut along its columns depends on.
struct Window {
  mlir::Operation *op;
  std::array<int64_t, 2> kernel, strides, dilations;
  std::array<int64_t, 4> pads; ///< Top, left, bottom, right.

  /// Nothing for another operator, or where something is not known.
  static std::optional<Window> of(mlir::Operation *op);

  mlir::RankedTensorType image() const { return typeOf(op->getOperand(0)); }
  mlir::RankedTensorType result() const { return typeOf(op->getResult(0)); }
  bool isOneLine() const {
    return image().getDimSize(1) == 1 && result().getDimSize(1) == 1 && kernel[0] == 1 &&
           pads[0] == 0 && pads[2] == 0;
  }
};

/// Places [from, from + count) of the columns.
struct Columns {
  int64_t from, count;
};

/// The kernel for a strip of its result's columns, before `kernel`; null where the strip's windows
/// lie in the pads alone or a constant has no such part. `made` gets everything that has been made.
npu::KernelOp makeStrip(npu::KernelOp kernel, const Window &window, Columns strip,
                        llvm::SmallVectorImpl<mlir::Operation *> &made);

/// The kernel with the one line of its image turned into a column, likewise.
npu::KernelOp makeTurned(npu::KernelOp kernel, const Window &window,
                         llvm::SmallVectorImpl<mlir::Operation *> &made);

/// A kernel of one operator that moves elements.
template <typename Op, typename... Args>
npu::KernelOp makeMove(mlir::OpBuilder &b, mlir::Location loc, mlir::RankedTensorType type,
                       mlir::ValueRange operands, Args &&...args) {
  auto kernel = npu::KernelOp::create(
      b, loc, type, operands,
      b.getStringAttr(Op::getOperationName().substr(Op::getOperationName().find('.') + 1)));
  mlir::OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToEnd(kernel.getBlock());
  mlir::Value moved;
  if constexpr (std::is_same_v<Op, npu::ConcatOp>)
    moved = Op::create(b, loc, type, kernel.getBlock()->getArguments(), args...);
  else
    moved = Op::create(b, loc, type, kernel.getBlock()->getArgument(0), args...);
  npu::YieldOp::create(b, loc, moved);
  return kernel;
}

} // namespace tessera
