// Every tile operation prints and parses, from text and from bytecode.
// RUN: tessera-opt %s | tessera-opt | FileCheck %s
// RUN: tessera-opt --emit-bytecode %s | tessera-opt | FileCheck %s

#id = affine_map<(i) -> (i)>

// CHECK-LABEL: func @block_operators_on_tensors
// CHECK: tile.matmul ins(%{{.*}}, %{{.*}} : tensor<4x8xf32>, tensor<2x8x16xf32>) outs(%{{.*}} : tensor<4x20xf32>) {panel = 16 : i64} -> tensor<4x20xf32>
// CHECK: tile.pack ins(%{{.*}} : tensor<8x20xf32>) outs(%{{.*}} : tensor<2x8x16xf32>) -> tensor<2x8x16xf32>
func.func @block_operators_on_tensors(%a: tensor<4x8xf32>, %b: tensor<2x8x16xf32>,
                                      %c: tensor<4x20xf32>, %w: tensor<8x20xf32>)
    -> (tensor<4x20xf32>, tensor<2x8x16xf32>) {
  %0 = tile.matmul ins(%a, %b : tensor<4x8xf32>, tensor<2x8x16xf32>) outs(%c : tensor<4x20xf32>) {panel = 16 : i64} -> tensor<4x20xf32>
  %1 = tile.pack ins(%w : tensor<8x20xf32>) outs(%b : tensor<2x8x16xf32>) -> tensor<2x8x16xf32>
  return %0, %1 : tensor<4x20xf32>, tensor<2x8x16xf32>
}

// CHECK-LABEL: func @block_operators_on_buffers
// CHECK: tile.matmul ins({{.*}}) outs({{.*}}) {accumulate, transpose_lhs}
// CHECK: tile.matmul ins({{.*}}) outs({{.*}}) {transpose_lhs, whole}
// CHECK: tile.conv2d ins({{.*}}) outs({{.*}}) pads(%{{.*}}, %{{.*}}) {dilations = array<i64: 1, 1>, kernel = array<i64: 3, 3>, strides = array<i64: 1, 1>}
// CHECK: tile.window fma ins(%{{.*}}, %{{.*}} : memref<1x10x10x8xf32>, memref<3x3x8xf32>)
// CHECK: tile.window max ins(%{{.*}} : memref<1x10x10x8xf32>)
// CHECK: tile.window mean
func.func @block_operators_on_buffers(%a: memref<8x4xf32>, %b: memref<8x20xf32>, %c: memref<4x20xf32>,
    %x: memref<1x10x10x8xf32>, %f: memref<72x16xf32>, %y: memref<1x8x8x16xf32>,
    %d: memref<3x3x8xf32>, %z: memref<1x8x8x8xf32>, %p: index) {
  tile.matmul ins(%a, %b : memref<8x4xf32>, memref<8x20xf32>) outs(%c : memref<4x20xf32>) {accumulate, transpose_lhs}
  tile.matmul ins(%a, %b : memref<8x4xf32>, memref<8x20xf32>) outs(%c : memref<4x20xf32>) {transpose_lhs, whole}
  tile.conv2d ins(%x, %f : memref<1x10x10x8xf32>, memref<72x16xf32>) outs(%y : memref<1x8x8x16xf32>) pads(%p, %p)
    {kernel = array<i64: 3, 3>, strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>}
  tile.window fma ins(%x, %d : memref<1x10x10x8xf32>, memref<3x3x8xf32>) outs(%z : memref<1x8x8x8xf32>) pads(%p, %p)
    {kernel = array<i64: 3, 3>, strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>}
  tile.window max ins(%x : memref<1x10x10x8xf32>) outs(%z : memref<1x8x8x8xf32>) pads(%p, %p)
    {kernel = array<i64: 3, 3>, strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>}
  tile.window mean ins(%x : memref<1x10x10x8xf32>) outs(%z : memref<1x8x8x8xf32>) pads(%p, %p)
    {kernel = array<i64: 3, 3>, strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>}
  return
}

// CHECK-LABEL: func @matrix_work
// CHECK: tile.copy nd2nz %{{.*}} to %{{.*}} : memref<100x64xf16> to memref<4x7x16x16xf16, #tile.space<"l1">>
// CHECK: tile.copy nz2zzT
// CHECK: tile.copy nd2nd %{{.*}} to %{{.*}} : memref<100x64xf16> to memref<100x64xf16, #tile.space<"ub">>
// CHECK: tile.im2col %{{.*}} to %{{.*}} pads(%{{.*}}, %{{.*}}) first(%{{.*}}, %{{.*}}) extents(%{{.*}}, %{{.*}}) {
// CHECK-SAME: : memref<1x10x10x8xf16> to memref<4x5x16x16xf16, #tile.space<"l0a">>
// CHECK: tile.mma %{{.*}}, %{{.*}}, %{{.*}} extents(%{{.*}}, %{{.*}}, %{{.*}}) accumulate(%{{.*}}) :
// CHECK: tile.mma %{{.*}}, %{{.*}}, %{{.*}} extents(%{{.*}}, %{{.*}}, %{{.*}}) :
// CHECK: tile.fixpipe %{{.*}} to %{{.*}} {relu} : memref<2x7x16x16xf32, #tile.space<"l0c">> to memref<100x32xf16>
func.func @matrix_work(%g: memref<100x64xf16>, %u: memref<100x64xf16, #tile.space<"ub">>,
    %l1: memref<4x7x16x16xf16, #tile.space<"l1">>, %a: memref<7x4x16x16xf16, #tile.space<"l0a">>,
    %b: memref<2x4x16x16xf16, #tile.space<"l0b">>, %c: memref<2x7x16x16xf32, #tile.space<"l0c">>,
    %x: memref<1x10x10x8xf16>, %rows: memref<4x5x16x16xf16, #tile.space<"l0a">>,
    %y: memref<100x32xf16>, %i: index, %more: i1) {
  tile.copy nd2nz %g to %l1 : memref<100x64xf16> to memref<4x7x16x16xf16, #tile.space<"l1">>
  tile.copy nz2zzT %l1 to %a : memref<4x7x16x16xf16, #tile.space<"l1">> to memref<7x4x16x16xf16, #tile.space<"l0a">>
  tile.copy nd2nd %g to %u : memref<100x64xf16> to memref<100x64xf16, #tile.space<"ub">>
  tile.im2col %x to %rows pads(%i, %i) first(%i, %i) extents(%i, %i)
    {kernel = array<i64: 3, 3>, strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, out_width = 8 : i64}
    : memref<1x10x10x8xf16> to memref<4x5x16x16xf16, #tile.space<"l0a">>
  tile.mma %a, %b, %c extents(%i, %i, %i) accumulate(%more)
    : memref<7x4x16x16xf16, #tile.space<"l0a">>, memref<2x4x16x16xf16, #tile.space<"l0b">>, memref<2x7x16x16xf32, #tile.space<"l0c">>
  tile.mma %a, %b, %c extents(%i, %i, %i)
    : memref<7x4x16x16xf16, #tile.space<"l0a">>, memref<2x4x16x16xf16, #tile.space<"l0b">>, memref<2x7x16x16xf32, #tile.space<"l0c">>
  tile.fixpipe %c to %y {relu} : memref<2x7x16x16xf32, #tile.space<"l0c">> to memref<100x32xf16>
  return
}

// CHECK-LABEL: func @vector_work
// CHECK: tile.fill %{{.*}} to %{{.*}} : f32 to memref<64xf32, #tile.space<"ub">>
// CHECK: tile.vector ins(%{{.*}} : {{.*}}) outs(%{{.*}} : {{.*}}) maps [#{{.*}}, #{{.*}}] {
// CHECK: tile.apply "leaky_relu"(%{{.*}}, %{{.*}}) : (f32, f32) -> f32
// CHECK: tile.yield %{{.*}} : f32
// CHECK: tile.row_reduce ins({{.*}}) outs({{.*}}) reduced [0] maps
func.func @vector_work(%x: memref<64xf32, #tile.space<"ub">>, %s: memref<f32, #tile.space<"ub">>,
                       %v: f32) {
  tile.fill %v to %x : f32 to memref<64xf32, #tile.space<"ub">>
  tile.vector ins(%x : memref<64xf32, #tile.space<"ub">>) outs(%x : memref<64xf32, #tile.space<"ub">>)
    maps [#id, #id] {
  ^bb0(%a: f32, %old: f32):
    %r = tile.apply "leaky_relu"(%a, %v) : (f32, f32) -> f32
    tile.yield %r : f32
  }
  tile.row_reduce ins(%x : memref<64xf32, #tile.space<"ub">>) outs(%s : memref<f32, #tile.space<"ub">>)
    reduced [0] maps [#id, affine_map<(i) -> ()>] {
  ^bb0(%a: f32, %old: f32):
    %r = arith.addf %a, %old : f32
    tile.yield %r : f32
  }
  return
}

// CHECK-LABEL: func @order
// CHECK: tile.pipe_barrier "V"
// CHECK: tile.set_event "MTE2" to "V" id 1
// CHECK: tile.wait_event "MTE2" to "V" id 1
// CHECK: tile.cross_set "FIX" mode 2 id 0
// CHECK: tile.cross_wait "MTE2" mode 2 id 0
// CHECK: tile.set_event "vector1.MTE2" to "vector1.V" id 0 slot(%{{.*}})
// CHECK: tile.cross_set "FIX" mode 2 id 1 slot(%{{.*}})
func.func @order(%s: index) {
  tile.pipe_barrier "V"
  tile.set_event "MTE2" to "V" id 1
  tile.wait_event "MTE2" to "V" id 1
  tile.cross_set "FIX" mode 2 id 0
  tile.cross_wait "MTE2" mode 2 id 0
  tile.set_event "vector1.MTE2" to "vector1.V" id 0 slot(%s)
  tile.cross_set "FIX" mode 2 id 1 slot(%s)
  return
}

// CHECK-LABEL: func @launches
// CHECK: tile.workspace depth 2 : memref<2x128x256xf32>
// CHECK: tile.launch @kernel(%{{.*}}) blocks 24 cores = mix : memref<2x128x256xf32>
func.func private @kernel(memref<2x128x256xf32>)
func.func @launches() {
  %ring = tile.workspace depth 2 : memref<2x128x256xf32>
  tile.launch @kernel(%ring) blocks 24 cores = mix : memref<2x128x256xf32>
  return
}
