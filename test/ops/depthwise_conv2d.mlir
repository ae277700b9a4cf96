// npu.depthwise_conv2d: each channel with its own window.
// RUN: tessera-opt %s | tessera-opt | FileCheck %s
// RUN: tessera-opt %s --npu-decompose | FileCheck %s --check-prefix=LOWER
// RUN: tessera-opt %s --npu-reference-to-llvm | %runner | FileCheck %s --check-prefix=EXEC

// CHECK-LABEL: func @keeps_dynamic_dims
// CHECK: npu.depthwise_conv2d %{{.*}}, %{{.*}} strides = [1, 2] dilations = [1, 1] pads = [1, 1, 1, 1] : tensor<?x?x9x8xf32>, tensor<3x3x8xf32> -> tensor<?x?x5x8xf32>
// LOWER-LABEL: func @keeps_dynamic_dims
// LOWER-NOT: npu.
// LOWER: linalg.generic
// LOWER: arith.mulf
// LOWER: arith.addf
func.func @keeps_dynamic_dims(%x: tensor<?x?x9x8xf32>, %w: tensor<3x3x8xf32>)
    -> tensor<?x?x5x8xf32> {
  %y = npu.depthwise_conv2d %x, %w strides = [1, 2] dilations = [1, 1] pads = [1, 1, 1, 1]
    : tensor<?x?x9x8xf32>, tensor<3x3x8xf32> -> tensor<?x?x5x8xf32>
  return %y : tensor<?x?x5x8xf32>
}

func.func private @printMemrefF32(tensor<*xf32> {bufferization.access = "read"})

// EXEC: sizes = [1, 2, 2, 2]
// EXEC: {{\[\[\[}}[2.5, 2],
// EXEC-NEXT: [4, 3]],
// EXEC-NEXT: {{\[\[}}15.5, 14],
// EXEC-NEXT: [18, 16]]]]
func.func @main() {
  %x = npu.constant dense<[[[[1.0], [2.0], [3.0]], [[4.0], [5.0], [6.0]], [[7.0], [8.0], [9.0]]]]> : tensor<1x3x3x1xf32>
  %d = npu.concat %x, %x axis = 3
    : tensor<1x3x3x1xf32>, tensor<1x3x3x1xf32> -> tensor<1x3x3x2xf32>
  %w = npu.constant dense<[[[1.0, -1.0], [0.0, 2.0]], [[0.5, 0.0], [1.0, 1.0]]]> : tensor<2x2x2xf32>
  %y = npu.depthwise_conv2d %d, %w strides = [2, 1] dilations = [1, 1] pads = [1, 0, 0, 0]
    : tensor<1x3x3x2xf32>, tensor<2x2x2xf32> -> tensor<1x2x2x2xf32>
  %u0 = tensor.cast %y : tensor<1x2x2x2xf32> to tensor<*xf32>
  call @printMemrefF32(%u0) : (tensor<*xf32>) -> ()
  return
}
