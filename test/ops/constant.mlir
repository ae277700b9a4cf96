// npu.constant: dense values and resources.
// RUN: tessera-opt %s | tessera-opt | FileCheck %s
// RUN: tessera-opt %s --npu-decompose | FileCheck %s --check-prefix=LOWER
// RUN: tessera-opt %s --npu-reference-to-llvm | %runner | FileCheck %s --check-prefix=EXEC

// CHECK-LABEL: func @prints_both_forms
// CHECK: npu.constant dense<{{.*}}> : tensor<2xf32>
// CHECK: npu.constant dense_resource<weights> : tensor<2xi32>
// LOWER-LABEL: func @prints_both_forms
// LOWER-NOT: npu.
// LOWER: arith.constant dense<
// LOWER: arith.constant dense_resource<weights>
func.func @prints_both_forms() -> (tensor<2xf32>, tensor<2xi32>) {
  %d = npu.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %r = npu.constant dense_resource<weights> : tensor<2xi32>
  return %d, %r : tensor<2xf32>, tensor<2xi32>
}

func.func private @printMemrefI32(tensor<*xi32> {bufferization.access = "read"})

// EXEC: sizes = [2]
// EXEC: [10, 12]
func.func @main() {
  %r = npu.constant dense<[5, 6]> : tensor<2xi32>
  %s = npu.add %r, %r : tensor<2xi32>
  %u0 = tensor.cast %s : tensor<2xi32> to tensor<*xi32>
  call @printMemrefI32(%u0) : (tensor<*xi32>) -> ()
  return
}

{-#
  dialect_resources: {
    builtin: {
      weights: "0x040000000500000006000000"
    }
  }
#-}
