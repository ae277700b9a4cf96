// What the verifiers of matmul and pack_rhs reject, and what they say.
// RUN: tessera-opt %s --split-input-file --verify-diagnostics

func.func @matmul_k(%a: tensor<4x8xf32>, %b: tensor<16x2xf32>) {
  // expected-error@+1 {{'npu.matmul' op expected lhs dim 1 (8) to equal rhs dim 0 (16)}}
  %y = npu.matmul %a, %b : tensor<4x8xf32>, tensor<16x2xf32> -> tensor<4x2xf32>
  return
}

// -----

func.func @matmul_transposed_k(%a: tensor<8x4xf32>, %b: tensor<2x16xf32>) {
  // expected-error@+1 {{'npu.matmul' op expected lhs dim 0 (8) to equal rhs dim 1 (16)}}
  %y = npu.matmul %a, %b {transpose_lhs, transpose_rhs}
    : tensor<8x4xf32>, tensor<2x16xf32> -> tensor<4x2xf32>
  return
}

// -----

func.func @matmul_batch(%a: tensor<2x4x8xf32>, %b: tensor<3x8x2xf32>) {
  // expected-error@+1 {{'npu.matmul' op expected lhs dim 0 (2) to broadcast with rhs dim 0 (3)}}
  %y = npu.matmul %a, %b : tensor<2x4x8xf32>, tensor<3x8x2xf32> -> tensor<2x4x2xf32>
  return
}

// -----

func.func @matmul_rank(%a: tensor<8xf32>, %b: tensor<8x2xf32>) {
  // expected-error@+1 {{'npu.matmul' op expected lhs rank to be at least 2, but got 1}}
  %y = npu.matmul %a, %b : tensor<8xf32>, tensor<8x2xf32> -> tensor<2xf32>
  return
}

// -----

func.func @matmul_types(%a: tensor<4x8xf32>, %b: tensor<8x2xf16>) {
  // expected-error@+1 {{'npu.matmul' op expected rhs element type to be that of lhs ('f32'), but got 'f16'}}
  %y = npu.matmul %a, %b : tensor<4x8xf32>, tensor<8x2xf16> -> tensor<4x2xf32>
  return
}

// -----

func.func @matmul_result_type(%a: tensor<4x8xi8>, %b: tensor<8x2xi8>) {
  // expected-error@+1 {{'npu.matmul' op expected result type 'tensor<4x2xi32>', but got 'tensor<4x2xi8>'}}
  %y = npu.matmul %a, %b : tensor<4x8xi8>, tensor<8x2xi8> -> tensor<4x2xi8>
  return
}

// -----

func.func @matmul_panels(%a: tensor<4x8xf32>, %b: tensor<3x8x16xf32>) {
  // expected-error@+1 {{'npu.matmul' op expected rhs dim 0 to be 2 panels of 16 for packed_n = 20, but got 3}}
  %y = npu.matmul %a, %b {packed_n = 20 : i64}
    : tensor<4x8xf32>, tensor<3x8x16xf32> -> tensor<4x20xf32>
  return
}

// -----

func.func @matmul_packed_transposed(%a: tensor<4x8xf32>, %b: tensor<2x8x16xf32>) {
  // expected-error@+1 {{'npu.matmul' op expected no transpose_rhs with packed_n; packing transposes}}
  %y = npu.matmul %a, %b {packed_n = 20 : i64, transpose_rhs}
    : tensor<4x8xf32>, tensor<2x8x16xf32> -> tensor<4x20xf32>
  return
}

// -----

func.func @pack_panel(%b: tensor<8x16xf32>) {
  // expected-error@+1 {{'npu.pack_rhs' op expected panel to be positive, but got 0}}
  %y = npu.pack_rhs %b {panel = 0 : i64} : tensor<8x16xf32> -> tensor<1x8x0xf32>
  return
}

// -----

func.func @pack_rank(%b: tensor<8xf32>) {
  // expected-error@+1 {{'npu.pack_rhs' op expected x rank to be at least 2, but got 1}}
  %y = npu.pack_rhs %b {panel = 8 : i64} : tensor<8xf32> -> tensor<1x8x8xf32>
  return
}

// -----

func.func @matmul_packed_groups(%a: tensor<4x7xi8>, %b: tensor<2x3x16x4xi8>) {
  // expected-error@+1 {{'npu.matmul' op expected lhs dim 1 (7) in groups of 4 to equal rhs dim 1 (3)}}
  %y = npu.matmul %a, %b {packed_n = 20 : i64}
    : tensor<4x7xi8>, tensor<2x3x16x4xi8> -> tensor<4x20xi32>
  return
}

// -----

func.func @pack_no_group(%b: tensor<8x16xi8>) {
  // expected-error@+1 {{'npu.pack_rhs' op expected group to be positive, but got 0}}
  %y = npu.pack_rhs %b {panel = 8 : i64, group = 0 : i64} : tensor<8x16xi8> -> tensor<2x0x8x0xi8>
  return
}
