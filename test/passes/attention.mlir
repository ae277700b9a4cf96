// Attention is one kernel where the chip has a way for it.
// RUN: tessera-opt %s --tile-attach-chip=chip=ascend-910b2 --npu-graph | FileCheck %s --check-prefix=FUSED
// RUN: tessera-opt %s --tile-attach-chip=chip=cpu-avx512 --npu-graph | FileCheck %s --check-prefix=APART
// RUN: tessera-opt %s --tile-attach-chip=chip=ascend-910b2 --npu-graph --npu-kernels | FileCheck %s --check-prefix=TILED
// RUN: tessera-opt %s --tile-attach-chip=chip=ascend-910b2 --npu-graph --npu-kernels --npu-buffers --npu-to-tile | FileCheck %s --check-prefix=PLACED
// RUN: tessera-opt %s --tile-attach-chip=chip=ascend-950 --npu-graph | FileCheck %s --check-prefix=FUSED
// RUN: tessera-opt %s --tile-attach-chip=chip=ascend-950 --npu-graph --npu-kernels --npu-buffers --npu-to-tile | FileCheck %s --check-prefix=ONCHIP

// FUSED-LABEL: func.func @attention
// FUSED: npu.kernel
// FUSED: npu.matmul {{.*}}transpose_rhs
// FUSED: npu.softmax
// FUSED: npu.matmul
// FUSED-NOT: npu.kernel
// FUSED-LABEL: func.func @masked
// FUSED: npu.kernel
// FUSED: npu.matmul {{.*}}transpose_rhs
// FUSED: npu.add
// FUSED: npu.softmax
// FUSED: npu.matmul
// FUSED-NOT: npu.kernel
// FUSED-LABEL: func.func @mask_is_scaled_too
// FUSED: npu.kernel
// FUSED: npu.kernel
// FUSED-LABEL: func.func @scores_are_used_too
// FUSED: npu.kernel
// FUSED: npu.kernel
// The kernel of a CPU takes f32.
// APART-LABEL: func.func @attention
// APART: npu.kernel
// APART: npu.kernel
// APART: npu.kernel

// TILED: scf.forall {{.*}} step (1, {{[0-9]+}})
// TILED: tile.attention ins({{.*}}) outs({{.*}}) scale 1.250000e-01
// A mask that is the same for all queries has one row for each block.
// TILED: tile.attention ins({{.*}}, tensor<1x300x40xf16>, tensor<1x1x300xf16>) outs

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

// Scores drain to both vector cores, weights go from there to L1, and nothing between: no workspace.
// Rows of the result shrink when a greater score is found.
// ONCHIP-LABEL: func.func private @matmul_mul_softmax_matmul
// ONCHIP-SAME: tile.cores = #tile<cores mix>
// ONCHIP-NOT: tile.workspace
// ONCHIP: tile.fixpipe {{.*}}, #tile.space<"l0c">> to memref<{{.*}}, #tile.space<"ub">>
// ONCHIP: scf.for
// ONCHIP: tile.row_reduce
// ONCHIP: arith.maximumf
// ONCHIP: tile.apply "exp"
// ONCHIP: tile.copy nd2nz {{.*}}, #tile.space<"ub">> to memref<{{.*}}, #tile.space<"l1">>
// ONCHIP: tile.mma
// ONCHIP: tile.fixpipe {{.*}}, #tile.space<"l0c">> to memref<{{.*}}, #tile.space<"ub">>
// ONCHIP: arith.divf
// ONCHIP-NOT: tile.workspace
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

// 300 keys are no whole number of parts; the mask is one row for all queries.
func.func @masked(%q: tensor<2x70x64xf16>, %k: tensor<2x300x64xf16>, %v: tensor<2x300x40xf16>,
                  %m: tensor<1x1x300xf16>) -> tensor<2x70x40xf16> {
  %c = npu.constant dense<8.0> : tensor<f16>
  %0 = npu.matmul %q, %k {transpose_rhs}
    : tensor<2x70x64xf16>, tensor<2x300x64xf16> -> tensor<2x70x300xf16>
  %1 = npu.div %0, %c : tensor<2x70x300xf16>, tensor<f16> -> tensor<2x70x300xf16>
  %2 = npu.add %1, %m : tensor<2x70x300xf16>, tensor<1x1x300xf16> -> tensor<2x70x300xf16>
  %3 = npu.softmax %2 axis = 2 : tensor<2x70x300xf16>
  %4 = npu.matmul %3, %v : tensor<2x70x300xf16>, tensor<2x300x40xf16> -> tensor<2x70x40xf16>
  return %4 : tensor<2x70x40xf16>
}

func.func @mask_is_scaled_too(%q: tensor<70x64xf16>, %k: tensor<300x64xf16>,
                              %v: tensor<300x40xf16>, %m: tensor<70x300xf16>)
    -> tensor<70x40xf16> {
  %c = npu.constant dense<0.125> : tensor<f16>
  %0 = npu.matmul %q, %k {transpose_rhs}
    : tensor<70x64xf16>, tensor<300x64xf16> -> tensor<70x300xf16>
  %1 = npu.add %0, %m : tensor<70x300xf16>
  %2 = npu.mul %1, %c : tensor<70x300xf16>, tensor<f16> -> tensor<70x300xf16>
  %3 = npu.softmax %2 axis = 1 : tensor<70x300xf16>
  %4 = npu.matmul %3, %v : tensor<70x300xf16>, tensor<300x40xf16> -> tensor<70x40xf16>
  return %4 : tensor<70x40xf16>
}

func.func @scores_are_used_too(%q: tensor<200x64xf16>, %k: tensor<256x64xf16>, %v: tensor<256x80xf16>)
    -> (tensor<200x80xf16>, tensor<200x256xf16>) {
  %0 = npu.matmul %q, %k {transpose_rhs}
    : tensor<200x64xf16>, tensor<256x64xf16> -> tensor<200x256xf16>
  %1 = npu.softmax %0 axis = 1 : tensor<200x256xf16>
  %2 = npu.matmul %1, %v : tensor<200x256xf16>, tensor<256x80xf16> -> tensor<200x80xf16>
  return %2, %0 : tensor<200x80xf16>, tensor<200x256xf16>
}
