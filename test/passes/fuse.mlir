// RUN: tessera-opt %s --npu-fuse | FileCheck %s
// RUN: tessera-opt %s --npu-fuse=enable=false | FileCheck %s --check-prefix=APART
// RUN: tessera-opt %s --npu-fuse=max-group-ops=2 | FileCheck %s --check-prefix=TWO

// A matmul takes its bias, activation and residual; the splat is cloned, the rest are operands.
// CHECK-LABEL: @epilogue(
// CHECK-SAME: %[[A:.*]]: tensor<8x16xf32>, %[[B:.*]]: tensor<16x32xf32>, %[[BIAS:.*]]: tensor<32xf32>, %[[R:.*]]: tensor<8x32xf32>
// APART-LABEL: @epilogue(
// TWO-LABEL: @epilogue(
func.func @epilogue(%a: tensor<8x16xf32>, %b: tensor<16x32xf32>, %bias: tensor<32xf32>,
                    %r: tensor<8x32xf32>) -> tensor<8x32xf32> {
  // CHECK: %[[K:.*]] = npu.kernel "matmul_add_gelu_mul_add"(
  // CHECK-SAME: = %[[A]], %{{.*}} = %[[B]], %{{.*}} = %[[BIAS]], %{{.*}} = %[[R]])
  // CHECK: npu.constant dense<2.000000e+00>
  // CHECK: npu.matmul
  // CHECK: npu.add
  // CHECK: npu.gelu
  // CHECK: npu.mul
  // CHECK: npu.add
  // CHECK: npu.yield
  // CHECK: return %[[K]]
  // APART: npu.kernel "matmul"
  // APART: npu.kernel "add"
  // APART: npu.kernel "gelu"
  // APART: npu.kernel "mul"
  // APART: npu.kernel "add"
  // TWO: npu.kernel "matmul_add"
  // TWO: npu.kernel "gelu_mul"
  // TWO: npu.kernel "add"
  %two = npu.constant dense<2.0> : tensor<f32>
  %0 = npu.matmul %a, %b : tensor<8x16xf32>, tensor<16x32xf32> -> tensor<8x32xf32>
  %1 = npu.add %0, %bias : tensor<8x32xf32>, tensor<32xf32> -> tensor<8x32xf32>
  %2 = npu.gelu %1 : tensor<8x32xf32>
  %3 = npu.mul %2, %two : tensor<8x32xf32>, tensor<f32> -> tensor<8x32xf32>
  %4 = npu.add %3, %r : tensor<8x32xf32>
  return %4 : tensor<8x32xf32>
}

// Both users of a value are in the kernel, so the value need not leave it.
// CHECK-LABEL: @value_with_two_users_inside(
func.func @value_with_two_users_inside(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // CHECK: npu.kernel "exp_neg_mul"
  // CHECK-NOT: npu.kernel
  // CHECK: return
  %0 = npu.exp %x : tensor<4x8xf32>
  %1 = npu.neg %0 : tensor<4x8xf32>
  %2 = npu.mul %0, %1 : tensor<4x8xf32>
  return %2 : tensor<4x8xf32>
}

// A value read elsewhere too ends its kernel.
// CHECK-LABEL: @value_with_a_user_outside(
func.func @value_with_a_user_outside(%x: tensor<4x8xf32>) -> (tensor<4x8xf32>, tensor<4x8xf32>) {
  // CHECK: npu.kernel "exp"
  // CHECK: npu.kernel "neg"
  %0 = npu.exp %x : tensor<4x8xf32>
  %1 = npu.neg %0 : tensor<4x8xf32>
  return %0, %1 : tensor<4x8xf32>, tensor<4x8xf32>
}

// Joining add and both of its producers through the matmul would make a kernel wait for itself.
// CHECK-LABEL: @no_cycle_through_another_kernel(
func.func @no_cycle_through_another_kernel(%x: tensor<8x8xf32>, %w: tensor<8x8xf32>)
    -> tensor<8x8xf32> {
  // CHECK: %[[E:.*]] = npu.kernel "exp"
  // CHECK: npu.kernel "matmul_add"(%{{.*}} = %[[E]], %{{.*}} = %{{.*}})
  %0 = npu.exp %x : tensor<8x8xf32>
  %1 = npu.matmul %0, %w : tensor<8x8xf32>, tensor<8x8xf32> -> tensor<8x8xf32>
  %2 = npu.add %0, %1 : tensor<8x8xf32>
  return %2 : tensor<8x8xf32>
}

// One contraction per kernel; the residual goes to the later one.
// CHECK-LABEL: @one_contraction_each(
func.func @one_contraction_each(%x: tensor<8x8xf32>, %v: tensor<8x8xf32>, %w: tensor<8x8xf32>)
    -> tensor<8x8xf32> {
  // CHECK: npu.kernel "matmul"
  // CHECK: npu.kernel "matmul_add"
  %0 = npu.matmul %x, %v : tensor<8x8xf32>, tensor<8x8xf32> -> tensor<8x8xf32>
  %1 = npu.matmul %x, %w : tensor<8x8xf32>, tensor<8x8xf32> -> tensor<8x8xf32>
  %2 = npu.add %0, %1 : tensor<8x8xf32>
  return %2 : tensor<8x8xf32>
}

// Row operators take elementwise operators before and after.
// CHECK-LABEL: @rows(
func.func @rows(%x: tensor<4x8xf32>, %mask: tensor<8xf32>) -> tensor<4x8xf32> {
  // CHECK: npu.kernel "add_softmax_exp"
  // CHECK-NOT: npu.kernel
  %0 = npu.add %x, %mask : tensor<4x8xf32>, tensor<8xf32> -> tensor<4x8xf32>
  %1 = npu.softmax %0 axis = 1 : tensor<4x8xf32>
  %2 = npu.exp %1 : tensor<4x8xf32>
  return %2 : tensor<4x8xf32>
}

// What follows a reduction has the reduction's shape; a broadcast back starts a new kernel.
// CHECK-LABEL: @reduction(
func.func @reduction(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // CHECK: npu.kernel "abs_reduce_sum_sqrt"
  // CHECK: npu.kernel "div"
  %0 = npu.abs %x : tensor<4x8xf32>
  %1 = npu.reduce_sum %0 axes = [1] keepdims : tensor<4x8xf32> -> tensor<4x1xf32>
  %2 = npu.sqrt %1 : tensor<4x1xf32>
  %3 = npu.div %x, %2 : tensor<4x8xf32>, tensor<4x1xf32> -> tensor<4x8xf32>
  return %3 : tensor<4x8xf32>
}

// Computing a norm's parameter again for each tile of rows would cost more than it saves.
// CHECK-LABEL: @parameters_stay_out(
func.func @parameters_stay_out(%x: tensor<4x8xf32>, %s: tensor<8xf32>) -> tensor<4x8xf32> {
  // CHECK: npu.kernel "exp"
  // CHECK: npu.kernel "layer_norm"
  %0 = npu.exp %s : tensor<8xf32>
  %1 = npu.layer_norm %x scale(%0 : tensor<8xf32>) axis = 1 epsilon = 1.0e-5 : tensor<4x8xf32>
  return %1 : tensor<4x8xf32>
}

// A cheap operator on a small operand is made again for each tile; a contraction is not.
// CHECK-LABEL: @broadcast_producers(
func.func @broadcast_producers(%x: tensor<4x8xf32>, %s: tensor<8xf32>, %a: tensor<1x4xf32>,
                               %b: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // CHECK: npu.kernel "matmul"
  // CHECK: npu.kernel "neg_mul_mul"
  %0 = npu.neg %s : tensor<8xf32>
  %1 = npu.mul %x, %0 : tensor<4x8xf32>, tensor<8xf32> -> tensor<4x8xf32>
  %2 = npu.matmul %a, %b : tensor<1x4xf32>, tensor<4x8xf32> -> tensor<1x8xf32>
  %3 = npu.mul %1, %2 : tensor<4x8xf32>, tensor<1x8xf32> -> tensor<4x8xf32>
  return %3 : tensor<4x8xf32>
}

// Elementwise operators do not go before a contraction, whose tiles would make them again.
// CHECK-LABEL: @no_prologue_of_contractions(
func.func @no_prologue_of_contractions(%x: tensor<1x8x8x4xf32>, %w: tensor<3x3x4x8xf32>)
    -> tensor<1x8x8x8xf32> {
  // CHECK: npu.kernel "relu"
  // CHECK: npu.kernel "conv2d_relu"
  %0 = npu.relu %x : tensor<1x8x8x4xf32>
  %1 = npu.conv2d %0, %w strides = [1, 1] dilations = [1, 1] pads = [1, 1, 1, 1] groups = 1
    : tensor<1x8x8x4xf32>, tensor<3x3x4x8xf32> -> tensor<1x8x8x8xf32>
  %2 = npu.relu %1 : tensor<1x8x8x8xf32>
  return %2 : tensor<1x8x8x8xf32>
}

// Movement is a kernel of its own; views and big constants are none.
// CHECK-LABEL: @movement_and_views(
func.func @movement_and_views(%x: tensor<4x8xf32>) -> tensor<32xf32> {
  // CHECK: %[[C:.*]] = npu.constant dense<[
  // CHECK: %[[T:.*]] = npu.kernel "transpose"
  // CHECK: %[[V:.*]] = npu.reshape %[[T]]
  // CHECK: npu.kernel "mul"(%{{.*}} = %[[V]], %{{.*}} = %[[C]])
  %c = npu.constant dense<[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 0.0, 1.0, 2.0, 3.0, 4.0, 5.0,
    6.0, 7.0, 0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]>
    : tensor<32xf32>
  %0 = npu.transpose %x perm = [1, 0] : tensor<4x8xf32> -> tensor<8x4xf32>
  %1 = npu.reshape %0 : tensor<8x4xf32> to tensor<32xf32>
  %2 = npu.mul %1, %c : tensor<32xf32>
  return %2 : tensor<32xf32>
}

// Dynamic dims are equal where they meet.
// CHECK-LABEL: @dynamic(
func.func @dynamic(%a: tensor<?x16xf32>, %b: tensor<16x?xf32>, %bias: tensor<?xf32>)
    -> tensor<?x?xf32> {
  // CHECK: npu.kernel "matmul_add_relu"
  // CHECK-NOT: npu.kernel
  %0 = npu.matmul %a, %b : tensor<?x16xf32>, tensor<16x?xf32> -> tensor<?x?xf32>
  %1 = npu.add %0, %bias : tensor<?x?xf32>, tensor<?xf32> -> tensor<?x?xf32>
  %2 = npu.relu %1 : tensor<?x?xf32>
  return %2 : tensor<?x?xf32>
}

// Kernels that are there already stay as they are.
// CHECK-LABEL: @again(
func.func @again(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // CHECK: npu.kernel "mine"
  // CHECK-NEXT: npu.exp
  // CHECK-NEXT: npu.yield
  %r = npu.kernel "mine"(%a = %x) : (tensor<4x8xf32>) -> (tensor<4x8xf32>) {
    %0 = npu.exp %a : tensor<4x8xf32>
    npu.yield %0 : tensor<4x8xf32>
  }
  return %r : tensor<4x8xf32>
}
