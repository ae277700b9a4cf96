// RUN: tessera-opt %s --npu-canonicalize-graph | FileCheck %s

// What follows a product stays with it, below the views; the residual is viewed as a matrix too.
// CHECK-LABEL: @product_and_residual(
func.func @product_and_residual(%a: tensor<32x8xf32>, %b: tensor<8x16xf32>, %c: tensor<16xf32>,
                                %r: tensor<2x4x4x16xf32>) -> tensor<2x4x4x16xf32> {
  // CHECK-DAG: %[[P:.*]] = npu.matmul
  // CHECK-DAG: %[[R:.*]] = npu.reshape %arg3 : tensor<2x4x4x16xf32> to tensor<32x16xf32>
  // CHECK-DAG: %[[B:.*]] = npu.add %[[P]], %arg2
  // CHECK: %[[S:.*]] = npu.add %[[B]], %[[R]] : tensor<32x16xf32>
  // CHECK: %[[N:.*]] = npu.layer_norm %[[S]] axis = 1
  // CHECK: %[[V:.*]] = npu.reshape %[[N]]
  // CHECK: return %[[V]]
  %0 = npu.matmul %a, %b : tensor<32x8xf32>, tensor<8x16xf32> -> tensor<32x16xf32>
  %1 = npu.reshape %0 : tensor<32x16xf32> to tensor<2x4x4x16xf32>
  %2 = npu.add %1, %c : tensor<2x4x4x16xf32>, tensor<16xf32> -> tensor<2x4x4x16xf32>
  %3 = npu.add %2, %r : tensor<2x4x4x16xf32>
  %4 = npu.layer_norm %3 axis = 3 epsilon = 1.0e-5 : tensor<2x4x4x16xf32>
  return %4 : tensor<2x4x4x16xf32>
}

// A gate per image and channel has no place in the matrix of all images' pixels.
// CHECK-LABEL: @gate_per_image(
func.func @gate_per_image(%a: tensor<32x8xf32>, %g: tensor<2x1x1x8xf32>) -> tensor<2x4x4x8xf32> {
  // CHECK: %[[V:.*]] = npu.reshape
  // CHECK: npu.mul %[[V]], %{{.*}} : tensor<2x4x4x8xf32>
  %0 = npu.reshape %a : tensor<32x8xf32> to tensor<2x4x4x8xf32>
  %1 = npu.mul %0, %g : tensor<2x4x4x8xf32>, tensor<2x1x1x8xf32> -> tensor<2x4x4x8xf32>
  return %1 : tensor<2x4x4x8xf32>
}

// Norms over dims that the view makes stay behind it.
// CHECK-LABEL: @split_rows(
func.func @split_rows(%x: tensor<4x8xf32>) -> tensor<4x2x4xf32> {
  // CHECK: %[[V:.*]] = npu.reshape
  // CHECK: npu.softmax %[[V]] axis = 2
  %0 = npu.reshape %x : tensor<4x8xf32> to tensor<4x2x4xf32>
  %1 = npu.softmax %0 axis = 2 : tensor<4x2x4xf32>
  return %1 : tensor<4x2x4xf32>
}

// Between two whole tensors of other shapes the lower rank wins, once.
// CHECK-LABEL: @two_views(
func.func @two_views(%x: tensor<32xf32>, %y: tensor<2x4x4xf32>) -> tensor<4x8xf32> {
  // CHECK: npu.add %arg0, %{{.*}} : tensor<32xf32>
  %0 = npu.reshape %x : tensor<32xf32> to tensor<4x8xf32>
  %1 = npu.reshape %y : tensor<2x4x4xf32> to tensor<4x8xf32>
  %2 = npu.add %0, %1 : tensor<4x8xf32>
  return %2 : tensor<4x8xf32>
}

// Both operands are views of more dims, one by way of a view of fewer: the sum is made once, in one
// shape.
// CHECK-LABEL: @both_are_views
// CHECK-COUNT-2: npu.add
// CHECK: npu.reshape
// CHECK-NOT: npu.reshape
// CHECK: return
func.func @both_are_views(%x: tensor<1x7x16x33xf32>) -> tensor<1x7x528xf32> {
  %0 = npu.reshape %x : tensor<1x7x16x33xf32> to tensor<1x7x528xf32>
  %1 = npu.silu %0 : tensor<1x7x528xf32>
  %2 = npu.add %1, %0 : tensor<1x7x528xf32>
  %3 = npu.gelu %2 : tensor<1x7x528xf32>
  %4 = npu.add %3, %2 : tensor<1x7x528xf32>
  return %4 : tensor<1x7x528xf32>
}
