// RUN: tessera-opt %s --npu-canonicalize-graph | FileCheck %s

// One product for queries, keys and values, cut apart behind its bias: three products, no cuts.
// CHECK-LABEL: @split_product(
func.func @split_product(%x: tensor<4x2xf32>) -> (tensor<4x1x2xf32>, tensor<4x1x1xf32>) {
  // CHECK-NOT: npu.slice
  // CHECK-DAG: npu.constant dense<{{\[\[}}1.000000e+00, 2.000000e+00], [4.000000e+00, 5.000000e+00]]>
  // CHECK-DAG: npu.constant dense<{{\[\[}}3.000000e+00], [6.000000e+00]]>
  // CHECK-DAG: npu.matmul {{.*}} -> tensor<4x2xf32>
  // CHECK-DAG: npu.matmul {{.*}} -> tensor<4x1xf32>
  // CHECK: return
  %w = npu.constant dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32>
  %b = npu.constant dense<[7.0, 8.0, 9.0]> : tensor<3xf32>
  %0 = npu.matmul %x, %w : tensor<4x2xf32>, tensor<2x3xf32> -> tensor<4x3xf32>
  %1 = npu.reshape %0 : tensor<4x3xf32> to tensor<4x1x3xf32>
  %2 = npu.add %1, %b : tensor<4x1x3xf32>, tensor<3xf32> -> tensor<4x1x3xf32>
  %3 = npu.slice %2 offsets = [0, 0, 0] sizes = [4, 1, 2] strides = [1, 1, 1]
    : tensor<4x1x3xf32> -> tensor<4x1x2xf32>
  %4 = npu.slice %2 offsets = [0, 0, 2] sizes = [4, 1, 1] strides = [1, 1, 1]
    : tensor<4x1x3xf32> -> tensor<4x1x1xf32>
  return %3, %4 : tensor<4x1x2xf32>, tensor<4x1x1xf32>
}

// The same product read whole elsewhere is computed once.
// CHECK-LABEL: @read_whole_too(
func.func @read_whole_too(%x: tensor<4x2xf32>) -> (tensor<4x3xf32>, tensor<4x1xf32>) {
  // CHECK: npu.matmul {{.*}} -> tensor<4x3xf32>
  // CHECK: npu.slice
  %w = npu.constant dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32>
  %0 = npu.matmul %x, %w : tensor<4x2xf32>, tensor<2x3xf32> -> tensor<4x3xf32>
  %1 = npu.slice %0 offsets = [0, 1] sizes = [4, 1] strides = [1, 1]
    : tensor<4x3xf32> -> tensor<4x1xf32>
  return %0, %1 : tensor<4x3xf32>, tensor<4x1xf32>
}

// Of fifty tokens the first is read: one row is multiplied, normalised and added.
// CHECK-LABEL: @first_row(
func.func @first_row(%x: tensor<50x8xf32>, %w: tensor<8x8xf32>, %r: tensor<50x8xf32>)
    -> tensor<1x8xf32> {
  // CHECK-DAG: %[[X:.*]] = npu.slice %arg0 offsets = [0, 0] sizes = [1, 8]
  // CHECK-DAG: %[[R:.*]] = npu.slice %arg2 offsets = [0, 0] sizes = [1, 8]
  // CHECK-DAG: %[[P:.*]] = npu.matmul %[[X]], %arg1 : tensor<1x8xf32>
  // CHECK: %[[S:.*]] = npu.add %[[P]], %[[R]] : tensor<1x8xf32>
  // CHECK: npu.layer_norm %[[S]] axis = 1 {{.*}} : tensor<1x8xf32>
  %0 = npu.matmul %x, %w : tensor<50x8xf32>, tensor<8x8xf32> -> tensor<50x8xf32>
  %1 = npu.add %0, %r : tensor<50x8xf32>
  %2 = npu.layer_norm %1 axis = 1 epsilon = 1.0e-5 : tensor<50x8xf32>
  %3 = npu.slice %2 offsets = [0, 0] sizes = [1, 8] strides = [1, 1]
    : tensor<50x8xf32> -> tensor<1x8xf32>
  return %3 : tensor<1x8xf32>
}

// A slice of nearly everything stays below, where it does not part a kernel.
// CHECK-LABEL: @most_rows(
func.func @most_rows(%x: tensor<50x8xf32>, %w: tensor<8x8xf32>) -> tensor<49x8xf32> {
  // CHECK: npu.matmul {{.*}} -> tensor<50x8xf32>
  // CHECK: npu.relu
  // CHECK: npu.slice
  %0 = npu.matmul %x, %w : tensor<50x8xf32>, tensor<8x8xf32> -> tensor<50x8xf32>
  %1 = npu.relu %0 : tensor<50x8xf32>
  %2 = npu.slice %1 offsets = [1, 0] sizes = [49, 8] strides = [1, 1]
    : tensor<50x8xf32> -> tensor<49x8xf32>
  return %2 : tensor<49x8xf32>
}

// Part of each normalised row needs the whole row.
// CHECK-LABEL: @part_of_rows(
func.func @part_of_rows(%x: tensor<4x8xf32>) -> tensor<4x2xf32> {
  // CHECK: npu.softmax %arg0
  // CHECK: npu.slice
  %0 = npu.softmax %x axis = 1 : tensor<4x8xf32>
  %1 = npu.slice %0 offsets = [0, 1] sizes = [4, 2] strides = [1, 1]
    : tensor<4x8xf32> -> tensor<4x2xf32>
  return %1 : tensor<4x2xf32>
}

// CHECK-LABEL: @composed(
func.func @composed(%x: tensor<4x20xf32>) -> tensor<2x2xf32> {
  // CHECK-NEXT: npu.slice %arg0 offsets = [1, 8] sizes = [2, 2] strides = [1, 6]
  // CHECK-NEXT: return
  %0 = npu.slice %x offsets = [1, 2] sizes = [3, 9] strides = [1, 2]
    : tensor<4x20xf32> -> tensor<3x9xf32>
  %1 = npu.slice %0 offsets = [0, 3] sizes = [2, 2] strides = [1, 3]
    : tensor<3x9xf32> -> tensor<2x2xf32>
  return %1 : tensor<2x2xf32>
}
