// Views of buffers that have moved.
#pragma once

#include "mlir/IR/Operation.h"

namespace tessera {

/// Gives a view whose source has another type now (a memory, a layout) the type it has there.
/// Operations that are no views are left as they are.
llvm::LogicalResult retypeView(mlir::Operation *op);

} // namespace tessera
