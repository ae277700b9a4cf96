// A network in f16, then windows and a product in bf16: no CPU multiplies either, nor has windows of
// them as kernels. 20 channels are no whole number of vectors.
func.func @main(
    %x: tensor<1x24x24x8xf16>,
    %wc32: tensor<3x3x8x20xf32> {npu.random_weight = 1 : i64},
    %wd32: tensor<3x3x20xf32> {npu.random_weight = 2 : i64},
    %wg32: tensor<20x10xf32> {npu.random_weight = 3 : i64},
    %bg32: tensor<10xf32> {npu.random_weight = 4 : i64},
    %wb32: tensor<3x3x20xf32> {npu.random_weight = 5 : i64},
    %wm32: tensor<20x12xf32> {npu.random_weight = 6 : i64})
    -> (tensor<1x10xf16>, tensor<1x6x6x20xf16>, tensor<144x12xbf16>) {
  %wc = npu.cast %wc32 : tensor<3x3x8x20xf32> to tensor<3x3x8x20xf16>
  %wd = npu.cast %wd32 : tensor<3x3x20xf32> to tensor<3x3x20xf16>
  %wg = npu.cast %wg32 : tensor<20x10xf32> to tensor<20x10xf16>
  %bg = npu.cast %bg32 : tensor<10xf32> to tensor<10xf16>
  %wb = npu.cast %wb32 : tensor<3x3x20xf32> to tensor<3x3x20xbf16>
  %wm = npu.cast %wm32 : tensor<20x12xf32> to tensor<20x12xbf16>
  %0 = npu.conv2d %x, %wc strides = [1, 1] dilations = [1, 1] pads = [1, 1, 1, 1] groups = 1
    : tensor<1x24x24x8xf16>, tensor<3x3x8x20xf16> -> tensor<1x24x24x20xf16>
  %1 = npu.relu %0 : tensor<1x24x24x20xf16>
  %2 = npu.max_pool2d %1 kernel = [3, 3] strides = [2, 2] dilations = [1, 1] pads = [1, 1, 0, 0]
    : tensor<1x24x24x20xf16> -> tensor<1x12x12x20xf16>
  %3 = npu.depthwise_conv2d %2, %wd strides = [1, 1] dilations = [2, 1] pads = [2, 1, 2, 1]
    : tensor<1x12x12x20xf16>, tensor<3x3x20xf16> -> tensor<1x12x12x20xf16>
  %4 = npu.reduce_mean %3 axes = [1, 2] : tensor<1x12x12x20xf16> -> tensor<1x20xf16>
  %5 = npu.matmul %4, %wg : tensor<1x20xf16>, tensor<20x10xf16> -> tensor<1x10xf16>
  %6 = npu.add %5, %bg : tensor<1x10xf16>, tensor<10xf16> -> tensor<1x10xf16>
  %7 = npu.avg_pool2d %3 kernel = [3, 2] strides = [2, 2] dilations = [1, 1] pads = [1, 0, 0, 0]
    : tensor<1x12x12x20xf16> -> tensor<1x6x6x20xf16>
  %8 = npu.cast %2 : tensor<1x12x12x20xf16> to tensor<1x12x12x20xbf16>
  %9 = npu.depthwise_conv2d %8, %wb strides = [1, 1] dilations = [1, 1] pads = [1, 1, 1, 1]
    : tensor<1x12x12x20xbf16>, tensor<3x3x20xbf16> -> tensor<1x12x12x20xbf16>
  %10 = npu.reshape %9 : tensor<1x12x12x20xbf16> to tensor<144x20xbf16>
  %11 = npu.matmul %10, %wm : tensor<144x20xbf16>, tensor<20x12xbf16> -> tensor<144x12xbf16>
  return %6, %7, %11 : tensor<1x10xf16>, tensor<1x6x6x20xf16>, tensor<144x12xbf16>
}
