// npu-outline-operators: one function for equal operators; views and dynamic shapes stay.
// RUN: tessera-opt %s --npu-outline-operators | FileCheck %s

// CHECK-LABEL: func @shares_equal_operators
// CHECK: %[[A:.*]] = call @npu_add(%{{.*}}, %{{.*}})
// CHECK: %[[B:.*]] = call @npu_add(%[[A]], %[[A]])
// CHECK: call @npu_leaky_relu(%[[B]])
// CHECK: call @npu_leaky_relu_0(%[[B]])
func.func @shares_equal_operators(%x: tensor<4xf32>, %y: tensor<4xf32>)
    -> (tensor<4xf32>, tensor<4xf32>) {
  %0 = npu.add %x, %y : tensor<4xf32>
  %1 = npu.add %0, %0 : tensor<4xf32>
  %2 = npu.leaky_relu %1 {alpha = 0.5 : f32} : tensor<4xf32>
  %3 = npu.leaky_relu %1 {alpha = 0.25 : f32} : tensor<4xf32>
  return %2, %3 : tensor<4xf32>, tensor<4xf32>
}

// CHECK-LABEL: func @leaves_views_and_dynamic_shapes
// CHECK: npu.reshape
// CHECK: npu.constant
// CHECK: npu.relu
// CHECK-NOT: call
// CHECK: return
func.func @leaves_views_and_dynamic_shapes(%x: tensor<4xf32>, %y: tensor<?xf32>)
    -> (tensor<2x2xf32>, tensor<2xf32>, tensor<?xf32>) {
  %0 = npu.reshape %x : tensor<4xf32> to tensor<2x2xf32>
  %1 = npu.constant dense<1.0> : tensor<2xf32>
  %2 = npu.relu %y : tensor<?xf32>
  return %0, %1, %2 : tensor<2x2xf32>, tensor<2xf32>, tensor<?xf32>
}

// CHECK: func.func private @npu_add(%[[X:.*]]: tensor<4xf32>, %[[Y:.*]]: tensor<4xf32>)
// CHECK-SAME: passthrough = ["noinline"]
// CHECK-NEXT: npu.add %[[X]], %[[Y]]
// CHECK-NEXT: return
