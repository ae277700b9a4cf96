// The choice of a tile, what the cost function says of it, and of the runner-up.
// RUN: tessera-opt %s --pass-pipeline='builtin.module(tile-attach-chip{chip=ascend-910b2},func.func(npu-tile))' \
// RUN:   --remarks-filter=tile --remark-format=emitRemark -o /dev/null 2>&1 | FileCheck %s

// CHECK-DAG: [Passed] tile-size | Category:tile | Function=product {{.*}}product in tiles of {{[0-9]+x[0-9]+}} by the cost function: {{[1-9][0-9]*}} cycles; the best other of {{[0-9]+}} is {{[0-9]+x[0-9]+}}, {{[1-9][0-9]*}} cycles
// CHECK-DAG: [Passed] tile-size | Category:tile | Function=chain {{.*}}chain in tiles of {{[0-9]+x[0-9]+}} by the cost function: {{[1-9][0-9]*}} cycles; the best other of
// A tile that a schedule gave has the cost function's own choice beside it.
// CHECK-DAG: [Passed] tile-size | Category:tile | Function=given {{.*}}given in tiles of 16x48 as the schedule says: {{[1-9][0-9]*}} cycles; the best other of
// CHECK-DAG: [Passed] tile-size | Category:tile | Function=one {{.*}}one in tiles of 1x768 by the cost function: {{[0-9]+}} cycles; no other tile fits
func.func private @product(%x: tensor<640x96xf16>, %w: tensor<96x800xf16>, %out: tensor<640x800xf32>)
    -> tensor<640x800xf32> attributes {tile.kernel} {
  %0 = npu.matmul %x, %w : tensor<640x96xf16>, tensor<96x800xf16> -> tensor<640x800xf32>
  return %0 : tensor<640x800xf32>
}
func.func private @chain(%x: tensor<640x800xf32>, %out: tensor<640x800xf32>)
    -> tensor<640x800xf32> attributes {tile.kernel} {
  %0 = npu.exp %x : tensor<640x800xf32>
  return %0 : tensor<640x800xf32>
}
func.func private @given(%x: tensor<640x96xf16>, %w: tensor<96x800xf16>, %out: tensor<640x800xf32>)
    -> tensor<640x800xf32> attributes {tile.kernel} {
  %0 = npu.matmul %x, %w {npu.tile = array<i64: 16, 48>} : tensor<640x96xf16>, tensor<96x800xf16> -> tensor<640x800xf32>
  return %0 : tensor<640x800xf32>
}
func.func private @one(%x: tensor<1x768xf32>, %out: tensor<1x768xf32>)
    -> tensor<1x768xf32> attributes {tile.kernel} {
  %0 = npu.layer_norm %x axis = 1 epsilon = 1.0e-6 : tensor<1x768xf32>
  return %0 : tensor<1x768xf32>
}
