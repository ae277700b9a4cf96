// Right operands of 8-bit integers lie in panels of groups of k, as many of them together as a step
// of the chip's unit takes.
// RUN: tessera-opt %s --pass-pipeline="builtin.module(tile-attach-chip{chip=cpu-avx2},func.func(npu-assign-layouts))" \
// RUN:   | FileCheck %s --check-prefixes=CHECK,AVX2
// RUN: tessera-opt %s --pass-pipeline="builtin.module(tile-attach-chip{chip=cpu-avx512},func.func(npu-assign-layouts))" \
// RUN:   | FileCheck %s --check-prefixes=CHECK,AVX512
// RUN: tessera-opt %s --pass-pipeline="builtin.module(tile-attach-chip{chip=ascend-910b2},func.func(npu-assign-layouts))" \
// RUN:   | FileCheck %s --check-prefix=ASCEND

// ASCEND-NOT: pack_rhs
// ASCEND-NOT: packed_n

// Three of k and two columns: the first two of k of column 0, of column 1, then zeros up to the
// panel's width; the third beside a zero.
// CHECK-LABEL: @constant_rhs(
// AVX2: npu.constant dense<{{\[\[\[\[}}1, 3], [2, 4], [0, 0],
// AVX2-SAME: [0, 0]], {{\[\[}}5, 0], [6, 0], [0, 0],
// AVX2-SAME: : tensor<1x2x16x2xi8>
// AVX512: npu.constant dense<"0x010305000204060000000000{{0*}}"> : tensor<1x1x64x4xi8>
// CHECK-NEXT: npu.matmul {{.*}} {packed_n = 2 : i64}
func.func @constant_rhs(%a: tensor<3x3xi8>) -> tensor<3x2xi32> {
  %w = npu.constant dense<[[1, 2], [3, 4], [5, 6]]> : tensor<3x2xi8>
  %0 = npu.matmul %a, %w : tensor<3x3xi8>, tensor<3x2xi8> -> tensor<3x2xi32>
  return %0 : tensor<3x2xi32>
}

// CHECK-LABEL: @transposed_constant(
// AVX2: npu.constant dense<{{\[\[\[\[}}1, 3], [2, 4], [0, 0],
// AVX512: npu.constant dense<"0x010305000204060000000000{{0*}}"> : tensor<1x1x64x4xi8>
func.func @transposed_constant(%a: tensor<3x3xi8>) -> tensor<3x2xi32> {
  %w = npu.constant dense<[[1, 3, 5], [2, 4, 6]]> : tensor<2x3xi8>
  %0 = npu.matmul %a, %w {transpose_rhs} : tensor<3x3xi8>, tensor<2x3xi8> -> tensor<3x2xi32>
  return %0 : tensor<3x2xi32>
}

// A computed operand as wide as a panel is packed too: its groups do not lie together.
// CHECK-LABEL: @computed_rhs(
// AVX2: npu.pack_rhs %{{.*}} {group = 2 : i64, panel = 16 : i64} : tensor<7x64xi8> -> tensor<4x4x16x2xi8>
// AVX512: npu.pack_rhs %{{.*}} {group = 4 : i64, panel = 64 : i64} : tensor<7x64xi8> -> tensor<1x2x64x4xi8>
func.func @computed_rhs(%a: tensor<3x7xi8>, %b: tensor<7x64xi8>) -> tensor<3x64xi32> {
  %0 = npu.matmul %a, %b : tensor<3x7xi8>, tensor<7x64xi8> -> tensor<3x64xi32>
  return %0 : tensor<3x64xi32>
}

// CHECK-LABEL: @convolution(
// AVX2: npu.pack_rhs %{{.*}} {group = 2 : i64, panel = 16 : i64} : tensor<27x5xi8> -> tensor<1x14x16x2xi8>
// AVX512: npu.pack_rhs %{{.*}} {group = 4 : i64, panel = 64 : i64} : tensor<27x5xi8> -> tensor<1x7x64x4xi8>
// CHECK: npu.conv2d {{.*}} {kernel = array<i64: 3, 3>, packed_n = 5 : i64}
func.func @convolution(%x: tensor<1x8x8x3xi8>, %f: tensor<3x3x3x5xi8>) -> tensor<1x6x6x5xi32> {
  %0 = npu.conv2d %x, %f strides = [1, 1] dilations = [1, 1] pads = [0, 0, 0, 0] groups = 1
    : tensor<1x8x8x3xi8>, tensor<3x3x3x5xi8> -> tensor<1x6x6x5xi32>
  return %0 : tensor<1x6x6x5xi32>
}
