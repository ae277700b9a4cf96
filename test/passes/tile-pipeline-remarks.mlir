// Slots and what they save, and the operand that is kept beside what keeping the other would save.
// RUN: tessera-opt %s --pass-pipeline='builtin.module(tile-attach-chip{chip=ascend-910b2},npu-graph,npu-kernels,npu-buffers,npu-tile-program)' \
// RUN:   --remarks-filter=pipeline --remark-format=emitRemark -o /dev/null 2>&1 | FileCheck %s

// CHECK-DAG: [Passed] slots | Category:pipeline | Function=matmul {{.*}}2 slots of {{[1-9][0-9]*}} bytes in l0a: one fills while the other is read; with one slot each turn would take {{[1-9][0-9]*}} cycles more
// CHECK-DAG: [Passed] kept | Category:pipeline | Function=matmul {{.*}}of the {{[0-9]+}} parts of {{[0-9]+}} bytes that a block loads stay in l1: a core loads {{[1-9][0-9]*}} bytes less, {{[1-9][0-9]*}} cycles; keeping another operand would save {{[0-9]+}} bytes
func.func @main(%x: tensor<6144x512xf16>, %w: tensor<512x6144xf16>) -> tensor<6144x6144xf16> {
  %0 = npu.matmul %x, %w : tensor<6144x512xf16>, tensor<512x6144xf16> -> tensor<6144x6144xf16>
  return %0 : tensor<6144x6144xf16>
}
