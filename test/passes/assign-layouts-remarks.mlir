// A layout, and what it would cost at run time.
// RUN: tessera-opt %s --pass-pipeline="builtin.module(tile-attach-chip{chip=cpu-avx2},func.func(npu-assign-layouts))" \
// RUN:   --remarks-filter=layout --remark-format=emitRemark -o /dev/null 2>&1 | FileCheck %s

// CHECK-DAG: [Passed] packed | Category:layout {{.*}}right operand in panels of 16 columns when compiled; at run time packing would take {{[1-9][0-9]*}} cycles each run
// CHECK-DAG: [Passed] whole | Category:layout {{.*}}operands as they are: the kernel of a whole product packs what it uses often
// CHECK-DAG: [Passed] packed | Category:layout {{.*}}right operand in panels of 16 columns at run time, {{[1-9][0-9]*}} cycles each run; the matrix unit reads no other layout
func.func @main(%a: tensor<3x64xf32>, %b: tensor<128x128xf32>) -> tensor<3x128xf32> {
  %w = npu.constant dense<1.5> : tensor<64x128xf32>
  %0 = npu.matmul %a, %w : tensor<3x64xf32>, tensor<64x128xf32> -> tensor<3x128xf32>
  %1 = npu.matmul %0, %b : tensor<3x128xf32>, tensor<128x128xf32> -> tensor<3x128xf32>
  %2 = npu.relu %1 : tensor<3x128xf32>
  %3 = npu.matmul %2, %b : tensor<3x128xf32>, tensor<128x128xf32> -> tensor<3x128xf32>
  return %3 : tensor<3x128xf32>
}
