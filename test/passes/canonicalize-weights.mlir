// RUN: tessera-opt %s --npu-canonicalize-graph | FileCheck %s
// RUN: tessera-opt %s --npu-canonicalize-graph=fold-weights=false | FileCheck %s --check-prefix=KEEP

// A batch norm behind a biased convolution: the scale goes into the filter, the constants add up.
// CHECK-LABEL: @batch_norm(
// KEEP-LABEL: @batch_norm(
func.func @batch_norm(%x: tensor<1x4x4x1xf32>) -> tensor<1x4x4x2xf32> {
  // CHECK-DAG: %[[W:.*]] = npu.constant dense<{{\[\[\[\[}}1.000000e+01, 4.000000e+01]{{\].*}}> : tensor<2x1x1x2xf32>
  // CHECK-DAG: %[[B:.*]] = npu.constant dense<[1.200000e+01, 4.300000e+01]> : tensor<2xf32>
  // CHECK-DAG: %[[C:.*]] = npu.conv2d %{{.*}}, %[[W]]
  // CHECK-NEXT: npu.add %[[C]], %[[B]]
  // CHECK-NEXT: return
  // KEEP: npu.conv2d
  // KEEP-NEXT: npu.add
  // KEEP-NEXT: npu.mul
  // KEEP-NEXT: npu.add
  %w = npu.constant dense<[[[[1.0, 2.0]]], [[[3.0, 4.0]]]]> : tensor<2x1x1x2xf32>
  %b = npu.constant dense<1.0> : tensor<2xf32>
  %s = npu.constant dense<[10.0, 20.0]> : tensor<2xf32>
  %t = npu.constant dense<[2.0, 23.0]> : tensor<2xf32>
  %0 = npu.conv2d %x, %w strides = [1, 1] dilations = [1, 1] pads = [0, 0, 1, 0] groups = 1
    : tensor<1x4x4x1xf32>, tensor<2x1x1x2xf32> -> tensor<1x4x4x2xf32>
  %1 = npu.add %0, %b : tensor<1x4x4x2xf32>, tensor<2xf32> -> tensor<1x4x4x2xf32>
  %2 = npu.mul %1, %s : tensor<1x4x4x2xf32>, tensor<2xf32> -> tensor<1x4x4x2xf32>
  %3 = npu.add %2, %t : tensor<1x4x4x2xf32>, tensor<2xf32> -> tensor<1x4x4x2xf32>
  return %3 : tensor<1x4x4x2xf32>
}

// The scale multiplies rows of a weight that is read transposed.
// CHECK-LABEL: @transposed_weight(
func.func @transposed_weight(%x: tensor<4x2xf32>) -> tensor<4x2xf32> {
  // CHECK: npu.constant dense<{{\[\[}}1.000000e+01, 2.000000e+01], [6.000000e+01, 8.000000e+01]]>
  // CHECK-NEXT: npu.matmul {{.*}} {transpose_rhs}
  // CHECK-NEXT: return
  %w = npu.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %s = npu.constant dense<[[10.0, 20.0]]> : tensor<1x2xf32>
  %0 = npu.matmul %x, %w {transpose_rhs} : tensor<4x2xf32>, tensor<2x2xf32> -> tensor<4x2xf32>
  %1 = npu.mul %0, %s : tensor<4x2xf32>, tensor<1x2xf32> -> tensor<4x2xf32>
  return %1 : tensor<4x2xf32>
}

// Depthwise filters scale by channel; a division is a multiplication by the inverse.
// CHECK-LABEL: @depthwise(
func.func @depthwise(%x: tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32> {
  // CHECK: npu.constant dense<5.000000e-01> : tensor<1x1x2xf32>
  // CHECK-NEXT: npu.depthwise_conv2d
  // CHECK-NEXT: return
  %w = npu.constant dense<[[[1.0, 2.0]]]> : tensor<1x1x2xf32>
  %s = npu.constant dense<[[[[2.0, 4.0]]]]> : tensor<1x1x1x2xf32>
  %0 = npu.depthwise_conv2d %x, %w strides = [1, 1] dilations = [1, 1] pads = [0, 0, 0, 0]
    : tensor<1x4x4x2xf32>, tensor<1x1x2xf32> -> tensor<1x4x4x2xf32>
  %1 = npu.div %0, %s : tensor<1x4x4x2xf32>, tensor<1x1x1x2xf32> -> tensor<1x4x4x2xf32>
  return %1 : tensor<1x4x4x2xf32>
}

// Not per output channel; another user of the product; computed weights.
// CHECK-LABEL: @declines(
func.func @declines(%x: tensor<2x2xf32>, %v: tensor<2x2xf32>)
    -> (tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>) {
  // CHECK-COUNT-3: npu.mul
  // CHECK: return
  %w = npu.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %rows = npu.constant dense<[[10.0], [20.0]]> : tensor<2x1xf32>
  %s = npu.constant dense<[10.0, 20.0]> : tensor<2xf32>
  %0 = npu.matmul %x, %w : tensor<2x2xf32>, tensor<2x2xf32> -> tensor<2x2xf32>
  %1 = npu.mul %0, %rows : tensor<2x2xf32>, tensor<2x1xf32> -> tensor<2x2xf32>
  %2 = npu.matmul %v, %w : tensor<2x2xf32>, tensor<2x2xf32> -> tensor<2x2xf32>
  %3 = npu.mul %2, %s : tensor<2x2xf32>, tensor<2xf32> -> tensor<2x2xf32>
  %4 = npu.matmul %x, %v : tensor<2x2xf32>, tensor<2x2xf32> -> tensor<2x2xf32>
  %5 = npu.mul %4, %s : tensor<2x2xf32>, tensor<2xf32> -> tensor<2x2xf32>
  return %1, %2, %3, %5 : tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>
}

// Reciprocals that would not be normal numbers are not taken.
// CHECK-LABEL: @division(
func.func @division(%x: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>) {
  // CHECK: npu.div
  // CHECK: npu.mul
  %tiny = npu.constant dense<[1.0, 1.0e-44]> : tensor<2xf32>
  %c = npu.constant dense<3.0> : tensor<f32>
  %0 = npu.div %x, %tiny : tensor<2xf32>
  %1 = npu.div %x, %c : tensor<2xf32>, tensor<f32> -> tensor<2xf32>
  return %0, %1 : tensor<2xf32>, tensor<2xf32>
}
