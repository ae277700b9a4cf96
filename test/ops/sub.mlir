// npu.sub: broadcasting, decomposition, and its numbers.
// RUN: tessera-opt %s | tessera-opt | FileCheck %s
// RUN: tessera-opt %s --npu-decompose | FileCheck %s --check-prefix=LOWER
// RUN: tessera-opt %s --npu-reference-to-llvm | %runner | FileCheck %s --check-prefix=EXEC

// CHECK-LABEL: func @broadcasts
// CHECK: npu.sub %{{.*}}, %{{.*}} : tensor<?x8xf32>, tensor<8xf32> -> tensor<?x8xf32>
// LOWER-LABEL: func @broadcasts
// LOWER-NOT: npu.
// LOWER: linalg.generic
// LOWER: arith.subf
func.func @broadcasts(%a: tensor<?x8xf32>, %b: tensor<8xf32>) -> tensor<?x8xf32> {
  %y = npu.sub %a, %b : tensor<?x8xf32>, tensor<8xf32> -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// CHECK-LABEL: func @prints_one_type
// CHECK: npu.sub %{{.*}}, %{{.*}} : tensor<4x8xf32>{{$}}
func.func @prints_one_type(%a: tensor<4x8xf32>, %b: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %y = npu.sub %a, %b : tensor<4x8xf32>, tensor<4x8xf32> -> tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}

func.func private @printMemrefF32(tensor<*xf32> {bufferization.access = "read"})
func.func private @printMemrefI32(tensor<*xi32> {bufferization.access = "read"})

// EXEC: sizes = [2, 4]
// EXEC: {{\[\[}}-3.5, -0.5, -3, {{-?nan}}],
// EXEC-NEXT: [2, 5, 2.5, {{-?nan}}]]
// EXEC: sizes = [4]
// EXEC: [-9, 5, -5, 9]
func.func @main() {
  %a = npu.constant dense<[[-2.5], [3.0]]> : tensor<2x1xf32>
  %b = npu.constant dense<[1.0, -2.0, 0.5, 0x7FC00000]> : tensor<4xf32>
  %y = npu.sub %a, %b : tensor<2x1xf32>, tensor<4xf32> -> tensor<2x4xf32>
  %i = npu.constant dense<[-7, 7, -7, 7]> : tensor<4xi32>
  %j = npu.constant dense<[2, 2, -2, -2]> : tensor<4xi32>
  %k = npu.sub %i, %j : tensor<4xi32>
  %u0 = tensor.cast %y : tensor<2x4xf32> to tensor<*xf32>
  call @printMemrefF32(%u0) : (tensor<*xf32>) -> ()
  %u1 = tensor.cast %k : tensor<4xi32> to tensor<*xi32>
  call @printMemrefI32(%u1) : (tensor<*xi32>) -> ()
  return
}
