// A layer whose author knows better than the cost function: how the product is cut, and that its
// GELU is a kernel of its own. docs/tuning.md explains it.
module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%module: !transform.any_op {transform.readonly}) {
    // Blocks of 128 rows and 256 columns for the product.
    %products = transform.structured.match ops{["npu.matmul"]} in %module
      : (!transform.any_op) -> !transform.any_op
    %tile = transform.param.constant array<i64: 128, 256> -> !transform.any_param
    transform.annotate %products "npu.tile" = %tile : !transform.any_op, !transform.any_param
    // The product and its bias are one kernel, without what follows.
    %linear = transform.structured.match ops{["npu.matmul", "npu.add"]} in %module
      : (!transform.any_op) -> !transform.any_op
    %name = transform.param.constant "linear" -> !transform.any_param
    transform.annotate %linear "npu.group" = %name : !transform.any_op, !transform.any_param
    transform.yield
  }

  func.func @main(%x: tensor<512x768xf32>, %w: tensor<768x3072xf32> {npu.random_weight = 1},
                  %b: tensor<3072xf32> {npu.random_weight = 2}) -> tensor<512x3072xf32> {
    %0 = npu.matmul %x, %w : tensor<512x768xf32>, tensor<768x3072xf32> -> tensor<512x3072xf32>
    %1 = npu.add %0, %b : tensor<512x3072xf32>, tensor<3072xf32> -> tensor<512x3072xf32>
    %2 = npu.gelu %1 : tensor<512x3072xf32>
    return %2 : tensor<512x3072xf32>
  }
}
