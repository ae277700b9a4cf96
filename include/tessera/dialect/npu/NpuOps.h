// Operators of the npu dialect, and what their type inference and decompositions share.
#ifndef TESSERA_DIALECT_NPU_NPUOPS_H
#define TESSERA_DIALECT_NPU_NPUOPS_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/Dialect/Linalg/IR/LinalgInterfaces.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/IR/TypeUtilities.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Interfaces/ViewLikeInterface.h"
#include "tessera/dialect/npu/NpuDialect.h"
#include "tessera/dialect/npu/NpuInterfaces.h"

// The generated classes are part of the shared library's interface; they carry no mark themselves.
#pragma GCC visibility push(default)

#include "tessera/dialect/npu/NpuEnums.h.inc"

namespace tessera::npu {

// Upstream's interface declarations in the generated code name these unqualified.
using ::llvm::LogicalResult;
using ::llvm::SmallVector;
using ::mlir::FailureOr;
using ::mlir::OpBuilder;
using ::mlir::Value;

/// Starts an error about an operator; the message goes after it. May be silent.
using EmitError = ::llvm::function_ref<::mlir::InFlightDiagnostic()>;

/// Accepts `op` if its result's type is compatible with `inferred`: the same element type and
/// rank, dims equal unless dynamic in either. A contraction of f16 or bf16 may give f32.
LogicalResult verifyResultType(::mlir::Operation *op, ::mlir::Type inferred);

/// Dims of a packed right operand of this element type, batch dims aside: [panels, k, panel], or
/// [panels, ceil(k / group), panel, group] of 8-bit integers. `panelOf` is the width of a panel, and
/// `groupOf` the group, else 1.
int64_t packedRank(::mlir::Type element);
int64_t panelOf(::mlir::ShapedType packed);
int64_t groupOf(::mlir::ShapedType packed);

/// Runs OpTy's type inference; errors go to `location`, if there is one.
template <typename OpTy>
LogicalResult inferInto(typename OpTy::Adaptor adaptor, std::optional<::mlir::Location> location,
                        ::llvm::SmallVectorImpl<::mlir::Type> &types) {
  auto emitError = [&]() -> ::mlir::InFlightDiagnostic {
    if (!location)
      return {};
    ::mlir::InFlightDiagnostic diagnostic = ::mlir::emitError(*location);
    diagnostic << "'" << OpTy::getOperationName() << "' op ";
    return diagnostic;
  };
  FailureOr<::mlir::Type> type = OpTy::inferResultType(adaptor, emitError);
  if (::mlir::failed(type))
    return ::mlir::failure();
  types.push_back(*type);
  return ::mlir::success();
}

/// Verifies the result's type by OpTy's own inference.
template <typename OpTy> class NpuTyped : public ::mlir::OpTrait::TraitBase<OpTy, NpuTyped> {
public:
  static LogicalResult verifyTrait(::mlir::Operation *op) {
    FailureOr<::mlir::Type> type =
        OpTy::inferResultType(typename OpTy::Adaptor(::mlir::cast<OpTy>(op)),
                              [op] { return ::mlir::InFlightDiagnostic(op->emitOpError()); });
    return ::mlir::failed(type) ? ::mlir::failure() : verifyResultType(op, *type);
  }
};

//===-------------------------------------------------------------------------------------------===//
// What the families' generated code calls
//===-------------------------------------------------------------------------------------------===//

/// The type of a reduction of `x`, or an error.
FailureOr<::mlir::Type> inferReduceType(::mlir::Type x, ::llvm::ArrayRef<int64_t> axes,
                                        bool keepdims, EmitError emitError);

/// The sizes of a reduction of `x`.
SmallVector<::mlir::OpFoldResult> reifyReduceShape(OpBuilder &builder, ::mlir::Location loc,
                                                   Value x, ::llvm::ArrayRef<int64_t> axes,
                                                   bool keepdims);

/// The sizes of an elementwise operator's result.
SmallVector<::mlir::OpFoldResult> reifyBroadcastShape(OpBuilder &builder, ::mlir::Operation *op);

/// The operator as one linalg.generic around its scalar meaning.
FailureOr<SmallVector<Value>> decomposeElementwise(OpBuilder &builder, ::mlir::Operation *op);

} // namespace tessera::npu

#define GET_OP_CLASSES
#include "tessera/dialect/npu/NpuOps.h.inc"

#pragma GCC visibility pop

#endif // TESSERA_DIALECT_NPU_NPUOPS_H
