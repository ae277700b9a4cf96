// What operations of a tile program ask of the chip, here one whose cube and vector cores share
// nothing but global memory. Each module is right without a chip.
// RUN: tessera-opt %s --tile-attach-chip=chip=ascend-910b2 --split-input-file --verify-diagnostics

func.func @memory(%x: memref<64xf32>, %y: memref<64xf32, #tile.space<"sram">>) {
  // expected-error@+1 {{'tile.copy' op expected a memory of chip ascend-910b2 (gm, l1, l0a, l0b, l0c, ub, bt, fb), but got sram}}
  tile.copy nd2nd %x to %y : memref<64xf32> to memref<64xf32, #tile.space<"sram">>
  return
}

// -----

func.func @path(%x: memref<64xf32, #tile.space<"l1">>, %y: memref<64xf32, #tile.space<"ub">>) {
  // expected-error@+1 {{'tile.copy' op expected a path of chip ascend-910b2, but it has none from l1 to ub}}
  tile.copy nd2nd %x to %y : memref<64xf32, #tile.space<"l1">> to memref<64xf32, #tile.space<"ub">>
  return
}

// -----

func.func @layout(%x: memref<4x7x16x16xf16, #tile.space<"l1">>,
                  %y: memref<4x7x16x16xf16, #tile.space<"l0a">>) {
  // expected-error@+1 {{'tile.copy' op expected a layout that the path from l1 to l0a of chip ascend-910b2 takes (zN->zZ, nZ->zZ), but got nz2nz}}
  tile.copy nz2nz %x to %y : memref<4x7x16x16xf16, #tile.space<"l1">> to memref<4x7x16x16xf16, #tile.space<"l0a">>
  return
}

// -----

func.func @right_copies(%g: memref<100x64xf16>, %l1: memref<4x7x16x16xf16, #tile.space<"l1">>,
                        %a: memref<7x4x16x16xf16, #tile.space<"l0a">>) {
  tile.copy nd2nz %g to %l1 : memref<100x64xf16> to memref<4x7x16x16xf16, #tile.space<"l1">>
  tile.copy nz2zz %l1 to %a : memref<4x7x16x16xf16, #tile.space<"l1">> to memref<7x4x16x16xf16, #tile.space<"l0a">>
  return
}

// -----

func.func @gather(%x: memref<1x10x10x8xf16>, %rows: memref<4x5x16x16xf16, #tile.space<"l0a">>, %i: index) {
  // expected-error@+1 {{'tile.im2col' op expected a path of chip ascend-910b2, but it has none from gm to l0a}}
  tile.im2col %x to %rows pads(%i, %i) first(%i, %i) extents(%i, %i)
    {kernel = array<i64: 3, 3>, strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, out_width = 8 : i64}
    : memref<1x10x10x8xf16> to memref<4x5x16x16xf16, #tile.space<"l0a">>
  return
}

// -----

func.func @mma_types(%a: memref<7x4x16x4xf64, #tile.space<"l0a">>, %b: memref<2x4x16x4xf64, #tile.space<"l0b">>,
                     %c: memref<2x7x16x16xf32, #tile.space<"l0c">>, %i: index) {
  // expected-error@+1 {{'tile.mma' op expected types that the matrix unit of chip ascend-910b2 takes, but got 'f64' x 'f64' into 'f32'}}
  tile.mma %a, %b, %c extents(%i, %i, %i)
    : memref<7x4x16x4xf64, #tile.space<"l0a">>, memref<2x4x16x4xf64, #tile.space<"l0b">>, memref<2x7x16x16xf32, #tile.space<"l0c">>
  return
}

// -----

func.func @mma_space(%a: memref<7x4x16x16xf16, #tile.space<"l1">>, %b: memref<2x4x16x16xf16, #tile.space<"l0b">>,
                     %c: memref<2x7x16x16xf32, #tile.space<"l0c">>, %i: index) {
  // expected-error@+1 {{'tile.mma' op expected lhs in l0a on chip ascend-910b2, but got l1}}
  tile.mma %a, %b, %c extents(%i, %i, %i)
    : memref<7x4x16x16xf16, #tile.space<"l1">>, memref<2x4x16x16xf16, #tile.space<"l0b">>, memref<2x7x16x16xf32, #tile.space<"l0c">>
  return
}

// -----

func.func @mma_accumulator(%a: memref<7x4x16x16xf16, #tile.space<"l0a">>, %b: memref<2x4x16x16xf16, #tile.space<"l0b">>,
                           %c: memref<2x7x16x16xf32>, %i: index) {
  // expected-error@+1 {{'tile.mma' op expected accumulator in l0c on chip ascend-910b2, but got gm}}
  tile.mma %a, %b, %c extents(%i, %i, %i)
    : memref<7x4x16x16xf16, #tile.space<"l0a">>, memref<2x4x16x16xf16, #tile.space<"l0b">>, memref<2x7x16x16xf32>
  return
}

// -----

func.func @mma_layout(%a: memref<100x64xf16, #tile.space<"l0a">>, %b: memref<64x32xf16, #tile.space<"l0b">>,
                      %c: memref<100x32xf32, #tile.space<"l0c">>, %i: index) {
  // expected-error@+1 {{'tile.mma' op expected lhs of rank 4, in layout zZ of chip ascend-910b2, but got rank 2}}
  tile.mma %a, %b, %c extents(%i, %i, %i)
    : memref<100x64xf16, #tile.space<"l0a">>, memref<64x32xf16, #tile.space<"l0b">>, memref<100x32xf32, #tile.space<"l0c">>
  return
}

// -----

func.func @fixpipe_source(%c: memref<2x7x16x16xf32, #tile.space<"l1">>, %y: memref<100x32xf32>) {
  // expected-error@+1 {{'tile.fixpipe' op expected source in l0c on chip ascend-910b2, but got l1}}
  tile.fixpipe %c to %y : memref<2x7x16x16xf32, #tile.space<"l1">> to memref<100x32xf32>
  return
}

// -----

func.func @fixpipe_target(%c: memref<2x7x16x16xf32, #tile.space<"l0c">>, %y: memref<100x32xf32, #tile.space<"ub">>) {
  // expected-error@+1 {{'tile.fixpipe' op expected target in }}
  tile.fixpipe %c to %y : memref<2x7x16x16xf32, #tile.space<"l0c">> to memref<100x32xf32, #tile.space<"ub">>
  return
}

// -----

func.func @right_fixpipe(%c: memref<2x7x16x16xf32, #tile.space<"l0c">>, %y: memref<100x32xf16>) {
  tile.fixpipe %c to %y {relu} : memref<2x7x16x16xf32, #tile.space<"l0c">> to memref<100x32xf16>
  return
}

// -----

func.func @vector(%x: memref<64xf32>, %y: memref<64xf32, #tile.space<"ub">>) {
  // expected-error@+1 {{'tile.vector' op expected buffers that the vector unit of chip ascend-910b2 reaches (ub), but got one in gm}}
  tile.vector ins(%x : memref<64xf32>) outs(%y : memref<64xf32, #tile.space<"ub">>)
    maps [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>] {
  ^bb0(%a: f32, %old: f32):
    tile.yield %a : f32
  }
  return
}

// -----

func.func @reduce(%x: memref<64xf32, #tile.space<"l1">>, %s: memref<f32, #tile.space<"ub">>) {
  // expected-error@+1 {{'tile.row_reduce' op expected buffers that the vector unit of chip ascend-910b2 reaches (ub), but got one in l1}}
  tile.row_reduce ins(%x : memref<64xf32, #tile.space<"l1">>) outs(%s : memref<f32, #tile.space<"ub">>)
    reduced [0] maps [affine_map<(i) -> (i)>, affine_map<(i) -> ()>] {
  ^bb0(%a: f32, %old: f32):
    tile.yield %a : f32
  }
  return
}

// -----

func.func @fill(%x: memref<64xf32, #tile.space<"l1">>, %v: f32) {
  // expected-error@+1 {{'tile.fill' op expected buffers that the vector unit of chip ascend-910b2 reaches (ub), but got one in l1}}
  tile.fill %v to %x : f32 to memref<64xf32, #tile.space<"l1">>
  return
}

// -----

// Before a kernel is placed its windows stand in global memory.
func.func @window(%x: memref<1x8x8x4xf32>, %y: memref<1x8x8x4xf32>, %p: index) {
  tile.window max ins(%x : memref<1x8x8x4xf32>) outs(%y : memref<1x8x8x4xf32>) pads(%p, %p)
    {kernel = array<i64: 3, 3>, strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>}
  return
}

// -----

func.func @placed_window(%x: memref<1x8x8x4xf32>, %y: memref<1x8x8x4xf32>, %p: index) attributes {tile.blocks = 1 : i64} {
  // expected-error@+1 {{'tile.window' op expected buffers that the vector unit of chip ascend-910b2 reaches (ub), but got one in gm}}
  tile.window max ins(%x : memref<1x8x8x4xf32>) outs(%y : memref<1x8x8x4xf32>) pads(%p, %p)
    {kernel = array<i64: 3, 3>, strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>}
  return
}

// -----

func.func @pipe() {
  // expected-error@+1 {{'tile.pipe_barrier' op expected a pipe of chip ascend-910b2 (S, M, MTE1, MTE2, MTE3, FIX, V), but got MATH}}
  tile.pipe_barrier "MATH"
  return
}

// -----

func.func @event_pipe() {
  // expected-error@+1 {{'tile.wait_event' op expected a pipe of chip ascend-910b2 (S, M, MTE1, MTE2, MTE3, FIX, V), but got MATH}}
  tile.wait_event "MTE2" to "MATH" id 0
  return
}

// -----

func.func @event_id() {
  tile.set_event "MTE2" to "MTE1" id 7
  // expected-error@+1 {{'tile.set_event' op expected an id below 8 on chip ascend-910b2, but got 8}}
  tile.set_event "MTE2" to "MTE1" id 8
  return
}

// -----

func.func @flag_id() {
  // expected-error@+1 {{'tile.cross_set' op expected an id below}}
  tile.cross_set "FIX" mode 2 id 99
  return
}

// -----

func.func @beyond() {
  // expected-error@+1 {{'memref.alloc' op expected a buffer within the 65536 bytes of l0a on chip ascend-910b2, but it ends at 65552}}
  %0 = memref.alloc() {tile.offset = 65536 : i64, tile.space = "l0a"} : memref<8xf16, #tile.space<"l0a">>
  return
}

// -----

func.func @aligned() {
  // expected-error@+1 {{'memref.alloc' op expected an offset in l0a of chip ascend-910b2 that is a multiple of 512, but got 64}}
  %0 = memref.alloc() {tile.offset = 64 : i64, tile.space = "l0a"} : memref<8xf16, #tile.space<"l0a">>
  return
}

// -----

func.func @dynamic(%n: index) {
  // expected-error@+1 {{'memref.alloc' op expected a static shape for a buffer with an address, but got 'memref<?xf16, #tile.space<"l0a">>'}}
  %0 = memref.alloc(%n) {tile.offset = 0 : i64, tile.space = "l0a"} : memref<?xf16, #tile.space<"l0a">>
  return
}
