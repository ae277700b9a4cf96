// Each stage finds nothing to do in what it has made.
// RUN: tessera-opt %s --tile-attach-chip=chip=cpu-avx2 --npu-graph -o %t.graph
// RUN: tessera-opt %t.graph --npu-graph | diff %t.graph -
// RUN: tessera-opt %t.graph --npu-kernels -o %t.kernels
// RUN: tessera-opt %t.kernels --npu-kernels | diff %t.kernels -
// RUN: tessera-opt %t.kernels --npu-buffers -o %t.buffers
// RUN: tessera-opt %t.buffers --npu-buffers | diff %t.buffers -
// RUN: tessera-opt %t.buffers --npu-tile-program -o %t.program
// RUN: tessera-opt %t.program --npu-tile-program | diff %t.program -

// RUN: tessera-opt %s --tile-attach-chip=chip=ascend-910b2 --npu-graph -o %t.graph
// RUN: tessera-opt %t.graph --npu-graph | diff %t.graph -
// RUN: tessera-opt %t.graph --npu-kernels -o %t.kernels
// RUN: tessera-opt %t.kernels --npu-kernels | diff %t.kernels -
// RUN: tessera-opt %t.kernels --npu-buffers -o %t.buffers
// RUN: tessera-opt %t.buffers --npu-buffers | diff %t.buffers -
// RUN: tessera-opt %t.buffers --npu-tile-program -o %t.program
// RUN: tessera-opt %t.program --npu-tile-program | diff %t.program -
func.func @main(%x: tensor<100x192xf32>, %w: tensor<192x150xf32>, %b: tensor<150xf32>,
                %i: tensor<1x14x14x32xf32>, %d: tensor<3x3x32xf32>)
    -> (tensor<100x150xf32>, tensor<1x14x14x32xf32>, tensor<192x100xf32>) {
  %0 = npu.matmul %x, %w : tensor<100x192xf32>, tensor<192x150xf32> -> tensor<100x150xf32>
  %1 = npu.add %0, %b : tensor<100x150xf32>, tensor<150xf32> -> tensor<100x150xf32>
  %2 = npu.gelu %1 : tensor<100x150xf32>
  %3 = npu.depthwise_conv2d %i, %d strides = [1, 1] dilations = [1, 1] pads = [1, 1, 1, 1]
    : tensor<1x14x14x32xf32>, tensor<3x3x32xf32> -> tensor<1x14x14x32xf32>
  %c = npu.constant dense<[1.0, 0.5, 0.25, 2.0]> : tensor<4xf32>
  %4 = npu.reshape %3 : tensor<1x14x14x32xf32> to tensor<1568x4xf32>
  %5 = npu.mul %4, %c : tensor<1568x4xf32>, tensor<4xf32> -> tensor<1568x4xf32>
  %6 = npu.reshape %5 : tensor<1568x4xf32> to tensor<1x14x14x32xf32>
  %7 = npu.softmax %x axis = 1 : tensor<100x192xf32>
  %8 = npu.transpose %7 perm = [1, 0] : tensor<100x192xf32> -> tensor<192x100xf32>
  return %2, %6, %8 : tensor<100x150xf32>, tensor<1x14x14x32xf32>, tensor<192x100xf32>
}

// A transposed lhs whose turn moves no element is a view of it, and in the second run no kernel's
// result becomes one.
func.func @views(%x: tensor<64x1x1xf32>, %w: tensor<1x8xf32>, %y: tensor<64x1x8xf32>)
    -> (tensor<64x1x8xf32>, tensor<64x8x1xf32>) {
  %0 = npu.matmul %x, %w {transpose_lhs}
    : tensor<64x1x1xf32>, tensor<1x8xf32> -> tensor<64x1x8xf32>
  %k = npu.kernel "turn"(%a = %y) : (tensor<64x1x8xf32>) -> tensor<64x8x1xf32> {
    %1 = npu.transpose %a perm = [0, 2, 1] : tensor<64x1x8xf32> -> tensor<64x8x1xf32>
    npu.yield %1 : tensor<64x8x1xf32>
  }
  return %0, %k : tensor<64x1x8xf32>, tensor<64x8x1xf32>
}
