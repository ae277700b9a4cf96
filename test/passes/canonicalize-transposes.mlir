// RUN: tessera-opt %s --npu-canonicalize-graph | FileCheck %s

// An imported NCHW graph: between the first and the last operator everything stays NHWC. The
// per-channel constant is turned, the mean is taken over the axes where they are now.
// CHECK-LABEL: @image_graph(
// CHECK-SAME: %[[X:.*]]: tensor<1x8x8x4xf32>
func.func @image_graph(%x: tensor<1x8x8x4xf32>, %w: tensor<3x3x4x4xf32>) -> tensor<1x4xf32> {
  // CHECK-NOT: npu.transpose
  // CHECK: %[[C:.*]] = npu.conv2d %[[X]]
  // CHECK: %[[B:.*]] = npu.mul %[[C]], %{{.*}} : tensor<1x8x8x4xf32>, tensor<1x1x1x4xf32>
  // CHECK: %[[R:.*]] = npu.relu %[[B]]
  // CHECK: %[[A:.*]] = npu.add %[[R]], %[[C]] : tensor<1x8x8x4xf32>
  // CHECK: %[[J:.*]] = npu.concat %[[A]], %[[C]] axis = 3
  // CHECK: %[[S:.*]] = npu.slice %[[J]] offsets = [0, 0, 0, 2] sizes = [1, 8, 8, 4]
  // CHECK: %[[P:.*]] = npu.pad %[[S]] low = [0, 1, 2, 0] high = [0, 0, 0, 0]
  // CHECK: npu.reduce_mean %[[P]] axes = [1, 2] : tensor<1x9x10x4xf32> -> tensor<1x4xf32>
  // CHECK-NOT: npu.transpose
  // CHECK: return
  %c = npu.constant dense<[[[[1.0]], [[2.0]], [[3.0]], [[4.0]]]]> : tensor<1x4x1x1xf32>
  %0 = npu.conv2d %x, %w strides = [1, 1] dilations = [1, 1] pads = [1, 1, 1, 1] groups = 1
    : tensor<1x8x8x4xf32>, tensor<3x3x4x4xf32> -> tensor<1x8x8x4xf32>
  %1 = npu.transpose %0 perm = [0, 3, 1, 2] : tensor<1x8x8x4xf32> -> tensor<1x4x8x8xf32>
  %2 = npu.mul %1, %c : tensor<1x4x8x8xf32>, tensor<1x4x1x1xf32> -> tensor<1x4x8x8xf32>
  %3 = npu.relu %2 : tensor<1x4x8x8xf32>
  %4 = npu.add %3, %1 : tensor<1x4x8x8xf32>
  %5 = npu.concat %4, %1 axis = 1
    : tensor<1x4x8x8xf32>, tensor<1x4x8x8xf32> -> tensor<1x8x8x8xf32>
  %6 = npu.slice %5 offsets = [0, 2, 0, 0] sizes = [1, 4, 8, 8] strides = [1, 1, 1, 1]
    : tensor<1x8x8x8xf32> -> tensor<1x4x8x8xf32>
  %7 = npu.pad %6 low = [0, 0, 1, 2] high = [0, 0, 0, 0] value = 1.0
    : tensor<1x4x8x8xf32> -> tensor<1x4x9x10xf32>
  %8 = npu.reduce_mean %7 axes = [2, 3] : tensor<1x4x9x10xf32> -> tensor<1x4xf32>
  return %8 : tensor<1x4xf32>
}

// Dims left by a reduction keep the order they had.
// CHECK-LABEL: @reduce_keeps_order(
func.func @reduce_keeps_order(%x: tensor<2x3x4xf32>) -> tensor<4x2xf32> {
  // CHECK: %[[R:.*]] = npu.reduce_max %{{.*}} axes = [1] : tensor<2x3x4xf32> -> tensor<2x4xf32>
  // CHECK: npu.transpose %[[R]] perm = [1, 0]
  %0 = npu.transpose %x perm = [2, 1, 0] : tensor<2x3x4xf32> -> tensor<4x3x2xf32>
  %1 = npu.reduce_max %0 axes = [1] : tensor<4x3x2xf32> -> tensor<4x2xf32>
  return %1 : tensor<4x2xf32>
}

// A gate of one number per channel joins from the other layout for nothing.
// CHECK-LABEL: @gate(
func.func @gate(%x: tensor<1x8x8x4xf32>, %g: tensor<1x4x1x1xf32>) -> tensor<1x8x8x4xf32> {
  // CHECK-NOT: npu.transpose
  // CHECK: %[[G:.*]] = npu.reshape %{{.*}} to tensor<1x1x1x4xf32>
  // CHECK: npu.mul %{{.*}}, %[[G]] : tensor<1x8x8x4xf32>, tensor<1x1x1x4xf32>
  %0 = npu.transpose %x perm = [0, 3, 1, 2] : tensor<1x8x8x4xf32> -> tensor<1x4x8x8xf32>
  %1 = npu.mul %0, %g : tensor<1x4x8x8xf32>, tensor<1x4x1x1xf32> -> tensor<1x4x8x8xf32>
  %2 = npu.transpose %1 perm = [0, 2, 3, 1] : tensor<1x4x8x8xf32> -> tensor<1x8x8x4xf32>
  return %2 : tensor<1x8x8x4xf32>
}

// A whole computed tensor in the other layout would need a transpose of its own: nothing moves.
// CHECK-LABEL: @stays_beside_a_whole_tensor(
func.func @stays_beside_a_whole_tensor(%x: tensor<1x8x8x4xf32>, %y: tensor<1x4x8x8xf32>)
    -> tensor<1x4x8x8xf32> {
  // CHECK: %[[T:.*]] = npu.transpose
  // CHECK: npu.add %[[T]], %{{.*}} : tensor<1x4x8x8xf32>
  %0 = npu.transpose %x perm = [0, 3, 1, 2] : tensor<1x8x8x4xf32> -> tensor<1x4x8x8xf32>
  %1 = npu.add %0, %y : tensor<1x4x8x8xf32>
  return %1 : tensor<1x4x8x8xf32>
}

// Patch embedding: the transposes on both sides of the joining reshape undo each other.
// CHECK-LABEL: @patches(
func.func @patches(%x: tensor<2x7x7x16xf32>) -> tensor<2x49x16xf32> {
  // CHECK-NOT: npu.transpose
  // CHECK: npu.reshape %{{.*}} : tensor<2x7x7x16xf32> to tensor<2x49x16xf32>
  %0 = npu.transpose %x perm = [0, 3, 1, 2] : tensor<2x7x7x16xf32> -> tensor<2x16x7x7xf32>
  %1 = npu.reshape %0 : tensor<2x16x7x7xf32> to tensor<2x16x49xf32>
  %2 = npu.transpose %1 perm = [0, 2, 1] : tensor<2x16x49xf32> -> tensor<2x49x16xf32>
  return %2 : tensor<2x49x16xf32>
}

// The swap of the last two dims goes into the matmul; what is left moves whole rows.
// CHECK-LABEL: @attention(
func.func @attention(%q: tensor<12x50x64xf32>, %k: tensor<50x12x64xf32>) -> tensor<12x50x50xf32> {
  // CHECK: %[[T:.*]] = npu.transpose %{{.*}} perm = [1, 0, 2] : tensor<50x12x64xf32> -> tensor<12x50x64xf32>
  // CHECK: npu.matmul %{{.*}}, %[[T]] {transpose_rhs}
  %0 = npu.transpose %k perm = [1, 2, 0] : tensor<50x12x64xf32> -> tensor<12x64x50xf32>
  %1 = npu.matmul %q, %0 : tensor<12x50x64xf32>, tensor<12x64x50xf32> -> tensor<12x50x50xf32>
  return %1 : tensor<12x50x50xf32>
}

// A transpose made to bring softmax's axis to the end stays before it; one that hid it goes behind.
// CHECK-LABEL: @softmax(
func.func @softmax(%x: tensor<4x8xf32>) -> (tensor<8x4xf32>, tensor<8x4xf32>) {
  // CHECK-DAG: %[[T:.*]] = npu.transpose %arg0
  // CHECK-DAG: npu.softmax %[[T]] axis = 1
  // CHECK-DAG: %[[S:.*]] = npu.softmax %arg0 axis = 1
  // CHECK-DAG: npu.transpose %[[S]]
  %0 = npu.transpose %x perm = [1, 0] : tensor<4x8xf32> -> tensor<8x4xf32>
  %1 = npu.softmax %0 axis = 1 : tensor<8x4xf32>
  %2 = npu.softmax %0 axis = 0 : tensor<8x4xf32>
  return %1, %2 : tensor<8x4xf32>, tensor<8x4xf32>
}

// Unknown dims move like known ones.
// CHECK-LABEL: @dynamic(
func.func @dynamic(%x: tensor<?x?x?x4xf32>) -> tensor<?x?x?x4xf32> {
  // CHECK-NEXT: %[[R:.*]] = npu.relu
  // CHECK-NEXT: return %[[R]]
  %0 = npu.transpose %x perm = [0, 3, 1, 2] : tensor<?x?x?x4xf32> -> tensor<?x4x?x?xf32>
  %1 = npu.relu %0 : tensor<?x4x?x?xf32>
  %2 = npu.transpose %1 perm = [0, 2, 3, 1] : tensor<?x4x?x?xf32> -> tensor<?x?x?x4xf32>
  return %2 : tensor<?x?x?x4xf32>
}
