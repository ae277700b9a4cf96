// RUN: tessera-opt %s --npu-canonicalize-graph | FileCheck %s

// CHECK-LABEL: @changes_nothing(
// CHECK-SAME: %[[X:.*]]: tensor<4x8xf32>
func.func @changes_nothing(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // CHECK-NEXT: return %[[X]]
  %zero = npu.constant dense<0.0> : tensor<f32>
  %one = npu.constant dense<1.0> : tensor<8xf32>
  %0 = npu.slice %x offsets = [0, 0] sizes = [4, 8] strides = [1, 1]
    : tensor<4x8xf32> -> tensor<4x8xf32>
  %1 = npu.pad %0 low = [0, 0] high = [0, 0] value = 0.0 : tensor<4x8xf32> -> tensor<4x8xf32>
  %2 = npu.concat %1 axis = 0 : tensor<4x8xf32> -> tensor<4x8xf32>
  %3 = npu.transpose %2 perm = [0, 1] : tensor<4x8xf32> -> tensor<4x8xf32>
  %4 = npu.cast %3 : tensor<4x8xf32> to tensor<4x8xf32>
  %5 = npu.expand %4 : tensor<4x8xf32> to tensor<4x8xf32>
  %6 = npu.add %zero, %5 : tensor<f32>, tensor<4x8xf32> -> tensor<4x8xf32>
  %7 = npu.div %6, %one : tensor<4x8xf32>, tensor<8xf32> -> tensor<4x8xf32>
  %8 = npu.reshape %7 : tensor<4x8xf32> to tensor<32xf32>
  %9 = npu.reshape %8 : tensor<32xf32> to tensor<4x8xf32>
  return %9 : tensor<4x8xf32>
}

// Zero minus x, one over x and a broadcast by adding are not nothing; nor is an unknown tail.
// CHECK-LABEL: @changes_something(
func.func @changes_something(%x: tensor<8xf32>, %d: tensor<?xf32>)
    -> (tensor<8xf32>, tensor<8xf32>, tensor<4x8xf32>, tensor<?xf32>) {
  // CHECK-DAG: npu.sub
  // CHECK-DAG: npu.div
  // CHECK-DAG: npu.add
  // CHECK-DAG: npu.slice
  %zero = npu.constant dense<0.0> : tensor<8xf32>
  %one = npu.constant dense<1.0> : tensor<8xf32>
  %wide = npu.constant dense<0.0> : tensor<4x8xf32>
  %0 = npu.sub %zero, %x : tensor<8xf32>
  %1 = npu.div %one, %x : tensor<8xf32>
  %2 = npu.add %x, %wide : tensor<8xf32>, tensor<4x8xf32> -> tensor<4x8xf32>
  %3 = npu.slice %d offsets = [1] sizes = [-1] strides = [1] : tensor<?xf32> -> tensor<?xf32>
  return %0, %1, %2, %3 : tensor<8xf32>, tensor<8xf32>, tensor<4x8xf32>, tensor<?xf32>
}

// CHECK-LABEL: @unit_dims(
func.func @unit_dims(%x: tensor<1x4x8xf32>) -> (tensor<4x1x8xf32>, tensor<1x8x4xf32>) {
  // CHECK-DAG: npu.reshape %arg0 : tensor<1x4x8xf32> to tensor<4x1x8xf32>
  // CHECK-DAG: npu.transpose %arg0 perm = [0, 2, 1]
  %0 = npu.transpose %x perm = [1, 0, 2] : tensor<1x4x8xf32> -> tensor<4x1x8xf32>
  %1 = npu.transpose %x perm = [0, 2, 1] : tensor<1x4x8xf32> -> tensor<1x8x4xf32>
  return %0, %1 : tensor<4x1x8xf32>, tensor<1x8x4xf32>
}

// An operator repeats its operands itself, as long as one reaches the result's shape.
// CHECK-LABEL: @broadcast(
func.func @broadcast(%x: tensor<4x8xf32>, %b: tensor<1x8xf32>, %c: tensor<4x1xf32>)
    -> (tensor<4x8xf32>, tensor<4x8xf32>) {
  // CHECK-DAG: npu.mul %arg0, %arg1 : tensor<4x8xf32>, tensor<1x8xf32> -> tensor<4x8xf32>
  // CHECK-DAG: npu.expand
  // CHECK-DAG: npu.exp %
  %0 = npu.expand %b : tensor<1x8xf32> to tensor<4x8xf32>
  %1 = npu.mul %x, %0 : tensor<4x8xf32>
  %2 = npu.expand %c : tensor<4x1xf32> to tensor<4x8xf32>
  %3 = npu.exp %2 : tensor<4x8xf32>
  return %1, %3 : tensor<4x8xf32>, tensor<4x8xf32>
}

// CHECK-LABEL: @gathers(
func.func @gathers(%x: tensor<5x8xf32>)
    -> (tensor<8xf32>, tensor<2x8xf32>, tensor<2x8xf32>, tensor<1x8xf32>) {
  // CHECK-DAG: npu.slice %arg0 offsets = [4, 0] sizes = [1, 8] strides = [1, 1]
  // CHECK-DAG: npu.slice %arg0 offsets = [1, 0] sizes = [2, 8] strides = [2, 1]
  // CHECK-COUNT-2: npu.gather
  %last = npu.constant dense<-1> : tensor<i64>
  %even = npu.constant dense<[1, 3]> : tensor<2xi64>
  %back = npu.constant dense<[3, 1]> : tensor<2xi64>
  %outside = npu.constant dense<5> : tensor<1xi64>
  %0 = npu.gather %x, %last axis = 0 : tensor<5x8xf32>, tensor<i64> -> tensor<8xf32>
  %1 = npu.gather %x, %even axis = 0 : tensor<5x8xf32>, tensor<2xi64> -> tensor<2x8xf32>
  %2 = npu.gather %x, %back axis = 0 : tensor<5x8xf32>, tensor<2xi64> -> tensor<2x8xf32>
  %3 = npu.gather %x, %outside axis = 0 : tensor<5x8xf32>, tensor<1xi64> -> tensor<1x8xf32>
  return %0, %1, %2, %3 : tensor<8xf32>, tensor<2x8xf32>, tensor<2x8xf32>, tensor<1x8xf32>
}

// Tiles cut the dims that are not padded, of which each half leaves some.
// CHECK-LABEL: @pads_by_halves
// CHECK: %[[LAST:.*]] = npu.pad %{{.*}} low = [0, 2] high = [0, 3] value = 5.000000e-01 : tensor<4x8xf32> -> tensor<4x13xf32>
// CHECK: npu.pad %[[LAST]] low = [1, 0] high = [0, 0] value = 5.000000e-01 : tensor<4x13xf32> -> tensor<5x13xf32>
func.func @pads_by_halves(%x: tensor<4x8xf32>) -> tensor<5x13xf32> {
  %0 = npu.pad %x low = [1, 2] high = [0, 3] value = 5.000000e-01 : tensor<4x8xf32> -> tensor<5x13xf32>
  return %0 : tensor<5x13xf32>
}
