// Operators that move, view or repeat elements and compute nothing.
#ifndef TESSERA_DIALECT_NPU_NPUMOVEMENT_TD
#define TESSERA_DIALECT_NPU_NPUMOVEMENT_TD

include "tessera/dialect/npu/NpuBase.td"

def Npu_ReshapeOp : Npu_Op<"reshape", "View"> {
  let summary = "The same elements, in row-major order, under another shape.";
  let description = [{
    At most one dim of the result is dynamic; it is whatever the number of elements leaves.

    ```mlir
    %y = npu.reshape %x : tensor<2x3x4xf32> to tensor<6x4xf32>
    %z = npu.reshape %d : tensor<?x3x4xf32> to tensor<?x12xf32>
    ```
  }];
  let arguments = (ins Npu_Tensor:$x);
  let results = (outs Npu_Tensor:$result);
  let assemblyFormat = "$x attr-dict `:` type($x) `to` type($result)";
  let builders = [OpBuilder<(ins "::mlir::Value":$x, "::llvm::ArrayRef<int64_t>":$shape)>];
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Npu_ExpandOp : Npu_Op<"expand", "Movement"> {
  let summary = "The operand repeated along dims of size 1 and new leading dims.";
  let description = [{
    NumPy's broadcast_to. A dynamic dim of the result is the operand's dim there.

    ```mlir
    %y = npu.expand %x : tensor<3x1xf32> to tensor<2x3x4xf32>
    ```
  }];
  let arguments = (ins Npu_Tensor:$x);
  let results = (outs Npu_Tensor:$result);
  let assemblyFormat = "$x attr-dict `:` type($x) `to` type($result)";
  let builders = [OpBuilder<(ins "::mlir::Value":$x, "::llvm::ArrayRef<int64_t>":$shape)>];
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Npu_TransposeOp : Npu_Op<"transpose", "Movement", [Npu_Typed]> {
  let summary = "Dims in another order.";
  let description = [{
    Dim i of the result is dim perm[i] of the operand.

    ```mlir
    %y = npu.transpose %x perm = [0, 2, 3, 1]
      : tensor<1x3x224x224xf32> -> tensor<1x224x224x3xf32>
    ```
  }];
  let arguments = (ins Npu_Tensor:$x, DenseI64ArrayAttr:$perm);
  let results = (outs Npu_Tensor:$result);
  let assemblyFormat = "$x `perm` `=` $perm attr-dict `:` type($x) `->` type($result)";
  let hasFolder = 1;
}

def Npu_ConcatOp : Npu_Op<"concat", "Movement", [Npu_Typed]> {
  let summary = "Operands one after the other along an axis.";
  let description = [{
    ```mlir
    %y = npu.concat %a, %b axis = 1 : tensor<2x3xf32>, tensor<2x5xf32> -> tensor<2x8xf32>
    ```
  }];
  let arguments = (ins Variadic<Npu_Tensor>:$inputs, I64Attr:$axis);
  let results = (outs Npu_Tensor:$result);
  let assemblyFormat = [{
    $inputs `axis` `=` $axis attr-dict `:` type($inputs) `->` type($result)
  }];
}

def Npu_SliceOp : Npu_Op<"slice", "Movement", [Npu_Typed]> {
  let summary = "Every stride-th element of each dim, from an offset on.";
  let description = [{
    One offset, size and stride per dim. A size of -1 takes all there is from the offset to the
    end of the dim.

    ```mlir
    %y = npu.slice %x offsets = [0, 2] sizes = [4, 3] strides = [1, 2]
      : tensor<4x8xf32> -> tensor<4x3xf32>
    %z = npu.slice %d offsets = [1, 0] sizes = [-1, 8] strides = [1, 1]
      : tensor<?x8xf32> -> tensor<?x8xf32>
    ```
  }];
  let arguments = (ins Npu_Tensor:$x, DenseI64ArrayAttr:$offsets, DenseI64ArrayAttr:$sizes,
                       DenseI64ArrayAttr:$strides);
  let results = (outs Npu_Tensor:$result);
  let assemblyFormat = [{
    $x `offsets` `=` $offsets `sizes` `=` $sizes `strides` `=` $strides
    attr-dict `:` type($x) `->` type($result)
  }];
}

def Npu_PadOp : Npu_Op<"pad", "Movement", [Npu_Typed]> {
  let summary = "The operand with a constant added before and after each dim.";
  let description = [{
    `low` and `high` are not negative, one per dim. For integers `value` is an integer of the
    type; for i1 it is 0 or 1.

    ```mlir
    %y = npu.pad %x low = [0, 1] high = [0, 2] value = 0.0 : tensor<4x8xf32> -> tensor<4x11xf32>
    ```
  }];
  let arguments = (ins Npu_Tensor:$x, DenseI64ArrayAttr:$low, DenseI64ArrayAttr:$high,
                       F64Attr:$value);
  let results = (outs Npu_Tensor:$result);
  let assemblyFormat = [{
    $x `low` `=` $low `high` `=` $high `value` `=` $value
    attr-dict `:` type($x) `->` type($result)
  }];
}

def Npu_GatherOp : Npu_Op<"gather", "Movement", [Npu_Typed]> {
  let summary = "Slices of data along an axis, chosen by indices.";
  let description = [{
    The result is data's shape with dim `axis` replaced by the indices' shape. A negative index
    counts from the end. One outside the dim takes the nearest inside.

    ```mlir
    %y = npu.gather %data, %indices axis = 0
      : tensor<30522x768xf32>, tensor<1x128xi64> -> tensor<1x128x768xf32>
    ```
  }];
  let arguments = (ins Npu_Tensor:$data, Npu_IndexTensor:$indices, I64Attr:$axis);
  let results = (outs Npu_Tensor:$result);
  let assemblyFormat = [{
    $data `,` $indices `axis` `=` $axis attr-dict `:`
    type($data) `,` type($indices) `->` type($result)
  }];
}

#endif // TESSERA_DIALECT_NPU_NPUMOVEMENT_TD
