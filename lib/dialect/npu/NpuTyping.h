// What the families' type inference shares inside this folder.
#ifndef TESSERA_DIALECT_NPU_NPUTYPING_H
#define TESSERA_DIALECT_NPU_NPUTYPING_H

#include "tessera/dialect/npu/NpuOps.h"

namespace tessera::npu {

/// The element type of a contraction's result: that of its operands, i32 for i8.
mlir::Type contractionElementType(mlir::Type operand);

/// Whether two dims are both known and not the same.
inline bool dimsDiffer(int64_t a, int64_t b) {
  return !mlir::ShapedType::isDynamic(a) && !mlir::ShapedType::isDynamic(b) && a != b;
}

/// Checks that `panels` panels of `panel` columns hold `packedN` columns. `name` and `panelsDim`
/// say where the number of panels stands.
LogicalResult verifyPacked(int64_t packedN, int64_t panels, int64_t panel, llvm::StringRef name,
                           int64_t panelsDim, EmitError emitError);

/// The dim along k of a packed operand: groups of k.
int64_t packedDepth(int64_t k, int64_t group);

/// Checks that `axis` is in [0, rank) of `x`.
LogicalResult verifyAxis(int64_t axis, mlir::Type x, EmitError emitError);

/// Checks that the attribute called `name` has `expected` entries, none below `minimum`.
LogicalResult verifyIntegers(llvm::ArrayRef<int64_t> values, llvm::StringRef name, size_t expected,
                             int64_t minimum, EmitError emitError);

} // namespace tessera::npu

#endif // TESSERA_DIALECT_NPU_NPUTYPING_H
