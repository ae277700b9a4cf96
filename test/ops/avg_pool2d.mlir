// npu.avg_pool2d: windows over padding, strides and dilations.
// RUN: tessera-opt %s | tessera-opt | FileCheck %s
// RUN: tessera-opt %s --npu-decompose | FileCheck %s --check-prefix=LOWER
// RUN: tessera-opt %s --npu-reference-to-llvm | %runner | FileCheck %s --check-prefix=EXEC

// CHECK-LABEL: func @keeps_dynamic_pads
// CHECK: npu.avg_pool2d %{{.*}} kernel = [3, 2] strides = [2, 1] dilations = [1, 2] pads = [%{{.*}}, 0, 1, 1] : tensor<?x?x9x8xf32> -> tensor<?x?x8x8xf32>
// LOWER-LABEL: func @keeps_dynamic_pads
// LOWER-NOT: npu.
// LOWER: linalg.fill
// LOWER: linalg.generic
// LOWER: arith.addf
func.func @keeps_dynamic_pads(%x: tensor<?x?x9x8xf32>, %p: index) -> tensor<?x?x8x8xf32> {
  %y = npu.avg_pool2d %x kernel = [3, 2] strides = [2, 1] dilations = [1, 2] pads = [%p, 0, 1, 1]
    : tensor<?x?x9x8xf32> -> tensor<?x?x8x8xf32>
  return %y : tensor<?x?x8x8xf32>
}

func.func private @printMemrefF32(tensor<*xf32> {bufferization.access = "read"})

// EXEC: sizes = [1, 2, 2, 1]
// EXEC: {{\[\[\[}}[1.5],
// EXEC-NEXT: [3]],
// EXEC-NEXT: {{\[\[}}6],
// EXEC-NEXT: [7.5]]]]
// EXEC: sizes = [1, 2, 2, 1]
// EXEC: {{\[\[\[}}[0.75],
// EXEC-NEXT: [0.75]],
// EXEC-NEXT: {{\[\[}}6],
// EXEC-NEXT: [3.75]]]]
func.func @main() {
  %x = npu.constant dense<[[[[1.0], [2.0], [3.0]], [[4.0], [5.0], [6.0]], [[7.0], [8.0], [9.0]]]]> : tensor<1x3x3x1xf32>
  %y = npu.avg_pool2d %x kernel = [2, 2] strides = [2, 2] dilations = [1, 1] pads = [1, 0, 0, 1]
    : tensor<1x3x3x1xf32> -> tensor<1x2x2x1xf32>
  %z = npu.avg_pool2d %x kernel = [2, 2] strides = [2, 2] dilations = [1, 1] pads = [1, 0, 0, 1]
    {count_include_pad} : tensor<1x3x3x1xf32> -> tensor<1x2x2x1xf32>
  %u0 = tensor.cast %y : tensor<1x2x2x1xf32> to tensor<*xf32>
  call @printMemrefF32(%u0) : (tensor<*xf32>) -> ()
  %u1 = tensor.cast %z : tensor<1x2x2x1xf32> to tensor<*xf32>
  call @printMemrefF32(%u1) : (tensor<*xf32>) -> ()
  return
}
