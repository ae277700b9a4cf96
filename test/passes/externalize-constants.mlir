// RUN: tessera-opt %s --split-input-file --npu-externalize-constants="min-bytes=16" | FileCheck %s

// Equal constants share an argument, behind the function's own; small ones stay.
// CHECK-LABEL: @weights_become_arguments(
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<8xf32>, %[[W:[a-z0-9]+]]: tensor<8xf32>
// CHECK-SAME: {npu.weight = dense<[1.000000e+00,
func.func @weights_become_arguments(%x: tensor<8xf32>) -> tensor<8xf32> {
  // CHECK-NOT: npu.constant dense<[
  // CHECK: %[[SMALL:.*]] = npu.constant dense<2.000000e+00> : tensor<f32>
  %w = npu.constant dense<[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]> : tensor<8xf32>
  %same = npu.constant dense<[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]> : tensor<8xf32>
  %small = npu.constant dense<2.0> : tensor<f32>
  // CHECK: npu.mul %[[X]], %[[W]]
  // CHECK: npu.add %{{.*}}, %[[W]]
  // CHECK: npu.mul %{{.*}}, %[[SMALL]]
  %0 = npu.mul %x, %w : tensor<8xf32>
  %1 = npu.add %0, %same : tensor<8xf32>
  %2 = npu.mul %1, %small : tensor<8xf32>, tensor<f32> -> tensor<8xf32>
  return %2 : tensor<8xf32>
}

// -----

// A constant inside a kernel comes in as an operand.
// CHECK-LABEL: @leaves_kernels(
// CHECK-SAME: %{{[a-z0-9]+}}: tensor<8xf32>, %[[W:[a-z0-9]+]]: tensor<8xf32> {npu.weight
func.func @leaves_kernels(%x: tensor<8xf32>) -> tensor<8xf32> {
  // CHECK: npu.kernel(%{{.*}} = %{{.*}}, %[[IN:.*]] = %[[W]])
  %r = npu.kernel(%a = %x) : (tensor<8xf32>) -> (tensor<8xf32>) {
    // CHECK-NEXT: npu.add %{{.*}}, %[[IN]]
    %w = npu.constant dense<[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]> : tensor<8xf32>
    %0 = npu.add %a, %w : tensor<8xf32>
    npu.yield %0 : tensor<8xf32>
  }
  return %r : tensor<8xf32>
}

// -----

// Resources of equal bytes are one weight, whatever their names.
// CHECK-LABEL: @equal_resources(
// CHECK-SAME: %{{[a-z0-9]+}}: tensor<4x2xf32>, %[[W:[a-z0-9]+]]: tensor<4x2xf32> {npu.weight = dense_resource<first>
// CHECK-SAME: %[[V:[a-z0-9]+]]: tensor<8xf32> {npu.weight = dense_resource<flat>
// CHECK-SAME: ) -> (tensor<4x2xf32>, tensor<8xf32>)
func.func @equal_resources(%x: tensor<4x2xf32>) -> (tensor<4x2xf32>, tensor<8xf32>) {
  %a = npu.constant dense_resource<first> : tensor<4x2xf32>
  %b = npu.constant dense_resource<second> : tensor<4x2xf32>
  %c = npu.constant dense_resource<flat> : tensor<8xf32>
  // CHECK: npu.mul %{{.*}}, %[[W]]
  // CHECK: npu.add %{{.*}}, %[[W]]
  %0 = npu.mul %x, %a : tensor<4x2xf32>
  %1 = npu.add %0, %b : tensor<4x2xf32>
  return %1, %c : tensor<4x2xf32>, tensor<8xf32>
}

{-#
  dialect_resources: {
    builtin: {
      first: "0x040000000000803f0000004000004040000080400000803f000000400000404000008040",
      second: "0x040000000000803f0000004000004040000080400000803f000000400000404000008040",
      flat: "0x040000000000803f0000004000004040000080400000803f000000400000404000008040"
    }
  }
#-}
