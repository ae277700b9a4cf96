// What a matrix unit that reads l1 by rows cannot do, and what a chip without a vector unit lacks.
// RUN: not tessera-opt %s --split-input-file --tile-attach-chip=chip=tenstorrent-wormhole --npu-graph --npu-kernels --npu-buffers --npu-to-tile 2>&1 | FileCheck %s
// RUN: sed 's/b: {spaces: .l1., layout: zZ}/b: {spaces: [l1], layout: nZ}/' %S/../../share/tessera/chips/tenstorrent-wormhole.yaml > %t.yaml
// RUN: not tessera-opt %s --split-input-file --tile-attach-chip=chip=%t.yaml --npu-graph --npu-kernels --npu-buffers --npu-to-tile 2>&1 | FileCheck %s --check-prefix=FORM

// FORM: error: 'tile.matmul' op needs its right operand in layout nZ, but blocks in the memory that the matrix unit of chip tenstorrent-wormhole reads are made in zZ only
// CHECK: error: 'tile.matmul' op has a transposed left operand, which the matrix unit of chip tenstorrent-wormhole reads by rows only; transpose it first
func.func @main(%a: tensor<64x32xbf16>, %b: tensor<64x32xbf16>) -> tensor<32x32xf32> {
  %0 = npu.matmul %a, %b {transpose_lhs} : tensor<64x32xbf16>, tensor<64x32xbf16> -> tensor<32x32xf32>
  return %0 : tensor<32x32xf32>
}

// -----

// CHECK: error: 'tile.conv2d' op gathers windows, which no path of chip tenstorrent-wormhole into l1 does
func.func @main(%a: tensor<1x8x8x16xbf16>, %b: tensor<3x3x16x32xbf16>) -> tensor<1x6x6x32xf32> {
  %0 = npu.conv2d %a, %b strides = [1, 1] dilations = [1, 1] pads = [0, 0, 0, 0] groups = 1 : tensor<1x8x8x16xbf16>, tensor<3x3x16x32xbf16> -> tensor<1x6x6x32xf32>
  return %0 : tensor<1x6x6x32xf32>
}

// -----

// CHECK: error: needs a vector unit, but the file of chip tenstorrent-wormhole describes none; 'tessera chips tenstorrent-wormhole' says what it leaves out
func.func @main(%a: tensor<32x64xbf16>, %b: tensor<64x32xbf16>) -> tensor<32x32xf32> {
  %0 = npu.matmul %a, %b : tensor<32x64xbf16>, tensor<64x32xbf16> -> tensor<32x32xf32>
  %1 = npu.gelu %0 : tensor<32x32xf32>
  return %1 : tensor<32x32xf32>
}

// -----

// Rounded before it is widened: draining f32 would leave the rounding out.
// CHECK: error: needs a vector unit
func.func @main(%a: tensor<32x64xbf16>, %b: tensor<64x32xbf16>) -> tensor<32x32xf32> {
  %0 = npu.matmul %a, %b : tensor<32x64xbf16>, tensor<64x32xbf16> -> tensor<32x32xbf16>
  %1 = npu.cast %0 : tensor<32x32xbf16> to tensor<32x32xf32>
  return %1 : tensor<32x32xf32>
}
