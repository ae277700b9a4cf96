// Two operators of one group, and rows that fit no memory eight at a time.
func.func @main(%x: tensor<64x65536xf32>) -> (tensor<64x65536xf32>, tensor<64x65536xf32>) {
  %0 = npu.exp %x {npu.group = 1} : tensor<64x65536xf32>
  %1 = npu.neg %x {npu.group = 2} : tensor<64x65536xf32>
  return %0, %1 : tensor<64x65536xf32>, tensor<64x65536xf32>
}
