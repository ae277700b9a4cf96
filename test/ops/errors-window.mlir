// What the verifiers of convolutions and poolings reject, and what they say.
// RUN: tessera-opt %s --split-input-file --verify-diagnostics

func.func @conv_channels(%x: tensor<1x8x8x4xf32>, %w: tensor<3x3x3x8xf32>) {
  // expected-error@+1 {{'npu.conv2d' op expected input dim 3 (4) to equal filter dim 2 (3) times groups (1)}}
  %y = npu.conv2d %x, %w strides = [1, 1] dilations = [1, 1] pads = [0, 0, 0, 0] groups = 1
    : tensor<1x8x8x4xf32>, tensor<3x3x3x8xf32> -> tensor<1x6x6x8xf32>
  return
}

// -----

func.func @conv_groups(%x: tensor<1x8x8x4xf32>, %w: tensor<3x3x2x7xf32>) {
  // expected-error@+1 {{'npu.conv2d' op expected filter dim 3 (7) to be a multiple of groups (2)}}
  %y = npu.conv2d %x, %w strides = [1, 1] dilations = [1, 1] pads = [0, 0, 0, 0] groups = 2
    : tensor<1x8x8x4xf32>, tensor<3x3x2x7xf32> -> tensor<1x6x6x7xf32>
  return
}

// -----

func.func @conv_no_groups(%x: tensor<1x8x8x4xf32>, %w: tensor<3x3x4x8xf32>) {
  // expected-error@+1 {{'npu.conv2d' op expected groups to be at least 1, but got 0}}
  %y = npu.conv2d %x, %w strides = [1, 1] dilations = [1, 1] pads = [0, 0, 0, 0] groups = 0
    : tensor<1x8x8x4xf32>, tensor<3x3x4x8xf32> -> tensor<1x6x6x8xf32>
  return
}

// -----

func.func @conv_rank(%x: tensor<8x8x4xf32>, %w: tensor<3x3x4x8xf32>) {
  // expected-error@+1 {{'npu.conv2d' op expected input rank to be 4, but got 3}}
  %y = npu.conv2d %x, %w strides = [1, 1] dilations = [1, 1] pads = [0, 0, 0, 0] groups = 1
    : tensor<8x8x4xf32>, tensor<3x3x4x8xf32> -> tensor<1x6x6x8xf32>
  return
}

// -----

func.func @conv_strides(%x: tensor<1x8x8x4xf32>, %w: tensor<3x3x4x8xf32>) {
  // expected-error@+1 {{'npu.conv2d' op expected strides to be at least 1, but got 0}}
  %y = npu.conv2d %x, %w strides = [1, 0] dilations = [1, 1] pads = [0, 0, 0, 0] groups = 1
    : tensor<1x8x8x4xf32>, tensor<3x3x4x8xf32> -> tensor<1x6x6x8xf32>
  return
}

// -----

func.func @conv_pads(%x: tensor<1x8x8x4xf32>, %w: tensor<3x3x4x8xf32>) {
  // expected-error@+1 {{'npu.conv2d' op expected pads to have 4 entries, but got 2}}
  %y = npu.conv2d %x, %w strides = [1, 1] dilations = [1, 1] pads = [0, 0] groups = 1
    : tensor<1x8x8x4xf32>, tensor<3x3x4x8xf32> -> tensor<1x6x6x8xf32>
  return
}

// -----

func.func @conv_negative_pad(%x: tensor<1x8x8x4xf32>, %w: tensor<3x3x4x8xf32>) {
  // expected-error@+1 {{'npu.conv2d' op expected pads to be at least 0, but got -1}}
  %y = npu.conv2d %x, %w strides = [1, 1] dilations = [1, 1] pads = [0, -1, 0, 0] groups = 1
    : tensor<1x8x8x4xf32>, tensor<3x3x4x8xf32> -> tensor<1x6x5x8xf32>
  return
}

// -----

func.func @conv_dynamic_pads(%x: tensor<1x8x8x4xf32>, %w: tensor<3x3x4x8xf32>, %p: index) {
  // expected-error@+1 {{'npu.conv2d' op expected 0 dynamic pads, but got 1}}
  %y = "npu.conv2d"(%x, %w, %p) {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>,
      pads = array<i64: 0, 0, 0, 0>, groups = 1 : i64}
    : (tensor<1x8x8x4xf32>, tensor<3x3x4x8xf32>, index) -> tensor<1x6x6x8xf32>
  return
}

// -----

func.func @conv_window(%x: tensor<1x8x8x4xf32>, %w: tensor<5x3x4x8xf32>) {
  // expected-error@+1 {{'npu.conv2d' op expected the window's height to fit the padded input (8 + 0 + 0), but got 5 with dilation 2}}
  %y = npu.conv2d %x, %w strides = [1, 1] dilations = [2, 1] pads = [0, 0, 0, 0] groups = 1
    : tensor<1x8x8x4xf32>, tensor<5x3x4x8xf32> -> tensor<1x1x6x8xf32>
  return
}

// -----

func.func @conv_overflow(%x: tensor<1x8x8x4xf32>, %w: tensor<3x3x4x8xf32>) {
  // expected-error@+1 {{'npu.conv2d' op expected the window's height to fit the padded input}}
  %y = npu.conv2d %x, %w strides = [1, 1] dilations = [9223372036854775807, 1]
    pads = [0, 0, 0, 0] groups = 1
    : tensor<1x8x8x4xf32>, tensor<3x3x4x8xf32> -> tensor<1x1x6x8xf32>
  return
}

// -----

func.func @conv_packed_kernel(%x: tensor<1x8x8x4xf32>, %w: tensor<1x36x8xf32>) {
  // expected-error@+1 {{'npu.conv2d' op expected kernel with packed_n}}
  %y = npu.conv2d %x, %w strides = [1, 1] dilations = [1, 1] pads = [0, 0, 0, 0] groups = 1
    {packed_n = 8 : i64} : tensor<1x8x8x4xf32>, tensor<1x36x8xf32> -> tensor<1x6x6x8xf32>
  return
}

// -----

func.func @conv_packed_depth(%x: tensor<1x8x8x4xf32>, %w: tensor<1x35x8xf32>) {
  // expected-error@+1 {{'npu.conv2d' op expected filter dim 1 (35) to equal kernel 3x3 times input dim 3 (4)}}
  %y = npu.conv2d %x, %w strides = [1, 1] dilations = [1, 1] pads = [0, 0, 0, 0] groups = 1
    {packed_n = 8 : i64, kernel = array<i64: 3, 3>}
    : tensor<1x8x8x4xf32>, tensor<1x35x8xf32> -> tensor<1x6x6x8xf32>
  return
}

// -----

func.func @conv_result(%x: tensor<1x8x8x4xf32>, %w: tensor<3x3x4x8xf32>) {
  // expected-error@+1 {{'npu.conv2d' op expected result type 'tensor<1x6x6x8xf32>', but got 'tensor<1x8x8x8xf32>'}}
  %y = npu.conv2d %x, %w strides = [1, 1] dilations = [1, 1] pads = [0, 0, 0, 0] groups = 1
    : tensor<1x8x8x4xf32>, tensor<3x3x4x8xf32> -> tensor<1x8x8x8xf32>
  return
}

// -----

func.func @depthwise_channels(%x: tensor<1x8x8x4xf32>, %w: tensor<3x3x3xf32>) {
  // expected-error@+1 {{'npu.depthwise_conv2d' op expected input dim 3 (4) to equal filter dim 2 (3)}}
  %y = npu.depthwise_conv2d %x, %w strides = [1, 1] dilations = [1, 1] pads = [0, 0, 0, 0]
    : tensor<1x8x8x4xf32>, tensor<3x3x3xf32> -> tensor<1x6x6x4xf32>
  return
}

// -----

func.func @pool_kernel(%x: tensor<1x8x8x4xf32>) {
  // expected-error@+1 {{'npu.max_pool2d' op expected kernel to have 2 entries, but got 3}}
  %y = npu.max_pool2d %x kernel = [2, 2, 2] strides = [1, 1] dilations = [1, 1]
    pads = [0, 0, 0, 0] : tensor<1x8x8x4xf32> -> tensor<1x7x7x4xf32>
  return
}

// -----

func.func @pool_integers(%x: tensor<1x8x8x4xi32>) {
  // expected-error@+1 {{'npu.avg_pool2d' op operand #0 must be ranked tensor of 16-bit float or}}
  %y = npu.avg_pool2d %x kernel = [2, 2] strides = [1, 1] dilations = [1, 1]
    pads = [0, 0, 0, 0] : tensor<1x8x8x4xi32> -> tensor<1x7x7x4xi32>
  return
}
