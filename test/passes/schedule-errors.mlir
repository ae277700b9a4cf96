// What a schedule asks for and cannot have.
// RUN: tessera-opt %s --pass-pipeline='builtin.module(tile-attach-chip{chip=ascend-910b2},npu-apply-schedule,func.func(npu-fuse),npu-outline-kernels,func.func(npu-tile))' --split-input-file --verify-diagnostics

func.func @group(%x: tensor<8x8xf32>, %w: tensor<8x8xf32>) -> (tensor<8x8xf32>, tensor<8x8xf32>) {
  // expected-note@+1 {{which ends here without it}}
  %0 = npu.matmul %x, %w {npu.group = "g"} : tensor<8x8xf32>, tensor<8x8xf32> -> tensor<8x8xf32>
  // expected-error@+1 {{'npu.exp' op cannot be in the kernel "g" of the schedule: the result is used outside too}}
  %1 = npu.exp %0 {npu.group = "g"} : tensor<8x8xf32>
  %2 = npu.neg %0 : tensor<8x8xf32>
  return %1, %2 : tensor<8x8xf32>, tensor<8x8xf32>
}

// -----

func.func @strangers(%x: tensor<8x8xf32>) -> (tensor<8x8xf32>, tensor<8x8xf32>) {
  // expected-note@+1 {{which ends here without it}}
  %0 = npu.exp %x {npu.group = 7} : tensor<8x8xf32>
  // expected-error@+1 {{'npu.neg' op cannot be in the kernel 7 : i64 of the schedule: neither uses the other's result}}
  %1 = npu.neg %x {npu.group = 7} : tensor<8x8xf32>
  return %0, %1 : tensor<8x8xf32>, tensor<8x8xf32>
}

// -----

func.func @too_large(%x: tensor<512x96xf16>, %w: tensor<96x512xf16>) -> tensor<512x512xf32> {
  // expected-note@+2 {{tiles that fit, the cost function likes best}}
  // expected-error@+1 {{'npu.matmul' op cannot have the tile 512x512 of the schedule: it needs 1048576 bytes of l0c for its accumulator, but chip ascend-910b2 has 131072}}
  %0 = npu.matmul %x, %w {npu.tile = array<i64: 512, 512>} : tensor<512x96xf16>, tensor<96x512xf16> -> tensor<512x512xf32>
  return %0 : tensor<512x512xf32>
}

// -----

func.func @ragged(%x: tensor<512x96xf16>, %w: tensor<96x512xf16>) -> tensor<512x512xf32> {
  // expected-note@+2 {{tiles that fit, the cost function likes best}}
  // expected-error@+1 {{cannot have the tile 24x64 of the schedule: it has 24 rows, which is no multiple of 16}}
  %0 = npu.matmul %x, %w {npu.tile = array<i64: 24, 64>} : tensor<512x96xf16>, tensor<96x512xf16> -> tensor<512x512xf32>
  return %0 : tensor<512x512xf32>
}

// -----

func.func @rank(%x: tensor<64x64xf32>) -> tensor<64x64xf32> {
  // expected-note@+2 {{tiles that fit, the cost function likes best}}
  // expected-error@+1 {{'npu.exp' op cannot have the tile 64 of the schedule: it has 1 sizes, but the kernel's result has 2 dims}}
  %0 = npu.exp %x {npu.tile = array<i64: 64>} : tensor<64x64xf32>
  return %0 : tensor<64x64xf32>
}

// -----

func.func @outside(%x: tensor<64x64xf32>) -> tensor<64x64xf32> {
  // expected-note@+2 {{tiles that fit, the cost function likes best}}
  // expected-error@+1 {{cannot have the tile 65x8 of the schedule: it has size 65 along dim 0 of 64}}
  %0 = npu.exp %x {npu.tile = array<i64: 65, 8>} : tensor<64x64xf32>
  return %0 : tensor<64x64xf32>
}

// -----

func.func @whole(%x: tensor<64x64xf32>) -> tensor<64x64xf32> {
  // expected-note@+2 {{tiles that fit, the cost function likes best}}
  // expected-error@+1 {{cannot have the tile 8x8 of the schedule: it cuts dim 1 of 64, which the kernel needs whole}}
  %0 = npu.softmax %x axis = 1 {npu.tile = array<i64: 8, 8>} : tensor<64x64xf32>
  return %0 : tensor<64x64xf32>
}

// -----

func.func @wide(%x: tensor<64x65536xf32>) -> tensor<64x65536xf32> {
  // expected-note@+2 {{tiles that fit, the cost function likes best}}
  // expected-error@+1 {{cannot have the tile 8x0 of the schedule: it needs 4194304 bytes of ub, but chip ascend-910b2 has}}
  %0 = npu.exp %x {npu.tile = array<i64: 8, 0>} : tensor<64x65536xf32>
  return %0 : tensor<64x65536xf32>
}

// -----

func.func @kind(%x: tensor<64x64xf32>) -> tensor<64x64xf32> {
  // expected-error@+1 {{'npu.exp' op expected npu.tile to be an array of i64, but got "8x8"}}
  %0 = npu.exp %x {npu.tile = "8x8"} : tensor<64x64xf32>
  return %0 : tensor<64x64xf32>
}

// -----

func.func @two(%x: tensor<64x64xf32>) -> tensor<64x64xf32> {
  %0 = npu.exp %x {npu.tile = array<i64: 8, 0>} : tensor<64x64xf32>
  // expected-error@+1 {{'npu.neg' op has the tile 16x64, but another operator of its kernel has 8x64}}
  %1 = npu.neg %0 {npu.tile = array<i64: 16, 0>} : tensor<64x64xf32>
  return %1 : tensor<64x64xf32>
}

// -----

func.func @nothing_to_cut(%x: tensor<8x8xf32>) -> tensor<f32> {
  // expected-error@+1 {{'npu.reduce_sum' op has npu.tile, but its kernel's result has nothing to cut: it is computed as one block}}
  %0 = npu.reduce_sum %x axes = [0, 1] {npu.tile = array<i64>} : tensor<8x8xf32> -> tensor<f32>
  return %0 : tensor<f32>
}
