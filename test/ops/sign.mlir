// npu.sign: round trip, decomposition, and its numbers.
// RUN: tessera-opt %s | tessera-opt | FileCheck %s
// RUN: tessera-opt %s --npu-decompose | FileCheck %s --check-prefix=LOWER
// RUN: tessera-opt %s --npu-reference-to-llvm | %runner | FileCheck %s --check-prefix=EXEC

// CHECK-LABEL: func @keeps_dynamic_dims
// CHECK: npu.sign %{{.*}} : tensor<?x8xf32>
// LOWER-LABEL: func @keeps_dynamic_dims
// LOWER-NOT: npu.
// LOWER: linalg.generic
// LOWER: arith.cmpf olt
func.func @keeps_dynamic_dims(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %y = npu.sign %x : tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// Half precision is computed in f32 and rounded once.
// LOWER-LABEL: func @rounds_once
// LOWER: arith.extf
// LOWER: arith.truncf
// LOWER-NEXT: linalg.yield
func.func @rounds_once(%x: tensor<4xbf16>) -> tensor<4xbf16> {
  %y = npu.sign %x : tensor<4xbf16>
  return %y : tensor<4xbf16>
}

func.func private @printMemrefF32(tensor<*xf32> {bufferization.access = "read"})
func.func private @printMemrefI32(tensor<*xi32> {bufferization.access = "read"})

// EXEC: sizes = [6]
// EXEC: [-1, -1, 0, 1, 1, {{-?nan}}]
// EXEC: sizes = [3]
// EXEC: [-1, 0, 1]
func.func @main() {
  %x = npu.constant dense<[-2.5, -0.5, 0.0, 0.5, 3.0, 0x7FC00000]> : tensor<6xf32>
  %y = npu.sign %x : tensor<6xf32>
  %i = npu.constant dense<[-7, 0, 9]> : tensor<3xi32>
  %j = npu.sign %i : tensor<3xi32>
  %u0 = tensor.cast %y : tensor<6xf32> to tensor<*xf32>
  call @printMemrefF32(%u0) : (tensor<*xf32>) -> ()
  %u1 = tensor.cast %j : tensor<3xi32> to tensor<*xi32>
  call @printMemrefI32(%u1) : (tensor<*xi32>) -> ()
  return
}
