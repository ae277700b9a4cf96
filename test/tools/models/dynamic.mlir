// Row sums of a matrix whose sizes the caller gives; the second output is the matrix, negated.
func.func @main(%x: tensor<?x?xf32> {npu.name = "x"})
    -> (tensor<?xf32> {npu.name = "sums"}, tensor<?x?xf32> {npu.name = "negated"}) {
  %sums = npu.reduce_sum %x axes = [1] : tensor<?x?xf32> -> tensor<?xf32>
  %negated = npu.neg %x : tensor<?x?xf32>
  return %sums, %negated : tensor<?xf32>, tensor<?x?xf32>
}
