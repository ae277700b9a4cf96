// RUN: tessera-opt %s --pass-pipeline='builtin.module(tile-attach-chip{chip=ascend-910b2},func.func(npu-tile))' | FileCheck %s
// RUN: tessera-opt %s --pass-pipeline='builtin.module(tile-attach-chip{chip=ascend-910b2},func.func(npu-tile))' -o %t.once
// RUN: tessera-opt %t.once --pass-pipeline='builtin.module(func.func(npu-tile))' -o %t.twice
// RUN: diff %t.once %t.twice

// A product and what follows it are computed block by block in one loop, which writes the output
// argument; the reduction is not cut.
// CHECK-LABEL: func.func private @matmul_add_gelu
// CHECK-SAME: %[[X:.*]]: tensor<64x96xf32>, %[[W:.*]]: tensor<96x80xf32>, %[[B:.*]]: tensor<80xf32>, %[[OUT:.*]]: tensor<64x80xf32>
// CHECK: %[[ALL:.*]] = scf.forall (%{{.*}}, %{{.*}}) = (0, 0) to (64, 80) step ({{.*}}) shared_outs(%[[INTO:.*]] = %[[OUT]])
// CHECK: tensor.extract_slice %[[X]][%{{.*}}, 0] [{{.*}}, 96]
// CHECK: tensor.extract_slice %[[W]][0, %{{.*}}] [96, {{.*}}]
// CHECK: %[[M:.*]] = tile.matmul
// CHECK: %[[A:.*]] = npu.add %[[M]]
// CHECK: %[[G:.*]] = npu.gelu %[[A]]
// CHECK: tensor.parallel_insert_slice %[[G]] into %[[INTO]]
// CHECK-NOT: scf.for
// CHECK: return %[[ALL]]
func.func private @matmul_add_gelu(%x: tensor<64x96xf32>, %w: tensor<96x80xf32>, %b: tensor<80xf32>,
                                   %out: tensor<64x80xf32>) -> tensor<64x80xf32> attributes {tile.kernel} {
  %0 = npu.matmul %x, %w : tensor<64x96xf32>, tensor<96x80xf32> -> tensor<64x80xf32>
  %1 = npu.add %0, %b : tensor<64x80xf32>, tensor<80xf32> -> tensor<64x80xf32>
  %2 = npu.gelu %1 : tensor<64x80xf32>
  return %2 : tensor<64x80xf32>
}

// A convolution's block reads the lines that its rows need, less those above the image, which
// count as zeros.
// CHECK-LABEL: func.func private @conv
// CHECK: scf.forall
// CHECK: %[[FIRST:.*]] = affine.max
// CHECK: %[[ABOVE:.*]] = affine.max
// CHECK: tensor.extract_slice %{{.*}}[%{{.*}}, %[[FIRST]], 0, 0] [1, %{{.*}}, 64, 32]
// CHECK: tile.conv2d ins({{.*}}) outs({{.*}}) pads(%[[ABOVE]], %{{.*}})
func.func private @conv(%x: tensor<1x64x64x32xf32>, %w: tensor<3x3x32x64xf32>, %out: tensor<1x64x64x64xf32>)
    -> tensor<1x64x64x64xf32> attributes {tile.kernel} {
  %0 = npu.conv2d %x, %w strides = [1, 1] dilations = [1, 1] pads = [1, 1, 1, 1] groups = 1
    : tensor<1x64x64x32xf32>, tensor<3x3x32x64xf32> -> tensor<1x64x64x64xf32>
  return %0 : tensor<1x64x64x64xf32>
}

// A row operator keeps its rows whole.
// CHECK-LABEL: func.func private @softmax
// CHECK: scf.forall (%{{.*}}) = (0) to (4096) step ({{.*}})
// CHECK: npu.softmax %{{.*}} axis = 1 : tensor<{{.*}}x96xf32>
func.func private @softmax(%x: tensor<4096x96xf32>, %out: tensor<4096x96xf32>) -> tensor<4096x96xf32>
    attributes {tile.kernel} {
  %0 = npu.softmax %x axis = 1 : tensor<4096x96xf32>
  return %0 : tensor<4096x96xf32>
}

// A reduction to one value is one block.
// CHECK-LABEL: func.func private @sum
// CHECK: scf.forall (%{{.*}}) in (1)
// CHECK: npu.reduce_sum
func.func private @sum(%x: tensor<96xf32>, %out: tensor<f32>) -> tensor<f32> attributes {tile.kernel} {
  %0 = npu.reduce_sum %x axes = [0] : tensor<96xf32> -> tensor<f32>
  return %0 : tensor<f32>
}

// Other functions are none of this pass's business.
// CHECK-LABEL: func.func @main
// CHECK-NOT: scf.forall
// CHECK: npu.relu
func.func @main(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %0 = npu.relu %x : tensor<4x8xf32>
  return %0 : tensor<4x8xf32>
}
