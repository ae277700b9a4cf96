// A chip whose file lacks what a kernel needs is refused with what is missing.
// RUN: not tessera-opt %s --pass-pipeline='builtin.module(tile-attach-chip{chip=tenstorrent-wormhole},func.func(npu-tile))' 2>&1 | FileCheck %s --check-prefix=UNIT
// RUN: not tessera-opt %s --pass-pipeline='builtin.module(tile-attach-chip{chip=ascend-910a},func.func(npu-tile))' 2>&1 | FileCheck %s --check-prefix=PATH

// UNIT: error: kernel 'soft' needs a vector unit, but the file of chip tenstorrent-wormhole describes none; 'tessera chips tenstorrent-wormhole' says what it leaves out
func.func private @soft(%x: tensor<4x100xf32>, %out: tensor<4x100xf32>) -> tensor<4x100xf32>
    attributes {tile.kernel} {
  %0 = npu.softmax %x axis = 1 : tensor<4x100xf32>
  return %0 : tensor<4x100xf32>
}

// PATH: error: 'npu.matmul' op needs rows in gm cut into the matrix unit's blocks on their way to l1, which no path of chip ascend-910a from gm to l1 does
func.func private @product(%x: tensor<64x96xf16>, %w: tensor<96x80xf16>, %out: tensor<64x80xf32>)
    -> tensor<64x80xf32> attributes {tile.kernel} {
  %0 = npu.matmul %x, %w : tensor<64x96xf16>, tensor<96x80xf16> -> tensor<64x80xf32>
  return %0 : tensor<64x80xf32>
}
