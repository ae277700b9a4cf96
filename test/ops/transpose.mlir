// npu.transpose: dims in another order.
// RUN: tessera-opt %s | tessera-opt | FileCheck %s
// RUN: tessera-opt %s --npu-decompose | FileCheck %s --check-prefix=LOWER
// RUN: tessera-opt %s --npu-reference-to-llvm | %runner | FileCheck %s --check-prefix=EXEC

// CHECK-LABEL: func @keeps_dynamic_dims
// CHECK: npu.transpose %{{.*}} perm = [2, 0, 1] : tensor<?x3x4xf32> -> tensor<4x?x3xf32>
// LOWER-LABEL: func @keeps_dynamic_dims
// LOWER-NOT: npu.
// LOWER: linalg.transpose
func.func @keeps_dynamic_dims(%x: tensor<?x3x4xf32>) -> tensor<4x?x3xf32> {
  %y = npu.transpose %x perm = [2, 0, 1] : tensor<?x3x4xf32> -> tensor<4x?x3xf32>
  return %y : tensor<4x?x3xf32>
}

func.func private @printMemrefF32(tensor<*xf32> {bufferization.access = "read"})

// EXEC: sizes = [3, 2]
// EXEC: {{\[\[}}1, 4],
// EXEC-NEXT: [2, 5],
// EXEC-NEXT: [3, 6]]
func.func @main() {
  %x = npu.constant dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32>
  %y = npu.transpose %x perm = [1, 0] : tensor<2x3xf32> -> tensor<3x2xf32>
  %u0 = tensor.cast %y : tensor<3x2xf32> to tensor<*xf32>
  call @printMemrefF32(%u0) : (tensor<*xf32>) -> ()
  return
}
