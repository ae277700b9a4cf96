// Operators that look along axes: normalisation and reduction.
#ifndef TESSERA_DIALECT_NPU_NPUREDUCTION_TD
#define TESSERA_DIALECT_NPU_NPUREDUCTION_TD

include "tessera/dialect/npu/NpuBase.td"

//===-------------------------------------------------------------------------------------------===//
// Normalisation
//===-------------------------------------------------------------------------------------------===//

class Npu_NormalizationOp<string mnemonic, list<Trait> traits = []>
    : Npu_Op<mnemonic, "Normalization", !listconcat([AllTypesMatch<["x", "result"]>], traits)> {
  let results = (outs Npu_FloatTensor:$result);
  let hasVerifier = 1;
  let familyDefinition = Npu_SameShapeReify;
}

class Npu_SoftmaxLikeOp<string mnemonic, string text> : Npu_NormalizationOp<mnemonic> {
  let summary = text;
  let arguments = (ins Npu_FloatTensor:$x, I64Attr:$axis);
  let assemblyFormat = "$x `axis` `=` $axis attr-dict `:` type($x)";
}

def Npu_SoftmaxOp : Npu_SoftmaxLikeOp<"softmax",
    "exp(x) divided by its sum along one axis, without overflow."> {
  let description = [{
    The largest element along the axis is subtracted first.

    ```mlir
    %y = npu.softmax %x axis = 1 : tensor<4x128xf32>
    ```
  }];
}

def Npu_LogSoftmaxOp : Npu_SoftmaxLikeOp<"log_softmax",
    "Logarithm of softmax along one axis, without overflow."> {
  let description = [{
    ```mlir
    %y = npu.log_softmax %x axis = 1 : tensor<4x128xf32>
    ```
  }];
}

def Npu_LayerNormOp : Npu_NormalizationOp<"layer_norm", [AttrSizedOperandSegments]> {
  let summary = "Mean 0 and variance 1 over the dims from axis on, then scale and bias.";
  let description = [{
    (x - mean) / sqrt(variance + epsilon) * scale + bias, where the variance is the mean of the
    squared differences. `scale` and `bias` have the shape of the normalised dims.

    ```mlir
    %y = npu.layer_norm %x scale(%s : tensor<768xf32>) bias(%b : tensor<768xf32>)
      axis = 1 epsilon = 1.0e-5 : tensor<128x768xf32>
    %z = npu.layer_norm %x axis = 1 epsilon = 1.0e-5 : tensor<128x768xf32>
    ```
  }];
  let arguments = (ins Npu_FloatTensor:$x, Optional<Npu_FloatTensor>:$scale,
                       Optional<Npu_FloatTensor>:$bias, I64Attr:$axis, F32Attr:$epsilon);
  let assemblyFormat = [{
    $x (`scale` `(` $scale^ `:` type($scale) `)`)? (`bias` `(` $bias^ `:` type($bias) `)`)?
    `axis` `=` $axis `epsilon` `=` $epsilon attr-dict `:` type($x)
  }];
}

def Npu_RmsNormOp : Npu_NormalizationOp<"rms_norm"> {
  let summary = "Root mean square 1 over the dims from axis on, then scale.";
  let description = [{
    x / sqrt(mean(x * x) + epsilon) * scale. `scale` has the shape of the normalised dims.

    ```mlir
    %y = npu.rms_norm %x scale(%s : tensor<768xf32>) axis = 1 epsilon = 1.0e-6
      : tensor<128x768xf32>
    ```
  }];
  let arguments = (ins Npu_FloatTensor:$x, Optional<Npu_FloatTensor>:$scale, I64Attr:$axis,
                       F32Attr:$epsilon);
  let assemblyFormat = [{
    $x (`scale` `(` $scale^ `:` type($scale) `)`)?
    `axis` `=` $axis `epsilon` `=` $epsilon attr-dict `:` type($x)
  }];
}

//===-------------------------------------------------------------------------------------------===//
// Reduction
//===-------------------------------------------------------------------------------------------===//

class Npu_ReduceOp<string mnemonic, string text, Type type>
    : Npu_Op<mnemonic, "Reduction", [Npu_Typed]> {
  code notes = "";
  let summary = text;
  let description = notes # [{
    Axes are listed in increasing order. With `keepdims` they stay, with size 1.

    ```mlir
    %y = npu.}] # mnemonic # [{ %x axes = [1, 2] keepdims : tensor<1x7x7x8xf32> -> tensor<1x1x1x8xf32>
    %z = npu.}] # mnemonic # [{ %x axes = [1, 2] : tensor<1x7x7x8xf32> -> tensor<1x8xf32>
    ```
  }];
  let arguments = (ins type:$x, DenseI64ArrayAttr:$axes, UnitAttr:$keepdims);
  let results = (outs type:$result);
  let assemblyFormat = [{
    $x `axes` `=` $axes (`keepdims` $keepdims^)? attr-dict `:` type($x) `->` type($result)
  }];
  let familyDefinition = [{
    ::mlir::FailureOr<::mlir::Type> $cppClass::inferResultType(
        Adaptor adaptor, ::tessera::npu::EmitError emitError) {
      return ::tessera::npu::inferReduceType(adaptor.getX().getType(), adaptor.getAxes(),
                                             adaptor.getKeepdims(), emitError);
    }
    ::llvm::LogicalResult $cppClass::reifyResultShapes(
        ::mlir::OpBuilder &b, ::mlir::ReifiedRankedShapedTypeDims &shapes) {
      shapes.push_back(::tessera::npu::reifyReduceShape(b, getLoc(), getX(), getAxes(),
                                                        getKeepdims()));
      return ::mlir::success();
    }
  }];
}

def Npu_ReduceSumOp : Npu_ReduceOp<"reduce_sum", "Sum over the given axes.", Npu_NumberTensor>;
def Npu_ReduceMeanOp : Npu_ReduceOp<"reduce_mean", "Mean over the given axes.", Npu_FloatTensor>;
def Npu_ReduceMaxOp : Npu_ReduceOp<"reduce_max", "Largest element over the given axes.",
    Npu_NumberTensor> {
  let notes = "NaN gives NaN. No elements give minus infinity or the smallest integer.\n";
}
def Npu_ReduceMinOp : Npu_ReduceOp<"reduce_min", "Smallest element over the given axes.",
    Npu_NumberTensor> {
  let notes = "NaN gives NaN. No elements give infinity or the largest integer.\n";
}
def Npu_ReduceProdOp : Npu_ReduceOp<"reduce_prod", "Product over the given axes.",
    Npu_NumberTensor>;

#endif // TESSERA_DIALECT_NPU_NPUREDUCTION_TD
