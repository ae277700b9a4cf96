// npu.compare: every predicate, with NaN.
// RUN: tessera-opt %s | tessera-opt | FileCheck %s
// RUN: tessera-opt %s --npu-decompose | FileCheck %s --check-prefix=LOWER
// RUN: tessera-opt %s --npu-reference-to-llvm | %runner | FileCheck %s --check-prefix=EXEC

// CHECK-LABEL: func @broadcasts
// CHECK: npu.compare lt, %{{.*}}, %{{.*}} : tensor<?x8xf32>, tensor<8xf32> -> tensor<?x8xi1>
// LOWER-LABEL: func @broadcasts
// LOWER-NOT: npu.
// LOWER: arith.cmpf olt
func.func @broadcasts(%a: tensor<?x8xf32>, %b: tensor<8xf32>) -> tensor<?x8xi1> {
  %y = npu.compare lt, %a, %b : tensor<?x8xf32>, tensor<8xf32> -> tensor<?x8xi1>
  return %y : tensor<?x8xi1>
}

func.func private @printMemrefI32(tensor<*xi32> {bufferization.access = "read"})

// EXEC: sizes = [4]
// EXEC: [0, 1, 0, 0]
// EXEC: sizes = [4]
// EXEC: [1, 0, 1, 1]
// EXEC: sizes = [4]
// EXEC: [1, 0, 0, 0]
// EXEC: sizes = [4]
// EXEC: [1, 1, 0, 0]
// EXEC: sizes = [4]
// EXEC: [0, 0, 1, 0]
// EXEC: sizes = [4]
// EXEC: [0, 1, 1, 0]
func.func @main() {
  %a = npu.constant dense<[1.0, 2.0, 3.0, 0x7FC00000]> : tensor<4xf32>
  %b = npu.constant dense<2.0> : tensor<f32>
  %eq = npu.compare eq, %a, %b : tensor<4xf32>, tensor<f32> -> tensor<4xi1>
  %ieq = npu.cast %eq : tensor<4xi1> to tensor<4xi32>
  %ne = npu.compare ne, %a, %b : tensor<4xf32>, tensor<f32> -> tensor<4xi1>
  %ine = npu.cast %ne : tensor<4xi1> to tensor<4xi32>
  %lt = npu.compare lt, %a, %b : tensor<4xf32>, tensor<f32> -> tensor<4xi1>
  %ilt = npu.cast %lt : tensor<4xi1> to tensor<4xi32>
  %le = npu.compare le, %a, %b : tensor<4xf32>, tensor<f32> -> tensor<4xi1>
  %ile = npu.cast %le : tensor<4xi1> to tensor<4xi32>
  %gt = npu.compare gt, %a, %b : tensor<4xf32>, tensor<f32> -> tensor<4xi1>
  %igt = npu.cast %gt : tensor<4xi1> to tensor<4xi32>
  %ge = npu.compare ge, %a, %b : tensor<4xf32>, tensor<f32> -> tensor<4xi1>
  %ige = npu.cast %ge : tensor<4xi1> to tensor<4xi32>
  %u0 = tensor.cast %ieq : tensor<4xi32> to tensor<*xi32>
  call @printMemrefI32(%u0) : (tensor<*xi32>) -> ()
  %u1 = tensor.cast %ine : tensor<4xi32> to tensor<*xi32>
  call @printMemrefI32(%u1) : (tensor<*xi32>) -> ()
  %u2 = tensor.cast %ilt : tensor<4xi32> to tensor<*xi32>
  call @printMemrefI32(%u2) : (tensor<*xi32>) -> ()
  %u3 = tensor.cast %ile : tensor<4xi32> to tensor<*xi32>
  call @printMemrefI32(%u3) : (tensor<*xi32>) -> ()
  %u4 = tensor.cast %igt : tensor<4xi32> to tensor<*xi32>
  call @printMemrefI32(%u4) : (tensor<*xi32>) -> ()
  %u5 = tensor.cast %ige : tensor<4xi32> to tensor<*xi32>
  call @printMemrefI32(%u5) : (tensor<*xi32>) -> ()
  return
}
