// An elementwise operator after a row operator takes whole rows, however few there are.
// RUN: tessera-opt %s --pass-pipeline='builtin.module(tile-attach-chip{chip=ascend-910b2},func.func(npu-tile))' | FileCheck %s

// CHECK-LABEL: func.func private @keeps_a_single_row_whole
// CHECK: scf.forall
// CHECK: npu.layer_norm {{.*}} : tensor<1x768xf32>
// CHECK: npu.cast {{.*}} : tensor<1x768xf32> to tensor<1x768xf16>
func.func private @keeps_a_single_row_whole(%x: tensor<1x768xf32>, %out: tensor<1x768xf16>)
    -> tensor<1x768xf16> attributes {tile.kernel} {
  %0 = npu.layer_norm %x axis = 1 epsilon = 1.0e-6 : tensor<1x768xf32>
  %1 = npu.cast %0 : tensor<1x768xf32> to tensor<1x768xf16>
  return %1 : tensor<1x768xf16>
}

// CHECK-LABEL: func.func private @cuts_a_chain_without_rows
// CHECK: scf.forall
// CHECK-NOT: npu.gelu {{.*}} : tensor<1x7680xf32>
// CHECK: npu.gelu
func.func private @cuts_a_chain_without_rows(%x: tensor<1x7680xf32>, %out: tensor<1x7680xf16>)
    -> tensor<1x7680xf16> attributes {tile.kernel} {
  %0 = npu.gelu %x : tensor<1x7680xf32>
  %1 = npu.cast %0 : tensor<1x7680xf32> to tensor<1x7680xf16>
  return %1 : tensor<1x7680xf16>
}

// A row that is larger than the vector unit's memory is still one block, and passes in parts.
// CHECK-LABEL: func.func private @passes_a_wide_row_in_parts
// CHECK-SAME: attributes {tile.kernel, tile.rows_in_parts}
// CHECK: scf.forall (%{{.*}}) in (4)
// CHECK: npu.softmax {{.*}} : tensor<1x1000000xf32>
func.func private @passes_a_wide_row_in_parts(%x: tensor<4x1000000xf32>,
    %out: tensor<4x1000000xf32>) -> tensor<4x1000000xf32> attributes {tile.kernel} {
  %0 = npu.softmax %x axis = 1 : tensor<4x1000000xf32>
  return %0 : tensor<4x1000000xf32>
}
