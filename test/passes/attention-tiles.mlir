// What a schedule may ask of attention: queries of a block, scores of a row at a time, keys of a product.
// RUN: tessera-opt %s --pass-pipeline='builtin.module(tile-attach-chip{chip=ascend-910b2},func.func(npu-fuse),npu-outline-kernels,func.func(npu-tile))' --split-input-file --verify-diagnostics | FileCheck %s

// CHECK: scf.forall {{.*}} step (32)
// CHECK: tile.attention {{.*}} {tile = array<i64: 32, 64, 16>}
func.func @three_sizes(%q: tensor<128x32xf32>, %k: tensor<256x32xf32>, %v: tensor<256x32xf32>)
    -> tensor<128x32xf32> {
  %0 = npu.matmul %q, %k {transpose_rhs}
    : tensor<128x32xf32>, tensor<256x32xf32> -> tensor<128x256xf32>
  %1 = npu.softmax %0 axis = 1 {npu.tile = array<i64: 32, 64, 16>} : tensor<128x256xf32>
  %2 = npu.matmul %1, %v : tensor<128x256xf32>, tensor<256x32xf32> -> tensor<128x32xf32>
  return %2 : tensor<128x32xf32>
}

// -----

// 0 is all of them.
// CHECK: tile.attention {{.*}} {tile = array<i64: 32, 256, 64>}
func.func @whole(%q: tensor<128x32xf32>, %k: tensor<256x32xf32>, %v: tensor<256x32xf32>)
    -> tensor<128x32xf32> {
  %0 = npu.matmul %q, %k {transpose_rhs}
    : tensor<128x32xf32>, tensor<256x32xf32> -> tensor<128x256xf32>
  %1 = npu.softmax %0 axis = 1 {npu.tile = array<i64: 32, 0, 64>} : tensor<128x256xf32>
  %2 = npu.matmul %1, %v : tensor<128x256xf32>, tensor<256x32xf32> -> tensor<128x32xf32>
  return %2 : tensor<128x32xf32>
}

// -----

func.func @rows(%q: tensor<128x32xf32>, %k: tensor<256x32xf32>, %v: tensor<256x32xf32>)
    -> tensor<128x32xf32> {
  %0 = npu.matmul %q, %k {transpose_rhs}
    : tensor<128x32xf32>, tensor<256x32xf32> -> tensor<128x256xf32>
  // expected-note@+2 {{tiles that fit, the cost function likes best}}
  // expected-error@+1 {{'npu.softmax' op cannot have the tile 24x64x32 of the schedule: it has 24 queries in a block, but they come in multiples of 16, up to the 128 that there are}}
  %1 = npu.softmax %0 axis = 1 {npu.tile = array<i64: 24, 64, 32>} : tensor<128x256xf32>
  %2 = npu.matmul %1, %v : tensor<128x256xf32>, tensor<256x32xf32> -> tensor<128x32xf32>
  return %2 : tensor<128x32xf32>
}

// -----

func.func @columns(%q: tensor<128x32xf32>, %k: tensor<256x32xf32>, %v: tensor<256x32xf32>)
    -> tensor<128x32xf32> {
  %0 = npu.matmul %q, %k {transpose_rhs}
    : tensor<128x32xf32>, tensor<256x32xf32> -> tensor<128x256xf32>
  // expected-note@+2 {{tiles that fit, the cost function likes best}}
  // expected-error@+1 {{'npu.softmax' op cannot have the tile 32x80x16 of the schedule: it takes 80 scores of a row at a time, but they come in multiples of 64}}
  %1 = npu.softmax %0 axis = 1 {npu.tile = array<i64: 32, 80, 16>} : tensor<128x256xf32>
  %2 = npu.matmul %1, %v : tensor<128x256xf32>, tensor<256x32xf32> -> tensor<128x32xf32>
  return %2 : tensor<128x32xf32>
}

// -----

func.func @keys(%q: tensor<128x32xf32>, %k: tensor<256x32xf32>, %v: tensor<256x32xf32>)
    -> tensor<128x32xf32> {
  %0 = npu.matmul %q, %k {transpose_rhs}
    : tensor<128x32xf32>, tensor<256x32xf32> -> tensor<128x256xf32>
  // expected-note@+2 {{tiles that fit, the cost function likes best}}
  // expected-error@+1 {{'npu.softmax' op cannot have the tile 32x64x48 of the schedule: it has products of 48 keys, but they come in multiples of 16 that divide the 64 scores of a step}}
  %1 = npu.softmax %0 axis = 1 {npu.tile = array<i64: 32, 64, 48>} : tensor<128x256xf32>
  %2 = npu.matmul %1, %v : tensor<128x256xf32>, tensor<256x32xf32> -> tensor<128x32xf32>
  return %2 : tensor<128x32xf32>
}

// -----

func.func @room(%q: tensor<128x32xf32>, %k: tensor<256x32xf32>, %v: tensor<256x32xf32>)
    -> tensor<128x32xf32> {
  %0 = npu.matmul %q, %k {transpose_rhs}
    : tensor<128x32xf32>, tensor<256x32xf32> -> tensor<128x256xf32>
  // expected-note@+2 {{tiles that fit, the cost function likes best}}
  // expected-error@+1 {{'npu.softmax' op cannot have the tile 128x0x0 of the schedule: it needs 262144 bytes of l0c for scores, but chip ascend-910b2 has 131072}}
  %1 = npu.softmax %0 axis = 1 {npu.tile = array<i64: 128, 0, 0>} : tensor<128x256xf32>
  %2 = npu.matmul %1, %v : tensor<128x256xf32>, tensor<256x32xf32> -> tensor<128x32xf32>
  return %2 : tensor<128x32xf32>
}

// -----

func.func @sizes(%q: tensor<128x32xf32>, %k: tensor<256x32xf32>, %v: tensor<256x32xf32>)
    -> tensor<128x32xf32> {
  %0 = npu.matmul %q, %k {transpose_rhs}
    : tensor<128x32xf32>, tensor<256x32xf32> -> tensor<128x256xf32>
  // expected-note@+2 {{tiles that fit, the cost function likes best}}
  // expected-error@+1 {{'npu.softmax' op cannot have the tile 32x64 of the schedule: it has 2 sizes, but attention has three: queries of a block, scores of a row at a time, keys of a product}}
  %1 = npu.softmax %0 axis = 1 {npu.tile = array<i64: 32, 64>} : tensor<128x256xf32>
  %2 = npu.matmul %1, %v : tensor<128x256xf32>, tensor<256x32xf32> -> tensor<128x32xf32>
  return %2 : tensor<128x32xf32>
}
