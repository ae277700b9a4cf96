// RUN: tessera-opt %s --pass-pipeline="builtin.module(tile-attach-chip{chip=cpu-avx2},func.func(npu-assign-layouts))" \
// RUN:   | FileCheck %s
// RUN: tessera-opt %s --pass-pipeline="builtin.module(tile-attach-chip{chip=ascend-910b2},func.func(npu-assign-layouts))" \
// RUN:   | FileCheck %s --check-prefix=ASCEND
// RUN: not tessera-opt %s --npu-assign-layouts 2>&1 | FileCheck %s --check-prefix=NOCHIP
// NOCHIP: error:
// NOCHIP-SAME: chip

// ASCEND-NOT: pack_rhs
// ASCEND-NOT: packed_n

// A constant is packed now: columns 0 and 1 of both rows, then zeros up to the panel's width.
// CHECK-LABEL: @constant_rhs(
func.func @constant_rhs(%a: tensor<3x2xf32>) -> tensor<3x2xf32> {
  // CHECK: %[[P:.*]] = npu.constant dense<{{\[\[\[}}1.000000e+00, 2.000000e+00, 0.000000e+00,
  // CHECK-SAME: 0.000000e+00], [3.000000e+00, 4.000000e+00, 0.000000e+00,
  // CHECK-SAME: : tensor<1x2x16xf32>
  // CHECK-NEXT: npu.matmul %{{.*}}, %[[P]] {packed_n = 2 : i64}
  %w = npu.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %0 = npu.matmul %a, %w : tensor<3x2xf32>, tensor<2x2xf32> -> tensor<3x2xf32>
  return %0 : tensor<3x2xf32>
}

// The same panels from the transposed weight, without a transpose being left.
// CHECK-LABEL: @transposed_constant(
func.func @transposed_constant(%a: tensor<3x2xf32>) -> tensor<3x2xf32> {
  // CHECK: %[[P:.*]] = npu.constant dense<{{\[\[\[}}1.000000e+00, 2.000000e+00, 0.000000e+00,
  // CHECK-SAME: 0.000000e+00], [3.000000e+00, 4.000000e+00, 0.000000e+00,
  // CHECK-NEXT: npu.matmul %{{.*}}, %[[P]] {packed_n = 2 : i64}
  %w = npu.constant dense<[[1.0, 3.0], [2.0, 4.0]]> : tensor<2x2xf32>
  %0 = npu.matmul %a, %w {transpose_rhs} : tensor<3x2xf32>, tensor<2x2xf32> -> tensor<3x2xf32>
  return %0 : tensor<3x2xf32>
}

// Two uses of equal weights read one packed copy.
// CHECK-LABEL: @shared_weight(
func.func @shared_weight(%a: tensor<2x2xf32>) -> tensor<2x2xf32> {
  // CHECK: %[[P:.*]] = npu.constant
  // CHECK-NOT: npu.constant
  // CHECK: npu.matmul %{{.*}}, %[[P]]
  // CHECK: npu.matmul %{{.*}}, %[[P]]
  %v = npu.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %w = npu.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %0 = npu.matmul %a, %v : tensor<2x2xf32>, tensor<2x2xf32> -> tensor<2x2xf32>
  %1 = npu.matmul %0, %w : tensor<2x2xf32>, tensor<2x2xf32> -> tensor<2x2xf32>
  return %1 : tensor<2x2xf32>
}

// What is not known now is packed when it runs, batch by batch, if something is computed with the
// result; a turned lhs is turned back first.
// CHECK-LABEL: @computed_rhs(
// CHECK-SAME: %[[Q:.*]]: tensor<12x64x50xf32>, %[[K:.*]]: tensor<12x50x64xf32>
func.func @computed_rhs(%q: tensor<12x64x50xf32>, %k: tensor<12x50x64xf32>)
    -> tensor<12x50x50xf32> {
  // CHECK: %[[P:.*]] = npu.pack_rhs %[[K]] {panel = 16 : i64, transpose} : tensor<12x50x64xf32> -> tensor<12x4x64x16xf32>
  // CHECK: %[[T:.*]] = npu.transpose %[[Q]] perm = [0, 2, 1]
  // CHECK: npu.matmul %[[T]], %[[P]] {packed_n = 50 : i64}
  %0 = npu.matmul %q, %k {transpose_lhs, transpose_rhs}
    : tensor<12x64x50xf32>, tensor<12x50x64xf32> -> tensor<12x50x50xf32>
  %1 = npu.relu %0 : tensor<12x50x50xf32>
  return %1 : tensor<12x50x50xf32>
}

// A matrix as wide as a panel is one already, unless it has to be turned.
// CHECK-LABEL: @one_panel(
// CHECK-SAME: %[[B:[^:]*]]: tensor<2x40x16xf32>, %[[T:[^:]*]]: tensor<2x16x40xf32>
func.func @one_panel(%a: tensor<2x8x40xf32>, %b: tensor<2x40x16xf32>, %t: tensor<2x16x40xf32>)
    -> (tensor<2x8x16xf32>, tensor<2x8x16xf32>) {
  // CHECK-DAG: %[[R:.*]] = npu.reshape %[[B]] : tensor<2x40x16xf32> to tensor<2x1x40x16xf32>
  // CHECK-DAG: %[[P:.*]] = npu.pack_rhs %[[T]] {panel = 16 : i64, transpose}
  // CHECK: npu.matmul %{{.*}}, %[[R]] {packed_n = 16 : i64}
  // CHECK: npu.matmul %{{.*}}, %[[P]] {packed_n = 16 : i64}
  %0 = npu.matmul %a, %b : tensor<2x8x40xf32>, tensor<2x40x16xf32> -> tensor<2x8x16xf32>
  %1 = npu.matmul %a, %t {transpose_rhs}
    : tensor<2x8x40xf32>, tensor<2x16x40xf32> -> tensor<2x8x16xf32>
  %2 = npu.relu %0 : tensor<2x8x16xf32>
  %3 = npu.relu %1 : tensor<2x8x16xf32>
  return %2, %3 : tensor<2x8x16xf32>, tensor<2x8x16xf32>
}

// A filter is the matrix [kh * kw * c, f].
// CHECK-LABEL: @filter(
func.func @filter(%x: tensor<1x8x8x2xf32>, %w: tensor<3x3x2x20xf32>) -> tensor<1x6x6x20xf32> {
  // CHECK: %[[M:.*]] = npu.reshape %{{.*}} : tensor<3x3x2x20xf32> to tensor<18x20xf32>
  // CHECK: %[[P:.*]] = npu.pack_rhs %[[M]] {panel = 16 : i64} : tensor<18x20xf32> -> tensor<2x18x16xf32>
  // CHECK: npu.conv2d %{{.*}}, %[[P]] {{.*}} {kernel = array<i64: 3, 3>, packed_n = 20 : i64}
  %0 = npu.conv2d %x, %w strides = [1, 1] dilations = [1, 1] pads = [0, 0, 0, 0] groups = 1
    : tensor<1x8x8x2xf32>, tensor<3x3x2x20xf32> -> tensor<1x6x6x20xf32>
  return %0 : tensor<1x6x6x20xf32>
}

// The unit has no form for these types; columns of an unknown number cannot be promised.
// CHECK-LABEL: @declines(
func.func @declines(%a: tensor<4x4xf64>, %b: tensor<4x4xf64>, %c: tensor<4x4xf32>,
                    %d: tensor<4x?xf32>) -> (tensor<4x4xf64>, tensor<4x?xf32>) {
  // CHECK-NOT: pack
  // CHECK: return
  %0 = npu.matmul %a, %b : tensor<4x4xf64>, tensor<4x4xf64> -> tensor<4x4xf64>
  %1 = npu.matmul %c, %d : tensor<4x4xf32>, tensor<4x?xf32> -> tensor<4x?xf32>
  return %0, %1 : tensor<4x4xf64>, tensor<4x?xf32>
}
