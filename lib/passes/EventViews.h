// What is known of a buffer or a part of one while a kernel is traced for its events.
#ifndef TESSERA_LIB_PASSES_EVENTVIEWS_H
#define TESSERA_LIB_PASSES_EVENTVIEWS_H

#include "EventTrace.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace tessera::events {

struct View {
  int64_t domain = 0, base = 0, bytes = 0; ///< Of the whole buffer.
  mlir::Value whole; ///< An allocation, workspace or argument; null where it is not known.
  bool argument = false, ring = false; ///< An argument, or a workspace.
  bool root = true; ///< The whole buffer, perhaps with its blocks in another order.
  mlir::Value slot; ///< The index of the slot that this is, or null.
  int64_t slots = 1, slotValue = -1;
  std::optional<int64_t> offset = 0; ///< In elements.
  llvm::SmallVector<int64_t, 4> sizes, strides;
};

/// The value of an operand, where it is known.
using NumberFn = llvm::function_ref<std::optional<int64_t>(mlir::OpFoldResult)>;

View wholeView(mlir::MemRefType type, int64_t domain);
/// A part. One of a few equal parts of a whole buffer, along its leading dim, is a slot.
void narrow(View &view, mlir::memref::SubViewOp part, NumberFn number);
/// The same bytes in another shape or order, which is not followed but for the leading dim.
void relabel(View &view, mlir::Operation *op, mlir::MemRefType type);

} // namespace tessera::events

#endif // TESSERA_LIB_PASSES_EVENTVIEWS_H
