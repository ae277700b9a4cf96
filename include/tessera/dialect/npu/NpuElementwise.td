// Elementwise operators: one result element from one element of each operand.
#ifndef TESSERA_DIALECT_NPU_NPUELEMENTWISE_TD
#define TESSERA_DIALECT_NPU_NPUELEMENTWISE_TD

include "mlir/IR/EnumAttr.td"
include "tessera/dialect/npu/NpuBase.td"

class Npu_ElementwiseOp<string mnemonic, list<Trait> traits>
    : Npu_Op<mnemonic, "Elementwise", !listconcat(traits, [
        DeclareOpInterfaceMethods<Npu_ElementwiseOpInterface, ["getKernelName"]>])> {
  // What an operator adds to the summary, and its example.
  code notes = "";
  code example = "";
  let description = notes # "\n    ```mlir\n    " # example # "\n    ```\n";
  code kernelNameDefinition = [{
    ::llvm::StringRef $cppClass::getKernelName() { return {}; }
  }];
  code kernelParamsDefinition = "";
  code reifyDefinition = [{
    ::llvm::LogicalResult $cppClass::reifyResultShapes(
        ::mlir::OpBuilder &b, ::mlir::ReifiedRankedShapedTypeDims &shapes) {
      shapes.push_back(::tessera::npu::reifyBroadcastShape(b, *this));
      return ::mlir::success();
    }
  }];
  let familyDefinition = [{
    ::mlir::FailureOr<::llvm::SmallVector<::mlir::Value>>
    $cppClass::decomposeOperation(::mlir::OpBuilder &b) {
      return ::tessera::npu::decomposeElementwise(b, *this);
    }
  }] # kernelNameDefinition # kernelParamsDefinition # reifyDefinition;
}

//===-------------------------------------------------------------------------------------------===//
// Unary
//===-------------------------------------------------------------------------------------------===//

class Npu_UnaryOp<string mnemonic, string text, Type type, dag attributes = (ins)>
    : Npu_ElementwiseOp<mnemonic, [AllTypesMatch<["x", "result"]>]> {
  let summary = text;
  let arguments = !con((ins type:$x), attributes);
  let results = (outs type:$result);
  let assemblyFormat = "$x attr-dict `:` type($x)";
  let example = "%y = npu." # mnemonic # " %x : tensor<4x8xf32>";
  let kernelNameDefinition = [{
    ::llvm::StringRef $cppClass::getKernelName() {
      return ::mlir::getElementTypeOrSelf(getX().getType()).isF32() ? "}] # mnemonic # [{" : "";
    }
  }];
  let reifyDefinition = Npu_SameShapeReify;
}

// A unary operator whose attributes are passed to its kernel.
class Npu_ParametricOp<string mnemonic, string text, Type type, dag attributes, code params = "{}">
    : Npu_UnaryOp<mnemonic, text, type, attributes> {
  let familyDeclaration = [{
    ::llvm::SmallVector<double> getKernelParams();
  }];
  let kernelParamsDefinition = [{
    ::llvm::SmallVector<double> $cppClass::getKernelParams() { return }] # params # [{; }
  }];
}

def Npu_AbsOp : Npu_UnaryOp<"abs", "Absolute value of each element.", Npu_NumberTensor> {
  let notes = "The smallest integer of a type stays as it is.\n";
}
def Npu_NegOp : Npu_UnaryOp<"neg", "Each element with its sign turned.", Npu_NumberTensor>;
def Npu_SignOp : Npu_UnaryOp<"sign", "-1, 0 or 1 by the sign of each element.", Npu_NumberTensor> {
  let notes = "NaN stays NaN and a zero keeps its sign.\n";
}
def Npu_ReluOp : Npu_UnaryOp<"relu",
    "Rectified linear unit, max(x, 0), applied to each element.", Npu_NumberTensor> {
  let notes = "NaN stays NaN.\n";
}
def Npu_ExpOp : Npu_UnaryOp<"exp", "e to the power of each element.", Npu_FloatTensor>;
def Npu_LogOp : Npu_UnaryOp<"log", "Natural logarithm of each element.", Npu_FloatTensor> {
  let notes = "Zero gives minus infinity, a negative number NaN.\n";
}
def Npu_SqrtOp : Npu_UnaryOp<"sqrt", "Square root of each element.", Npu_FloatTensor>;
def Npu_RsqrtOp : Npu_UnaryOp<"rsqrt", "1 / sqrt(x) of each element.", Npu_FloatTensor>;
def Npu_ReciprocalOp : Npu_UnaryOp<"reciprocal", "1 / x of each element.", Npu_FloatTensor>;
def Npu_TanhOp : Npu_UnaryOp<"tanh", "Hyperbolic tangent of each element.", Npu_FloatTensor>;
def Npu_SigmoidOp : Npu_UnaryOp<"sigmoid",
    "Logistic function 1 / (1 + exp(-x)) of each element.", Npu_FloatTensor>;
def Npu_ErfOp : Npu_UnaryOp<"erf", "Error function of each element.", Npu_FloatTensor>;
def Npu_GeluOp : Npu_UnaryOp<"gelu",
    "Gaussian error linear unit, x/2 * (1 + erf(x / sqrt(2))), of each element.",
    Npu_FloatTensor>;
def Npu_GeluTanhOp : Npu_UnaryOp<"gelu_tanh",
    "GELU by its tanh approximation, x/2 * (1 + tanh(sqrt(2/pi) * (x + 0.044715 x^3))).",
    Npu_FloatTensor>;
def Npu_SiluOp : Npu_UnaryOp<"silu", "Sigmoid linear unit, x * sigmoid(x), of each element.",
    Npu_FloatTensor>;
def Npu_HardSwishOp : Npu_UnaryOp<"hard_swish",
    "x * max(0, min(1, x/6 + 1/2)) of each element.", Npu_FloatTensor>;
def Npu_FloorOp : Npu_UnaryOp<"floor", "Largest integer not above each element.",
    Npu_FloatTensor>;
def Npu_CeilOp : Npu_UnaryOp<"ceil", "Smallest integer not below each element.",
    Npu_FloatTensor>;
def Npu_RoundOp : Npu_UnaryOp<"round", "Nearest integer to each element, halves to even.",
    Npu_FloatTensor>;
def Npu_SoftplusOp : Npu_UnaryOp<"softplus", "log(1 + exp(x)) of each element.",
    Npu_FloatTensor> {
  let notes = "Large inputs do not overflow: softplus(x) = max(x, 0) + log1p(exp(-|x|)).\n";
}
def Npu_MishOp : Npu_UnaryOp<"mish", "x * tanh(softplus(x)) of each element.", Npu_FloatTensor>;
def Npu_SinOp : Npu_UnaryOp<"sin", "Sine of each element, in radians.", Npu_FloatTensor>;
def Npu_CosOp : Npu_UnaryOp<"cos", "Cosine of each element, in radians.", Npu_FloatTensor>;
def Npu_NotOp : Npu_UnaryOp<"not", "Every bit of each element turned.", Npu_BitTensor> {
  let example = "%y = npu.not %x : tensor<4x8xi1>";
}

def Npu_LeakyReluOp : Npu_ParametricOp<"leaky_relu",
    "x where x is not negative, alpha * x elsewhere.", Npu_FloatTensor,
    (ins DefaultValuedAttr<F32Attr, "0.01f">:$alpha), "{getAlpha().convertToDouble()}"> {
  let example = "%y = npu.leaky_relu %x {alpha = 0.1 : f32} : tensor<4x8xf32>";
}
def Npu_EluOp : Npu_ParametricOp<"elu",
    "x where x is not negative, alpha * (exp(x) - 1) elsewhere.", Npu_FloatTensor,
    (ins DefaultValuedAttr<F32Attr, "1.0f">:$alpha), "{getAlpha().convertToDouble()}"> {
  let example = "%y = npu.elu %x {alpha = 1.0 : f32} : tensor<4x8xf32>";
}
def Npu_HardSigmoidOp : Npu_ParametricOp<"hard_sigmoid",
    "max(0, min(1, alpha * x + beta)) of each element.", Npu_FloatTensor,
    (ins DefaultValuedAttr<F32Attr, "0.2f">:$alpha, DefaultValuedAttr<F32Attr, "0.5f">:$beta),
    "{getAlpha().convertToDouble(), getBeta().convertToDouble()}"> {
  let example =
    "%y = npu.hard_sigmoid %x {alpha = 0.2 : f32, beta = 0.5 : f32} : tensor<4x8xf32>";
}
def Npu_ClipOp : Npu_ParametricOp<"clip",
    "Each element bounded to [min, max].", Npu_NumberTensor,
    (ins OptionalAttr<F32Attr>:$min, OptionalAttr<F32Attr>:$max)> {
  let notes = [{
    A missing bound does not bound. NaN stays NaN; where min is above max, max wins. Bounds of
    an integer tensor are rounded towards zero and saturated to the type.
  }];
  let example = "%y = npu.clip %x {min = 0.0 : f32, max = 6.0 : f32} : tensor<4x8xf32>";
  let kernelParamsDefinition = [{
    ::llvm::SmallVector<double> $cppClass::getKernelParams() {
      double limit = ::std::numeric_limits<double>::infinity();
      return {getMin() ? getMin()->convertToDouble() : -limit,
              getMax() ? getMax()->convertToDouble() : limit};
    }
  }];
}

//===-------------------------------------------------------------------------------------------===//
// Binary
//===-------------------------------------------------------------------------------------------===//

class Npu_BinaryOp<string mnemonic, string text, Type type, dag attributes = (ins),
                   list<Trait> traits = []>
    : Npu_ElementwiseOp<mnemonic, !listconcat([Npu_Typed], traits)> {
  let summary = text;
  let arguments = !con((ins type:$lhs, type:$rhs), attributes);
  let results = (outs type:$result);
  let assemblyFormat = [{
    $lhs `,` $rhs attr-dict `:` custom<BinaryTypes>(type($lhs), type($rhs), type($result))
  }];
  let example = "%y = npu." # mnemonic # " %a, %b : tensor<4x8xf32>\n"
    # "    %z = npu." # mnemonic # " %y, %c : tensor<4x8xf32>, tensor<8xf32> -> tensor<4x8xf32>";
}

class Npu_BitwiseOp<string mnemonic, string text>
    : Npu_BinaryOp<mnemonic, text, Npu_BitTensor, (ins), [Commutative]> {
  let example = "%y = npu." # mnemonic # " %a, %b : tensor<4x8xi1>";
}

def Npu_AddOp : Npu_BinaryOp<"add", "Sum of the elements of two tensors, broadcasting.",
    Npu_NumberTensor, (ins), [Commutative]>;
def Npu_SubOp : Npu_BinaryOp<"sub", "Difference of the elements of two tensors, broadcasting.",
    Npu_NumberTensor>;
def Npu_MulOp : Npu_BinaryOp<"mul", "Product of the elements of two tensors, broadcasting.",
    Npu_NumberTensor, (ins), [Commutative]>;
def Npu_DivOp : Npu_BinaryOp<"div", "Quotient of the elements of two tensors, broadcasting.",
    Npu_NumberTensor> {
  let notes = [{
    Integers are rounded towards zero; an integer divided by zero, or the smallest by -1, has
    no meaning.
  }];
}
def Npu_MaxOp : Npu_BinaryOp<"max", "Larger of the elements of two tensors, broadcasting.",
    Npu_NumberTensor, (ins), [Commutative]> {
  let notes = "NaN on either side gives NaN.\n";
}
def Npu_MinOp : Npu_BinaryOp<"min", "Smaller of the elements of two tensors, broadcasting.",
    Npu_NumberTensor, (ins), [Commutative]> {
  let notes = "NaN on either side gives NaN.\n";
}
def Npu_PowOp : Npu_BinaryOp<"pow", "Elements of lhs to the power of those of rhs, broadcasting.",
    Npu_NumberTensor> {
  let kernelNameDefinition = [{
    ::llvm::StringRef $cppClass::getKernelName() {
      return ::mlir::getElementTypeOrSelf(getLhs().getType()).isF32() ? "pow" : "";
    }
  }];
}
def Npu_ModOp : Npu_BinaryOp<"mod", "Remainder of the elements of two tensors, broadcasting.",
    Npu_NumberTensor, (ins UnitAttr:$fmod)> {
  let notes = [{
    The remainder has the sign of the divisor; with `fmod`, that of the dividend, as in C.
  }];
  let example = "%y = npu.mod %a, %b {fmod} : tensor<4x8xf32>";
}
def Npu_AndOp : Npu_BitwiseOp<"and", "Bits set in both operands, broadcasting.">;
def Npu_OrOp : Npu_BitwiseOp<"or", "Bits set in either operand, broadcasting.">;
def Npu_XorOp : Npu_BitwiseOp<"xor", "Bits set in exactly one operand, broadcasting.">;

//===-------------------------------------------------------------------------------------------===//
// Compare, select, cast
//===-------------------------------------------------------------------------------------------===//

def Npu_ComparePredicate : I32EnumAttr<"ComparePredicate", "how two elements are compared", [
  I32EnumAttrCase<"eq", 0>, I32EnumAttrCase<"ne", 1>, I32EnumAttrCase<"lt", 2>,
  I32EnumAttrCase<"le", 3>, I32EnumAttrCase<"gt", 4>, I32EnumAttrCase<"ge", 5>
]> {
  let cppNamespace = "::tessera::npu";
}

def Npu_CompareOp : Npu_ElementwiseOp<"compare", [Npu_Typed]> {
  let summary = "Whether lhs and rhs compare as the predicate says, element by element.";
  let notes = "A comparison with NaN is false, except `ne`. Integers are signed.\n";
  let example = "%y = npu.compare lt, %a, %b : tensor<4x8xf32>, tensor<8xf32> -> tensor<4x8xi1>";
  let arguments = (ins Npu_ComparePredicate:$predicate, Npu_Tensor:$lhs, Npu_Tensor:$rhs);
  let results = (outs Npu_BoolTensor:$result);
  let assemblyFormat = [{
    $predicate `,` $lhs `,` $rhs attr-dict `:` type($lhs) `,` type($rhs) `->` type($result)
  }];
}

def Npu_SelectOp : Npu_ElementwiseOp<"select", [Npu_Typed]> {
  let summary = "Elements of on_true where the condition holds, of on_false elsewhere.";
  let notes = "All three operands broadcast.\n";
  let example = "%y = npu.select %c, %a, %b : tensor<4x8xi1>, tensor<4x8xf32>, tensor<f32>"
    # " -> tensor<4x8xf32>";
  let arguments = (ins Npu_BoolTensor:$condition, Npu_Tensor:$on_true, Npu_Tensor:$on_false);
  let results = (outs Npu_Tensor:$result);
  let assemblyFormat = [{
    $condition `,` $on_true `,` $on_false attr-dict `:`
    type($condition) `,` type($on_true) `,` type($on_false) `->` type($result)
  }];
}

def Npu_CastOp : Npu_ElementwiseOp<"cast", [SameOperandsAndResultShape]> {
  let summary = "Each element converted to the result's element type.";
  let notes = [{
    Floats become integers by dropping the fraction; a value outside the integer's range has no
    meaning. To i1, every element but zero becomes true.
  }];
  let example = "%y = npu.cast %x : tensor<4x8xf32> to tensor<4x8xi32>";
  let arguments = (ins Npu_Tensor:$x);
  let results = (outs Npu_Tensor:$result);
  let assemblyFormat = "$x attr-dict `:` type($x) `to` type($result)";
  let builders = [OpBuilder<(ins "::mlir::Value":$x, "::mlir::Type":$elementType)>];
  let reifyDefinition = Npu_SameShapeReify;
  let hasFolder = 1;
}

#endif // TESSERA_DIALECT_NPU_NPUELEMENTWISE_TD
