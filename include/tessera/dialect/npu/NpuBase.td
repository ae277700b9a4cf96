// Base class and traits of npu operators; families build on these.
#ifndef TESSERA_DIALECT_NPU_NPUBASE_TD
#define TESSERA_DIALECT_NPU_NPUBASE_TD

include "mlir/Dialect/Linalg/IR/LinalgInterfaces.td"
include "mlir/IR/OpBase.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "tessera/dialect/npu/NpuDialect.td"
include "tessera/dialect/npu/NpuInterfaces.td"

// One function, `inferResultType`, serves builders and verifier. The verifier accepts a result
// that is compatible with the inferred type: a dim may be static in one and dynamic in the other.
def Npu_TypedTrait : NativeOpTrait<"NpuTyped", [], [{
    static ::mlir::FailureOr<::mlir::Type> inferResultType(Adaptor adaptor,
                                                           ::tessera::npu::EmitError emitError);
  }], [{
    ::llvm::LogicalResult $cppClass::inferReturnTypes(
        ::mlir::MLIRContext *context, ::std::optional<::mlir::Location> location,
        ::mlir::ValueRange operands, ::mlir::DictionaryAttr attributes,
        ::mlir::OpaqueProperties properties, ::mlir::RegionRange regions,
        ::llvm::SmallVectorImpl<::mlir::Type> &types) {
      $cppClass::Adaptor adaptor(operands, attributes, properties, regions);
      return ::tessera::npu::inferInto<$cppClass>(adaptor, location, types);
    }
    // The trait verifies, with the operator's own message instead of a second, general one.
    ::llvm::LogicalResult $cppClass::refineReturnTypes(
        ::mlir::MLIRContext *, ::std::optional<::mlir::Location>, ::mlir::ValueRange,
        ::mlir::DictionaryAttr, ::mlir::OpaqueProperties, ::mlir::RegionRange,
        ::llvm::SmallVectorImpl<::mlir::Type> &) {
      return ::mlir::success();
    }
  }]> {
  let cppNamespace = "::tessera::npu";
}

def Npu_Typed : TraitList<[
  DeclareOpInterfaceMethods<InferTypeOpInterface, ["refineReturnTypes"]>, Npu_TypedTrait
]>;

// An operator with one result, pure, of a family, with a meaning in upstream dialects.
class Npu_Op<string mnemonic, string family, list<Trait> traits = []>
    : Op<Npu_Dialect, mnemonic, !listconcat(traits, [
        Pure, DeclareOpInterfaceMethods<Npu_OpInterface>,
        DeclareOpInterfaceMethods<AggregatedOpInterface, ["decomposeOperation"]>,
        DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface, ["reifyResultShapes"]>
      ])> {
  // Definitions a family shares; an operator adds its own in C++.
  code familyDefinition = "";
  code familyDeclaration = "";
  let extraClassDeclaration = familyDeclaration;
  let extraClassDefinition = [{
    ::tessera::npu::OpFamily $cppClass::getFamily() { return ::tessera::npu::OpFamily::}]
      # family # [{; }
  }] # familyDefinition;
}

// The result has the type of the first operand, `x`.
defvar Npu_SameShapeReify = [{
    ::llvm::LogicalResult $cppClass::reifyResultShapes(
        ::mlir::OpBuilder &b, ::mlir::ReifiedRankedShapedTypeDims &shapes) {
      shapes.push_back(::mlir::tensor::getMixedSizes(b, getLoc(), getX()));
      return ::mlir::success();
    }
}];

#endif // TESSERA_DIALECT_NPU_NPUBASE_TD
