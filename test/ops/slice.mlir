// npu.slice: offsets, strides, and sizes up to the end.
// RUN: tessera-opt %s | tessera-opt | FileCheck %s
// RUN: tessera-opt %s --npu-decompose | FileCheck %s --check-prefix=LOWER
// RUN: tessera-opt %s --npu-reference-to-llvm | %runner | FileCheck %s --check-prefix=EXEC

// CHECK-LABEL: func @runs_to_the_end
// CHECK: npu.slice %{{.*}} offsets = [1, 0] sizes = [-1, 4] strides = [2, 1] : tensor<?x8xf32> -> tensor<?x4xf32>
// LOWER-LABEL: func @runs_to_the_end
// LOWER-NOT: npu.
// LOWER: tensor.extract_slice
// LOWER: linalg.copy
func.func @runs_to_the_end(%x: tensor<?x8xf32>) -> tensor<?x4xf32> {
  %y = npu.slice %x offsets = [1, 0] sizes = [-1, 4] strides = [2, 1]
    : tensor<?x8xf32> -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

func.func private @printMemrefF32(tensor<*xf32> {bufferization.access = "read"})

// EXEC: sizes = [2, 2]
// EXEC: {{\[\[}}1, 3],
// EXEC-NEXT: [4, 6]]
// EXEC: sizes = [1, 2]
// EXEC: {{\[\[}}5, 6]]
func.func @main() {
  %x = npu.constant dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32>
  %y = npu.slice %x offsets = [0, 0] sizes = [-1, 2] strides = [1, 2]
    : tensor<2x3xf32> -> tensor<2x2xf32>
  %z = npu.slice %x offsets = [1, 1] sizes = [-1, -1] strides = [1, 1]
    : tensor<2x3xf32> -> tensor<1x2xf32>
  %u0 = tensor.cast %y : tensor<2x2xf32> to tensor<*xf32>
  call @printMemrefF32(%u0) : (tensor<*xf32>) -> ()
  %u1 = tensor.cast %z : tensor<1x2xf32> to tensor<*xf32>
  call @printMemrefF32(%u1) : (tensor<*xf32>) -> ()
  return
}
