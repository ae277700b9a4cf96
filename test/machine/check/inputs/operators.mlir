// Small operators whose kernels the mutation test takes: each is one kernel when nothing is fused.
func.func @main(%x: tensor<40x96xf32>, %w: tensor<96x72xf32>, %b: tensor<72xf32>,
                %p: tensor<2x24x40xf32>, %q: tensor<2x40x32xf32>,
                %i: tensor<1x10x10x16xf32>, %f: tensor<3x3x16x24xf32>, %d: tensor<3x3x16xf32>)
    -> (tensor<40x72xf32>, tensor<40x72xf32>, tensor<40x72xf32>, tensor<2x24x32xf32>,
        tensor<1x10x10x24xf32>, tensor<1x10x10x16xf32>, tensor<1x5x5x16xf32>,
        tensor<1x5x5x16xf32>, tensor<40x96xf32>, tensor<40x96xf32>, tensor<40x1xf32>,
        tensor<96x40xf32>, tensor<80x96xf32>, tensor<40x96xf32>, tensor<40x96xf32>,
        tensor<40x96xf32>, tensor<44x100xf32>, tensor<40x96xf32>, tensor<40x1xf32>) {
  %0 = npu.matmul %x, %w : tensor<40x96xf32>, tensor<96x72xf32> -> tensor<40x72xf32>
  %1 = npu.add %0, %b : tensor<40x72xf32>, tensor<72xf32> -> tensor<40x72xf32>
  %2 = npu.gelu %1 : tensor<40x72xf32>
  %3 = npu.matmul %p, %q : tensor<2x24x40xf32>, tensor<2x40x32xf32> -> tensor<2x24x32xf32>
  %4 = npu.conv2d %i, %f strides = [1, 1] dilations = [1, 1] pads = [1, 1, 1, 1] groups = 1
    : tensor<1x10x10x16xf32>, tensor<3x3x16x24xf32> -> tensor<1x10x10x24xf32>
  %5 = npu.depthwise_conv2d %i, %d strides = [1, 1] dilations = [1, 1] pads = [1, 1, 1, 1]
    : tensor<1x10x10x16xf32>, tensor<3x3x16xf32> -> tensor<1x10x10x16xf32>
  %6 = npu.max_pool2d %i kernel = [2, 2] strides = [2, 2] dilations = [1, 1] pads = [0, 0, 0, 0]
    : tensor<1x10x10x16xf32> -> tensor<1x5x5x16xf32>
  %7 = npu.avg_pool2d %i kernel = [2, 2] strides = [2, 2] dilations = [1, 1] pads = [0, 0, 0, 0]
    : tensor<1x10x10x16xf32> -> tensor<1x5x5x16xf32>
  %8 = npu.softmax %x axis = 1 : tensor<40x96xf32>
  %9 = npu.log_softmax %x axis = 1 : tensor<40x96xf32>
  %10 = npu.reduce_sum %x axes = [1] keepdims : tensor<40x96xf32> -> tensor<40x1xf32>
  %11 = npu.transpose %x perm = [1, 0] : tensor<40x96xf32> -> tensor<96x40xf32>
  %12 = npu.concat %x, %8 axis = 0 : tensor<40x96xf32>, tensor<40x96xf32> -> tensor<80x96xf32>
  %13 = npu.mul %x, %8 : tensor<40x96xf32>, tensor<40x96xf32> -> tensor<40x96xf32>
  %14 = npu.sigmoid %x : tensor<40x96xf32>
  %15 = npu.div %x, %14 : tensor<40x96xf32>, tensor<40x96xf32> -> tensor<40x96xf32>
  %16 = npu.pad %x low = [2, 2] high = [2, 2] value = 0.0 : tensor<40x96xf32> -> tensor<44x100xf32>
  %17 = npu.tanh %x : tensor<40x96xf32>
  %18 = npu.reduce_max %x axes = [1] keepdims : tensor<40x96xf32> -> tensor<40x1xf32>
  return %0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, %18
    : tensor<40x72xf32>, tensor<40x72xf32>, tensor<40x72xf32>, tensor<2x24x32xf32>,
      tensor<1x10x10x24xf32>, tensor<1x10x10x16xf32>, tensor<1x5x5x16xf32>,
      tensor<1x5x5x16xf32>, tensor<40x96xf32>, tensor<40x96xf32>, tensor<40x1xf32>,
      tensor<96x40xf32>, tensor<80x96xf32>, tensor<40x96xf32>, tensor<40x96xf32>,
      tensor<40x96xf32>, tensor<44x100xf32>, tensor<40x96xf32>, tensor<40x1xf32>
}
