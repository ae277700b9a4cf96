// npu.rms_norm: with and without scale.
// RUN: tessera-opt %s | tessera-opt | FileCheck %s
// RUN: tessera-opt %s --npu-decompose | FileCheck %s --check-prefix=LOWER
// RUN: tessera-opt %s --npu-reference-to-llvm | %runner | FileCheck %s --check-prefix=EXEC

// CHECK-LABEL: func @keeps_dynamic_dims
// CHECK: npu.rms_norm %{{.*}} scale(%{{.*}} : tensor<16xf32>) axis = 1 epsilon = {{.*}} : tensor<?x16xf32>
// LOWER-LABEL: func @keeps_dynamic_dims
// LOWER-NOT: npu.
// LOWER: arith.mulf
// LOWER: math.sqrt
// LOWER: arith.divf
func.func @keeps_dynamic_dims(%x: tensor<?x16xf32>, %s: tensor<16xf32>) -> tensor<?x16xf32> {
  %y = npu.rms_norm %x scale(%s : tensor<16xf32>) axis = 1 epsilon = 1.0e-6 : tensor<?x16xf32>
  return %y : tensor<?x16xf32>
}

func.func private @printMemrefF32(tensor<*xf32> {bufferization.access = "read"})

// EXEC: sizes = [2, 4]
// EXEC: {{\[\[}}1, -2, 3, -4],
// EXEC-NEXT: [1.2, 3.2, 0, 0]]
func.func @main() {
  %x = npu.constant dense<[[1.0, -1.0, 1.0, -1.0], [3.0, 4.0, 0.0, 0.0]]> : tensor<2x4xf32>
  %s = npu.constant dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>
  %y = npu.rms_norm %x scale(%s : tensor<4xf32>) axis = 1 epsilon = 0.0 : tensor<2x4xf32>
  %u0 = tensor.cast %y : tensor<2x4xf32> to tensor<*xf32>
  call @printMemrefF32(%u0) : (tensor<*xf32>) -> ()
  return
}
