// relu(x * w + b), with b chosen by the caller.
func.func @main(%x: tensor<2x3xf32> {npu.name = "x"}, %b: tensor<4xf32> {npu.name = "b"})
    -> (tensor<2x4xf32> {npu.name = "y"}) {
  %w = npu.constant dense<[[1.0, 0.0, 0.0, 1.0], [0.0, 1.0, 0.0, 1.0], [0.0, 0.0, 1.0, 1.0]]>
    : tensor<3x4xf32>
  %0 = npu.matmul %x, %w : tensor<2x3xf32>, tensor<3x4xf32> -> tensor<2x4xf32>
  %1 = npu.add %0, %b : tensor<2x4xf32>, tensor<4xf32> -> tensor<2x4xf32>
  %y = npu.relu %1 : tensor<2x4xf32>
  return %y : tensor<2x4xf32>
}
