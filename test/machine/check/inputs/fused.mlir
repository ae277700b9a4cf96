// Kernels of several operators, whose loops turn several times: slots, a workspace between cores.
func.func @main(%x: tensor<64x1536xf32>, %w: tensor<1536x64xf32>, %b: tensor<64xf32>,
                %p: tensor<3x48x640xf32>, %q: tensor<3x640x48xf32>,
                %i: tensor<1x12x12x64xf32>, %f: tensor<3x3x64x32xf32>, %c: tensor<32xf32>)
    -> (tensor<64x64xf32>, tensor<64x64xf32>, tensor<3x48x48xf32>, tensor<1x12x12x32xf32>,
        tensor<64x1536xf32>) {
  %half = npu.constant dense<0.5> : tensor<f32>
  %0 = npu.matmul %x, %w : tensor<64x1536xf32>, tensor<1536x64xf32> -> tensor<64x64xf32>
  %1 = npu.add %0, %b : tensor<64x64xf32>, tensor<64xf32> -> tensor<64x64xf32>
  %2 = npu.gelu %1 : tensor<64x64xf32>
  %3 = npu.matmul %x, %w : tensor<64x1536xf32>, tensor<1536x64xf32> -> tensor<64x64xf32>
  %4 = npu.matmul %p, %q : tensor<3x48x640xf32>, tensor<3x640x48xf32> -> tensor<3x48x48xf32>
  %5 = npu.mul %4, %half : tensor<3x48x48xf32>, tensor<f32> -> tensor<3x48x48xf32>
  %6 = npu.conv2d %i, %f strides = [1, 1] dilations = [1, 1] pads = [1, 1, 1, 1] groups = 1
    : tensor<1x12x12x64xf32>, tensor<3x3x64x32xf32> -> tensor<1x12x12x32xf32>
  %7 = npu.add %6, %c : tensor<1x12x12x32xf32>, tensor<32xf32> -> tensor<1x12x12x32xf32>
  %8 = npu.silu %7 : tensor<1x12x12x32xf32>
  %9 = npu.softmax %x axis = 1 : tensor<64x1536xf32>
  return %2, %3, %5, %8, %9 : tensor<64x64xf32>, tensor<64x64xf32>, tensor<3x48x48xf32>,
    tensor<1x12x12x32xf32>, tensor<64x1536xf32>
}
