// npu.softmax: along any axis, without overflow.
// RUN: tessera-opt %s | tessera-opt | FileCheck %s
// RUN: tessera-opt %s --npu-decompose | FileCheck %s --check-prefix=LOWER
// RUN: tessera-opt %s --npu-reference-to-llvm | %runner | FileCheck %s --check-prefix=EXEC

// CHECK-LABEL: func @keeps_dynamic_dims
// CHECK: npu.softmax %{{.*}} axis = 1 : tensor<?x?x8xf32>
// LOWER-LABEL: func @keeps_dynamic_dims
// LOWER-NOT: npu.
// LOWER: arith.maximumf
// LOWER: arith.subf
// LOWER: math.exp
// LOWER: arith.divf
func.func @keeps_dynamic_dims(%x: tensor<?x?x8xf32>) -> tensor<?x?x8xf32> {
  %y = npu.softmax %x axis = 1 : tensor<?x?x8xf32>
  return %y : tensor<?x?x8xf32>
}

func.func private @printMemrefF32(tensor<*xf32> {bufferization.access = "read"})

// EXEC: sizes = [2, 4]
// EXEC: {{\[\[}}0.032{{[0-9]*}}, 0.087{{[0-9]*}}, 0.236{{[0-9]*}}, 0.643{{[0-9]*}}],
// EXEC-NEXT: [0.017{{[0-9]*}}, 0.017{{[0-9]*}}, 0.017{{[0-9]*}}, 0.947{{[0-9]*}}]]
// EXEC: sizes = [2, 4]
// EXEC: {{\[\[}}1.00893e-43, 2.74654e-43, 7.46892e-43, 3.78351e-44],
// EXEC-NEXT: [1, 1, 1, 1]]
func.func @main() {
  %x = npu.constant dense<[[1.0, 2.0, 3.0, 4.0], [100.0, 100.0, 100.0, 104.0]]> : tensor<2x4xf32>
  %y = npu.softmax %x axis = 1 : tensor<2x4xf32>
  %z = npu.softmax %x axis = 0 : tensor<2x4xf32>
  %u0 = tensor.cast %y : tensor<2x4xf32> to tensor<*xf32>
  call @printMemrefF32(%u0) : (tensor<*xf32>) -> ()
  %u1 = tensor.cast %z : tensor<2x4xf32> to tensor<*xf32>
  call @printMemrefF32(%u1) : (tensor<*xf32>) -> ()
  return
}
