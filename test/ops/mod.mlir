// npu.mod: broadcasting, decomposition, and its numbers.
// RUN: tessera-opt %s | tessera-opt | FileCheck %s
// RUN: tessera-opt %s --npu-decompose | FileCheck %s --check-prefix=LOWER
// RUN: tessera-opt %s --npu-reference-to-llvm | %runner | FileCheck %s --check-prefix=EXEC

// CHECK-LABEL: func @broadcasts
// CHECK: npu.mod %{{.*}}, %{{.*}} : tensor<?x8xf32>, tensor<8xf32> -> tensor<?x8xf32>
// LOWER-LABEL: func @broadcasts
// LOWER-NOT: npu.
// LOWER: linalg.generic
// LOWER: arith.remf
func.func @broadcasts(%a: tensor<?x8xf32>, %b: tensor<8xf32>) -> tensor<?x8xf32> {
  %y = npu.mod %a, %b : tensor<?x8xf32>, tensor<8xf32> -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// CHECK-LABEL: func @prints_one_type
// CHECK: npu.mod %{{.*}}, %{{.*}} : tensor<4x8xf32>{{$}}
func.func @prints_one_type(%a: tensor<4x8xf32>, %b: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %y = npu.mod %a, %b : tensor<4x8xf32>, tensor<4x8xf32> -> tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}

func.func private @printMemrefF32(tensor<*xf32> {bufferization.access = "read"})
func.func private @printMemrefI32(tensor<*xi32> {bufferization.access = "read"})

// EXEC: sizes = [2, 4]
// EXEC: {{\[\[}}0.5, -0.5, 0.5, 1.5],
// EXEC-NEXT: [0, -1, 0, 3]]
// EXEC: sizes = [4]
// EXEC: [1, 1, -1, -1]
func.func @main() {
  %a = npu.constant dense<[[-2.5], [3.0]]> : tensor<2x1xf32>
  %b = npu.constant dense<[1.0, -2.0, 0.75, 4.0]> : tensor<4xf32>
  %y = npu.mod %a, %b : tensor<2x1xf32>, tensor<4xf32> -> tensor<2x4xf32>
  %i = npu.constant dense<[-7, 7, -7, 7]> : tensor<4xi32>
  %j = npu.constant dense<[2, 2, -2, -2]> : tensor<4xi32>
  %k = npu.mod %i, %j : tensor<4xi32>
  %u0 = tensor.cast %y : tensor<2x4xf32> to tensor<*xf32>
  call @printMemrefF32(%u0) : (tensor<*xf32>) -> ()
  %u1 = tensor.cast %k : tensor<4xi32> to tensor<*xi32>
  call @printMemrefI32(%u1) : (tensor<*xi32>) -> ()
  return
}
