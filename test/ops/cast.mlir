// npu.cast: between floats, integers and truth values.
// RUN: tessera-opt %s | tessera-opt | FileCheck %s
// RUN: tessera-opt %s --npu-decompose | FileCheck %s --check-prefix=LOWER
// RUN: tessera-opt %s --npu-reference-to-llvm | %runner | FileCheck %s --check-prefix=EXEC

// CHECK-LABEL: func @keeps_dynamic_dims
// CHECK: npu.cast %{{.*}} : tensor<?x8xf32> to tensor<?x8xi32>
// LOWER-LABEL: func @keeps_dynamic_dims
// LOWER-NOT: npu.
// LOWER: arith.fptosi
func.func @keeps_dynamic_dims(%x: tensor<?x8xf32>) -> tensor<?x8xi32> {
  %y = npu.cast %x : tensor<?x8xf32> to tensor<?x8xi32>
  return %y : tensor<?x8xi32>
}

func.func private @printMemrefI32(tensor<*xi32> {bufferization.access = "read"})
func.func private @printMemrefF32(tensor<*xf32> {bufferization.access = "read"})

// EXEC: sizes = [4]
// EXEC: [-2, 0, 0, 1000]
// EXEC: sizes = [4]
// EXEC: [1, 0, 1, 1]
// EXEC: sizes = [4]
// EXEC: [-2.703{{[0-9]*}}, 0, 0.300{{[0-9]*}}, 1000]
// EXEC: sizes = [4]
// EXEC: [-2, 0, 0, -24]
func.func @main() {
  %x = npu.constant dense<[-2.7, 0.0, 0.3, 1000.5]> : tensor<4xf32>
  %i = npu.cast %x : tensor<4xf32> to tensor<4xi32>
  %t = npu.cast %x : tensor<4xf32> to tensor<4xi1>
  %f = npu.cast %t : tensor<4xi1> to tensor<4xf32>
  %h = npu.cast %x : tensor<4xf32> to tensor<4xbf16>
  %g = npu.cast %h : tensor<4xbf16> to tensor<4xf32>
  %b = npu.cast %i : tensor<4xi32> to tensor<4xi8>
  %w = npu.cast %b : tensor<4xi8> to tensor<4xi32>
  %u0 = tensor.cast %i : tensor<4xi32> to tensor<*xi32>
  call @printMemrefI32(%u0) : (tensor<*xi32>) -> ()
  %u1 = tensor.cast %f : tensor<4xf32> to tensor<*xf32>
  call @printMemrefF32(%u1) : (tensor<*xf32>) -> ()
  %u2 = tensor.cast %g : tensor<4xf32> to tensor<*xf32>
  call @printMemrefF32(%u2) : (tensor<*xf32>) -> ()
  %u3 = tensor.cast %w : tensor<4xi32> to tensor<*xi32>
  call @printMemrefI32(%u3) : (tensor<*xi32>) -> ()
  return
}
