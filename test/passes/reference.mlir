// npu-reference-to-llvm: results become last arguments, and no buffer is left behind.
// RUN: tessera-opt %s --npu-reference-to-llvm | FileCheck %s
// RUN: tessera-opt %s --npu-reference-to-llvm | mlir-translate --mlir-to-llvmir -o /dev/null

// CHECK: llvm.func @main
// CHECK-NOT: memrefCopy
// CHECK: llvm.func @_mlir_ciface_main(%{{[^,]*}}: !llvm.ptr, %{{[^,]*}}: !llvm.ptr, %{{[^,]*}}: !llvm.ptr)
// CHECK-NOT: _mlir_ciface_
// CHECK-NOT: memrefCopy
// CHECK: llvm.func internal @npu_conv2d({{.*}} attributes {passthrough = ["noinline"]
// CHECK-NOT: unrealized_conversion_cast
func.func @main(%x: tensor<1x5x5x2xf32>, %w: tensor<3x3x2x4xf32>) -> tensor<1x5x5x4xf32> {
  %0 = npu.conv2d %x, %w strides = [1, 1] dilations = [1, 1] pads = [1, 1, 1, 1] groups = 1
    : tensor<1x5x5x2xf32>, tensor<3x3x2x4xf32> -> tensor<1x5x5x4xf32>
  %1 = npu.gelu %0 : tensor<1x5x5x4xf32>
  return %1 : tensor<1x5x5x4xf32>
}
