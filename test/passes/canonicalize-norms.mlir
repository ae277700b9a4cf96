// RUN: tessera-opt %s --npu-canonicalize-graph | FileCheck %s

// As exporters write it: squares by pow, then scale and bias.
// CHECK-LABEL: @layer_norm(
func.func @layer_norm(%x: tensor<4x8x16xf32>, %s: tensor<16xf32>, %b: tensor<1x1x16xf32>)
    -> tensor<4x8x16xf32> {
  // CHECK: %[[B:.*]] = npu.reshape %{{.*}} : tensor<1x1x16xf32> to tensor<16xf32>
  // CHECK: %[[N:.*]] = npu.layer_norm %{{.*}} scale(%{{.*}} : tensor<16xf32>) bias(%[[B]] : tensor<16xf32>) axis = 2 epsilon = 9.99999974E-6
  // CHECK-NEXT: return %[[N]]
  %two = npu.constant dense<2.0> : tensor<f32>
  %eps = npu.constant dense<1.0e-5> : tensor<f32>
  %0 = npu.reduce_mean %x axes = [2] keepdims : tensor<4x8x16xf32> -> tensor<4x8x1xf32>
  %1 = npu.sub %x, %0 : tensor<4x8x16xf32>, tensor<4x8x1xf32> -> tensor<4x8x16xf32>
  %2 = npu.pow %1, %two : tensor<4x8x16xf32>, tensor<f32> -> tensor<4x8x16xf32>
  %3 = npu.reduce_mean %2 axes = [2] keepdims : tensor<4x8x16xf32> -> tensor<4x8x1xf32>
  %4 = npu.add %3, %eps : tensor<4x8x1xf32>, tensor<f32> -> tensor<4x8x1xf32>
  %5 = npu.sqrt %4 : tensor<4x8x1xf32>
  %6 = npu.div %1, %5 : tensor<4x8x16xf32>, tensor<4x8x1xf32> -> tensor<4x8x16xf32>
  %7 = npu.mul %6, %s : tensor<4x8x16xf32>, tensor<16xf32> -> tensor<4x8x16xf32>
  %8 = npu.add %7, %b : tensor<4x8x16xf32>, tensor<1x1x16xf32> -> tensor<4x8x16xf32>
  return %8 : tensor<4x8x16xf32>
}

// Two axes, the difference computed twice, multiplied by the inverse root.
// CHECK-LABEL: @layer_norm_over_two_dims(
func.func @layer_norm_over_two_dims(%x: tensor<4x8x16xf32>) -> tensor<4x8x16xf32> {
  // CHECK-NEXT: npu.layer_norm %{{.*}} axis = 1 epsilon = 1.000000e-03
  // CHECK-NEXT: return
  %eps = npu.constant dense<1.0e-3> : tensor<1xf32>
  %0 = npu.reduce_mean %x axes = [1, 2] keepdims : tensor<4x8x16xf32> -> tensor<4x1x1xf32>
  %1 = npu.sub %x, %0 : tensor<4x8x16xf32>, tensor<4x1x1xf32> -> tensor<4x8x16xf32>
  %2 = npu.sub %x, %0 : tensor<4x8x16xf32>, tensor<4x1x1xf32> -> tensor<4x8x16xf32>
  %3 = npu.mul %1, %2 : tensor<4x8x16xf32>
  %4 = npu.reduce_mean %3 axes = [1, 2] keepdims : tensor<4x8x16xf32> -> tensor<4x1x1xf32>
  %5 = npu.add %eps, %4 : tensor<1xf32>, tensor<4x1x1xf32> -> tensor<4x1x1xf32>
  %6 = npu.sqrt %5 : tensor<4x1x1xf32>
  %7 = npu.reciprocal %6 : tensor<4x1x1xf32>
  %8 = npu.mul %2, %7 : tensor<4x8x16xf32>, tensor<4x1x1xf32> -> tensor<4x8x16xf32>
  return %8 : tensor<4x8x16xf32>
}

// CHECK-LABEL: @rms_norm(
func.func @rms_norm(%x: tensor<8x16xf32>, %s: tensor<16xf32>) -> tensor<8x16xf32> {
  // CHECK-NEXT: npu.rms_norm %{{.*}} scale(%{{.*}} : tensor<16xf32>) axis = 1
  // CHECK-NEXT: return
  %two = npu.constant dense<2.0> : tensor<f32>
  %eps = npu.constant dense<1.0e-6> : tensor<f32>
  %0 = npu.pow %x, %two : tensor<8x16xf32>, tensor<f32> -> tensor<8x16xf32>
  %1 = npu.reduce_mean %0 axes = [1] keepdims : tensor<8x16xf32> -> tensor<8x1xf32>
  %2 = npu.add %1, %eps : tensor<8x1xf32>, tensor<f32> -> tensor<8x1xf32>
  %3 = npu.rsqrt %2 : tensor<8x1xf32>
  %4 = npu.mul %x, %3 : tensor<8x16xf32>, tensor<8x1xf32> -> tensor<8x16xf32>
  %5 = npu.mul %s, %4 : tensor<16xf32>, tensor<8x16xf32> -> tensor<8x16xf32>
  return %5 : tensor<8x16xf32>
}

// The variance of something else than what is divided.
// CHECK-LABEL: @not_a_norm(
func.func @not_a_norm(%x: tensor<8x16xf32>, %y: tensor<8x16xf32>) -> tensor<8x16xf32> {
  // CHECK-NOT: _norm %
  // CHECK: return
  %eps = npu.constant dense<1.0e-6> : tensor<f32>
  %0 = npu.mul %y, %y : tensor<8x16xf32>
  %1 = npu.reduce_mean %0 axes = [1] keepdims : tensor<8x16xf32> -> tensor<8x1xf32>
  %2 = npu.add %1, %eps : tensor<8x1xf32>, tensor<f32> -> tensor<8x1xf32>
  %3 = npu.sqrt %2 : tensor<8x1xf32>
  %4 = npu.div %x, %3 : tensor<8x16xf32>, tensor<8x1xf32> -> tensor<8x16xf32>
  return %4 : tensor<8x16xf32>
}

// The mean over leading dims normalises columns, which layer_norm does not.
// CHECK-LABEL: @columns(
func.func @columns(%x: tensor<8x16xf32>) -> tensor<8x16xf32> {
  // CHECK-NOT: layer_norm %
  // CHECK: return
  %eps = npu.constant dense<1.0e-6> : tensor<f32>
  %0 = npu.reduce_mean %x axes = [0] keepdims : tensor<8x16xf32> -> tensor<1x16xf32>
  %1 = npu.sub %x, %0 : tensor<8x16xf32>, tensor<1x16xf32> -> tensor<8x16xf32>
  %2 = npu.mul %1, %1 : tensor<8x16xf32>
  %3 = npu.reduce_mean %2 axes = [0] keepdims : tensor<8x16xf32> -> tensor<1x16xf32>
  %4 = npu.add %3, %eps : tensor<1x16xf32>, tensor<f32> -> tensor<1x16xf32>
  %5 = npu.sqrt %4 : tensor<1x16xf32>
  %6 = npu.div %1, %5 : tensor<8x16xf32>, tensor<1x16xf32> -> tensor<8x16xf32>
  return %6 : tensor<8x16xf32>
}

// A residual in a whole tensor is no bias.
// CHECK-LABEL: @residual_is_no_bias(
func.func @residual_is_no_bias(%x: tensor<8x16xf32>, %r: tensor<8x16xf32>) -> tensor<8x16xf32> {
  // CHECK: %[[N:.*]] = npu.layer_norm %{{.*}} axis = 1
  // CHECK: npu.add %[[N]]
  %0 = npu.layer_norm %x axis = 1 epsilon = 1.0e-5 : tensor<8x16xf32>
  %1 = npu.add %0, %r : tensor<8x16xf32>
  return %1 : tensor<8x16xf32>
}
