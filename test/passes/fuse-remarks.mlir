// RUN: tessera-opt %s --npu-fuse --remarks-filter="fuse" --remark-format=emitRemark -o /dev/null 2>&1 \
// RUN:   | FileCheck %s
// With a chip, what the other choice would cost is in its cycles too.
// RUN: tessera-opt %s --pass-pipeline='builtin.module(tile-attach-chip{chip=ascend-910b2},func.func(npu-fuse))' \
// RUN:   --remarks-filter="fuse" --remark-format=emitRemark -o /dev/null 2>&1 | FileCheck %s --check-prefix=CHIP

// CHIP-DAG: apart they would move 512 bytes more and take {{[1-9][0-9]+}} cycles more
// CHIP-DAG: [Missed] not-fused{{.*}}bytes=512, cycles={{[1-9][0-9]+}}
// CHECK-DAG: [Passed] fused{{.*}}2 operators in one kernel: matmul_add; apart they would move 512 bytes more and take 0 cycles more
// CHECK-DAG: [Missed] not-fused{{.*}}the result is used outside too{{.*}}npu.add not fused into npu.exp
func.func @says_why(%x: tensor<8x8xf32>, %w: tensor<8x8xf32>, %b: tensor<8xf32>)
    -> (tensor<8x8xf32>, tensor<8x8xf32>) {
  %0 = npu.matmul %x, %w : tensor<8x8xf32>, tensor<8x8xf32> -> tensor<8x8xf32>
  %1 = npu.add %0, %b : tensor<8x8xf32>, tensor<8xf32> -> tensor<8x8xf32>
  %2 = npu.exp %1 : tensor<8x8xf32>
  return %1, %2 : tensor<8x8xf32>, tensor<8x8xf32>
}
