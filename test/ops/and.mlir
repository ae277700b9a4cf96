// npu.and: broadcasting, decomposition, and its numbers.
// RUN: tessera-opt %s | tessera-opt | FileCheck %s
// RUN: tessera-opt %s --npu-decompose | FileCheck %s --check-prefix=LOWER
// RUN: tessera-opt %s --npu-reference-to-llvm | %runner | FileCheck %s --check-prefix=EXEC

// CHECK-LABEL: func @broadcasts
// CHECK: npu.and %{{.*}}, %{{.*}} : tensor<?x8xi32>, tensor<8xi32> -> tensor<?x8xi32>
// LOWER-LABEL: func @broadcasts
// LOWER-NOT: npu.
// LOWER: linalg.generic
// LOWER: arith.andi
func.func @broadcasts(%a: tensor<?x8xi32>, %b: tensor<8xi32>) -> tensor<?x8xi32> {
  %y = npu.and %a, %b : tensor<?x8xi32>, tensor<8xi32> -> tensor<?x8xi32>
  return %y : tensor<?x8xi32>
}

// CHECK-LABEL: func @prints_one_type
// CHECK: npu.and %{{.*}}, %{{.*}} : tensor<4x8xi32>{{$}}
func.func @prints_one_type(%a: tensor<4x8xi32>, %b: tensor<4x8xi32>) -> tensor<4x8xi32> {
  %y = npu.and %a, %b : tensor<4x8xi32>, tensor<4x8xi32> -> tensor<4x8xi32>
  return %y : tensor<4x8xi32>
}

func.func private @printMemrefI32(tensor<*xi32> {bufferization.access = "read"})

// EXEC: sizes = [4]
// EXEC: [8, 2, 5, 0]
func.func @main() {
  %i = npu.constant dense<[12, 10, -1, 0]> : tensor<4xi32>
  %j = npu.constant dense<[10, 3, 5, 0]> : tensor<4xi32>
  %k = npu.and %i, %j : tensor<4xi32>
  %u0 = tensor.cast %k : tensor<4xi32> to tensor<*xi32>
  call @printMemrefI32(%u0) : (tensor<*xi32>) -> ()
  return
}
