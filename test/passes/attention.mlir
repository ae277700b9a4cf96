// Attention is one kernel where the chip has a way for it.
// RUN: tessera-opt %s --tile-attach-chip=chip=ascend-910b2 --npu-graph | FileCheck %s --check-prefix=FUSED
// RUN: tessera-opt %s --tile-attach-chip=chip=cpu-avx512 --npu-graph | FileCheck %s --check-prefix=APART
// RUN: tessera-opt %s --tile-attach-chip=chip=ascend-910b2 --npu-graph --npu-kernels | FileCheck %s --check-prefix=TILED
// RUN: tessera-opt %s --tile-attach-chip=chip=ascend-910b2 --npu-graph --npu-kernels --npu-buffers --npu-to-tile | FileCheck %s --check-prefix=PLACED

// FUSED-LABEL: func.func @attention
// FUSED: npu.kernel
// FUSED: npu.matmul {{.*}}transpose_rhs
// FUSED: npu.softmax
// FUSED: npu.matmul
// FUSED-NOT: npu.kernel
// FUSED-LABEL: func.func @scores_are_used_too
// FUSED: npu.kernel
// FUSED: npu.kernel
// APART-LABEL: func.func @attention
// APART: npu.kernel
// APART: npu.kernel
// APART: npu.kernel

// TILED: scf.forall {{.*}} step (1, {{[0-9]+}})
// TILED: tile.attention ins({{.*}}) outs({{.*}}) scale 1.250000e-01

// Scores go to the workspace, and come to the two vector cores, each with its own memory; weights
// come back, and their product is divided there by the sums.
// PLACED-LABEL: func.func private @matmul_mul_softmax_matmul
// PLACED-SAME: tile.cores = #tile<cores mix>
// PLACED-DAG: memref.alloc() {tile.core = 0 : i64} : memref<{{.*}}, #tile.space<"ub">>
// PLACED-DAG: memref.alloc() {tile.core = 1 : i64} : memref<{{.*}}, #tile.space<"ub">>
// PLACED-DAG: tile.workspace depth 1 : memref<{{[0-9]+}}x256xf16>
// PLACED: scf.for
// PLACED: tile.mma
// PLACED: tile.fixpipe
// PLACED: tile.row_reduce
// PLACED: arith.maximumf
// PLACED: scf.for
// PLACED: tile.apply "exp"
// PLACED: tile.copy nd2nd {{.*}}, #tile.space<"ub">> to memref<
// PLACED: tile.mma
// PLACED: tile.fixpipe
// PLACED: arith.divf
func.func @attention(%q: tensor<6x200x64xf16>, %k: tensor<6x256x64xf16>, %v: tensor<6x256x80xf16>)
    -> tensor<6x200x80xf16> {
  %c = npu.constant dense<0.125> : tensor<f16>
  %0 = npu.matmul %q, %k {transpose_rhs}
    : tensor<6x200x64xf16>, tensor<6x256x64xf16> -> tensor<6x200x256xf16>
  %1 = npu.mul %0, %c : tensor<6x200x256xf16>, tensor<f16> -> tensor<6x200x256xf16>
  %2 = npu.softmax %1 axis = 2 : tensor<6x200x256xf16>
  %3 = npu.matmul %2, %v : tensor<6x200x256xf16>, tensor<6x256x80xf16> -> tensor<6x200x80xf16>
  return %3 : tensor<6x200x80xf16>
}

func.func @scores_are_used_too(%q: tensor<200x64xf16>, %k: tensor<256x64xf16>, %v: tensor<256x80xf16>)
    -> (tensor<200x80xf16>, tensor<200x256xf16>) {
  %0 = npu.matmul %q, %k {transpose_rhs}
    : tensor<200x64xf16>, tensor<256x64xf16> -> tensor<200x256xf16>
  %1 = npu.softmax %0 axis = 1 : tensor<200x256xf16>
  %2 = npu.matmul %1, %v : tensor<200x256xf16>, tensor<256x80xf16> -> tensor<200x80xf16>
  return %2, %0 : tensor<200x80xf16>, tensor<200x256xf16>
}
