// npu.reduce_sum: over one axis or several, kept or dropped.
// RUN: tessera-opt %s | tessera-opt | FileCheck %s
// RUN: tessera-opt %s --npu-decompose | FileCheck %s --check-prefix=LOWER
// RUN: tessera-opt %s --npu-reference-to-llvm | %runner | FileCheck %s --check-prefix=EXEC

// CHECK-LABEL: func @keeps_or_drops_dims
// CHECK: npu.reduce_sum %{{.*}} axes = [1, 2] keepdims : tensor<?x7x7x8xf32> -> tensor<?x1x1x8xf32>
// CHECK: npu.reduce_sum %{{.*}} axes = [0] : tensor<?x1x1x8xf32> -> tensor<1x1x8xf32>
// LOWER-LABEL: func @keeps_or_drops_dims
// LOWER-NOT: npu.
// LOWER: linalg.generic
// LOWER: arith.addf
func.func @keeps_or_drops_dims(%x: tensor<?x7x7x8xf32>) -> tensor<1x1x8xf32> {
  %y = npu.reduce_sum %x axes = [1, 2] keepdims : tensor<?x7x7x8xf32> -> tensor<?x1x1x8xf32>
  %z = npu.reduce_sum %y axes = [0] : tensor<?x1x1x8xf32> -> tensor<1x1x8xf32>
  return %z : tensor<1x1x8xf32>
}

func.func private @printMemrefF32(tensor<*xf32> {bufferization.access = "read"})
func.func private @printMemrefI32(tensor<*xi32> {bufferization.access = "read"})

// EXEC: sizes = [2, 1]
// EXEC: {{\[\[}}2],
// EXEC-NEXT: [3]]
// EXEC: sizes = []
// EXEC: [5]
// EXEC: sizes = [3]
// EXEC: [5, 3, -3]
func.func @main() {
  %x = npu.constant dense<[[1.0, -2.0, 3.0], [4.0, 5.0, -6.0]]> : tensor<2x3xf32>
  %y = npu.reduce_sum %x axes = [1] keepdims : tensor<2x3xf32> -> tensor<2x1xf32>
  %z = npu.reduce_sum %x axes = [0, 1] : tensor<2x3xf32> -> tensor<f32>
  %i = npu.constant dense<[[1, -2, 3], [4, 5, -6]]> : tensor<2x3xi32>
  %j = npu.reduce_sum %i axes = [0] : tensor<2x3xi32> -> tensor<3xi32>
  %u0 = tensor.cast %y : tensor<2x1xf32> to tensor<*xf32>
  call @printMemrefF32(%u0) : (tensor<*xf32>) -> ()
  %u1 = tensor.cast %z : tensor<f32> to tensor<*xf32>
  call @printMemrefF32(%u1) : (tensor<*xf32>) -> ()
  %u2 = tensor.cast %j : tensor<3xi32> to tensor<*xi32>
  call @printMemrefI32(%u2) : (tensor<*xi32>) -> ()
  return
}
