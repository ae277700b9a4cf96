// Where L2 does not hold the right operand, blocks have rows enough to compute while it comes: six
// rows by all columns would be as balanced, and wait.
// RUN: tessera-opt %s --pass-pipeline='builtin.module(tile-attach-chip{chip=cpu-avx512},func.func(npu-tile))' | FileCheck %s

// CHECK-LABEL: func.func private @far
// CHECK: scf.forall {{.*}} to (300, 700) step ({{[3-9][0-9]|[1-3][0-9][0-9]}}, {{[0-9]+}})
func.func private @far(%x: tensor<300x800xf32>, %w: tensor<11x800x64xf32>, %out: tensor<300x700xf32>)
    -> tensor<300x700xf32> attributes {tile.kernel} {
  %0 = npu.matmul %x, %w {packed_n = 700 : i64} : tensor<300x800xf32>, tensor<11x800x64xf32> -> tensor<300x700xf32>
  return %0 : tensor<300x700xf32>
}
