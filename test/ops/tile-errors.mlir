// What the tile operations reject whatever the chip.
// RUN: tessera-opt %s --split-input-file --verify-diagnostics

func.func @mixed(%a: tensor<4x8xf32>, %b: memref<8x16xf32>, %c: tensor<4x16xf32>) {
  // expected-error@+1 {{'tile.matmul' op expected all operands to be tensors or all to be memrefs}}
  %0 = tile.matmul ins(%a, %b : tensor<4x8xf32>, memref<8x16xf32>) outs(%c : tensor<4x16xf32>) -> tensor<4x16xf32>
  return
}

// -----

func.func @inner(%a: memref<4x8xf32>, %b: memref<9x16xf32>, %c: memref<4x16xf32>) {
  // expected-error@+1 {{'tile.matmul' op expected the inner dimensions to agree, but got 8 and 9}}
  tile.matmul ins(%a, %b : memref<4x8xf32>, memref<9x16xf32>) outs(%c : memref<4x16xf32>)
  return
}

// -----

func.func @whole(%a: memref<4x8xf32>, %b: memref<8x16xf32>, %c: memref<4x16xf32>) {
  // expected-error@+1 {{'tile.matmul' op expected neither panels nor accumulate with whole}}
  tile.matmul ins(%a, %b : memref<4x8xf32>, memref<8x16xf32>) outs(%c : memref<4x16xf32>) {accumulate, whole}
  return
}

// -----

func.func @pack(%a: memref<4x8xf32>, %b: memref<9x16xf32>) {
  // expected-error@+1 {{'tile.pack' op expected out to have one dim more than the input}}
  tile.pack ins(%a : memref<4x8xf32>) outs(%b : memref<9x16xf32>)
  return
}

// -----

func.func @strides(%x: memref<1x8x8x4xf32>, %y: memref<1x8x8x4xf32>, %p: index) {
  // expected-error@+1 {{'tile.window' op expected strides to be two positive numbers}}
  tile.window max ins(%x : memref<1x8x8x4xf32>) outs(%y : memref<1x8x8x4xf32>) pads(%p, %p)
    {kernel = array<i64: 3, 3>, strides = array<i64: 0, 1>, dilations = array<i64: 1, 1>}
  return
}

// -----

func.func @filter(%x: memref<1x8x8x4xf32>, %y: memref<1x8x8x4xf32>, %p: index) {
  // expected-error@+1 {{'tile.window' op expected a filter with fma, and with nothing else}}
  tile.window fma ins(%x : memref<1x8x8x4xf32>) outs(%y : memref<1x8x8x4xf32>) pads(%p, %p)
    {kernel = array<i64: 3, 3>, strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>}
  return
}

// -----

func.func @copy_types(%x: memref<4x8xf32>, %y: memref<4x8xf16>) {
  // expected-error@+1 {{'tile.copy' op expected equal element types, but got 'f32' and 'f16'}}
  tile.copy nd2nd %x to %y : memref<4x8xf32> to memref<4x8xf16>
  return
}

// -----

func.func @copy_shapes(%x: memref<4x8xf32>, %y: memref<4x9xf32>) {
  // expected-error@+1 {{'tile.copy' op expected source dim 1 (8) to equal target dim 1 (9)}}
  tile.copy nd2nd %x to %y : memref<4x8xf32> to memref<4x9xf32>
  return
}

// -----

func.func @copy_ranks(%x: memref<4x8xf32>, %y: memref<4x9xf32>) {
  // expected-error@+1 {{'tile.copy' op expected target of rank 4 with layout nd2nz, but got 2}}
  tile.copy nd2nz %x to %y : memref<4x8xf32> to memref<4x9xf32>
  return
}

// -----

func.func @im2col_width(%x: memref<1x10x10x8xf32>, %y: memref<64x72xf32>, %i: index) {
  // expected-error@+1 {{'tile.im2col' op expected a positive out_width, but got 0}}
  tile.im2col %x to %y pads(%i, %i) first(%i, %i) extents(%i, %i)
    {kernel = array<i64: 3, 3>, strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, out_width = 0 : i64}
    : memref<1x10x10x8xf32> to memref<64x72xf32>
  return
}

// -----

func.func @im2col_rank(%x: memref<10x10x8xf32>, %y: memref<64x72xf32>, %i: index) {
  // expected-error@+1 {{'tile.im2col' op expected a source of rank 4 and a target of rank 2 or 4, but got 3 and 2}}
  tile.im2col %x to %y pads(%i, %i) first(%i, %i) extents(%i, %i)
    {kernel = array<i64: 3, 3>, strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, out_width = 8 : i64}
    : memref<10x10x8xf32> to memref<64x72xf32>
  return
}

// -----

func.func @mma_types(%a: memref<4x8xf32>, %b: memref<8x4xf16>, %c: memref<4x4xf32>, %i: index) {
  // expected-error@+1 {{'tile.mma' op expected lhs and rhs of one element type, but got 'f32' and 'f16'}}
  tile.mma %a, %b, %c extents(%i, %i, %i) : memref<4x8xf32>, memref<8x4xf16>, memref<4x4xf32>
  return
}

// -----

func.func @mma_ranks(%a: memref<4x8xf32>, %b: memref<1x1x16x8xf32>, %c: memref<4x4xf32>, %i: index) {
  // expected-error@+1 {{'tile.mma' op expected three fractal buffers of rank 4, or a matrix times a matrix or its panels into a matrix, but got ranks 2, 4 and 2}}
  tile.mma %a, %b, %c extents(%i, %i, %i) : memref<4x8xf32>, memref<1x1x16x8xf32>, memref<4x4xf32>
  return
}

// -----

func.func @fixpipe(%a: memref<4x8xf32>, %b: memref<4x8xf32>) {
  // expected-error@+1 {{'tile.fixpipe' op expected a fractal source of rank 4 and a target of rank 2}}
  tile.fixpipe %a to %b : memref<4x8xf32> to memref<4x8xf32>
  return
}

// -----

func.func @maps(%x: memref<64xf32>) {
  // expected-error@+1 {{'tile.vector' op expected 1 maps, one per operand, but got 0}}
  tile.vector outs(%x : memref<64xf32>) maps [] {
  ^bb0(%old: f32):
    tile.yield %old : f32
  }
  return
}

// -----

func.func @yield(%x: memref<64xf32>) {
  // expected-error@+1 {{'tile.vector' op expected the body to yield one value per output}}
  tile.vector outs(%x : memref<64xf32>) maps [affine_map<(i) -> (i)>] {
  ^bb0(%old: f32):
    tile.yield
  }
  return
}

// -----

func.func @reduced(%x: memref<64xf32>, %s: memref<f32>) {
  // expected-error@+1 {{'tile.row_reduce' op expected reduced dims below 1, but got 1}}
  tile.row_reduce ins(%x : memref<64xf32>) outs(%s : memref<f32>) reduced [1]
    maps [affine_map<(i) -> (i)>, affine_map<(i) -> ()>] {
  ^bb0(%a: f32, %old: f32):
    tile.yield %a : f32
  }
  return
}

// -----

func.func @fill(%x: memref<64xf32>, %v: f16) {
  // expected-error@+1 {{'tile.fill' op expected a value of the target's element type 'f32', but got 'f16'}}
  tile.fill %v to %x : f16 to memref<64xf32>
  return
}

// -----

func.func @one_pipe() {
  // expected-error@+1 {{'tile.set_event' op expected two pipes, but got V twice: use tile.pipe_barrier}}
  tile.set_event "V" to "V" id 0
  return
}

// -----

func.func @negative_id() {
  // expected-error@+1 {{'tile.wait_event' op expected a non-negative id, but got -1}}
  tile.wait_event "MTE2" to "V" id -1
  return
}

// -----

func.func @mode() {
  // expected-error@+1 {{'tile.cross_set' op expected mode 0, 1 or 2, but got 3}}
  tile.cross_set "FIX" mode 3 id 0
  return
}

// -----

func.func @ring() {
  // expected-error@+1 {{'tile.workspace' op expected a buffer in gm, but got ub}}
  %0 = tile.workspace depth 1 : memref<4xf32, #tile.space<"ub">>
  return
}

// -----

func.func @depth() {
  // expected-error@+1 {{'tile.workspace' op expected a depth of 1 or more, but got 0}}
  %0 = tile.workspace depth 0 : memref<4xf32>
  return
}

// -----

func.func @no_kernel(%x: memref<4xf32>) {
  // expected-error@+1 {{'tile.launch' op expected a kernel function, but found none named @missing}}
  tile.launch @missing(%x) blocks 1 cores = mix : memref<4xf32>
  return
}

// -----

func.func private @kernel(memref<5xf32>)
func.func @other_types(%x: memref<4xf32>) {
  // expected-error@+1 {{'tile.launch' op expected the buffers to have the types of @kernel}}
  tile.launch @kernel(%x) blocks 1 cores = mix : memref<4xf32>
  return
}

// -----

func.func @offset() {
  // expected-error@+1 {{'memref.alloc' op expected tile.offset to be an integer, but got "here"}}
  %0 = memref.alloc() {tile.offset = "here"} : memref<4xf32, #tile.space<"ub">>
  return
}
