// Operators that slide a window over an image: convolution and pooling.
#ifndef TESSERA_DIALECT_NPU_NPUWINDOW_TD
#define TESSERA_DIALECT_NPU_NPUWINDOW_TD

include "tessera/dialect/npu/NpuBase.td"

// `pads` is [top, left, bottom, right]. An entry that is ShapedType::kDynamic is taken, in order,
// from `dynamic_pads`; only tiles made by the compiler have such pads.
class Npu_WindowOp<string mnemonic, list<Trait> traits = []>
    : Npu_Op<mnemonic, "Window", !listconcat([Npu_Typed], traits)> {
  let familyDeclaration = [{
    /// Pads [top, left, bottom, right], constants as attributes.
    ::llvm::SmallVector<::mlir::OpFoldResult> getMixedPads() {
      ::mlir::Builder builder(getContext());
      return ::mlir::getMixedValues(getPads(), getDynamicPads(), builder);
    }
    /// Height and width of the window, dynamic where unknown.
    ::std::array<int64_t, 2> getWindow();
  }];
}

class Npu_ConvOp<string mnemonic> : Npu_WindowOp<mnemonic> {
  let results = (outs Npu_NumberTensor:$result);
}

def Npu_Conv2DOp : Npu_ConvOp<"conv2d"> {
  let summary = "Convolution of an NHWC image with a HWCF filter.";
  let description = [{
    Result NHWF. The filter is [kh, kw, c / groups, f]; the features of group g see only the
    channels of group g. `pads` is [top, left, bottom, right] and adds zeros. i8 operands give
    i32; f16 and bf16 accumulate in f32, and the result may be f32 as well.

    With `packed_n = f`, groups is 1, `kernel` gives [kh, kw], and the filter is what
    `npu.pack_rhs` makes of [kh * kw * c, f]: [ceil(f / panel), kh * kw * c, panel], or in groups
    for i8.

    ```mlir
    %y = npu.conv2d %x, %w strides = [2, 2] dilations = [1, 1] pads = [1, 1, 1, 1] groups = 1
      : tensor<1x224x224x3xf32>, tensor<3x3x3x16xf32> -> tensor<1x112x112x16xf32>
    ```
  }];
  let arguments = (ins Npu_NumberTensor:$input, Npu_NumberTensor:$filter,
                       Variadic<Index>:$dynamic_pads, DenseI64ArrayAttr:$strides,
                       DenseI64ArrayAttr:$dilations, DenseI64ArrayAttr:$pads, I64Attr:$groups,
                       OptionalAttr<I64Attr>:$packed_n, OptionalAttr<DenseI64ArrayAttr>:$kernel);
  let assemblyFormat = [{
    $input `,` $filter `strides` `=` $strides `dilations` `=` $dilations
    `pads` `=` custom<DynamicIndexList>($dynamic_pads, $pads) `groups` `=` $groups
    attr-dict `:` type($input) `,` type($filter) `->` type($result)
  }];
  let builders = [
    OpBuilder<(ins "::mlir::Type":$result,
    "::mlir::Value":$input, "::mlir::Value":$filter, "::llvm::ArrayRef<int64_t>":$strides,
    "::llvm::ArrayRef<int64_t>":$dilations, "::llvm::ArrayRef<int64_t>":$pads,
    "int64_t":$groups)>,
    OpBuilder<(ins
    "::mlir::Value":$input, "::mlir::Value":$filter, "::llvm::ArrayRef<int64_t>":$strides,
    "::llvm::ArrayRef<int64_t>":$dilations, "::llvm::ArrayRef<int64_t>":$pads,
    "int64_t":$groups)>];
}

def Npu_DepthwiseConv2DOp : Npu_ConvOp<"depthwise_conv2d"> {
  let summary = "Convolution of each channel of an NHWC image with its own window.";
  let description = [{
    Filter [kh, kw, c]; result NHWC.

    ```mlir
    %y = npu.depthwise_conv2d %x, %w strides = [1, 1] dilations = [1, 1] pads = [1, 1, 1, 1]
      : tensor<1x56x56x64xf32>, tensor<3x3x64xf32> -> tensor<1x56x56x64xf32>
    ```
  }];
  let arguments = (ins Npu_NumberTensor:$input, Npu_NumberTensor:$filter,
                       Variadic<Index>:$dynamic_pads, DenseI64ArrayAttr:$strides,
                       DenseI64ArrayAttr:$dilations, DenseI64ArrayAttr:$pads);
  let assemblyFormat = [{
    $input `,` $filter `strides` `=` $strides `dilations` `=` $dilations
    `pads` `=` custom<DynamicIndexList>($dynamic_pads, $pads)
    attr-dict `:` type($input) `,` type($filter) `->` type($result)
  }];
  let builders = [
    OpBuilder<(ins "::mlir::Type":$result,
    "::mlir::Value":$input, "::mlir::Value":$filter, "::llvm::ArrayRef<int64_t>":$strides,
    "::llvm::ArrayRef<int64_t>":$dilations, "::llvm::ArrayRef<int64_t>":$pads)>,
    OpBuilder<(ins
    "::mlir::Value":$input, "::mlir::Value":$filter, "::llvm::ArrayRef<int64_t>":$strides,
    "::llvm::ArrayRef<int64_t>":$dilations, "::llvm::ArrayRef<int64_t>":$pads)>];
}

class Npu_PoolOp<string mnemonic, string text, Type type, dag attributes = (ins)>
    : Npu_WindowOp<mnemonic> {
  let summary = text;
  let arguments = !con((ins type:$input, Variadic<Index>:$dynamic_pads,
                            DenseI64ArrayAttr:$kernel, DenseI64ArrayAttr:$strides,
                            DenseI64ArrayAttr:$dilations, DenseI64ArrayAttr:$pads), attributes);
  let results = (outs type:$result);
  let assemblyFormat = [{
    $input `kernel` `=` $kernel `strides` `=` $strides `dilations` `=` $dilations
    `pads` `=` custom<DynamicIndexList>($dynamic_pads, $pads)
    attr-dict `:` type($input) `->` type($result)
  }];
}

def Npu_MaxPool2DOp : Npu_PoolOp<"max_pool2d",
    "Largest element of each window of an NHWC image.", Npu_NumberTensor> {
  let description = [{
    Padding is never chosen over an element; NaN in a window gives NaN.

    ```mlir
    %y = npu.max_pool2d %x kernel = [3, 3] strides = [2, 2] dilations = [1, 1]
      pads = [1, 1, 1, 1] : tensor<1x112x112x64xf32> -> tensor<1x56x56x64xf32>
    ```
  }];
  let builders = [
    OpBuilder<(ins "::mlir::Type":$result,
    "::mlir::Value":$input, "::llvm::ArrayRef<int64_t>":$kernel,
    "::llvm::ArrayRef<int64_t>":$strides, "::llvm::ArrayRef<int64_t>":$dilations,
    "::llvm::ArrayRef<int64_t>":$pads)>,
    OpBuilder<(ins
    "::mlir::Value":$input, "::llvm::ArrayRef<int64_t>":$kernel,
    "::llvm::ArrayRef<int64_t>":$strides, "::llvm::ArrayRef<int64_t>":$dilations,
    "::llvm::ArrayRef<int64_t>":$pads)>];
}

def Npu_AvgPool2DOp : Npu_PoolOp<"avg_pool2d",
    "Mean of each window of an NHWC image.", Npu_FloatTensor,
    (ins UnitAttr:$count_include_pad)> {
  let description = [{
    The sum over the window's elements, divided by their number; with `count_include_pad`, by
    the number of places in the window. A window that lies in the padding gives 0.

    ```mlir
    %y = npu.avg_pool2d %x kernel = [2, 2] strides = [2, 2] dilations = [1, 1]
      pads = [0, 0, 0, 0] : tensor<1x8x8x4xf32> -> tensor<1x4x4x4xf32>
    ```
  }];
  let builders = [
    OpBuilder<(ins "::mlir::Type":$result,
    "::mlir::Value":$input, "::llvm::ArrayRef<int64_t>":$kernel,
    "::llvm::ArrayRef<int64_t>":$strides, "::llvm::ArrayRef<int64_t>":$dilations,
    "::llvm::ArrayRef<int64_t>":$pads, CArg<"bool", "false">:$countIncludePad)>,
    OpBuilder<(ins
    "::mlir::Value":$input, "::llvm::ArrayRef<int64_t>":$kernel,
    "::llvm::ArrayRef<int64_t>":$strides, "::llvm::ArrayRef<int64_t>":$dilations,
    "::llvm::ArrayRef<int64_t>":$pads, CArg<"bool", "false">:$countIncludePad)>];
}

#endif // TESSERA_DIALECT_NPU_NPUWINDOW_TD
