// A schedule in the file chooses what is fused and how it is cut; the passes obey.
// RUN: tessera-opt %s --pass-pipeline='builtin.module(tile-attach-chip{chip=ascend-910b2},npu-apply-schedule,func.func(npu-fuse))' | FileCheck %s
// RUN: tessera-opt %s --pass-pipeline='builtin.module(tile-attach-chip{chip=ascend-910b2},npu-apply-schedule,func.func(npu-fuse),npu-outline-kernels,func.func(npu-tile))' | FileCheck %s --check-prefix=TILE
// RUN: tessera sim %s --chip ascend-910b2 --remarks tile 2>&1 | FileCheck %s --check-prefix=SIM
// RUN: tessera check %s --chip ascend-910b2
// RUN: tessera run %s --chip ascend-910b2 --random-inputs --check --tolerance 1e-4
// RUN: tessera run %s --random-inputs --reference

// The example of docs/tuning.md:
// RUN: tessera sim %S/../../examples/schedule.mlir --chip ascend-910b2 --precision f16 --remarks all 2>&1 | FileCheck %s --check-prefix=EXAMPLE
// EXAMPLE-DAG: fuse: 2 operators in one kernel as the schedule says: matmul_add
// EXAMPLE-DAG: tile: matmul_add in tiles of 128x256 as the schedule says
// EXAMPLE-DAG: tile: gelu in tiles of {{.*}} by the cost function
// EXAMPLE-DAG: pipeline: 2 slots of
// EXAMPLE-DAG: plan: l0c of matmul_add: 131072 bytes

// SIM: remark: {{.*}}schedule.mlir{{.*}}: tile: {{.*}} in tiles of 32x64 as the schedule says: {{[0-9]+}} cycles; the best other of

// The sequence is gone; exp is left out of the kernel that it would have been in, and the cast of
// the other chain is with its relu alone.
// CHECK-NOT: transform
// CHECK-LABEL: func.func @main
// CHECK: npu.kernel "matmul_add"
// CHECK: npu.matmul {{.*}} {npu.tile = array<i64: 32, 64>}
// CHECK: npu.kernel "exp"
// CHECK: npu.kernel "sub"
// CHECK: npu.kernel "relu_neg"

// TILE-LABEL: func.func private @matmul_add
// TILE: scf.forall (%{{.*}}, %{{.*}}) = (0, 0) to (128, 256) step (32, 64)
// TILE-LABEL: func.func private @exp
// TILE: scf.forall (%{{.*}}, %{{.*}}) = (0, 0) to (128, 256) step (8, 256)
module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%module: !transform.any_op {transform.readonly}) {
    %products = transform.structured.match ops{["npu.matmul"]} in %module
      : (!transform.any_op) -> !transform.any_op
    %tile = transform.param.constant array<i64: 32, 64> -> !transform.any_param
    transform.annotate %products "npu.tile" = %tile : !transform.any_op, !transform.any_param

    // The product and its bias, but not what follows; the last two, but not what comes before.
    %first = transform.structured.match ops{["npu.matmul", "npu.add"]} in %module
      : (!transform.any_op) -> !transform.any_op
    %one = transform.param.constant "product" -> !transform.any_param
    transform.annotate %first "npu.group" = %one : !transform.any_op, !transform.any_param
    %last = transform.structured.match ops{["npu.relu", "npu.neg"]} in %module
      : (!transform.any_op) -> !transform.any_op
    %two = transform.param.constant "last" -> !transform.any_param
    transform.annotate %last "npu.group" = %two : !transform.any_op, !transform.any_param
    %other = transform.structured.match ops{["npu.sub"]} in %module
      : (!transform.any_op) -> !transform.any_op
    %three = transform.param.constant "sub" -> !transform.any_param
    transform.annotate %other "npu.group" = %three : !transform.any_op, !transform.any_param

    // 0 stands for all columns.
    %exps = transform.structured.match ops{["npu.exp"]} in %module
      : (!transform.any_op) -> !transform.any_op
    %rows = transform.param.constant array<i64: 8, 0> -> !transform.any_param
    transform.annotate %exps "npu.tile" = %rows : !transform.any_op, !transform.any_param
    transform.yield
  }
  func.func @main(%x: tensor<128x96xf32>, %w: tensor<96x256xf32>, %b: tensor<256xf32>)
      -> tensor<128x256xf32> {
    %0 = npu.matmul %x, %w : tensor<128x96xf32>, tensor<96x256xf32> -> tensor<128x256xf32>
    %1 = npu.add %0, %b : tensor<128x256xf32>, tensor<256xf32> -> tensor<128x256xf32>
    %2 = npu.exp %1 : tensor<128x256xf32>
    %3 = npu.sub %2, %b : tensor<128x256xf32>, tensor<256xf32> -> tensor<128x256xf32>
    %4 = npu.relu %3 : tensor<128x256xf32>
    %5 = npu.neg %4 : tensor<128x256xf32>
    return %5 : tensor<128x256xf32>
  }
}
