// npu.concat: two operands or more along any axis.
// RUN: tessera-opt %s | tessera-opt | FileCheck %s
// RUN: tessera-opt %s --npu-decompose | FileCheck %s --check-prefix=LOWER
// RUN: tessera-opt %s --npu-reference-to-llvm | %runner | FileCheck %s --check-prefix=EXEC

// CHECK-LABEL: func @keeps_dynamic_dims
// CHECK: npu.concat %{{.*}}, %{{.*}} axis = 0 : tensor<?x3xf32>, tensor<2x3xf32> -> tensor<?x3xf32>
// LOWER-LABEL: func @keeps_dynamic_dims
// LOWER-NOT: npu.
// LOWER: tensor.insert_slice
// LOWER: tensor.insert_slice
func.func @keeps_dynamic_dims(%a: tensor<?x3xf32>, %b: tensor<2x3xf32>) -> tensor<?x3xf32> {
  %y = npu.concat %a, %b axis = 0 : tensor<?x3xf32>, tensor<2x3xf32> -> tensor<?x3xf32>
  return %y : tensor<?x3xf32>
}

func.func private @printMemrefF32(tensor<*xf32> {bufferization.access = "read"})

// EXEC: sizes = [2, 7]
// EXEC: {{\[\[}}1, 2, 3, -1, 1, 2, 3],
// EXEC-NEXT: [4, 5, 6, -2, 4, 5, 6]]
func.func @main() {
  %x = npu.constant dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32>
  %c = npu.constant dense<[[-1.0], [-2.0]]> : tensor<2x1xf32>
  %y = npu.concat %x, %c, %x axis = 1
    : tensor<2x3xf32>, tensor<2x1xf32>, tensor<2x3xf32> -> tensor<2x7xf32>
  %u0 = tensor.cast %y : tensor<2x7xf32> to tensor<*xf32>
  call @printMemrefF32(%u0) : (tensor<*xf32>) -> ()
  return
}
