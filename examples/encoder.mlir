// One encoder layer as in BERT-base: 128 tokens, width 768, 12 heads, 3072 in the middle.
// The weights are random numbers that the loader makes from the seeds given here.
func.func @main(
    %x: tensor<128x768xf32> {npu.name = "x"},
    %wq: tensor<768x768xf32> {npu.random_weight = 1 : i64},
    %wk: tensor<768x768xf32> {npu.random_weight = 2 : i64},
    %wv: tensor<768x768xf32> {npu.random_weight = 3 : i64},
    %wo: tensor<768x768xf32> {npu.random_weight = 4 : i64},
    %w1: tensor<768x3072xf32> {npu.random_weight = 5 : i64},
    %w2: tensor<3072x768xf32> {npu.random_weight = 6 : i64},
    %bq: tensor<768xf32> {npu.random_weight = 7 : i64},
    %bk: tensor<768xf32> {npu.random_weight = 8 : i64},
    %bv: tensor<768xf32> {npu.random_weight = 9 : i64},
    %bo: tensor<768xf32> {npu.random_weight = 10 : i64},
    %b1: tensor<3072xf32> {npu.random_weight = 11 : i64},
    %b2: tensor<768xf32> {npu.random_weight = 12 : i64},
    %n1b: tensor<768xf32> {npu.random_weight = 13 : i64},
    %n2b: tensor<768xf32> {npu.random_weight = 14 : i64})
    -> (tensor<128x768xf32> {npu.name = "y"}) {
  %ones = npu.constant dense<1.0> : tensor<768xf32>
  %eighth = npu.constant dense<0.125> : tensor<f32>

  // Attention: each head looks at all tokens through 64 of the 768 columns.
  %q0 = npu.matmul %x, %wq : tensor<128x768xf32>, tensor<768x768xf32> -> tensor<128x768xf32>
  %q1 = npu.add %q0, %bq : tensor<128x768xf32>, tensor<768xf32> -> tensor<128x768xf32>
  %q2 = npu.reshape %q1 : tensor<128x768xf32> to tensor<128x12x64xf32>
  %q = npu.transpose %q2 perm = [1, 0, 2] : tensor<128x12x64xf32> -> tensor<12x128x64xf32>
  %k0 = npu.matmul %x, %wk : tensor<128x768xf32>, tensor<768x768xf32> -> tensor<128x768xf32>
  %k1 = npu.add %k0, %bk : tensor<128x768xf32>, tensor<768xf32> -> tensor<128x768xf32>
  %k2 = npu.reshape %k1 : tensor<128x768xf32> to tensor<128x12x64xf32>
  %k = npu.transpose %k2 perm = [1, 0, 2] : tensor<128x12x64xf32> -> tensor<12x128x64xf32>
  %v0 = npu.matmul %x, %wv : tensor<128x768xf32>, tensor<768x768xf32> -> tensor<128x768xf32>
  %v1 = npu.add %v0, %bv : tensor<128x768xf32>, tensor<768xf32> -> tensor<128x768xf32>
  %v2 = npu.reshape %v1 : tensor<128x768xf32> to tensor<128x12x64xf32>
  %v = npu.transpose %v2 perm = [1, 0, 2] : tensor<128x12x64xf32> -> tensor<12x128x64xf32>
  %s0 = npu.matmul %q, %k {transpose_rhs}
    : tensor<12x128x64xf32>, tensor<12x128x64xf32> -> tensor<12x128x128xf32>
  %s1 = npu.mul %s0, %eighth : tensor<12x128x128xf32>, tensor<f32> -> tensor<12x128x128xf32>
  %s = npu.softmax %s1 axis = 2 : tensor<12x128x128xf32>
  %c0 = npu.matmul %s, %v
    : tensor<12x128x128xf32>, tensor<12x128x64xf32> -> tensor<12x128x64xf32>
  %c1 = npu.transpose %c0 perm = [1, 0, 2] : tensor<12x128x64xf32> -> tensor<128x12x64xf32>
  %c = npu.reshape %c1 : tensor<128x12x64xf32> to tensor<128x768xf32>
  %o0 = npu.matmul %c, %wo : tensor<128x768xf32>, tensor<768x768xf32> -> tensor<128x768xf32>
  %o1 = npu.add %o0, %bo : tensor<128x768xf32>, tensor<768xf32> -> tensor<128x768xf32>
  %o2 = npu.add %o1, %x : tensor<128x768xf32>, tensor<128x768xf32> -> tensor<128x768xf32>
  %o = npu.layer_norm %o2 scale(%ones : tensor<768xf32>) bias(%n1b : tensor<768xf32>)
    axis = 1 epsilon = 1.0e-12 : tensor<128x768xf32>

  // Feed-forward: each token for itself.
  %f0 = npu.matmul %o, %w1 : tensor<128x768xf32>, tensor<768x3072xf32> -> tensor<128x3072xf32>
  %f1 = npu.add %f0, %b1 : tensor<128x3072xf32>, tensor<3072xf32> -> tensor<128x3072xf32>
  %f2 = npu.gelu %f1 : tensor<128x3072xf32>
  %f3 = npu.matmul %f2, %w2 : tensor<128x3072xf32>, tensor<3072x768xf32> -> tensor<128x768xf32>
  %f4 = npu.add %f3, %b2 : tensor<128x768xf32>, tensor<768xf32> -> tensor<128x768xf32>
  %f5 = npu.add %f4, %o : tensor<128x768xf32>, tensor<128x768xf32> -> tensor<128x768xf32>
  %y = npu.layer_norm %f5 scale(%ones : tensor<768xf32>) bias(%n2b : tensor<768xf32>)
    axis = 1 epsilon = 1.0e-12 : tensor<128x768xf32>
  return %y : tensor<128x768xf32>
}
