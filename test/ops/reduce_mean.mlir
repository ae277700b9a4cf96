// npu.reduce_mean: over one axis or several, kept or dropped.
// RUN: tessera-opt %s | tessera-opt | FileCheck %s
// RUN: tessera-opt %s --npu-decompose | FileCheck %s --check-prefix=LOWER
// RUN: tessera-opt %s --npu-reference-to-llvm | %runner | FileCheck %s --check-prefix=EXEC

// CHECK-LABEL: func @keeps_or_drops_dims
// CHECK: npu.reduce_mean %{{.*}} axes = [1, 2] keepdims : tensor<?x7x7x8xf32> -> tensor<?x1x1x8xf32>
// CHECK: npu.reduce_mean %{{.*}} axes = [0] : tensor<?x1x1x8xf32> -> tensor<1x1x8xf32>
// LOWER-LABEL: func @keeps_or_drops_dims
// LOWER-NOT: npu.
// LOWER: linalg.generic
// LOWER: arith.divf
func.func @keeps_or_drops_dims(%x: tensor<?x7x7x8xf32>) -> tensor<1x1x8xf32> {
  %y = npu.reduce_mean %x axes = [1, 2] keepdims : tensor<?x7x7x8xf32> -> tensor<?x1x1x8xf32>
  %z = npu.reduce_mean %y axes = [0] : tensor<?x1x1x8xf32> -> tensor<1x1x8xf32>
  return %z : tensor<1x1x8xf32>
}

func.func private @printMemrefF32(tensor<*xf32> {bufferization.access = "read"})

// EXEC: sizes = [2, 1]
// EXEC: {{\[\[}}0.666{{[0-9]*}}],
// EXEC-NEXT: [1]]
// EXEC: sizes = []
// EXEC: [0.833{{[0-9]*}}]
func.func @main() {
  %x = npu.constant dense<[[1.0, -2.0, 3.0], [4.0, 5.0, -6.0]]> : tensor<2x3xf32>
  %y = npu.reduce_mean %x axes = [1] keepdims : tensor<2x3xf32> -> tensor<2x1xf32>
  %z = npu.reduce_mean %x axes = [0, 1] : tensor<2x3xf32> -> tensor<f32>
  %u0 = tensor.cast %y : tensor<2x1xf32> to tensor<*xf32>
  call @printMemrefF32(%u0) : (tensor<*xf32>) -> ()
  %u1 = tensor.cast %z : tensor<f32> to tensor<*xf32>
  call @printMemrefF32(%u1) : (tensor<*xf32>) -> ()
  return
}
