// A matrix unit that reads the memory which global memory is loaded into: operands become blocks on
// their way there, nothing feeds the unit, and the packer drains through the same memory.
// RUN: tessera-opt %s --tile-attach-chip=chip=tenstorrent-wormhole --npu-graph --npu-kernels --npu-buffers --npu-to-tile | FileCheck %s
// RUN: tessera-opt %s --tile-attach-chip=chip=tenstorrent-wormhole --npu-graph --npu-kernels --npu-buffers --npu-tile-program | FileCheck %s --check-prefix=WHOLE

// The right operand lies by rows in its blocks, so the unit sees its transpose through strides.
// CHECK-LABEL: func.func private @matmul(
// CHECK: %[[C:.*]] = memref.alloc() : memref<[[M:[0-9]+]]x[[N:[0-9]+]]x16x16xf32, #tile.space<"dst">>
// CHECK: %[[B:.*]] = memref.alloc() : memref<[[K:[0-9]+]]x[[N]]x16x16xbf16, #tile.space<"l1">>
// CHECK: %[[A:.*]] = memref.alloc() : memref<[[M]]x[[K]]x16x16xbf16, #tile.space<"l1">>
// CHECK: %[[TO_A:.*]] = memref.reinterpret_cast %[[A]]
// CHECK: %[[TO_B:.*]] = memref.reinterpret_cast %[[B]]
// CHECK: %[[RHS:.*]] = memref.reinterpret_cast %[[B]] {{.*}} strided<[{{[0-9]+}}, {{[0-9]+}}, 1, 16]>
// CHECK: %[[ACC:.*]] = memref.reinterpret_cast %[[C]]
// CHECK: scf.for
// CHECK: tile.copy nd2nz %{{.*}} to %[[TO_A]]
// CHECK: tile.copy nd2nz %{{.*}} to %[[TO_B]]
// CHECK-NOT: tile.copy
// CHECK: tile.mma %[[A]], %[[RHS]], %[[ACC]]
// CHECK: tile.fixpipe %[[ACC]] to %[[OUT:[^ ]*]] :
// CHECK-NEXT: tile.copy nd2nd %[[OUT]] to %{{.*}}"l1">> to memref<{{.*}}xf32, strided
// CHECK-NOT: tile.vector

// Two slots for each operand, addresses, and events between the NoC, the unit and the packer.
// WHOLE-LABEL: func.func private @matmul(
// WHOLE-DAG: memref.alloc() {{.*}}tile.offset{{.*}} : memref<2x{{.*}}xbf16, #tile.space<"l1">>
// WHOLE-DAG: tile.set_event "NOC0" to "MATH"
// WHOLE-DAG: tile.set_event "MATH" to "PACK"
// WHOLE-DAG: tile.set_event "PACK" to "NOC1"
func.func @main(%a: tensor<256x512xbf16>, %b: tensor<512x1024xbf16>, %c: tensor<96x64xbf16>,
                %d: tensor<3x160x64xbf16>) -> (tensor<256x1024xf32>, tensor<3x96x160xbf16>) {
  %0 = npu.matmul %a, %b : tensor<256x512xbf16>, tensor<512x1024xbf16> -> tensor<256x1024xf32>

  // A transposed right operand is read as it lies. The packer narrows and clips at zero.
  // CHECK-LABEL: func.func private @matmul_relu_cast(
  // CHECK: tile.mma {{.*}} : memref<{{.*}}, #tile.space<"l1">>, memref<{{.*}}, strided<[256, {{[0-9]+}}, 16, 1]>, #tile.space<"l1">>, memref
  // CHECK: tile.fixpipe %{{.*}} to %{{.*}} {relu} : {{.*}}xf32{{.*}} to {{.*}}xbf16
  // CHECK-NOT: tile.vector
  %1 = npu.matmul %c, %d {transpose_rhs} : tensor<96x64xbf16>, tensor<3x160x64xbf16> -> tensor<3x96x160xf32>
  %2 = npu.relu %1 : tensor<3x96x160xf32>
  %3 = npu.cast %2 : tensor<3x96x160xf32> to tensor<3x96x160xbf16>
  return %0, %3 : tensor<256x1024xf32>, tensor<3x96x160xbf16>
}
