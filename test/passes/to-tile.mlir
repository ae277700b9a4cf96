// One model as a tile program on chips of different structure.
// RUN: tessera-opt %s --tile-attach-chip=chip=cpu-avx512 --npu-graph --npu-kernels --npu-buffers --npu-to-tile | FileCheck %s --check-prefixes=CHECK,CPU
// RUN: tessera-opt %s --tile-attach-chip=chip=ascend-910b2 --npu-graph --npu-kernels --npu-buffers --npu-to-tile | FileCheck %s --check-prefixes=CHECK,APART
// RUN: tessera-opt %s --tile-attach-chip=chip=ascend-950 --npu-graph --npu-kernels --npu-buffers --npu-to-tile | FileCheck %s --check-prefixes=CHECK,JOINED
// RUN: tessera-opt %s --tile-attach-chip=chip=ascend-310p --npu-set-precision=type=f16 --npu-graph --npu-kernels --npu-buffers --npu-to-tile | FileCheck %s --check-prefixes=CHECK,MIXED

// RUN: tessera-opt %s --tile-attach-chip=chip=ascend-910b2 --npu-graph --npu-kernels --npu-buffers --npu-to-tile -o %t.once
// RUN: tessera-opt %t.once --npu-to-tile -o %t.twice
// RUN: diff %t.once %t.twice

// Calls have become launches, each kernel on the cores that it needs.
// CHECK-LABEL: func.func @main
// CPU: tile.launch @matmul_add_gelu({{.*}}) blocks {{[0-9]+}} cores = mix
// APART: tile.launch @matmul_add_gelu({{.*}}) blocks {{[0-9]+}} cores = mix
// APART: tile.launch @conv2d({{.*}}) blocks {{[0-9]+}} cores = cube
// APART: tile.launch @softmax({{.*}}) blocks {{[0-9]+}} cores = vector
// CHECK-NOT: call @

// A CPU's matrix unit reads global memory and panels, and the vector unit what it wrote.
// CPU-LABEL: func.func private @matmul_add_gelu
// CPU-NOT: tile.copy
// CPU: tile.mma %{{.*}}, %{{.*}}, %{{.*}} extents({{.*}}) : memref<{{.*}}x192xf32, strided<[192, 1], offset: ?>>, memref<{{.*}}x192x{{.*}}xf32
// CPU-NOT: tile.copy
// CPU: tile.vector ins({{.*}}) outs({{.*}})
// CPU: tile.apply "gelu"
// CPU-NOT: tile.copy
// CPU-LABEL: func.func private @conv2d
// CPU: tile.im2col %{{.*}} to %{{.*}} : memref<{{.*}}> to memref<{{.*}}, #tile.space<"l1">>
// CPU: tile.mma

// Cube and vector cores apart: the accumulator goes through a workspace in global memory to the
// vector core, where gelu happens.
// APART-LABEL: func.func private @matmul_add_gelu
// APART: %[[RING:.*]] = tile.workspace depth 1
// APART: %[[PART:.*]] = memref.subview %[[RING]]
// APART: tile.copy nd2nz %{{.*}} to %{{.*}} to memref<{{.*}}, #tile.space<"l1">>
// APART: tile.copy nd2nz %{{.*}} to %{{.*}} to memref<{{.*}}, #tile.space<"l1">>
// APART: tile.copy nz2zz %{{.*}} #tile.space<"l1">> to memref<{{.*}}, #tile.space<"l0a">>
// APART: tile.copy nz2nzT %{{.*}} #tile.space<"l1">> to memref<{{.*}}, #tile.space<"l0b">>
// APART: tile.mma {{.*}} accumulate(%{{.*}}) : memref<{{.*}}"l0a">>, memref<{{.*}}"l0b">>, memref<{{.*}}"l0c">>
// APART: tile.fixpipe %{{.*}} to %[[PART]] : memref<{{.*}}, #tile.space<"l0c">> to memref
// APART: tile.copy nd2nd %[[PART]] to %{{.*}} to memref<{{.*}}, #tile.space<"ub">>
// APART: tile.vector ins({{.*}}"ub">>{{.*}}) outs({{.*}}"ub">>)
// APART: tile.apply "gelu"
// APART: tile.copy nd2nd %{{.*}}, #tile.space<"ub">> to memref

// A convolution's lines lie in L1; windows are gathered on the way to L0A.
// APART-LABEL: func.func private @conv2d
// APART: tile.copy nd2nd %{{.*}} to memref<{{.*}}, #tile.space<"l1">>
// APART: tile.im2col %{{.*}}, #tile.space<"l1">> to memref<{{.*}}, #tile.space<"l0a">>
// APART: tile.fixpipe %{{.*}}, #tile.space<"l0c">> to memref
// APART-LABEL: func.func private @softmax
// APART: tile.row_reduce ins({{.*}}"ub">>) outs({{.*}}"ub">>) reduced [1]
// APART: tile.row_reduce

// Where fixpipe writes the vector core's memory there is no workspace; there the left operand lies
// column by column.
// JOINED-LABEL: func.func private @matmul_add_gelu
// JOINED-NOT: tile.workspace
// JOINED: tile.copy nz2nz %{{.*}}, #tile.space<"l1">> to memref<{{.*}}, #tile.space<"l0a">>
// JOINED: tile.fixpipe %{{.*}}, #tile.space<"l0c">> to memref<{{.*}}, #tile.space<"ub">>
// JOINED: tile.apply "gelu"
// JOINED-NOT: tile.workspace

// Without a fixpipe the accumulator's blocks move to the vector unit's memory and become rows.
// MIXED-LABEL: func.func private @matmul_add_gelu
// MIXED-NOT: tile.fixpipe
// MIXED: tile.copy nz2nz %{{.*}}, #tile.space<"l0c">> to memref<{{.*}}, #tile.space<"ub">>
// MIXED: tile.copy nz2nd %{{.*}}, #tile.space<"ub">> to memref<{{.*}}, #tile.space<"ub">>
// MIXED: tile.apply "gelu"
// MIXED-NOT: tile.fixpipe
// MIXED-NOT: tile.workspace
func.func @main(%x: tensor<100x192xf32>, %w: tensor<192x150xf32>, %b: tensor<150xf32>,
                %i: tensor<1x14x14x32xf32>, %f: tensor<3x3x32x48xf32>)
    -> (tensor<100x150xf32>, tensor<1x14x14x48xf32>, tensor<100x192xf32>) {
  %0 = npu.matmul %x, %w : tensor<100x192xf32>, tensor<192x150xf32> -> tensor<100x150xf32>
  %1 = npu.add %0, %b : tensor<100x150xf32>, tensor<150xf32> -> tensor<100x150xf32>
  %2 = npu.gelu %1 : tensor<100x150xf32>
  %3 = npu.conv2d %i, %f strides = [1, 1] dilations = [1, 1] pads = [1, 1, 1, 1] groups = 1
    : tensor<1x14x14x32xf32>, tensor<3x3x32x48xf32> -> tensor<1x14x14x48xf32>
  %4 = npu.softmax %x axis = 1 : tensor<100x192xf32>
  return %2, %3, %4 : tensor<100x150xf32>, tensor<1x14x14x48xf32>, tensor<100x192xf32>
}
