// Matrix multiplication and the packing of its right operand.
#ifndef TESSERA_DIALECT_NPU_NPUCONTRACTION_TD
#define TESSERA_DIALECT_NPU_NPUCONTRACTION_TD

include "tessera/dialect/npu/NpuBase.td"

def Npu_MatmulOp : Npu_Op<"matmul", "Contraction", [Npu_Typed]> {
  let summary = "Matrix product of the last two dims, batched over the others.";
  let description = [{
    Batch dims broadcast as in NumPy. `transpose_lhs` reads lhs as [..., k, m], `transpose_rhs`
    reads rhs as [..., n, k]. i8 operands give i32. f16 and bf16 accumulate in f32, and the
    result may be f32 as well. k = 0 gives zeros.

    With `packed_n = n`, rhs is what `npu.pack_rhs` makes of a [..., k, n] operand:
    [..., ceil(n / panel), k, panel], or of i8 [..., ceil(n / panel), ceil(k / group), panel, group].

    ```mlir
    %y = npu.matmul %a, %b : tensor<8x16xf32>, tensor<16x4xf32> -> tensor<8x4xf32>
    %z = npu.matmul %q, %k {transpose_rhs}
      : tensor<2x12x8x64xf32>, tensor<2x12x8x64xf32> -> tensor<2x12x8x8xf32>
    %w = npu.matmul %a, %p {packed_n = 20 : i64}
      : tensor<8x16xf32>, tensor<2x16x16xf32> -> tensor<8x20xf32>
    ```
  }];
  let arguments = (ins Npu_NumberTensor:$lhs, Npu_NumberTensor:$rhs,
                       UnitAttr:$transpose_lhs, UnitAttr:$transpose_rhs,
                       OptionalAttr<I64Attr>:$packed_n);
  let results = (outs Npu_NumberTensor:$result);
  let assemblyFormat = [{
    $lhs `,` $rhs attr-dict `:` type($lhs) `,` type($rhs) `->` type($result)
  }];
}

def Npu_PackRhsOp : Npu_Op<"pack_rhs", "Movement", [Npu_Typed]> {
  let summary = "Right operand of a matmul, cut into panels of columns.";
  let description = [{
    [..., k, n] becomes [..., ceil(n / panel), k, panel]; the last panel is padded with zeros.
    With `transpose` the operand is [..., n, k]. With `group`, so many of k lie together, as units
    for 8-bit integers read them: [..., ceil(n / panel), ceil(k / group), panel, group], padded
    with zeros along k too.

    ```mlir
    %p = npu.pack_rhs %b {panel = 16 : i64} : tensor<16x20xf32> -> tensor<2x16x16xf32>
    %q = npu.pack_rhs %c {panel = 16 : i64, group = 4 : i64}
      : tensor<18x20xi8> -> tensor<2x5x16x4xi8>
    ```
  }];
  let arguments = (ins Npu_NumberTensor:$x, I64Attr:$panel, UnitAttr:$transpose,
                       OptionalAttr<I64Attr>:$group);
  let results = (outs Npu_NumberTensor:$result);
  let assemblyFormat = "$x attr-dict `:` type($x) `->` type($result)";
}

#endif // TESSERA_DIALECT_NPU_NPUCONTRACTION_TD
