// What one tile operation needs from the kernel around it, so that it can be done by itself.
#pragma once
#include "mlir/IR/Operation.h"
#include "llvm/ADT/SmallVector.h"

namespace tessera::tile {

struct StepInputs {
  /// The operation's buffers, then the integers that it or its region uses; each once. A value of
  /// another kind among them is one that neither can be passed nor made again.
  llvm::SmallVector<mlir::Value> arguments;
  /// Constants, and arithmetic that makes reals of constants and arguments, in order.
  llvm::SmallVector<mlir::Operation *> madeAgain;
};

StepInputs stepInputs(mlir::Operation *op);

} // namespace tessera::tile
