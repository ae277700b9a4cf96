// RUN: tessera-opt %s --pass-pipeline='builtin.module(tile-attach-chip{chip=ascend-910b2},func.func(npu-fuse,npu-cut-windows))' --split-input-file --verify-diagnostics

func.func @channels(%x: tensor<1x8x8x100000xf32>, %w: tensor<3x3x100000x16xf32>) -> tensor<1x6x6x16xf32> {
  // expected-error@+1 {{'npu.conv2d' op has no block that fits the memories of chip ascend-910b2, even of one column: the smallest needs 21665536 bytes of l1 for the lines it reads and two steps of its weights, but chip ascend-910b2 has 524288; it is 1x6x1x16; a window of 3x3 over all 100000 channels (dim 3 of the image) is too much}}
  %0 = npu.conv2d %x, %w strides = [1, 1] dilations = [1, 1] pads = [0, 0, 0, 0] groups = 1
    : tensor<1x8x8x100000xf32>, tensor<3x3x100000x16xf32> -> tensor<1x6x6x16xf32>
  return %0 : tensor<1x6x6x16xf32>
}

// -----

func.func @window(%x: tensor<1x300x300x4xf32>) -> tensor<1x1x1x4xf32> {
  // expected-error@+1 {{'npu.max_pool2d' op has no block that fits the memories of chip ascend-910b2, even of one column: the smallest needs 360004 bytes of ub, but chip ascend-910b2 has 196608; it is 1x1x1x1; a window of 300x300 is too much}}
  %0 = npu.max_pool2d %x kernel = [300, 300] strides = [1, 1] dilations = [1, 1] pads = [0, 0, 0, 0]
    : tensor<1x300x300x4xf32> -> tensor<1x1x1x4xf32>
  return %0 : tensor<1x1x1x4xf32>
}
