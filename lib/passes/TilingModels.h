// How a tile of each npu operator's result is computed from slices of its operands.
#pragma once
#include "mlir/IR/DialectRegistry.h"

namespace tessera {

/// Attaches upstream's TilingInterface to the operators of the npu dialect, family by family.
void registerNpuTiling(mlir::DialectRegistry &registry);

} // namespace tessera
