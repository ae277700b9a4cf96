// npu.reshape: static shapes, one dynamic dim, and scalars.
// RUN: tessera-opt %s | tessera-opt | FileCheck %s
// RUN: tessera-opt %s --npu-decompose | FileCheck %s --check-prefix=LOWER
// RUN: tessera-opt %s --npu-reference-to-llvm | %runner | FileCheck %s --check-prefix=EXEC

// CHECK-LABEL: func @infers_one_dim
// CHECK: npu.reshape %{{.*}} : tensor<?x3x?xf32> to tensor<?x12xf32>
// LOWER-LABEL: func @infers_one_dim
// LOWER-NOT: npu.
// LOWER: tensor.collapse_shape
// LOWER: tensor.expand_shape
func.func @infers_one_dim(%x: tensor<?x3x?xf32>) -> tensor<?x12xf32> {
  %y = npu.reshape %x : tensor<?x3x?xf32> to tensor<?x12xf32>
  return %y : tensor<?x12xf32>
}

func.func private @printMemrefF32(tensor<*xf32> {bufferization.access = "read"})

// EXEC: sizes = [3, 1, 2]
// EXEC: {{\[\[\[}}1, 2]],
// EXEC-NEXT: {{\[\[}}3, 4]],
// EXEC-NEXT: {{\[\[}}5, 6]]]
// EXEC: sizes = [1]
// EXEC: [7]
func.func @main() {
  %x = npu.constant dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32>
  %y = npu.reshape %x : tensor<2x3xf32> to tensor<3x1x2xf32>
  %s = npu.constant dense<7.0> : tensor<1x1xf32>
  %t = npu.reshape %s : tensor<1x1xf32> to tensor<f32>
  %v = npu.reshape %t : tensor<f32> to tensor<1xf32>
  %u0 = tensor.cast %y : tensor<3x1x2xf32> to tensor<*xf32>
  call @printMemrefF32(%u0) : (tensor<*xf32>) -> ()
  %u1 = tensor.cast %v : tensor<1xf32> to tensor<*xf32>
  call @printMemrefF32(%u1) : (tensor<*xf32>) -> ()
  return
}
