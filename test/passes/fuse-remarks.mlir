// RUN: tessera-opt %s --npu-fuse --remarks-filter="fuse" --remark-format=emitRemark -o /dev/null 2>&1 \
// RUN:   | FileCheck %s

// CHECK-DAG: [Passed] fused{{.*}}2 operators in one kernel: matmul_add
// CHECK-DAG: [Missed] not-fused{{.*}}the result is used outside too{{.*}}npu.add not fused into npu.exp
func.func @says_why(%x: tensor<8x8xf32>, %w: tensor<8x8xf32>, %b: tensor<8xf32>)
    -> (tensor<8x8xf32>, tensor<8x8xf32>) {
  %0 = npu.matmul %x, %w : tensor<8x8xf32>, tensor<8x8xf32> -> tensor<8x8xf32>
  %1 = npu.add %0, %b : tensor<8x8xf32>, tensor<8xf32> -> tensor<8x8xf32>
  %2 = npu.exp %1 : tensor<8x8xf32>
  return %1, %2 : tensor<8x8xf32>, tensor<8x8xf32>
}
