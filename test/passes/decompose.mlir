// npu-decompose: everything at once, kernels inlined; or only some families, kernels left alone.
// RUN: tessera-opt %s --npu-decompose | FileCheck %s
// RUN: tessera-opt %s --pass-pipeline='builtin.module(func.func(npu-decompose{families=contraction,normalization}))' | FileCheck %s --check-prefix=SOME
// RUN: not tessera-opt %s --pass-pipeline='builtin.module(func.func(npu-decompose{families=convolution}))' 2>&1 | FileCheck %s --check-prefix=UNKNOWN

// UNKNOWN: error: npu-decompose: unknown family 'convolution'; choose from elementwise, contraction, window, normalization, reduction, movement, view, constant

// CHECK-LABEL: func @inlines_kernels
// CHECK-NOT: npu.
// CHECK: linalg.generic
// CHECK: arith.mulf
// CHECK: linalg.generic
// CHECK: arith.select
// CHECK: return
// SOME-LABEL: func @inlines_kernels
// SOME: npu.kernel
// SOME: linalg.generic
// SOME: npu.relu
// SOME: npu.yield
func.func @inlines_kernels(%x: tensor<4x8xf32>, %w: tensor<8x2xf32>) -> tensor<4x2xf32> {
  %r = npu.kernel(%a = %x, %b = %w) : (tensor<4x8xf32>, tensor<8x2xf32>) -> tensor<4x2xf32> {
    %0 = npu.matmul %a, %b : tensor<4x8xf32>, tensor<8x2xf32> -> tensor<4x2xf32>
    %1 = npu.relu %0 : tensor<4x2xf32>
    npu.yield %1 : tensor<4x2xf32>
  }
  return %r : tensor<4x2xf32>
}

// A kernel may give an operand back as it is.
// CHECK-LABEL: func @forwards_operands
// CHECK-SAME: %[[X:.*]]: tensor<4xf32>
// CHECK-NEXT: return %[[X]]
func.func @forwards_operands(%x: tensor<4xf32>) -> tensor<4xf32> {
  %r = npu.kernel(%a = %x) : (tensor<4xf32>) -> tensor<4xf32> {
    npu.yield %a : tensor<4xf32>
  }
  return %r : tensor<4xf32>
}

// Where a result says more about its shape than the decomposition, a cast says it again.
// CHECK-LABEL: func @keeps_known_dims
// CHECK: tensor.cast %{{.*}} : tensor<?x8xf32> to tensor<4x8xf32>
func.func @keeps_known_dims(%x: tensor<?x8xf32>, %y: tensor<?x8xf32>) -> tensor<4x8xf32> {
  %0 = npu.concat %x, %y axis = 0 : tensor<?x8xf32>, tensor<?x8xf32> -> tensor<4x8xf32>
  return %0 : tensor<4x8xf32>
}

// CHECK-LABEL: func @leaves_other_dialects
// CHECK-NEXT: tosa.abs
func.func @leaves_other_dialects(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = tosa.abs %x : (tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}
