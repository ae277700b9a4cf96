// What the graph passes make computes the same, by the reference way that knows none of them.
// RUN: rm -rf %t && mkdir %t
// RUN: tessera run %s --reference --random-inputs --output-dir %t/before --output-format npy
// RUN: tessera-opt %s --npu-canonicalize-graph -o %t/simple.mlir
// RUN: tessera run %t/simple.mlir --reference --random-inputs --output-dir %t/simple --output-format npy
// RUN: python3 %S/inputs/compare-npy.py %t/before %t/simple
// RUN: tessera-opt %s --pass-pipeline="builtin.module(tile-attach-chip{chip=cpu-avx2},func.func(npu-canonicalize-graph,npu-assign-layouts,npu-fuse))" \
// RUN:   -o %t/fused.mlir
// RUN: tessera run %t/fused.mlir --reference --random-inputs --output-dir %t/fused --output-format npy
// RUN: python3 %S/inputs/compare-npy.py %t/before %t/fused
// RUN: tessera-opt %s --pass-pipeline="builtin.module(tile-attach-chip{chip=cpu-avx2},func.func(npu-assign-layouts,npu-fuse))" \
// RUN:   -o %t/plain.mlir
// RUN: tessera run %t/plain.mlir --reference --random-inputs --output-dir %t/plain --output-format npy
// RUN: python3 %S/inputs/compare-npy.py %t/before %t/plain

func.func @main(%image: tensor<2x6x8x8xf32>, %gate: tensor<2x6x1x1xf32>, %rows: tensor<5x8xf32>,
                %tokens: tensor<1x10x8xf32>)
    -> (tensor<2x6xf32>, tensor<2x12x8x8xf32>, tensor<2x6x9x10xf32>, tensor<1x10x8xf32>,
        tensor<1x8xf32>, tensor<5x8xf32>, tensor<5x8xf32>, tensor<8x5xf32>, tensor<2x64x6xf32>) {
  %c6 = npu.constant dense<[[[[0.5]], [[-1.0]], [[1.5]], [[2.0]], [[0.25]], [[-0.75]]]]>
    : tensor<1x6x1x1xf32>
  %bias6 = npu.constant dense<[[[[0.1]], [[0.2]], [[0.3]], [[0.4]], [[0.5]], [[0.6]]]]>
    : tensor<1x6x1x1xf32>
  %b8 = npu.constant dense<[0.1, -0.2, 0.3, -0.4, 0.5, -0.6, 0.7, -0.8]> : tensor<8xf32>
  %one = npu.constant dense<1.0> : tensor<f32>
  %two = npu.constant dense<2.0> : tensor<f32>
  %half = npu.constant dense<0.5> : tensor<f32>
  %three = npu.constant dense<3.0> : tensor<f32>
  %six = npu.constant dense<6.0> : tensor<f32>
  %eps = npu.constant dense<1.0e-5> : tensor<f32>
  %root = npu.constant dense<1.41421354> : tensor<f32>

  // Weights from the tokens and rows, so that no file of numbers is needed; and constant ones.
  %t2 = npu.reshape %tokens : tensor<1x10x8xf32> to tensor<10x8xf32>
  %w80 = npu.reshape %tokens : tensor<1x10x8xf32> to tensor<80xf32>
  %w54s = npu.slice %w80 offsets = [0] sizes = [54] strides = [1] : tensor<80xf32> -> tensor<54xf32>
  %w54 = npu.reshape %w54s : tensor<54xf32> to tensor<3x3x1x6xf32>
  %w72s = npu.slice %w80 offsets = [8] sizes = [72] strides = [1] : tensor<80xf32> -> tensor<72xf32>
  %w72 = npu.reshape %w72s : tensor<72xf32> to tensor<2x2x3x6xf32>
  %w72d = npu.reshape %w72s : tensor<72xf32> to tensor<1x1x6x12xf32>
  %w12 = npu.slice %w80 offsets = [5] sizes = [48] strides = [1] : tensor<80xf32> -> tensor<48xf32>
  %w48 = npu.reshape %w12 : tensor<48xf32> to tensor<2x2x1x12xf32>

  // An NCHW graph: depthwise by groups, scale, gate, activation, residual, reduction.
  %nhwc = npu.transpose %image perm = [0, 2, 3, 1] : tensor<2x6x8x8xf32> -> tensor<2x8x8x6xf32>
  %dw = npu.conv2d %nhwc, %w54 strides = [1, 1] dilations = [1, 1] pads = [1, 1, 1, 1] groups = 6
    : tensor<2x8x8x6xf32>, tensor<3x3x1x6xf32> -> tensor<2x8x8x6xf32>
  %i0 = npu.transpose %dw perm = [0, 3, 1, 2] : tensor<2x8x8x6xf32> -> tensor<2x6x8x8xf32>
  %i1 = npu.mul %i0, %c6 : tensor<2x6x8x8xf32>, tensor<1x6x1x1xf32> -> tensor<2x6x8x8xf32>
  %i2 = npu.add %i1, %bias6 : tensor<2x6x8x8xf32>, tensor<1x6x1x1xf32> -> tensor<2x6x8x8xf32>
  %i3 = npu.mul %i2, %gate : tensor<2x6x8x8xf32>, tensor<2x6x1x1xf32> -> tensor<2x6x8x8xf32>
  %i4 = npu.add %i3, %three : tensor<2x6x8x8xf32>, tensor<f32> -> tensor<2x6x8x8xf32>
  %i5 = npu.clip %i4 {min = 0.0 : f32, max = 6.0 : f32} : tensor<2x6x8x8xf32>
  %i6 = npu.mul %i3, %i5 : tensor<2x6x8x8xf32>
  %i7 = npu.div %i6, %six : tensor<2x6x8x8xf32>, tensor<f32> -> tensor<2x6x8x8xf32>
  %i8 = npu.add %i7, %i0 : tensor<2x6x8x8xf32>
  %mean = npu.reduce_mean %i8 axes = [2, 3] : tensor<2x6x8x8xf32> -> tensor<2x6xf32>

  // Groups, a channel multiplier, pads outside, one pixel.
  %n8 = npu.transpose %i8 perm = [0, 2, 3, 1] : tensor<2x6x8x8xf32> -> tensor<2x8x8x6xf32>
  %padded = npu.pad %n8 low = [0, 1, 0, 0] high = [0, 0, 1, 0] value = 0.0
    : tensor<2x8x8x6xf32> -> tensor<2x9x9x6xf32>
  %groups = npu.conv2d %padded, %w72 strides = [1, 1] dilations = [1, 1] pads = [0, 0, 0, 0]
    groups = 2 : tensor<2x9x9x6xf32>, tensor<2x2x3x6xf32> -> tensor<2x8x8x6xf32>
  %pixel = npu.conv2d %groups, %w72d strides = [1, 1] dilations = [1, 1] pads = [0, 0, 0, 0]
    groups = 1 : tensor<2x8x8x6xf32>, tensor<1x1x6x12xf32> -> tensor<2x8x8x12xf32>
  %doubled = npu.conv2d %groups, %w48 strides = [1, 1] dilations = [1, 1] pads = [1, 1, 0, 0]
    groups = 6 : tensor<2x8x8x6xf32>, tensor<2x2x1x12xf32> -> tensor<2x8x8x12xf32>
  %both = npu.add %pixel, %doubled : tensor<2x8x8x12xf32>
  %back = npu.transpose %both perm = [0, 3, 1, 2] : tensor<2x8x8x12xf32> -> tensor<2x12x8x8xf32>
  %joined = npu.concat %i8, %i0 axis = 1
    : tensor<2x6x8x8xf32>, tensor<2x6x8x8xf32> -> tensor<2x12x8x8xf32>
  %middle = npu.slice %joined offsets = [0, 3, 0, 0] sizes = [2, 6, 8, 8] strides = [1, 1, 1, 1]
    : tensor<2x12x8x8xf32> -> tensor<2x6x8x8xf32>
  %border = npu.pad %middle low = [0, 0, 1, 2] high = [0, 0, 0, 0] value = 0.5
    : tensor<2x6x8x8xf32> -> tensor<2x6x9x10xf32>
  %flat = npu.reshape %i8 : tensor<2x6x8x8xf32> to tensor<2x6x64xf32>
  %columns = npu.transpose %flat perm = [0, 2, 1] : tensor<2x6x64xf32> -> tensor<2x64x6xf32>

  // A norm and attention of one head written out, then the first token.
  %m = npu.reduce_mean %tokens axes = [2] keepdims : tensor<1x10x8xf32> -> tensor<1x10x1xf32>
  %d = npu.sub %tokens, %m : tensor<1x10x8xf32>, tensor<1x10x1xf32> -> tensor<1x10x8xf32>
  %sq = npu.pow %d, %two : tensor<1x10x8xf32>, tensor<f32> -> tensor<1x10x8xf32>
  %v = npu.reduce_mean %sq axes = [2] keepdims : tensor<1x10x8xf32> -> tensor<1x10x1xf32>
  %ve = npu.add %v, %eps : tensor<1x10x1xf32>, tensor<f32> -> tensor<1x10x1xf32>
  %sd = npu.sqrt %ve : tensor<1x10x1xf32>
  %norm = npu.div %d, %sd : tensor<1x10x8xf32>, tensor<1x10x1xf32> -> tensor<1x10x8xf32>
  %n1 = npu.mul %norm, %b8 : tensor<1x10x8xf32>, tensor<8xf32> -> tensor<1x10x8xf32>
  %n2 = npu.add %n1, %b8 : tensor<1x10x8xf32>, tensor<8xf32> -> tensor<1x10x8xf32>
  %heads = npu.reshape %n2 : tensor<1x10x8xf32> to tensor<10x2x4xf32>
  %q = npu.transpose %heads perm = [1, 0, 2] : tensor<10x2x4xf32> -> tensor<2x10x4xf32>
  %qs = npu.div %q, %two : tensor<2x10x4xf32>, tensor<f32> -> tensor<2x10x4xf32>
  %kt = npu.transpose %heads perm = [1, 2, 0] : tensor<10x2x4xf32> -> tensor<2x4x10xf32>
  %scores = npu.matmul %qs, %kt : tensor<2x10x4xf32>, tensor<2x4x10xf32> -> tensor<2x10x10xf32>
  %p = npu.softmax %scores axis = 2 : tensor<2x10x10xf32>
  %mix = npu.matmul %p, %q : tensor<2x10x10xf32>, tensor<2x10x4xf32> -> tensor<2x10x4xf32>
  %turned = npu.transpose %mix perm = [1, 0, 2] : tensor<2x10x4xf32> -> tensor<10x2x4xf32>
  %attended = npu.reshape %turned : tensor<10x2x4xf32> to tensor<1x10x8xf32>
  %residual = npu.add %attended, %tokens : tensor<1x10x8xf32>
  %e = npu.div %residual, %root : tensor<1x10x8xf32>, tensor<f32> -> tensor<1x10x8xf32>
  %erf = npu.erf %e : tensor<1x10x8xf32>
  %e1 = npu.add %erf, %one : tensor<1x10x8xf32>, tensor<f32> -> tensor<1x10x8xf32>
  %e2 = npu.mul %residual, %e1 : tensor<1x10x8xf32>
  %gelu = npu.mul %e2, %half : tensor<1x10x8xf32>, tensor<f32> -> tensor<1x10x8xf32>
  %w88 = npu.slice %t2 offsets = [1, 0] sizes = [8, 8] strides = [1, 1]
    : tensor<10x8xf32> -> tensor<8x8xf32>
  %deep = npu.matmul %gelu, %w88 : tensor<1x10x8xf32>, tensor<8x8xf32> -> tensor<1x10x8xf32>
  %zero = npu.constant dense<0> : tensor<i64>
  %first = npu.gather %deep, %zero axis = 1 : tensor<1x10x8xf32>, tensor<i64> -> tensor<1x8xf32>

  // Constant weights: a product cut in two, scaled, shifted.
  %w = npu.constant dense<[[1.0, -0.5, 0.25, 2.0], [0.5, 1.5, -1.0, 0.0], [0.1, 0.2, 0.3, 0.4],
    [1.0, 1.0, -1.0, 1.0], [0.7, 0.0, 0.0, 0.1], [0.0, 0.3, 0.9, 0.2], [1.1, 0.1, 0.0, -2.0],
    [0.4, -0.4, 0.4, 0.6]]> : tensor<8x4xf32>
  %scale = npu.constant dense<[2.0, 3.0, -1.0, 0.5]> : tensor<4xf32>
  %prod = npu.matmul %rows, %w : tensor<5x8xf32>, tensor<8x4xf32> -> tensor<5x4xf32>
  %p1 = npu.add %prod, %scale : tensor<5x4xf32>, tensor<4xf32> -> tensor<5x4xf32>
  %p2 = npu.mul %p1, %scale : tensor<5x4xf32>, tensor<4xf32> -> tensor<5x4xf32>
  %p3 = npu.sub %p2, %scale : tensor<5x4xf32>, tensor<4xf32> -> tensor<5x4xf32>
  %left = npu.slice %p3 offsets = [0, 0] sizes = [5, 2] strides = [1, 1]
    : tensor<5x4xf32> -> tensor<5x2xf32>
  %right = npu.slice %p3 offsets = [0, 2] sizes = [5, 2] strides = [1, 1]
    : tensor<5x4xf32> -> tensor<5x2xf32>
  %lr = npu.concat %right, %left, %p3 axis = 1
    : tensor<5x2xf32>, tensor<5x2xf32>, tensor<5x4xf32> -> tensor<5x8xf32>
  %sig = npu.sigmoid %lr : tensor<5x8xf32>
  %silu = npu.mul %lr, %sig : tensor<5x8xf32>
  %rr = npu.mul %rows, %rows : tensor<5x8xf32>
  %rm = npu.reduce_mean %rr axes = [1] keepdims : tensor<5x8xf32> -> tensor<5x1xf32>
  %re = npu.add %rm, %eps : tensor<5x1xf32>, tensor<f32> -> tensor<5x1xf32>
  %rs = npu.rsqrt %re : tensor<5x1xf32>
  %rms = npu.mul %rows, %rs : tensor<5x8xf32>, tensor<5x1xf32> -> tensor<5x8xf32>
  %rms8 = npu.mul %rms, %b8 : tensor<5x8xf32>, tensor<8xf32> -> tensor<5x8xf32>
  %tr = npu.transpose %rms8 perm = [1, 0] : tensor<5x8xf32> -> tensor<8x5xf32>
  %sm = npu.softmax %tr axis = 0 : tensor<8x5xf32>
  return %mean, %back, %border, %residual, %first, %silu, %rms8, %sm, %columns
    : tensor<2x6xf32>, tensor<2x12x8x8xf32>, tensor<2x6x9x10xf32>, tensor<1x10x8xf32>,
      tensor<1x8xf32>, tensor<5x8xf32>, tensor<5x8xf32>, tensor<8x5xf32>, tensor<2x64x6xf32>
}
