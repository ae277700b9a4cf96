// npu.expand: dims of size 1 and new leading dims are repeated.
// RUN: tessera-opt %s | tessera-opt | FileCheck %s
// RUN: tessera-opt %s --npu-decompose | FileCheck %s --check-prefix=LOWER
// RUN: tessera-opt %s --npu-reference-to-llvm | %runner | FileCheck %s --check-prefix=EXEC

// CHECK-LABEL: func @keeps_dynamic_dims
// CHECK: npu.expand %{{.*}} : tensor<?x1xf32> to tensor<2x?x4xf32>
// LOWER-LABEL: func @keeps_dynamic_dims
// LOWER-NOT: npu.
// LOWER: linalg.generic
func.func @keeps_dynamic_dims(%x: tensor<?x1xf32>) -> tensor<2x?x4xf32> {
  %y = npu.expand %x : tensor<?x1xf32> to tensor<2x?x4xf32>
  return %y : tensor<2x?x4xf32>
}

func.func private @printMemrefF32(tensor<*xf32> {bufferization.access = "read"})

// EXEC: sizes = [2, 2, 3]
// EXEC: {{\[\[\[}}1, 1, 1],
// EXEC-NEXT: [2, 2, 2]],
// EXEC-NEXT: {{\[\[}}1, 1, 1],
// EXEC-NEXT: [2, 2, 2]]]
func.func @main() {
  %x = npu.constant dense<[[1.0], [2.0]]> : tensor<2x1xf32>
  %y = npu.expand %x : tensor<2x1xf32> to tensor<2x2x3xf32>
  %u0 = tensor.cast %y : tensor<2x2x3xf32> to tensor<*xf32>
  call @printMemrefF32(%u0) : (tensor<*xf32>) -> ()
  return
}
