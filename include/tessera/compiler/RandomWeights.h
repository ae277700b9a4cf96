// Weights made by a generator, so that an example can be a small text file.
#pragma once
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Support/LogicalResult.h"
#include "tessera/support/Export.h"
#include "llvm/ADT/ArrayRef.h"
#include <cstdint>

namespace tessera {

/// Argument attribute: an integer seed.
inline constexpr llvm::StringLiteral kRandomWeightAttr = "npu.random_weight";

/// Fills `values` with numbers of nearly normal distribution (at most 3.47 deviations from the
/// mean), the same on every machine.
TESSERA_API void fillNormal(llvm::MutableArrayRef<float> values, uint64_t seed, float mean,
                            float deviation);

/// Fills `values` with whole numbers from [0, bound), the same on every machine.
TESSERA_API void fillUniform(llvm::MutableArrayRef<int64_t> values, uint64_t seed, uint64_t bound);

/// Replaces every argument of @main that carries `npu.random_weight = SEED` by an npu.constant of
/// mean 0 and deviation 0.02; where it is a buffer, the argument gets the value as `npu.weight`.
/// Such an argument must be a static tensor or buffer of f32.
TESSERA_API mlir::LogicalResult fillRandomWeights(mlir::ModuleOp module);

} // namespace tessera
