// C++ side of the interfaces npu operators implement; no operators here.
#ifndef TESSERA_DIALECT_NPU_NPUINTERFACES_H
#define TESSERA_DIALECT_NPU_NPUINTERFACES_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/OpDefinition.h"

namespace tessera::npu {

/// What an operator's family decides: signature, tiling, kernels.
enum class OpFamily {
  Elementwise,
  Contraction,
  Window,
  Normalization,
  Reduction,
  Movement,
  View,
  Constant
};

/// The family's name in lower case, as pass options spell it.
llvm::StringRef stringifyOpFamily(OpFamily family);

/// The family of that name, or nothing.
std::optional<OpFamily> symbolizeOpFamily(llvm::StringRef name);

} // namespace tessera::npu

#pragma GCC visibility push(default)
#include "tessera/dialect/npu/NpuInterfaces.h.inc"
#pragma GCC visibility pop

#endif // TESSERA_DIALECT_NPU_NPUINTERFACES_H
