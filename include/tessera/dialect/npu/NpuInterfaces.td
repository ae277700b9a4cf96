// Interfaces through which passes speak to npu operators without naming any of them.
#ifndef TESSERA_DIALECT_NPU_NPUINTERFACES_TD
#define TESSERA_DIALECT_NPU_NPUINTERFACES_TD

include "mlir/IR/OpBase.td"

def Npu_OpInterface : OpInterface<"NpuOpInterface"> {
  let cppNamespace = "::tessera::npu";
  let description = [{Names the family an operator belongs to.}];
  let methods = [
    InterfaceMethod<[{
      The family, which owns the signature, the tiling and the shape of the kernels.
    }], "::tessera::npu::OpFamily", "getFamily">
  ];
}

def Npu_ElementwiseOpInterface : OpInterface<"ElementwiseOpInterface"> {
  let cppNamespace = "::tessera::npu";
  let description = [{
    An operator whose result element depends on one element of each operand, with NumPy
    broadcasting between them.
  }];
  let methods = [
    InterfaceMethod<[{
      The name of the hand-written vector kernel for this operator and element type, or the
      empty string where there is none and `buildScalar` is what a vector loop executes.
    }], "::llvm::StringRef", "getKernelName", (ins), "", [{ return {}; }]>,
    InterfaceMethod<[{
      Attributes the kernel takes as extra scalar arguments, in its order.
    }], "::llvm::SmallVector<double>", "getKernelParams", (ins), "", [{ return {}; }]>,
    InterfaceMethod<[{
      The meaning on scalars, in `arith` and `math`: one scalar per operand, all f16 and bf16
      already widened to f32. Returns the result's scalar, in the widened type likewise.
    }], "::mlir::Value", "buildScalar",
        (ins "::mlir::OpBuilder &":$builder, "::mlir::Location":$loc,
             "::mlir::ValueRange":$scalars)>
  ];
}

#endif // TESSERA_DIALECT_NPU_NPUINTERFACES_TD
