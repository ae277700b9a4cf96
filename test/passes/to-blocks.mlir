// RUN: tessera-opt %s --pass-pipeline='builtin.module(func.func(npu-to-blocks))' | FileCheck %s
// RUN: tessera-opt %s --pass-pipeline='builtin.module(func.func(npu-to-blocks))' -o %t.once
// RUN: tessera-opt %t.once --pass-pipeline='builtin.module(func.func(npu-to-blocks))' -o %t.twice
// RUN: diff %t.once %t.twice

// A chain of elementwise operators is one region, which calls hand-written kernels by name.
// CHECK-LABEL: func @chain
// CHECK: linalg.generic
// CHECK: ^bb0(%[[X:.*]]: f32, %[[B:.*]]: f32, %{{.*}}: f32):
// CHECK: %[[S:.*]] = arith.addf %[[X]], %[[B]]
// CHECK: %[[G:.*]] = tile.apply "gelu"(%[[S]])
// CHECK: %[[M:.*]] = arith.mulf %[[G]], %[[X]]
// CHECK: %[[L:.*]] = tile.apply "leaky_relu"(%[[M]], %{{.*}}) : (f32, f32) -> f32
// CHECK: linalg.yield %[[L]]
// CHECK-NOT: linalg.generic
// CHECK: return
func.func @chain(%x: tensor<4x8xf32>, %b: tensor<8xf32>) -> tensor<4x8xf32> {
  %0 = npu.add %x, %b : tensor<4x8xf32>, tensor<8xf32> -> tensor<4x8xf32>
  %1 = npu.gelu %0 : tensor<4x8xf32>
  %2 = npu.mul %1, %x : tensor<4x8xf32>, tensor<4x8xf32> -> tensor<4x8xf32>
  %3 = npu.leaky_relu %2 {alpha = 0.125 : f32} : tensor<4x8xf32>
  return %3 : tensor<4x8xf32>
}

// f16 is storage: arithmetic happens in f32.
// CHECK-LABEL: func @half
// CHECK: arith.extf %{{.*}} : f16 to f32
// CHECK: math.exp %{{.*}} : f32
// CHECK: arith.truncf %{{.*}} : f32 to f16
func.func @half(%x: tensor<4xf16>) -> tensor<4xf16> {
  %0 = npu.exp %x : tensor<4xf16>
  return %0 : tensor<4xf16>
}

// A value with two users is computed once and stays a value of its own.
// CHECK-LABEL: func @two_users
// CHECK-COUNT-2: linalg.generic
// CHECK-NOT: linalg.generic
// CHECK: return
func.func @two_users(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %0 = npu.exp %x : tensor<4xf32>
  %1 = npu.tanh %0 : tensor<4xf32>
  return %0, %1 : tensor<4xf32>, tensor<4xf32>
}

// Rows become the reductions and regions of their decomposition.
// CHECK-LABEL: func @softmax
// CHECK-NOT: npu.
// CHECK: arith.maximumf
// CHECK: math.exp
// CHECK: arith.addf
// CHECK: arith.divf
func.func @softmax(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %0 = npu.softmax %x axis = 1 : tensor<4x8xf32>
  return %0 : tensor<4x8xf32>
}

// CHECK-LABEL: func @constant
// CHECK: arith.constant dense<[1.000000e+00, 2.000000e+00]>
func.func @constant() -> tensor<2xf32> {
  %0 = npu.constant dense<[1.0, 2.0]> : tensor<2xf32>
  return %0 : tensor<2xf32>
}

// Block operators pass.
// CHECK-LABEL: func @block
// CHECK: tile.matmul
func.func @block(%a: tensor<4x8xf32>, %b: tensor<8x16xf32>, %c: tensor<4x16xf32>) -> tensor<4x16xf32> {
  %0 = tile.matmul ins(%a, %b : tensor<4x8xf32>, tensor<8x16xf32>) outs(%c : tensor<4x16xf32>) -> tensor<4x16xf32>
  return %0 : tensor<4x16xf32>
}
