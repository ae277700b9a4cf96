// A product of plain operands on a CPU is one call of the library's kernel.
// RUN: tessera-opt %s --tile-attach-chip=chip=cpu-avx2 --npu-graph --npu-kernels --npu-buffers --npu-tile-program | FileCheck %s
// RUN: tessera-opt %s --tile-attach-chip=chip=cpu-avx2 --npu-graph --npu-kernels --npu-buffers --npu-tile-program --tile-to-llvm | FileCheck %s --check-prefix=CALL
// RUN: tessera-opt %s --tile-attach-chip=chip=ascend-950 --npu-graph --npu-kernels | FileCheck %s --check-prefix=NPU
// RUN: tessera compile %s --remarks tile 2>&1 | FileCheck %s --check-prefix=REMARK
// RUN: tessera run %s --random-inputs --check --threads 1
// RUN: tessera run %s --random-inputs --check --threads 3
// RUN: sed 's/^module {/module attributes {transform.with_named_sequence} {/' %s > %t.mlir
// RUN: tessera-opt %t.mlir --tile-attach-chip=chip=cpu-avx2 --npu-graph | FileCheck %s --check-prefix=SCHEDULE

// NPU-NOT: whole} ->
// REMARK: tile: matmul is not cut: the library's kernel shares it out by itself

// A schedule may ask for tiles.
// SCHEDULE-COUNT-5: packed_n

// What is batched by the same matrix is one product. A batch that is not one of equal distances,
// and a product with whose tiles something is computed, are cut as ever.
// CHECK-LABEL: func.func private @matmul(
// CHECK: scf.forall (%{{.*}}) in (1)
// CHECK: tile.matmul ins(%{{.*}}, %{{.*}} : memref<1600x50xf32>, memref<50x70xf32>) outs({{.*}}) {whole}
// CHECK-LABEL: func.func private @matmul_1(
// CHECK: tile.matmul ins(%{{.*}}, %{{.*}} : memref<2x8x100x50xf32>, memref<2x8x70x50xf32>) outs({{.*}}) {transpose_rhs, whole}
// CHECK-LABEL: func.func private @matmul_2(
// CHECK: tile.matmul ins(%{{.*}}, %{{.*}} : memref<100x70xf32>, memref<100x70xf32>) outs({{.*}}) {transpose_lhs, whole}
// CHECK-LABEL: func.func private @matmul_3(
// CHECK: tile.mma
// CHECK-LABEL: func.func private @matmul_relu(
// CHECK: tile.mma

// How much workspace a product takes depends on the machine.
// CALL: tile.products = [array<i64: 1600, 70, 50>, array<i64: 100, 70, 50>, array<i64: 70, 70, 100>]
// The last word of a launch is its context, which has the parallel loop and the workspace.
// CALL-LABEL: func.func private @core_matmul(
// CALL-SAME: %[[ARGS:.*]]: !llvm.ptr, %{{.*}}: i64
// CALL: %[[AT:.*]] = llvm.getelementptr %[[ARGS]][3]
// CALL: %[[CONTEXT:.*]] = llvm.load %[[AT]]
// CALL: llvm.getelementptr %[[CONTEXT]][2]
// CALL: llvm.getelementptr %[[CONTEXT]][1]
// CALL: call @tessera_gemm_f32(%{{.*}}, %{{.*}}) : (!llvm.ptr, !llvm.ptr) -> i64
module {
  func.func @main(%a: tensor<2x8x100x50xf32>, %b: tensor<50x70xf32>, %c: tensor<2x8x70x50xf32>,
                  %d: tensor<100x70xf32>, %e: tensor<8x50x70xf32>)
      -> (tensor<2x8x100x70xf32>, tensor<2x8x100x70xf32>, tensor<70x70xf32>,
          tensor<2x8x100x70xf32>, tensor<100x100xf32>) {
    %0 = npu.matmul %a, %b : tensor<2x8x100x50xf32>, tensor<50x70xf32> -> tensor<2x8x100x70xf32>
    %1 = npu.matmul %a, %c {transpose_rhs}
      : tensor<2x8x100x50xf32>, tensor<2x8x70x50xf32> -> tensor<2x8x100x70xf32>
    %2 = npu.matmul %d, %d {transpose_lhs}
      : tensor<100x70xf32>, tensor<100x70xf32> -> tensor<70x70xf32>
    %3 = npu.matmul %a, %e
      : tensor<2x8x100x50xf32>, tensor<8x50x70xf32> -> tensor<2x8x100x70xf32>
    %4 = npu.matmul %d, %d {transpose_rhs}
      : tensor<100x70xf32>, tensor<100x70xf32> -> tensor<100x100xf32>
    %5 = npu.relu %4 : tensor<100x100xf32>
    return %0, %1, %2, %3, %5 : tensor<2x8x100x70xf32>, tensor<2x8x100x70xf32>, tensor<70x70xf32>,
      tensor<2x8x100x70xf32>, tensor<100x100xf32>
  }
}
