// npu.kernel and npu.yield: a group of operators, isolated; decomposition inlines it.
// RUN: tessera-opt %s | tessera-opt | FileCheck %s
// RUN: tessera-opt %s --npu-decompose | FileCheck %s --check-prefix=LOWER
// RUN: tessera-opt %s --npu-reference-to-llvm | %runner | FileCheck %s --check-prefix=EXEC

// CHECK-LABEL: func @groups
// CHECK: %{{.*}}:2 = npu.kernel "bias_relu"(%[[A:.*]] = %{{.*}}, %[[B:.*]] = %{{.*}}) : (tensor<?x8xf32>, tensor<8xf32>) -> (tensor<?x8xf32>, tensor<8xf32>) {
// CHECK: npu.add %[[A]], %[[B]]
// CHECK: npu.yield %{{.*}}, %[[B]] : tensor<?x8xf32>, tensor<8xf32>
// LOWER-LABEL: func @groups
// LOWER-NOT: npu.
// LOWER: linalg.generic
// LOWER: linalg.generic
func.func @groups(%x: tensor<?x8xf32>, %w: tensor<8xf32>) -> (tensor<?x8xf32>, tensor<8xf32>) {
  %r:2 = npu.kernel "bias_relu"(%a = %x, %b = %w)
      : (tensor<?x8xf32>, tensor<8xf32>) -> (tensor<?x8xf32>, tensor<8xf32>) {
    %0 = npu.add %a, %b : tensor<?x8xf32>, tensor<8xf32> -> tensor<?x8xf32>
    %1 = npu.relu %0 : tensor<?x8xf32>
    npu.yield %1, %b : tensor<?x8xf32>, tensor<8xf32>
  }
  return %r#0, %r#1 : tensor<?x8xf32>, tensor<8xf32>
}

// CHECK-LABEL: func @needs_no_name
// CHECK: npu.kernel(%{{.*}} = %{{.*}}) : (tensor<4xf32>) -> tensor<4xf32> attributes {note} {
func.func @needs_no_name(%x: tensor<4xf32>) -> tensor<4xf32> {
  %r = npu.kernel(%a = %x) : (tensor<4xf32>) -> tensor<4xf32> attributes {note} {
    %0 = npu.relu %a : tensor<4xf32>
    npu.yield %0 : tensor<4xf32>
  }
  return %r : tensor<4xf32>
}

func.func private @printMemrefF32(tensor<*xf32> {bufferization.access = "read"})

// EXEC: sizes = [2]
// EXEC: [0, 4]
func.func @main() {
  %x = npu.constant dense<[-1.0, 2.0]> : tensor<2xf32>
  %r = npu.kernel(%a = %x) : (tensor<2xf32>) -> tensor<2xf32> {
    %0 = npu.add %a, %a : tensor<2xf32>
    %1 = npu.relu %0 : tensor<2xf32>
    npu.yield %1 : tensor<2xf32>
  }
  %u0 = tensor.cast %r : tensor<2xf32> to tensor<*xf32>
  call @printMemrefF32(%u0) : (tensor<*xf32>) -> ()
  return
}
