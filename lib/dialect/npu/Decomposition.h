// Pieces that decompositions of npu operators into linalg, tensor and arith are made of.
#ifndef TESSERA_DIALECT_NPU_DECOMPOSITION_H
#define TESSERA_DIALECT_NPU_DECOMPOSITION_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "tessera/dialect/npu/NpuOps.h"

namespace tessera::npu {

using Sizes = SmallVector<mlir::OpFoldResult>;

/// Makes the result's scalar from one scalar per input, f16 and bf16 widened to f32.
using ScalarBody = llvm::function_ref<Value(OpBuilder &, mlir::Location, mlir::ValueRange)>;

/// f32 for f16 and bf16, the type itself otherwise: what computations on `element` are done in.
mlir::Type computeType(mlir::Type element);

/// `scalar` in its compute type.
Value widen(OpBuilder &b, mlir::Location loc, Value scalar);

/// `scalar`, in the compute type of `element`, as `element`.
Value narrow(OpBuilder &b, mlir::Location loc, Value scalar, mlir::Type element);

/// The scalar constant `value` of an integer or float type.
Value scalarConstant(OpBuilder &b, mlir::Location loc, mlir::Type type, double value);

/// The product of `sizes` as a float.
Value countAsFloat(OpBuilder &b, mlir::Location loc, llvm::ArrayRef<mlir::OpFoldResult> sizes,
                   mlir::Type type);

/// The least value of a type: minus infinity for floats.
mlir::TypedAttr lowestValue(OpBuilder &b, mlir::Type type);

/// The greatest value of a type: infinity for floats.
mlir::TypedAttr highestValue(OpBuilder &b, mlir::Type type);

/// A new tensor full of one scalar.
Value filledTensor(OpBuilder &b, mlir::Location loc, llvm::ArrayRef<mlir::OpFoldResult> sizes,
                   Value scalar);

/// A new tensor of `element`, each element from one element of each input, as `maps` say.
Value mapTensors(OpBuilder &b, mlir::Location loc, mlir::ValueRange inputs,
                 llvm::ArrayRef<mlir::AffineMap> maps, llvm::ArrayRef<mlir::OpFoldResult> sizes,
                 mlir::Type element, ScalarBody body);

/// The map that reads an operand of shape `from` under NumPy broadcasting to `to`.
mlir::AffineMap broadcastMap(OpBuilder &b, llvm::ArrayRef<int64_t> from,
                             llvm::ArrayRef<int64_t> to);

/// The map of `rank` dims onto those not in `axes`.
mlir::AffineMap keptDimsMap(OpBuilder &b, int64_t rank, llvm::ArrayRef<int64_t> axes);

/// `x` reduced over `axes`, which disappear, from `init`, whose type is the accumulator's. The body
/// gets the accumulator and the element, in the accumulator's type.
Value reduceTensor(OpBuilder &b, mlir::Location loc, Value x, llvm::ArrayRef<int64_t> axes,
                   Value init, ScalarBody body);

/// `x` with `fill` around it. The same tensor if there is nothing to add.
Value padTensor(OpBuilder &b, mlir::Location loc, Value x, llvm::ArrayRef<mlir::OpFoldResult> low,
                llvm::ArrayRef<mlir::OpFoldResult> high, Value fill);

/// `dest` with `x` written at the offsets. Copies through linalg, so that bufferisation leaves no
/// copy between strided buffers.
Value insertTensor(OpBuilder &b, mlir::Location loc, Value x, Value dest,
                   llvm::ArrayRef<mlir::OpFoldResult> offsets);

/// A part of `x`, in a tensor of its own.
Value copySlice(OpBuilder &b, mlir::Location loc, Value x,
                llvm::ArrayRef<mlir::OpFoldResult> offsets,
                llvm::ArrayRef<mlir::OpFoldResult> sizes,
                llvm::ArrayRef<mlir::OpFoldResult> strides);

/// Dims of `x` in another order.
Value transposeTensor(OpBuilder &b, mlir::Location loc, Value x, llvm::ArrayRef<int64_t> perm);

/// Undoes pack_rhs: [batch.., panels, k, panel] to [batch.., k, n].
Value unpackRhs(OpBuilder &b, mlir::Location loc, Value packed, int64_t n, mlir::OpFoldResult k);

/// `value` narrowed to `element` elementwise, if it is wider.
Value narrowTensor(OpBuilder &b, mlir::Location loc, Value value, mlir::Type element);

/// `value` as the result of `op`: the same type up to static dims.
FailureOr<SmallVector<Value>> asResult(OpBuilder &b, mlir::Operation *op, Value value);

} // namespace tessera::npu

#endif // TESSERA_DIALECT_NPU_DECOMPOSITION_H
