// A reduction dimension of a value form is never tiled: each step would overwrite the sum of those
// before it. The operators refuse, whoever asks; along the others they agree.
// RUN: tessera-opt %s --transform-interpreter --split-input-file --verify-diagnostics | FileCheck %s

func.func @matmul(%a: tensor<32x64xf32>, %b: tensor<64x48xf32>) -> tensor<32x48xf32> {
  // expected-error@+3 {{'npu.matmul' op cannot tile reduction loop 2}}
  // expected-error@+2 {{to tile operation}}
  // expected-error@+1 {{failed to generate tiling loops}}
  %0 = npu.matmul %a, %b : tensor<32x64xf32>, tensor<64x48xf32> -> tensor<32x48xf32>
  return %0 : tensor<32x48xf32>
}
module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%module: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["npu.matmul"]} in %module : (!transform.any_op) -> !transform.any_op
    %tiled, %loop = transform.structured.tile_using_for %op tile_sizes [0, 0, 16] : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}

// -----

// CHECK-LABEL: func.func @rows
// CHECK: scf.for
// CHECK: tile.matmul
func.func @rows(%a: tensor<32x64xf32>, %b: tensor<64x48xf32>) -> tensor<32x48xf32> {
  %0 = npu.matmul %a, %b : tensor<32x64xf32>, tensor<64x48xf32> -> tensor<32x48xf32>
  return %0 : tensor<32x48xf32>
}
module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%module: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["npu.matmul"]} in %module : (!transform.any_op) -> !transform.any_op
    %tiled, %loop = transform.structured.tile_using_for %op tile_sizes [8] : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}
