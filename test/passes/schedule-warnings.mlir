// What a schedule asks for and nothing comes of.
// RUN: tessera-opt %s --pass-pipeline='builtin.module(tile-attach-chip{chip=ascend-910b2},func.func(npu-canonicalize-graph),npu-apply-schedule,func.func(npu-fuse))' --split-input-file --verify-diagnostics
// RUN: tessera-opt %S/inputs/grouped.mlir --pass-pipeline='builtin.module(func.func(npu-fuse{enable=false}))' 2>&1 | FileCheck %s --check-prefix=APART
// APART: warning: 'npu.exp' op has npu.group, but nothing is fused; leave out --unfused

// The record of tuning has a tile of this kernel that does not fit, and none of the other.
// RUN: echo 'tile ascend-910b2 exp:64x65536xf32,64x65536xf32 8x65536' > %t.tuning
// RUN: tessera-opt %S/inputs/grouped.mlir --pass-pipeline='builtin.module(tile-attach-chip{chip=ascend-910b2},func.func(npu-fuse),npu-outline-kernels,func.func(npu-tile{tuning=%t.tuning}))' --remarks-filter=tile --remark-format=emitRemark 2>&1 | FileCheck %s --check-prefix=RECORD
// RECORD-DAG: warning: exp is not cut into 8x65536 as the record of tuning says: it needs {{.*}}; 'tessera tune' replaces the line 'tile ascend-910b2 exp:64x65536xf32,64x65536xf32' of {{.*}}.tuning
// RECORD-DAG: Remark="neg in tiles of {{.*}} by the cost function, for the record of tuning has no tile of ascend-910b2 neg:64x65536xf32,64x65536xf32 that fits

module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%module: !transform.any_op {transform.readonly}) {
    %products = transform.structured.match ops{["npu.matmul"]} in %module
      : (!transform.any_op) -> !transform.any_op
    %tile = transform.param.constant array<i64: 8, 8> -> !transform.any_param
    // expected-warning@+1 {{puts npu.tile on no operator: nothing matched; 'tessera compile --emit graph' shows the operators that a schedule sees}}
    transform.annotate %products "npu.tile" = %tile : !transform.any_op, !transform.any_param
    %exps = transform.structured.match ops{["npu.exp"]} in %module
      : (!transform.any_op) -> !transform.any_op
    // expected-warning@+1 {{expected npu.group or npu.tile, but got npu.tiles, which no pass reads}}
    transform.annotate %exps "npu.tiles" = %tile : !transform.any_op, !transform.any_param
    %rows = transform.param.constant array<i64: 4, 0> -> !transform.any_param
    transform.annotate %exps "npu.tile" = %rows : !transform.any_op, !transform.any_param
    transform.yield
  }
  func.func @main(%x: tensor<8x8xf32>) -> tensor<8x8xf32> {
    %0 = npu.exp %x : tensor<8x8xf32>
    return %0 : tensor<8x8xf32>
  }
}

// -----

func.func @view(%x: tensor<8x8xf32>) -> tensor<64xf32> {
  // expected-warning@+1 {{'npu.reshape' op has npu.tile, but is part of no kernel: views and constants are not computed, so they are neither grouped nor tiled}}
  %0 = npu.reshape %x {npu.tile = array<i64: 8>} : tensor<8x8xf32> to tensor<64xf32>
  return %0 : tensor<64xf32>
}

// -----

func.func @simplified(%x: tensor<8x8xf32>) -> tensor<8x8xf32> {
  // expected-warning@+1 {{npu.tile is lost: the operator has been simplified into others; a transform-dialect schedule in the file sees what these are}}
  %0 = npu.transpose %x perm = [0, 1] {npu.tile = array<i64: 8, 8>} : tensor<8x8xf32> -> tensor<8x8xf32>
  %1 = npu.exp %0 : tensor<8x8xf32>
  return %1 : tensor<8x8xf32>
}
