// Attention on a CPU is one call of a kernel for each block of queries.
// RUN: tessera-opt %s --tile-attach-chip=chip=cpu-avx512 --npu-graph | FileCheck %s --check-prefix=FUSED
// RUN: tessera-opt %s --tile-attach-chip=chip=cpu-avx512 --npu-graph --npu-kernels --npu-buffers --npu-to-tile | FileCheck %s --check-prefix=PLACED

// RUN: tessera-opt %s --tile-attach-chip=chip=cpu-avx512 --npu-canonicalize-graph --npu-assign-layouts --npu-fuse=enable=false | FileCheck %s --check-prefix=FUSED

// Its operands are not packed, so that it is one kernel even where nothing is to be fused. For few queries three kernels take less time.
// FUSED-LABEL: func.func @masked
// FUSED-NOT: npu.pack_rhs
// FUSED: npu.kernel "matmul_mul_add_softmax_matmul"
// FUSED-NOT: npu.kernel
// FUSED-LABEL: func.func @few_queries
// FUSED: npu.kernel "softmax"

// PLACED-LABEL: func.func private @matmul_mul_add_softmax_matmul
// PLACED: scf.forall {{.*}} step (1, 64)
// PLACED-NOT: memref.alloc
// PLACED: tile.attention ins({{.*}}memref<64x32xf32{{.*}}memref<100x32xf32{{.*}}memref<64x100xf32
func.func @masked(%q: tensor<2x64x32xf32>, %k: tensor<2x100x32xf32>, %v: tensor<2x100x40xf32>,
                  %m: tensor<64x100xf32>) -> tensor<2x64x40xf32> {
  %c = npu.constant dense<0.125> : tensor<f32>
  %0 = npu.matmul %q, %k {transpose_rhs}
    : tensor<2x64x32xf32>, tensor<2x100x32xf32> -> tensor<2x64x100xf32>
  %1 = npu.mul %0, %c : tensor<2x64x100xf32>, tensor<f32> -> tensor<2x64x100xf32>
  %2 = npu.add %1, %m : tensor<2x64x100xf32>, tensor<64x100xf32> -> tensor<2x64x100xf32>
  %3 = npu.softmax %2 axis = 2 : tensor<2x64x100xf32>
  %4 = npu.matmul %3, %v : tensor<2x64x100xf32>, tensor<2x100x40xf32> -> tensor<2x64x40xf32>
  return %4 : tensor<2x64x40xf32>
}

func.func @few_queries(%q: tensor<8x32xf32>, %k: tensor<100x32xf32>, %v: tensor<100x40xf32>)
    -> tensor<8x40xf32> {
  %0 = npu.matmul %q, %k {transpose_rhs} : tensor<8x32xf32>, tensor<100x32xf32> -> tensor<8x100xf32>
  %1 = npu.softmax %0 axis = 1 : tensor<8x100xf32>
  %2 = npu.matmul %1, %v : tensor<8x100xf32>, tensor<100x40xf32> -> tensor<8x40xf32>
  return %2 : tensor<8x40xf32>
}
