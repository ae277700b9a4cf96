// npu.pad: a constant before and after each dim.
// RUN: tessera-opt %s | tessera-opt | FileCheck %s
// RUN: tessera-opt %s --npu-decompose | FileCheck %s --check-prefix=LOWER
// RUN: tessera-opt %s --npu-reference-to-llvm | %runner | FileCheck %s --check-prefix=EXEC

// CHECK-LABEL: func @keeps_dynamic_dims
// CHECK: npu.pad %{{.*}} low = [1, 0] high = [0, 2] value = 1.000000e+00 : tensor<?x3xf32> -> tensor<?x5xf32>
// LOWER-LABEL: func @keeps_dynamic_dims
// LOWER-NOT: npu.
// LOWER: linalg.fill
// LOWER: linalg.copy
// LOWER: tensor.insert_slice
func.func @keeps_dynamic_dims(%x: tensor<?x3xf32>) -> tensor<?x5xf32> {
  %y = npu.pad %x low = [1, 0] high = [0, 2] value = 1.0 : tensor<?x3xf32> -> tensor<?x5xf32>
  return %y : tensor<?x5xf32>
}

func.func private @printMemrefF32(tensor<*xf32> {bufferization.access = "read"})
func.func private @printMemrefI32(tensor<*xi32> {bufferization.access = "read"})

// EXEC: sizes = [3, 5]
// EXEC: {{\[\[}}-0.5, -0.5, -0.5, -0.5, -0.5],
// EXEC-NEXT: [1, 2, 3, -0.5, -0.5],
// EXEC-NEXT: [4, 5, 6, -0.5, -0.5]]
// EXEC: sizes = [4]
// EXEC: [-3, 5, 6, -3]
func.func @main() {
  %x = npu.constant dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32>
  %y = npu.pad %x low = [1, 0] high = [0, 2] value = -0.5 : tensor<2x3xf32> -> tensor<3x5xf32>
  %i = npu.constant dense<[5, 6]> : tensor<2xi32>
  %j = npu.pad %i low = [1] high = [1] value = -3.0 : tensor<2xi32> -> tensor<4xi32>
  %u0 = tensor.cast %y : tensor<3x5xf32> to tensor<*xf32>
  call @printMemrefF32(%u0) : (tensor<*xf32>) -> ()
  %u1 = tensor.cast %j : tensor<4xi32> to tensor<*xi32>
  call @printMemrefI32(%u1) : (tensor<*xi32>) -> ()
  return
}
