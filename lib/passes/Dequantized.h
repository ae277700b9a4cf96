// Operands of contractions that are (integers - zero point) * scale of 8-bit integers.
#ifndef TESSERA_LIB_PASSES_DEQUANTIZED_H
#define TESSERA_LIB_PASSES_DEQUANTIZED_H

#include "tessera/dialect/npu/NpuOps.h"

#include <optional>

namespace tessera {

/// A scale or zero point: one for all elements, or one for each index of a dim.
struct QuantParam {
  /// A scalar, or a vector as long as the dim; null where there is none.
  mlir::Value value;
  /// The dim of the operand; nothing for a scalar.
  std::optional<int64_t> dim;
};

/// An operand taken apart.
struct Dequantized {
  /// i8, and the operators that only move elements between it and the operand, last one first.
  mlir::Value integers;
  llvm::SmallVector<mlir::Operation *> movement;
  /// A zero point of zeros is left out, as is a scale where the operand is i32.
  QuantParam zero, scale;
};

/// Takes `operand`, of f32 or i32, apart where it is cast(x), less a zero point, times a scale (f32
/// only), under transposes and reshapes that keep the dims of both apart. Nothing elsewhere.
std::optional<Dequantized> matchDequantized(mlir::Value operand);

/// The integers in the operand's own shape; a constant where they are constant.
mlir::Value integersOf(mlir::OpBuilder &builder, const Dequantized &operand);

} // namespace tessera

#endif // TESSERA_LIB_PASSES_DEQUANTIZED_H
