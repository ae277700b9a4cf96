// Constants, and the region that groups operators into one kernel.
#ifndef TESSERA_DIALECT_NPU_NPUSTRUCTURE_TD
#define TESSERA_DIALECT_NPU_NPUSTRUCTURE_TD

include "mlir/Interfaces/ControlFlowInterfaces.td"
include "tessera/dialect/npu/NpuBase.td"

def Npu_ConstantOp : Op<Npu_Dialect, "constant", [
    Pure, ConstantLike, Npu_Typed, DeclareOpInterfaceMethods<Npu_OpInterface>]> {
  let summary = "A tensor known when the program is compiled.";
  let description = [{
    Large values are resources, kept outside the text.

    ```mlir
    %c = npu.constant dense<[1.0, 2.0]> : tensor<2xf32>
    ```
  }];
  let arguments = (ins ElementsAttr:$value);
  let results = (outs Npu_Tensor:$result);
  let assemblyFormat = "attr-dict $value";
  let hasFolder = 1;
  let extraClassDefinition = [{
    ::tessera::npu::OpFamily $cppClass::getFamily() {
      return ::tessera::npu::OpFamily::Constant;
    }
  }];
}

def Npu_KernelOp : Op<Npu_Dialect, "kernel", [
    IsolatedFromAbove, RecursiveMemoryEffects, SingleBlock]> {
  let summary = "Operators that become one launch; nothing crosses but tensors.";
  let description = [{
    The block's arguments are the operands. `name` labels the kernel in reports.

    ```mlir
    %r = npu.kernel "bias_relu"(%a = %x, %b = %w)
        : (tensor<4x8xf32>, tensor<8xf32>) -> (tensor<4x8xf32>) {
      %0 = npu.add %a, %b : tensor<4x8xf32>, tensor<8xf32> -> tensor<4x8xf32>
      %1 = npu.relu %0 : tensor<4x8xf32>
      npu.yield %1 : tensor<4x8xf32>
    }
    ```
  }];
  let arguments = (ins Variadic<AnyType>:$inputs, OptionalAttr<StrAttr>:$name);
  let results = (outs Variadic<Npu_Tensor>:$results);
  let regions = (region SizedRegion<1>:$body);
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
  let skipDefaultBuilders = 1;
  let builders = [
    OpBuilder<(ins "::mlir::TypeRange":$results, "::mlir::ValueRange":$inputs,
                   CArg<"::mlir::StringAttr", "{}">:$name)>
  ];
  let extraClassDeclaration = [{
    /// The block every kernel has; its arguments stand for the operands.
    ::mlir::Block *getBlock() { return &getBody().front(); }
  }];
}

def Npu_YieldOp : Op<Npu_Dialect, "yield", [
    Pure, Terminator, ReturnLike, HasParent<"KernelOp">]> {
  let summary = "Ends a kernel and gives its results.";
  let description = [{
    See `npu.kernel`.
  }];
  let arguments = (ins Variadic<AnyType>:$values);
  let assemblyFormat = "($values^ `:` type($values))? attr-dict";
  let builders = [
    OpBuilder<(ins), [{ build($_builder, $_state, ::mlir::ValueRange()); }]>
  ];
}

#endif // TESSERA_DIALECT_NPU_NPUSTRUCTURE_TD
