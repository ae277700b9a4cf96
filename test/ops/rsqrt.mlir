// npu.rsqrt: round trip, decomposition, and its numbers.
// RUN: tessera-opt %s | tessera-opt | FileCheck %s
// RUN: tessera-opt %s --npu-decompose | FileCheck %s --check-prefix=LOWER
// RUN: tessera-opt %s --npu-reference-to-llvm | %runner | FileCheck %s --check-prefix=EXEC

// CHECK-LABEL: func @keeps_dynamic_dims
// CHECK: npu.rsqrt %{{.*}} : tensor<?x8xf32>
// LOWER-LABEL: func @keeps_dynamic_dims
// LOWER-NOT: npu.
// LOWER: linalg.generic
// LOWER: math.sqrt
// LOWER: arith.divf
func.func @keeps_dynamic_dims(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %y = npu.rsqrt %x : tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// Half precision is computed in f32 and rounded once.
// LOWER-LABEL: func @rounds_once
// LOWER: arith.extf
// LOWER: arith.truncf
// LOWER-NEXT: linalg.yield
func.func @rounds_once(%x: tensor<4xbf16>) -> tensor<4xbf16> {
  %y = npu.rsqrt %x : tensor<4xbf16>
  return %y : tensor<4xbf16>
}

func.func private @printMemrefF32(tensor<*xf32> {bufferization.access = "read"})

// EXEC: sizes = [5]
// EXEC: [2, 1.414{{[0-9]*}}, 1, 0.707{{[0-9]*}}, 0.5]
func.func @main() {
  %x = npu.constant dense<[0.25, 0.5, 1.0, 2.0, 4.0]> : tensor<5xf32>
  %y = npu.rsqrt %x : tensor<5xf32>
  %u0 = tensor.cast %y : tensor<5xf32> to tensor<*xf32>
  call @printMemrefF32(%u0) : (tensor<*xf32>) -> ()
  return
}
