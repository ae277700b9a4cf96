// What of a mask is known when a model is compiled.
#pragma once

#include "mlir/IR/Value.h"

#include <cstdint>
#include <optional>

namespace tessera {

/// Attribute of the addition of a mask to scores: query i sees no key beyond i plus this number,
/// and at least one key.
inline constexpr llvm::StringLiteral kCausalAttr = "npu.causal";

/// That number, where the mask is a constant or chosen by one, the same for all heads, and hides
/// some key so; hidden means that nothing added to it counts: minus infinity, -1e30 or less, or in
/// f16 the least number.
std::optional<int64_t> causalReach(mlir::Value mask);

} // namespace tessera
