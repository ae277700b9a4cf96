// npu.softplus: round trip, decomposition, and its numbers.
// RUN: tessera-opt %s | tessera-opt | FileCheck %s
// RUN: tessera-opt %s --npu-decompose | FileCheck %s --check-prefix=LOWER
// RUN: tessera-opt %s --npu-reference-to-llvm | %runner | FileCheck %s --check-prefix=EXEC

// CHECK-LABEL: func @keeps_dynamic_dims
// CHECK: npu.softplus %{{.*}} : tensor<?x8xf32>
// LOWER-LABEL: func @keeps_dynamic_dims
// LOWER-NOT: npu.
// LOWER: linalg.generic
// LOWER: math.log1p
func.func @keeps_dynamic_dims(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %y = npu.softplus %x : tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// Half precision is computed in f32 and rounded once.
// LOWER-LABEL: func @rounds_once
// LOWER: arith.extf
// LOWER: arith.truncf
// LOWER-NEXT: linalg.yield
func.func @rounds_once(%x: tensor<4xbf16>) -> tensor<4xbf16> {
  %y = npu.softplus %x : tensor<4xbf16>
  return %y : tensor<4xbf16>
}

func.func private @printMemrefF32(tensor<*xf32> {bufferization.access = "read"})

// EXEC: sizes = [7]
// EXEC: [0.078{{[0-9]*}}, 0.474{{[0-9]*}}, 0.693{{[0-9]*}}, 0.974{{[0-9]*}}, 3.048{{[0-9]*}}, 0, 200]
func.func @main() {
  %x = npu.constant dense<[-2.5, -0.5, 0.0, 0.5, 3.0, -200.0, 200.0]> : tensor<7xf32>
  %y = npu.softplus %x : tensor<7xf32>
  %u0 = tensor.cast %y : tensor<7xf32> to tensor<*xf32>
  call @printMemrefF32(%u0) : (tensor<*xf32>) -> ()
  return
}
