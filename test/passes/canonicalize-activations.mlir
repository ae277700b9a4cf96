// RUN: tessera-opt %s --npu-canonicalize-graph | FileCheck %s

// CHECK-LABEL: @gelu(
func.func @gelu(%x: tensor<4xf32>) -> tensor<4xf32> {
  // CHECK-NEXT: npu.gelu
  // CHECK-NEXT: return
  %root = npu.constant dense<1.41421354> : tensor<f32>
  %one = npu.constant dense<1.0> : tensor<f32>
  %half = npu.constant dense<0.5> : tensor<f32>
  %0 = npu.div %x, %root : tensor<4xf32>, tensor<f32> -> tensor<4xf32>
  %1 = npu.erf %0 : tensor<4xf32>
  %2 = npu.add %1, %one : tensor<4xf32>, tensor<f32> -> tensor<4xf32>
  %3 = npu.mul %x, %2 : tensor<4xf32>
  %4 = npu.mul %3, %half : tensor<4xf32>, tensor<f32> -> tensor<4xf32>
  return %4 : tensor<4xf32>
}

// The same factors in another order.
// CHECK-LABEL: @gelu_half_first(
func.func @gelu_half_first(%x: tensor<4xf32>) -> tensor<4xf32> {
  // CHECK-NEXT: npu.gelu
  // CHECK-NEXT: return
  %root = npu.constant dense<0.707106769> : tensor<f32>
  %one = npu.constant dense<1.0> : tensor<f32>
  %half = npu.constant dense<0.5> : tensor<f32>
  %0 = npu.mul %root, %x : tensor<f32>, tensor<4xf32> -> tensor<4xf32>
  %1 = npu.erf %0 : tensor<4xf32>
  %2 = npu.add %one, %1 : tensor<f32>, tensor<4xf32> -> tensor<4xf32>
  %3 = npu.mul %x, %half : tensor<4xf32>, tensor<f32> -> tensor<4xf32>
  %4 = npu.mul %2, %3 : tensor<4xf32>
  return %4 : tensor<4xf32>
}

// Without the half it is something else.
// CHECK-LABEL: @not_gelu(
func.func @not_gelu(%x: tensor<4xf32>) -> tensor<4xf32> {
  // CHECK-NOT: gelu
  // CHECK: return
  %root = npu.constant dense<1.41421354> : tensor<f32>
  %one = npu.constant dense<1.0> : tensor<f32>
  %0 = npu.div %x, %root : tensor<4xf32>, tensor<f32> -> tensor<4xf32>
  %1 = npu.erf %0 : tensor<4xf32>
  %2 = npu.add %1, %one : tensor<4xf32>, tensor<f32> -> tensor<4xf32>
  %3 = npu.mul %x, %2 : tensor<4xf32>
  return %3 : tensor<4xf32>
}

// CHECK-LABEL: @gelu_tanh(
func.func @gelu_tanh(%x: tensor<4xf32>) -> tensor<4xf32> {
  // CHECK-NEXT: npu.gelu_tanh
  // CHECK-NEXT: return
  %three = npu.constant dense<3.0> : tensor<f32>
  %share = npu.constant dense<0.044715> : tensor<f32>
  %scale = npu.constant dense<0.797884583> : tensor<f32>
  %one = npu.constant dense<1.0> : tensor<f32>
  %half = npu.constant dense<0.5> : tensor<f32>
  %0 = npu.pow %x, %three : tensor<4xf32>, tensor<f32> -> tensor<4xf32>
  %1 = npu.mul %0, %share : tensor<4xf32>, tensor<f32> -> tensor<4xf32>
  %2 = npu.add %x, %1 : tensor<4xf32>
  %3 = npu.mul %2, %scale : tensor<4xf32>, tensor<f32> -> tensor<4xf32>
  %4 = npu.tanh %3 : tensor<4xf32>
  %5 = npu.add %4, %one : tensor<4xf32>, tensor<f32> -> tensor<4xf32>
  %6 = npu.mul %x, %half : tensor<4xf32>, tensor<f32> -> tensor<4xf32>
  %7 = npu.mul %6, %5 : tensor<4xf32>
  return %7 : tensor<4xf32>
}

// CHECK-LABEL: @gelu_tanh_factored(
func.func @gelu_tanh_factored(%x: tensor<4xf32>) -> tensor<4xf32> {
  // CHECK-NEXT: npu.gelu_tanh
  // CHECK-NEXT: return
  %share = npu.constant dense<0.044715> : tensor<f32>
  %scale = npu.constant dense<0.797884583> : tensor<f32>
  %one = npu.constant dense<1.0> : tensor<f32>
  %half = npu.constant dense<0.5> : tensor<f32>
  %0 = npu.mul %x, %x : tensor<4xf32>
  %1 = npu.mul %0, %share : tensor<4xf32>, tensor<f32> -> tensor<4xf32>
  %2 = npu.add %1, %one : tensor<4xf32>, tensor<f32> -> tensor<4xf32>
  %3 = npu.mul %x, %2 : tensor<4xf32>
  %4 = npu.mul %3, %scale : tensor<4xf32>, tensor<f32> -> tensor<4xf32>
  %5 = npu.tanh %4 : tensor<4xf32>
  %6 = npu.add %one, %5 : tensor<f32>, tensor<4xf32> -> tensor<4xf32>
  %7 = npu.mul %6, %x : tensor<4xf32>
  %8 = npu.mul %half, %7 : tensor<f32>, tensor<4xf32> -> tensor<4xf32>
  return %8 : tensor<4xf32>
}

// CHECK-LABEL: @silu_and_mish(
func.func @silu_and_mish(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  // CHECK-DAG: npu.silu
  // CHECK-DAG: npu.mish
  // CHECK-NOT: npu.mul
  %0 = npu.sigmoid %x : tensor<4xf32>
  %1 = npu.mul %0, %x : tensor<4xf32>
  %2 = npu.softplus %x : tensor<4xf32>
  %3 = npu.tanh %2 : tensor<4xf32>
  %4 = npu.mul %x, %3 : tensor<4xf32>
  return %1, %4 : tensor<4xf32>, tensor<4xf32>
}

// What is activated may be a product itself.
// CHECK-LABEL: @of_a_product(
func.func @of_a_product(%a: tensor<4xf32>, %b: tensor<4xf32>) -> tensor<4xf32> {
  // CHECK: %[[X:.*]] = npu.mul %arg0, %arg1
  // CHECK-NEXT: npu.silu %[[X]]
  %x = npu.mul %a, %b : tensor<4xf32>
  %0 = npu.sigmoid %x : tensor<4xf32>
  %1 = npu.mul %0, %x : tensor<4xf32>
  return %1 : tensor<4xf32>
}

// Another operand's sigmoid is a gate, not silu.
// CHECK-LABEL: @gate(
func.func @gate(%x: tensor<4xf32>, %y: tensor<4xf32>) -> tensor<4xf32> {
  // CHECK: npu.sigmoid
  // CHECK: npu.mul
  %0 = npu.sigmoid %y : tensor<4xf32>
  %1 = npu.mul %0, %x : tensor<4xf32>
  return %1 : tensor<4xf32>
}

// CHECK-LABEL: @hard(
func.func @hard(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
  // CHECK-DAG: %[[S:.*]] = npu.hard_swish %arg0
  // CHECK-DAG: %[[G:.*]] = npu.hard_sigmoid %arg0 {alpha = 0.166666672 : f32}
  // CHECK: return %[[S]], %[[S]], %[[G]]
  %three = npu.constant dense<3.0> : tensor<f32>
  %six = npu.constant dense<6.0> : tensor<f32>
  %0 = npu.hard_sigmoid %x {alpha = 0.16666667 : f32, beta = 0.5 : f32} : tensor<4xf32>
  %1 = npu.mul %x, %0 : tensor<4xf32>
  %2 = npu.add %x, %three : tensor<4xf32>, tensor<f32> -> tensor<4xf32>
  %3 = npu.clip %2 {min = 0.0 : f32, max = 6.0 : f32} : tensor<4xf32>
  %4 = npu.mul %x, %3 : tensor<4xf32>
  %5 = npu.div %4, %six : tensor<4xf32>, tensor<f32> -> tensor<4xf32>
  %6 = npu.div %3, %six : tensor<4xf32>, tensor<f32> -> tensor<4xf32>
  return %1, %5, %6 : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
}

// CHECK-LABEL: @powers(
func.func @powers(%x: tensor<4xf32>, %y: tensor<f32>)
    -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
  // CHECK: %[[SQ:.*]] = npu.mul %[[X:.*]], %[[X]]
  // CHECK: npu.sqrt %[[X]]
  // CHECK: npu.pow %[[X]], %{{.*}}
  %two = npu.constant dense<2.0> : tensor<f32>
  %half = npu.constant dense<0.5> : tensor<f32>
  %0 = npu.pow %x, %two : tensor<4xf32>, tensor<f32> -> tensor<4xf32>
  %1 = npu.pow %x, %half : tensor<4xf32>, tensor<f32> -> tensor<4xf32>
  %2 = npu.pow %x, %y : tensor<4xf32>, tensor<f32> -> tensor<4xf32>
  return %0, %1, %2 : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
}

// CHECK-LABEL: @relu(
func.func @relu(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
  // CHECK-DAG: %[[R:.*]] = npu.relu
  // CHECK-DAG: %[[C:.*]] = npu.clip
  // CHECK: return %[[R]], %[[R]], %[[C]]
  %zero = npu.constant dense<0.0> : tensor<f32>
  %0 = npu.max %x, %zero : tensor<4xf32>, tensor<f32> -> tensor<4xf32>
  %1 = npu.clip %x {min = 0.0 : f32} : tensor<4xf32>
  %2 = npu.clip %x {min = 0.0 : f32, max = 6.0 : f32} : tensor<4xf32>
  return %0, %1, %2 : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
}
