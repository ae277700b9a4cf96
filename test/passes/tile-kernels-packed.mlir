// Blocks of a product with packed right operand begin at whole panels.
// RUN: tessera-opt %s --pass-pipeline='builtin.module(tile-attach-chip{chip=cpu-avx2},func.func(npu-tile))' | FileCheck %s

// CHECK: #[[PANEL:.*]] = affine_map<(d0) -> (d0 floordiv 16)>
// CHECK-LABEL: func.func private @packed
// CHECK: scf.forall (%{{.*}}, %[[J:.*]]) = (0, 0) to (640, 1000) step (
// CHECK: %[[AT:.*]] = affine.apply #[[PANEL]](%[[J]])
// CHECK: tensor.extract_slice %arg1[%[[AT]], 0, 0] [{{.*}}, 512, 16]
// CHECK: tile.matmul ins({{.*}}) outs({{.*}}) {panel = 16 : i64}
func.func private @packed(%x: tensor<640x512xf32>, %w: tensor<63x512x16xf32>, %out: tensor<640x1000xf32>)
    -> tensor<640x1000xf32> attributes {tile.kernel} {
  %0 = npu.matmul %x, %w {packed_n = 1000 : i64} : tensor<640x512xf32>, tensor<63x512x16xf32> -> tensor<640x1000xf32>
  return %0 : tensor<640x1000xf32>
}
