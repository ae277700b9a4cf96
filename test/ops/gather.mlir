// npu.gather: rows or columns by index, negative ones from the end.
// RUN: tessera-opt %s | tessera-opt | FileCheck %s
// RUN: tessera-opt %s --npu-decompose | FileCheck %s --check-prefix=LOWER
// RUN: tessera-opt %s --npu-reference-to-llvm | %runner | FileCheck %s --check-prefix=EXEC

// CHECK-LABEL: func @keeps_dynamic_dims
// CHECK: npu.gather %{{.*}}, %{{.*}} axis = 1 : tensor<2x?x4xf32>, tensor<?x3xi64> -> tensor<2x?x3x4xf32>
// LOWER-LABEL: func @keeps_dynamic_dims
// LOWER-NOT: npu.
// LOWER: linalg.generic
// LOWER: tensor.extract
func.func @keeps_dynamic_dims(%x: tensor<2x?x4xf32>, %i: tensor<?x3xi64>) -> tensor<2x?x3x4xf32> {
  %y = npu.gather %x, %i axis = 1 : tensor<2x?x4xf32>, tensor<?x3xi64> -> tensor<2x?x3x4xf32>
  return %y : tensor<2x?x3x4xf32>
}

func.func private @printMemrefF32(tensor<*xf32> {bufferization.access = "read"})

// EXEC: sizes = [2, 2, 2]
// EXEC: {{\[\[\[}}3, 1],
// EXEC-NEXT: [3, 1]],
// EXEC-NEXT: {{\[\[}}6, 4],
// EXEC-NEXT: [6, 4]]]
// EXEC: sizes = [3]
// EXEC: [4, 5, 6]
// EXEC: sizes = [2, 3]
// EXEC: {{\[\[}}4, 5, 6],
// EXEC-NEXT: [1, 2, 3]]
func.func @main() {
  %x = npu.constant dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32>
  %i = npu.constant dense<[[2, -3], [-1, 0]]> : tensor<2x2xi32>
  %y = npu.gather %x, %i axis = 1 : tensor<2x3xf32>, tensor<2x2xi32> -> tensor<2x2x2xf32>
  %s = npu.constant dense<1> : tensor<i64>
  %z = npu.gather %x, %s axis = 0 : tensor<2x3xf32>, tensor<i64> -> tensor<3xf32>
  %u0 = tensor.cast %y : tensor<2x2x2xf32> to tensor<*xf32>
  call @printMemrefF32(%u0) : (tensor<*xf32>) -> ()
  %u1 = tensor.cast %z : tensor<3xf32> to tensor<*xf32>
  call @printMemrefF32(%u1) : (tensor<*xf32>) -> ()
  %far = npu.constant dense<[1000000000000, -7]> : tensor<2xi64>
  %f = npu.gather %x, %far axis = 0 : tensor<2x3xf32>, tensor<2xi64> -> tensor<2x3xf32>
  %fu = tensor.cast %f : tensor<2x3xf32> to tensor<*xf32>
  call @printMemrefF32(%fu) : (tensor<*xf32>) -> ()
  return
}
