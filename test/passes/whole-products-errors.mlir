// What a product that stays whole asks of the chip and of its operands.
// RUN: not tessera-opt %s --tile-attach-chip=chip=ascend-950 --npu-to-tile 2>&1 | FileCheck %s --check-prefix=NPU
// RUN: not tessera-opt %s --tile-attach-chip=chip=cpu-avx2 --npu-to-tile --tile-to-llvm 2>&1 | FileCheck %s --check-prefix=CPU

// NPU: error: 'tile.matmul' op takes a product whole, which chip ascend-950 has no kernel for
// CPU: error: 'tile.matmul' op has no CPU kernel that takes all of it: expected f32 operands of known extents and strides, and batch entries of equal distance
func.func private @product(%a: memref<8x4xf32>, %b: memref<4x8xf32, strided<[?, 1]>>, %c: memref<8x8xf32>) attributes {tile.kernel} {
  scf.forall (%i) in (1) {
    tile.matmul ins(%a, %b : memref<8x4xf32>, memref<4x8xf32, strided<[?, 1]>>) outs(%c : memref<8x8xf32>) {whole}
  }
  return
}
