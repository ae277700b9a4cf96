// npu.select: three operands broadcast.
// RUN: tessera-opt %s | tessera-opt | FileCheck %s
// RUN: tessera-opt %s --npu-decompose | FileCheck %s --check-prefix=LOWER
// RUN: tessera-opt %s --npu-reference-to-llvm | %runner | FileCheck %s --check-prefix=EXEC

// CHECK-LABEL: func @broadcasts
// CHECK: npu.select %{{.*}}, %{{.*}}, %{{.*}} : tensor<?x1xi1>, tensor<?x8xf32>, tensor<f32> -> tensor<?x8xf32>
// LOWER-LABEL: func @broadcasts
// LOWER-NOT: npu.
// LOWER: arith.select
func.func @broadcasts(%c: tensor<?x1xi1>, %a: tensor<?x8xf32>, %b: tensor<f32>) -> tensor<?x8xf32> {
  %y = npu.select %c, %a, %b : tensor<?x1xi1>, tensor<?x8xf32>, tensor<f32> -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

func.func private @printMemrefF32(tensor<*xf32> {bufferization.access = "read"})

// EXEC: sizes = [2, 3]
// EXEC: {{\[\[}}1, 2, 3],
// EXEC-NEXT: [-1, -1, -1]]
func.func @main() {
  %c = npu.constant dense<[[true], [false]]> : tensor<2x1xi1>
  %a = npu.constant dense<[1.0, 2.0, 3.0]> : tensor<3xf32>
  %b = npu.constant dense<-1.0> : tensor<f32>
  %y = npu.select %c, %a, %b : tensor<2x1xi1>, tensor<3xf32>, tensor<f32> -> tensor<2x3xf32>
  %u0 = tensor.cast %y : tensor<2x3xf32> to tensor<*xf32>
  call @printMemrefF32(%u0) : (tensor<*xf32>) -> ()
  return
}
