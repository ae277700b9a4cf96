// Attention of several blocks of queries and keys: on the 910B2 cube and vector cores work together.
func.func @main(%q: tensor<2x160x64xf32>, %k: tensor<2x300x64xf32>, %v: tensor<2x300x64xf32>)
    -> tensor<2x160x64xf32> {
  %scale = npu.constant dense<0.125> : tensor<f32>
  %0 = npu.matmul %q, %k {transpose_rhs}
    : tensor<2x160x64xf32>, tensor<2x300x64xf32> -> tensor<2x160x300xf32>
  %1 = npu.mul %0, %scale : tensor<2x160x300xf32>, tensor<f32> -> tensor<2x160x300xf32>
  %2 = npu.softmax %1 axis = 2 : tensor<2x160x300xf32>
  %3 = npu.matmul %2, %v
    : tensor<2x160x300xf32>, tensor<2x300x64xf32> -> tensor<2x160x64xf32>
  return %3 : tensor<2x160x64xf32>
}
