// Products of dequantised operands on the integers that they were made of.
// RUN: tessera-opt %s --split-input-file --pass-pipeline="builtin.module(tile-attach-chip{chip=ascend-910b2},func.func(npu-integer-products,npu-canonicalize-graph))" | FileCheck %s
// RUN: tessera-opt %s --split-input-file --pass-pipeline="builtin.module(tile-attach-chip{chip=ascend-910b2},func.func(npu-integer-products))" \
// RUN:   --remarks-filter=precision --remark-format=emitRemark -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK
// RUN: tessera-opt %s --split-input-file --pass-pipeline="builtin.module(tile-attach-chip{chip=tenstorrent-wormhole},func.func(npu-integer-products))" | FileCheck %s --check-prefix=NONE

// No chip without such a unit changes anything.
// NONE-NOT: npu.{{matmul|conv2d}} {{.*}}xi8>

// Two scales become one, and a zero point of the left operand a constant: 3 * (1 + 3, 2 - 4).
// CHECK-LABEL: @zero_point_of_the_left
// CHECK-SAME: %[[A:.*]]: tensor<4x2xi8>
// CHECK-DAG: %[[W:.*]] = npu.constant dense<{{\[\[}}1, 2], [3, -4]]> : tensor<2x2xi8>
// CHECK-DAG: %[[P:.*]] = npu.matmul %[[A]], %[[W]] : tensor<4x2xi8>, tensor<2x2xi8> -> tensor<4x2xi32>
// CHECK-DAG: %[[Z:.*]] = npu.constant dense<[12, -6]> : tensor<2xi32>
// CHECK-DAG: %[[D:.*]] = npu.sub %[[P]], %[[Z]]
// CHECK-DAG: %[[F:.*]] = npu.cast %[[D]] : tensor<4x2xi32> to tensor<4x2xf32>
// CHECK-DAG: %[[S:.*]] = npu.constant dense<[2.500000e-01, 5.000000e-01]> : tensor<2xf32>
// CHECK: npu.mul %[[F]], %[[S]]
// REMARK: [Passed] integer-product | Category:precision {{.*}}multiplied as 8-bit integers
func.func @zero_point_of_the_left(%a: tensor<4x2xi8>) -> tensor<4x2xf32> {
  %w = npu.constant dense<[[1, 2], [3, -4]]> : tensor<2x2xi8>
  %za = npu.constant dense<3.0> : tensor<f32>
  %sa = npu.constant dense<0.5> : tensor<f32>
  %sw = npu.constant dense<[0.5, 1.0]> : tensor<2xf32>
  %0 = npu.cast %a : tensor<4x2xi8> to tensor<4x2xf32>
  %1 = npu.sub %0, %za : tensor<4x2xf32>, tensor<f32> -> tensor<4x2xf32>
  %2 = npu.mul %1, %sa : tensor<4x2xf32>, tensor<f32> -> tensor<4x2xf32>
  %3 = npu.cast %w : tensor<2x2xi8> to tensor<2x2xf32>
  %4 = npu.mul %3, %sw : tensor<2x2xf32>, tensor<2xf32> -> tensor<2x2xf32>
  %5 = npu.matmul %2, %4 : tensor<4x2xf32>, tensor<2x2xf32> -> tensor<4x2xf32>
  return %5 : tensor<4x2xf32>
}

// -----

// Weights that fit without their zero point need no second product.
// CHECK-LABEL: @zero_point_of_weights_that_fit
// CHECK: npu.constant dense<{{\[\[}}-1, 1], [1, -5]]> : tensor<2x2xi8>
// CHECK: npu.matmul
// CHECK-NOT: npu.matmul
// CHECK: return
func.func @zero_point_of_weights_that_fit(%a: tensor<4x2xi8>) -> tensor<4x2xi32> {
  %w = npu.constant dense<[[1, 2], [3, -4]]> : tensor<2x2xi8>
  %z = npu.constant dense<[2, 1]> : tensor<2xi32>
  %0 = npu.cast %a : tensor<4x2xi8> to tensor<4x2xi32>
  %1 = npu.cast %w : tensor<2x2xi8> to tensor<2x2xi32>
  %2 = npu.sub %1, %z : tensor<2x2xi32>, tensor<2xi32> -> tensor<2x2xi32>
  %3 = npu.matmul %0, %2 : tensor<4x2xi32>, tensor<2x2xi32> -> tensor<4x2xi32>
  return %3 : tensor<4x2xi32>
}

// -----

// Else the rows of the left operand are summed up, by ones.
// CHECK-LABEL: @zero_point_of_other_weights
// CHECK-SAME: %[[A:.*]]: tensor<4x2xi8>
// CHECK: %[[ONES:.*]] = npu.constant dense<1> : tensor<2x1xi8>
// CHECK: %[[ROWS:.*]] = npu.matmul %[[A]], %[[ONES]] : tensor<4x2xi8>, tensor<2x1xi8> -> tensor<4x1xi32>
// CHECK: %[[M:.*]] = npu.mul %[[ROWS]], %{{.*}} : tensor<4x1xi32>, tensor<2xi32> -> tensor<4x2xi32>
// CHECK: npu.sub %{{.*}}, %[[M]]
func.func @zero_point_of_other_weights(%a: tensor<4x2xi8>) -> tensor<4x2xi32> {
  %w = npu.constant dense<[[127, 2], [3, -4]]> : tensor<2x2xi8>
  %z = npu.constant dense<[-2, 1]> : tensor<2xi32>
  %0 = npu.cast %a : tensor<4x2xi8> to tensor<4x2xi32>
  %1 = npu.cast %w : tensor<2x2xi8> to tensor<2x2xi32>
  %2 = npu.sub %1, %z : tensor<2x2xi32>, tensor<2xi32> -> tensor<2x2xi32>
  %3 = npu.matmul %0, %2 : tensor<4x2xi32>, tensor<2x2xi32> -> tensor<4x2xi32>
  return %3 : tensor<4x2xi32>
}

// -----

// What is known only at run time multiplies the sums of columns.
// CHECK-LABEL: @zero_point_at_run_time
// CHECK-SAME: %[[Z:[^:]*]]: tensor<i8>)
// CHECK-DAG: %[[I:.*]] = npu.cast %[[Z]] : tensor<i8> to tensor<i32>
// CHECK-DAG: %[[SUMS:.*]] = npu.constant dense<[4, -2]> : tensor<2xi32>
// CHECK: npu.mul %[[I]], %[[SUMS]] : tensor<i32>, tensor<2xi32> -> tensor<2xi32>
// CHECK: npu.sub %{{.*}} : tensor<4x2xi32>, tensor<2xi32>
func.func @zero_point_at_run_time(%a: tensor<4x2xi8>, %za: tensor<i8>) -> tensor<4x2xi32> {
  %w = npu.constant dense<[[1, 3], [2, -4]]> : tensor<2x2xi8>
  %z = npu.cast %za : tensor<i8> to tensor<i32>
  %0 = npu.cast %a : tensor<4x2xi8> to tensor<4x2xi32>
  %1 = npu.sub %0, %z : tensor<4x2xi32>, tensor<i32> -> tensor<4x2xi32>
  %2 = npu.cast %w : tensor<2x2xi8> to tensor<2x2xi32>
  %3 = npu.matmul %1, %2 {transpose_rhs} : tensor<4x2xi32>, tensor<2x2xi32> -> tensor<4x2xi32>
  return %3 : tensor<4x2xi32>
}

// -----

// An image is padded with its zero point. Filters dequantised in another order move as integers.
// CHECK-LABEL: @padded_image
// CHECK-SAME: %[[X:.*]]: tensor<1x4x4x2xi8>
// CHECK: %[[PADDED:.*]] = npu.pad %[[X]] low = [0, 1, 1, 0] high = [0, 1, 1, 0] value = -1.280000e+02 : tensor<1x4x4x2xi8>
// CHECK: npu.conv2d %[[PADDED]], %{{.*}} pads = [0, 0, 0, 0] {{.*}} : tensor<1x6x6x2xi8>, tensor<3x3x2x3xi8> -> tensor<1x4x4x3xi32>
// CHECK: npu.mul %{{.*}} : tensor<1x4x4x3xf32>, tensor<3xf32>
func.func @padded_image(%x: tensor<1x4x4x2xi8>) -> tensor<1x4x4x3xf32> {
  %w = npu.constant dense<7> : tensor<3x2x3x3xi8>
  %z = npu.constant dense<-128.0> : tensor<f32>
  %s = npu.constant dense<0.5> : tensor<f32>
  %sw = npu.constant dense<[[[[0.5]]], [[[1.0]]], [[[2.0]]]]> : tensor<3x1x1x1xf32>
  %0 = npu.cast %x : tensor<1x4x4x2xi8> to tensor<1x4x4x2xf32>
  %1 = npu.sub %0, %z : tensor<1x4x4x2xf32>, tensor<f32> -> tensor<1x4x4x2xf32>
  %2 = npu.mul %1, %s : tensor<1x4x4x2xf32>, tensor<f32> -> tensor<1x4x4x2xf32>
  %3 = npu.cast %w : tensor<3x2x3x3xi8> to tensor<3x2x3x3xf32>
  %4 = npu.mul %3, %sw : tensor<3x2x3x3xf32>, tensor<3x1x1x1xf32> -> tensor<3x2x3x3xf32>
  %5 = npu.transpose %4 perm = [2, 3, 1, 0] : tensor<3x2x3x3xf32> -> tensor<3x3x2x3xf32>
  %6 = npu.conv2d %2, %5 strides = [1, 1] dilations = [1, 1] pads = [1, 1, 1, 1] groups = 1
    : tensor<1x4x4x2xf32>, tensor<3x3x2x3xf32> -> tensor<1x4x4x3xf32>
  return %6 : tensor<1x4x4x3xf32>
}

// -----

// CHECK-LABEL: @no_constant_and_a_zero_point
// CHECK: npu.matmul {{.*}} -> tensor<4x4xf32>
// REMARK: [Missed] integer-product | Category:precision {{.*}}Reason="the right operand is no constant, and a zero point is not 0", Remark="multiplied in f32"
func.func @no_constant_and_a_zero_point(%a: tensor<4x2xi8>, %b: tensor<2x4xi8>) -> tensor<4x4xf32> {
  %z = npu.constant dense<3.0> : tensor<f32>
  %s = npu.constant dense<0.5> : tensor<f32>
  %0 = npu.cast %a : tensor<4x2xi8> to tensor<4x2xf32>
  %1 = npu.sub %0, %z : tensor<4x2xf32>, tensor<f32> -> tensor<4x2xf32>
  %2 = npu.mul %1, %s : tensor<4x2xf32>, tensor<f32> -> tensor<4x2xf32>
  %3 = npu.cast %b : tensor<2x4xi8> to tensor<2x4xf32>
  %4 = npu.mul %3, %s : tensor<2x4xf32>, tensor<f32> -> tensor<2x4xf32>
  %5 = npu.matmul %2, %4 : tensor<4x2xf32>, tensor<2x4xf32> -> tensor<4x4xf32>
  return %5 : tensor<4x4xf32>
}

// -----

// Without zero points any two will do.
// CHECK-LABEL: @no_constant_without_zero_points
// CHECK: npu.matmul %{{.*}} : tensor<4x2xi8>, tensor<2x4xi8> -> tensor<4x4xi32>
func.func @no_constant_without_zero_points(%a: tensor<4x2xi8>, %b: tensor<2x4xi8>) -> tensor<4x4xf32> {
  %s = npu.constant dense<0.5> : tensor<f32>
  %0 = npu.cast %a : tensor<4x2xi8> to tensor<4x2xf32>
  %2 = npu.mul %0, %s : tensor<4x2xf32>, tensor<f32> -> tensor<4x2xf32>
  %3 = npu.cast %b : tensor<2x4xi8> to tensor<2x4xf32>
  %4 = npu.mul %3, %s : tensor<2x4xf32>, tensor<f32> -> tensor<2x4xf32>
  %5 = npu.matmul %2, %4 : tensor<4x2xf32>, tensor<2x4xf32> -> tensor<4x4xf32>
  return %5 : tensor<4x4xf32>
}

// -----

// CHECK-LABEL: @scales_along_what_is_summed_up
// CHECK: npu.matmul {{.*}} -> tensor<4x4xf32>
// REMARK: [Missed] integer-product {{.*}}the right operand's scales or zero points are not those of its columns
func.func @scales_along_what_is_summed_up(%a: tensor<4x2xi8>) -> tensor<4x4xf32> {
  %w = npu.constant dense<7> : tensor<2x4xi8>
  %s = npu.constant dense<0.5> : tensor<f32>
  %sw = npu.constant dense<[[0.5], [1.0]]> : tensor<2x1xf32>
  %0 = npu.cast %a : tensor<4x2xi8> to tensor<4x2xf32>
  %2 = npu.mul %0, %s : tensor<4x2xf32>, tensor<f32> -> tensor<4x2xf32>
  %3 = npu.cast %w : tensor<2x4xi8> to tensor<2x4xf32>
  %4 = npu.mul %3, %sw : tensor<2x4xf32>, tensor<2x1xf32> -> tensor<2x4xf32>
  %5 = npu.matmul %2, %4 : tensor<4x2xf32>, tensor<2x4xf32> -> tensor<4x4xf32>
  return %5 : tensor<4x4xf32>
}

// -----

// CHECK-LABEL: @sums_beyond_32_bits
// CHECK: npu.matmul {{.*}} -> tensor<4x4xf32>
// REMARK: [Missed] integer-product {{.*}}the sums may not fit into 32 bits
func.func @sums_beyond_32_bits(%a: tensor<4x40000xi8>) -> tensor<4x4xf32> {
  %w = npu.constant dense<7> : tensor<40000x4xi8>
  %s = npu.constant dense<0.5> : tensor<f32>
  %0 = npu.cast %a : tensor<4x40000xi8> to tensor<4x40000xf32>
  %2 = npu.mul %0, %s : tensor<4x40000xf32>, tensor<f32> -> tensor<4x40000xf32>
  %3 = npu.cast %w : tensor<40000x4xi8> to tensor<40000x4xf32>
  %4 = npu.mul %3, %s : tensor<40000x4xf32>, tensor<f32> -> tensor<40000x4xf32>
  %5 = npu.matmul %2, %4 : tensor<4x40000xf32>, tensor<40000x4xf32> -> tensor<4x4xf32>
  return %5 : tensor<4x4xf32>
}

// -----

// Products of integers have no other form: here everything is known at run time only.
// CHECK-LABEL: @integers_at_run_time
// CHECK-SAME: %[[A:[^:]*]]: tensor<4x2xi8>, %[[B:[^:]*]]: tensor<2x3xi8>
// CHECK: %[[ROWS:.*]] = npu.matmul %[[A]], %{{.*}} : tensor<4x2xi8>, tensor<2x1xi8> -> tensor<4x1xi32>
// CHECK: npu.matmul %[[A]], %[[B]] : tensor<4x2xi8>, tensor<2x3xi8> -> tensor<4x3xi32>
// CHECK: npu.reduce_sum %{{.*}} axes = [0] : tensor<2x3xi32> -> tensor<3xi32>
// CHECK: return %{{.*}} : tensor<4x3xi32>
func.func @integers_at_run_time(%a: tensor<4x2xi8>, %b: tensor<2x3xi8>, %za: tensor<i32>,
                                %zb: tensor<i32>) -> tensor<4x3xi32> {
  %0 = npu.cast %a : tensor<4x2xi8> to tensor<4x2xi32>
  %1 = npu.sub %0, %za : tensor<4x2xi32>, tensor<i32> -> tensor<4x2xi32>
  %2 = npu.cast %b : tensor<2x3xi8> to tensor<2x3xi32>
  %3 = npu.sub %2, %zb : tensor<2x3xi32>, tensor<i32> -> tensor<2x3xi32>
  %4 = npu.matmul %1, %3 : tensor<4x2xi32>, tensor<2x3xi32> -> tensor<4x3xi32>
  return %4 : tensor<4x3xi32>
}

// -----

// An image that cannot be padded with its zero point: a window takes it for the elements it meets.
// CHECK-LABEL: @image_of_unknown_zero_point
// CHECK-DAG: %[[ONES:.*]] = npu.constant dense<1> : tensor<1x4x4x2xi8>
// CHECK-DAG: npu.conv2d %{{.*}} pads = [1, 1, 1, 1] {{.*}} : tensor<2x4x4x2xi8>, tensor<3x3x2x3xi8> -> tensor<2x4x4x3xi32>
// CHECK-DAG: %[[TAPS:.*]] = npu.conv2d %[[ONES]]{{.*}} pads = [1, 1, 1, 1] {{.*}} -> tensor<1x4x4x3xi32>
// CHECK: npu.mul %{{.*}} tensor<1x4x4x3xi32>
// CHECK: npu.sub
func.func @image_of_unknown_zero_point(%x: tensor<2x4x4x2xi8>, %z: tensor<i32>) -> tensor<2x4x4x3xi32> {
  %w = npu.constant dense<7> : tensor<3x3x2x3xi8>
  %0 = npu.cast %x : tensor<2x4x4x2xi8> to tensor<2x4x4x2xi32>
  %1 = npu.sub %0, %z : tensor<2x4x4x2xi32>, tensor<i32> -> tensor<2x4x4x2xi32>
  %2 = npu.cast %w : tensor<3x3x2x3xi8> to tensor<3x3x2x3xi32>
  %3 = npu.conv2d %1, %2 strides = [1, 1] dilations = [1, 1] pads = [1, 1, 1, 1] groups = 1
    : tensor<2x4x4x2xi32>, tensor<3x3x2x3xi32> -> tensor<2x4x4x3xi32>
  return %3 : tensor<2x4x4x3xi32>
}
