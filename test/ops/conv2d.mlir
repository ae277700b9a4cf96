// npu.conv2d: padding, strides, groups, packed filters and dynamic pads.
// RUN: tessera-opt %s | tessera-opt | FileCheck %s
// RUN: tessera-opt %s --npu-decompose | FileCheck %s --check-prefix=LOWER
// RUN: tessera-opt %s --npu-reference-to-llvm | %runner | FileCheck %s --check-prefix=EXEC

// CHECK-LABEL: func @keeps_dynamic_pads
// CHECK: npu.conv2d %{{.*}}, %{{.*}} strides = [2, 1] dilations = [1, 2] pads = [%{{.*}}, 1, %{{.*}}, 1] groups = 2 : tensor<?x?x?x8xf32>, tensor<3x3x4x16xf32> -> tensor<?x?x?x16xf32>
// LOWER-LABEL: func @keeps_dynamic_pads
// LOWER-NOT: npu.
// LOWER: linalg.fill
// LOWER: linalg.copy
// LOWER: tensor.expand_shape
// LOWER: linalg.generic
// LOWER: arith.mulf
func.func @keeps_dynamic_pads(%x: tensor<?x?x?x8xf32>, %w: tensor<3x3x4x16xf32>, %p: index)
    -> tensor<?x?x?x16xf32> {
  %y = npu.conv2d %x, %w strides = [2, 1] dilations = [1, 2] pads = [%p, 1, %p, 1] groups = 2
    : tensor<?x?x?x8xf32>, tensor<3x3x4x16xf32> -> tensor<?x?x?x16xf32>
  return %y : tensor<?x?x?x16xf32>
}

func.func private @printMemrefF32(tensor<*xf32> {bufferization.access = "read"})

// EXEC: sizes = [1, 2, 2, 2]
// EXEC: {{\[\[\[}}[8, 8],
// EXEC-NEXT: [10.5, 10]],
// EXEC-NEXT: {{\[\[}}15.5, 14],
// EXEC-NEXT: [18, 16]]]]
// EXEC: sizes = [1, 2, 2, 2]
// EXEC: {{\[\[\[}}[8, 6],
// EXEC-NEXT: [3, 0]],
// EXEC-NEXT: {{\[\[}}4, 8],
// EXEC-NEXT: [6, -6]]]]
// EXEC: sizes = [1, 2, 2, 2]
// EXEC: {{\[\[\[}}[8, 8],
// EXEC-NEXT: [10.5, 10]],
// EXEC-NEXT: {{\[\[}}15.5, 14],
// EXEC-NEXT: [18, 16]]]]
// EXEC: sizes = [1, 2, 2, 2]
// EXEC: {{\[\[\[}}[8, 8],
// EXEC-NEXT: [10.5, 10]],
// EXEC-NEXT: {{\[\[}}15.5, 14],
// EXEC-NEXT: [18, 16]]]]
func.func @main() {
  %x = npu.constant dense<[[[[1.0], [2.0], [3.0]], [[4.0], [5.0], [6.0]], [[7.0], [8.0], [9.0]]]]> : tensor<1x3x3x1xf32>
  %w = npu.constant dense<[[[[1.0, -1.0]], [[0.0, 2.0]]], [[[0.5, 0.0]], [[1.0, 1.0]]]]>
    : tensor<2x2x1x2xf32>
  %y = npu.conv2d %x, %w strides = [1, 1] dilations = [1, 1] pads = [0, 0, 0, 0] groups = 1
    : tensor<1x3x3x1xf32>, tensor<2x2x1x2xf32> -> tensor<1x2x2x2xf32>
  %z = npu.conv2d %x, %w strides = [2, 2] dilations = [2, 2] pads = [1, 0, 1, 2] groups = 1
    : tensor<1x3x3x1xf32>, tensor<2x2x1x2xf32> -> tensor<1x2x2x2xf32>
  %f = npu.reshape %w : tensor<2x2x1x2xf32> to tensor<4x2xf32>
  %p = npu.pack_rhs %f {panel = 4 : i64} : tensor<4x2xf32> -> tensor<1x4x4xf32>
  %q = npu.conv2d %x, %p strides = [1, 1] dilations = [1, 1] pads = [0, 0, 0, 0] groups = 1
    {packed_n = 2 : i64, kernel = array<i64: 2, 2>}
    : tensor<1x3x3x1xf32>, tensor<1x4x4xf32> -> tensor<1x2x2x2xf32>
  %d = npu.concat %x, %x axis = 3
    : tensor<1x3x3x1xf32>, tensor<1x3x3x1xf32> -> tensor<1x3x3x2xf32>
  %g = npu.conv2d %d, %w strides = [1, 1] dilations = [1, 1] pads = [0, 0, 0, 0] groups = 2
    : tensor<1x3x3x2xf32>, tensor<2x2x1x2xf32> -> tensor<1x2x2x2xf32>
  %u0 = tensor.cast %y : tensor<1x2x2x2xf32> to tensor<*xf32>
  call @printMemrefF32(%u0) : (tensor<*xf32>) -> ()
  %u1 = tensor.cast %z : tensor<1x2x2x2xf32> to tensor<*xf32>
  call @printMemrefF32(%u1) : (tensor<*xf32>) -> ()
  %u2 = tensor.cast %q : tensor<1x2x2x2xf32> to tensor<*xf32>
  call @printMemrefF32(%u2) : (tensor<*xf32>) -> ()
  %u3 = tensor.cast %g : tensor<1x2x2x2xf32> to tensor<*xf32>
  call @printMemrefF32(%u3) : (tensor<*xf32>) -> ()
  return
}
