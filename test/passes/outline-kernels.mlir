// RUN: tessera-opt %s --npu-outline-kernels | FileCheck %s
// RUN: tessera-opt %s --npu-outline-kernels -o %t.once
// RUN: tessera-opt %t.once --npu-outline-kernels -o %t.twice
// RUN: diff %t.once %t.twice

// A value given back twice needs two buffers; results are marked.
// CHECK-LABEL: func.func @given_twice
// CHECK-SAME: -> (tensor<4xf32> {npu.output}, tensor<4xf32> {npu.output})
// CHECK: %[[COPY:.*]] = bufferization.alloc_tensor() copy(%arg0)
// CHECK: return %arg0, %[[COPY]]
func.func @given_twice(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  return %x, %x : tensor<4xf32>, tensor<4xf32>
}

// Kernels of equal body and types are one function, which is called with their operands and with a
// buffer of the caller's for each result. Another constant makes another kernel.
// CHECK-LABEL: func.func @main
// CHECK: %[[OUT:.*]] = bufferization.alloc_tensor() : tensor<4x8xf32>
// CHECK: %[[A:.*]] = call @twice(%arg0, %[[OUT]]) : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
// CHECK: call @twice(%[[A]], %{{.*}})
// CHECK: call @[[OTHER:twice_[0-9]+]](%{{.*}}, %{{.*}})
// CHECK: call @[[TYPES:twice_[0-9]+]](%arg1, %{{.*}}) : (tensor<8xf32>
// CHECK-NOT: npu.kernel

// CHECK: func.func private @twice(%{{.*}}: tensor<4x8xf32> {bufferization.writable = false}, %{{.*}}: tensor<4x8xf32> {bufferization.writable = true}) -> tensor<4x8xf32>
// CHECK-SAME: tile.kernel
// CHECK: npu.mul
// CHECK: func.func private @[[OTHER]](
// CHECK: func.func private @[[TYPES]](
// CHECK-NOT: func.func private
func.func @main(%x: tensor<4x8xf32>, %y: tensor<8xf32>)
    -> (tensor<4x8xf32>, tensor<4x8xf32>, tensor<8xf32>) {
  %0 = npu.kernel "twice"(%a = %x) : (tensor<4x8xf32>) -> tensor<4x8xf32> {
    %two = npu.constant dense<2.0> : tensor<f32>
    %r = npu.mul %a, %two : tensor<4x8xf32>, tensor<f32> -> tensor<4x8xf32>
    npu.yield %r : tensor<4x8xf32>
  }
  %1 = npu.kernel "twice"(%a = %0) : (tensor<4x8xf32>) -> tensor<4x8xf32> {
    %two = npu.constant dense<2.0> : tensor<f32>
    %r = npu.mul %a, %two : tensor<4x8xf32>, tensor<f32> -> tensor<4x8xf32>
    npu.yield %r : tensor<4x8xf32>
  }
  %2 = npu.kernel "twice"(%a = %1) : (tensor<4x8xf32>) -> tensor<4x8xf32> {
    %three = npu.constant dense<3.0> : tensor<f32>
    %r = npu.mul %a, %three : tensor<4x8xf32>, tensor<f32> -> tensor<4x8xf32>
    npu.yield %r : tensor<4x8xf32>
  }
  %3 = npu.kernel "twice"(%a = %y) : (tensor<8xf32>) -> tensor<8xf32> {
    %two = npu.constant dense<2.0> : tensor<f32>
    %r = npu.mul %a, %two : tensor<8xf32>, tensor<f32> -> tensor<8xf32>
    npu.yield %r : tensor<8xf32>
  }
  return %1, %2, %3 : tensor<4x8xf32>, tensor<4x8xf32>, tensor<8xf32>
}
