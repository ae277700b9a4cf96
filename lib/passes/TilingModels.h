// TilingInterface for the npu operators.
#ifndef TESSERA_LIB_PASSES_TILINGMODELS_H
#define TESSERA_LIB_PASSES_TILINGMODELS_H

#include "mlir/IR/DialectRegistry.h"

namespace tessera {

/// Attaches upstream's TilingInterface to the operators of the npu dialect, family by family.
void registerNpuTiling(mlir::DialectRegistry &registry);

} // namespace tessera

#endif // TESSERA_LIB_PASSES_TILINGMODELS_H
