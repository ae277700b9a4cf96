// npu.not: every bit of integers, and truth values.
// RUN: tessera-opt %s | tessera-opt | FileCheck %s
// RUN: tessera-opt %s --npu-decompose | FileCheck %s --check-prefix=LOWER
// RUN: tessera-opt %s --npu-reference-to-llvm | %runner | FileCheck %s --check-prefix=EXEC

// CHECK-LABEL: func @keeps_dynamic_dims
// CHECK: npu.not %{{.*}} : tensor<?x8xi1>
// LOWER-LABEL: func @keeps_dynamic_dims
// LOWER-NOT: npu.
// LOWER: arith.xori
func.func @keeps_dynamic_dims(%x: tensor<?x8xi1>) -> tensor<?x8xi1> {
  %y = npu.not %x : tensor<?x8xi1>
  return %y : tensor<?x8xi1>
}

func.func private @printMemrefI32(tensor<*xi32> {bufferization.access = "read"})

// EXEC: sizes = [3]
// EXEC: [-1, -2, 7]
// EXEC: sizes = [2]
// EXEC: [0, 1]
func.func @main() {
  %x = npu.constant dense<[0, 1, -8]> : tensor<3xi32>
  %y = npu.not %x : tensor<3xi32>
  %t = npu.constant dense<[true, false]> : tensor<2xi1>
  %n = npu.not %t : tensor<2xi1>
  %m = npu.cast %n : tensor<2xi1> to tensor<2xi32>
  %u0 = tensor.cast %y : tensor<3xi32> to tensor<*xi32>
  call @printMemrefI32(%u0) : (tensor<*xi32>) -> ()
  %u1 = tensor.cast %m : tensor<2xi32> to tensor<*xi32>
  call @printMemrefI32(%u1) : (tensor<*xi32>) -> ()
  return
}
