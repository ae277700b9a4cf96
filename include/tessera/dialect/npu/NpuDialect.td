// The npu dialect itself and the type constraints its operators share; no operators here.
#ifndef TESSERA_DIALECT_NPU_NPUDIALECT_TD
#define TESSERA_DIALECT_NPU_NPUDIALECT_TD

include "mlir/IR/OpBase.td"

def Npu_Dialect : Dialect {
  let name = "npu";
  let cppNamespace = "::tessera::npu";
  let summary = "Operators on tensors: what is computed, with no memory, tiles or chip.";
  let description = [{
    Value semantics on ranked tensors, static or dynamic. Images are NHWC, filters HWCF.

    Broadcasting follows NumPy and is visible in the types: a static 1 is broadcast; a dynamic
    dim never is, and is taken to equal the dim it meets. Low-precision floats (f16, bf16) are
    computed in f32 and rounded once, when the operator's result is made.

    Every operator decomposes into `linalg`, `tensor`, `arith` and `math`
    (`tessera-opt --npu-decompose`). That decomposition is its meaning.
  }];
  let hasConstantMaterializer = 1;
  let dependentDialects = [
    "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
    "::mlir::linalg::LinalgDialect", "::mlir::math::MathDialect",
    "::mlir::tensor::TensorDialect"
  ];
}

defvar Npu_Floats = [F16, BF16, F32, F64];
defvar Npu_Ints = [I8, I32, I64];

def Npu_FloatTensor : RankedTensorOf<Npu_Floats>;
def Npu_BitTensor : RankedTensorOf<[I1, I8, I32, I64]>;
def Npu_IntTensor : RankedTensorOf<Npu_Ints>;
def Npu_IndexTensor : RankedTensorOf<[I32, I64]>;
def Npu_BoolTensor : RankedTensorOf<[I1]>;
def Npu_NumberTensor : RankedTensorOf<!listconcat(Npu_Floats, Npu_Ints)>;
def Npu_Tensor : RankedTensorOf<!listconcat(Npu_Floats, Npu_Ints, [I1])>;

#endif // TESSERA_DIALECT_NPU_NPUDIALECT_TD
