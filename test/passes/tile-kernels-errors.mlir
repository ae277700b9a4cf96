// RUN: tessera-opt %s --pass-pipeline='builtin.module(tile-attach-chip{chip=ascend-910b2},func.func(npu-tile))' --split-input-file --verify-diagnostics

func.func private @types(%x: tensor<64x96xf64>, %w: tensor<96x80xf64>, %out: tensor<64x80xf64>)
    -> tensor<64x80xf64> attributes {tile.kernel} {
  // expected-error@+1 {{'npu.matmul' op has no matrix unit for 'f64' x 'f64' on chip ascend-910b2, which has f16, }}
  %0 = npu.matmul %x, %w : tensor<64x96xf64>, tensor<96x80xf64> -> tensor<64x80xf64>
  return %0 : tensor<64x80xf64>
}

// -----

// A window takes whole rows of an image, and this one is larger than the vector unit's memory.
// expected-error@+1 {{no tile of kernel 'wide' fits}}
func.func private @wide(%x: tensor<1x8x100000x64xf32>, %out: tensor<1x8x100000x64xf32>)
    -> tensor<1x8x100000x64xf32> attributes {tile.kernel} {
  %0 = npu.max_pool2d %x kernel = [1, 1] strides = [1, 1] dilations = [1, 1] pads = [0, 0, 0, 0]
    : tensor<1x8x100000x64xf32> -> tensor<1x8x100000x64xf32>
  return %0 : tensor<1x8x100000x64xf32>
}

// -----

// Grouped so that the second operator would need parts of what the first gives only whole.
func.func private @grouped(%x: tensor<64x96xf32>, %w: tensor<96x80xf32>, %v: tensor<80x80xf32>, %out: tensor<64x80xf32>)
    -> tensor<64x80xf32> attributes {tile.kernel} {
  %0 = npu.softmax %x axis = 0 : tensor<64x96xf32>
  %1 = npu.softmax %0 axis = 1 : tensor<64x96xf32>
  // expected-error@-2 {{'npu.softmax' op was grouped into kernel 'grouped' but cannot be computed tile by tile with it}}
  %2 = npu.slice %1 offsets = [0, 0] sizes = [64, 80] strides = [1, 1] : tensor<64x96xf32> -> tensor<64x80xf32>
  return %2 : tensor<64x80xf32>
}

// -----

// Groups become convolutions of their own before; so many do not.
func.func private @groups(%x: tensor<1x4x4x130xf32>, %w: tensor<1x1x2x65xf32>, %out: tensor<1x4x4x65xf32>)
    -> tensor<1x4x4x65xf32> attributes {tile.kernel} {
  // expected-error@+1 {{'npu.conv2d' op has 65 groups, which the matrix unit of no chip takes together}}
  %0 = npu.conv2d %x, %w strides = [1, 1] dilations = [1, 1] pads = [0, 0, 0, 0] groups = 65
    : tensor<1x4x4x130xf32>, tensor<1x1x2x65xf32> -> tensor<1x4x4x65xf32>
  return %0 : tensor<1x4x4x65xf32>
}
