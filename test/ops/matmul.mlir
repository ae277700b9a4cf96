// npu.matmul: batches, transposed, packed and integer operands.
// RUN: tessera-opt %s | tessera-opt | FileCheck %s
// RUN: tessera-opt %s --npu-decompose | FileCheck %s --check-prefix=LOWER
// RUN: tessera-opt %s --npu-reference-to-llvm | %runner | FileCheck %s --check-prefix=EXEC

// CHECK-LABEL: func @broadcasts_batches
// CHECK: npu.matmul %{{.*}}, %{{.*}} {transpose_rhs} : tensor<2x1x?x16xf32>, tensor<3x?x16xf32> -> tensor<2x3x?x?xf32>
// LOWER-LABEL: func @broadcasts_batches
// LOWER-NOT: npu.
// LOWER: linalg.transpose
// LOWER: linalg.generic
// LOWER: arith.mulf
// LOWER: arith.addf
func.func @broadcasts_batches(%a: tensor<2x1x?x16xf32>, %b: tensor<3x?x16xf32>)
    -> tensor<2x3x?x?xf32> {
  %y = npu.matmul %a, %b {transpose_rhs}
    : tensor<2x1x?x16xf32>, tensor<3x?x16xf32> -> tensor<2x3x?x?xf32>
  return %y : tensor<2x3x?x?xf32>
}

// CHECK-LABEL: func @keeps_the_accumulator
// CHECK: npu.matmul %{{.*}}, %{{.*}} : tensor<4x8xf16>, tensor<8x4xf16> -> tensor<4x4xf32>
func.func @keeps_the_accumulator(%a: tensor<4x8xf16>, %b: tensor<8x4xf16>) -> tensor<4x4xf32> {
  %y = npu.matmul %a, %b : tensor<4x8xf16>, tensor<8x4xf16> -> tensor<4x4xf32>
  return %y : tensor<4x4xf32>
}

func.func private @printMemrefF32(tensor<*xf32> {bufferization.access = "read"})
func.func private @printMemrefI32(tensor<*xi32> {bufferization.access = "read"})

// EXEC: sizes = [2, 2]
// EXEC: {{\[\[}}7, 1],
// EXEC-NEXT: [-3, -3.5]]
// EXEC: sizes = [2, 2]
// EXEC: {{\[\[}}7, -3],
// EXEC-NEXT: [1, -3.5]]
// EXEC: sizes = [2, 2]
// EXEC: {{\[\[}}7, 1],
// EXEC-NEXT: [-3, -3.5]]
// EXEC: sizes = [1, 1]
// EXEC: {{\[\[}}20000]]
func.func @main() {
  %a = npu.constant dense<[[1.0, 2.0, 3.0], [-4.0, 5.0, 0.5]]> : tensor<2x3xf32>
  %b = npu.constant dense<[[1.0, 2.0], [0.0, 1.0], [2.0, -1.0]]> : tensor<3x2xf32>
  %y = npu.matmul %a, %b : tensor<2x3xf32>, tensor<3x2xf32> -> tensor<2x2xf32>
  %t = npu.matmul %b, %a {transpose_lhs, transpose_rhs}
    : tensor<3x2xf32>, tensor<2x3xf32> -> tensor<2x2xf32>
  %p = npu.pack_rhs %b {panel = 4 : i64} : tensor<3x2xf32> -> tensor<1x3x4xf32>
  %q = npu.matmul %a, %p {packed_n = 2 : i64}
    : tensor<2x3xf32>, tensor<1x3x4xf32> -> tensor<2x2xf32>
  %i = npu.constant dense<[[100, -100]]> : tensor<1x2xi8>
  %j = npu.constant dense<[[100], [-100]]> : tensor<2x1xi8>
  %k = npu.matmul %i, %j : tensor<1x2xi8>, tensor<2x1xi8> -> tensor<1x1xi32>
  %u0 = tensor.cast %y : tensor<2x2xf32> to tensor<*xf32>
  call @printMemrefF32(%u0) : (tensor<*xf32>) -> ()
  %u1 = tensor.cast %t : tensor<2x2xf32> to tensor<*xf32>
  call @printMemrefF32(%u1) : (tensor<*xf32>) -> ()
  %u2 = tensor.cast %q : tensor<2x2xf32> to tensor<*xf32>
  call @printMemrefF32(%u2) : (tensor<*xf32>) -> ()
  %u3 = tensor.cast %k : tensor<1x1xi32> to tensor<*xi32>
  call @printMemrefI32(%u3) : (tensor<*xi32>) -> ()
  return
}
