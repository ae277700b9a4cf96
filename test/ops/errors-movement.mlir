// What the verifiers of operators that move elements reject, and what they say.
// RUN: tessera-opt %s --split-input-file --verify-diagnostics

func.func @reshape_count(%x: tensor<2x3xf32>) {
  // expected-error@+1 {{'npu.reshape' op expected result to have the 6 elements of x, but got 8}}
  %y = npu.reshape %x : tensor<2x3xf32> to tensor<2x4xf32>
  return
}

// -----

func.func @reshape_dynamic(%x: tensor<?x?xf32>) {
  // expected-error@+1 {{'npu.reshape' op expected result to have at most one dynamic dim, but got 2}}
  %y = npu.reshape %x : tensor<?x?xf32> to tensor<?x?x1xf32>
  return
}

// -----

func.func @reshape_multiple(%x: tensor<2x3xf32>) {
  // expected-error@+1 {{'npu.reshape' op expected the 6 elements of x to be a multiple of 4}}
  %y = npu.reshape %x : tensor<2x3xf32> to tensor<?x4xf32>
  return
}

// -----

func.func @reshape_type(%x: tensor<2x3xf32>) {
  // expected-error@+1 {{'npu.reshape' op expected result element type to be that of x ('f32'), but got 'i32'}}
  %y = npu.reshape %x : tensor<2x3xf32> to tensor<6xi32>
  return
}

// -----

func.func @expand_dim(%x: tensor<3x2xf32>) {
  // expected-error@+1 {{'npu.expand' op expected result dim 2 (4) to equal x dim 1 (2)}}
  %y = npu.expand %x : tensor<3x2xf32> to tensor<1x3x4xf32>
  return
}

// -----

func.func @expand_unknown(%x: tensor<3xf32>) {
  // expected-error@+1 {{'npu.expand' op expected result dim 0 to be static, since x does not give it}}
  %y = npu.expand %x : tensor<3xf32> to tensor<?x3xf32>
  return
}

// -----

func.func @expand_rank(%x: tensor<1x3xf32>) {
  // expected-error@+1 {{'npu.expand' op expected result rank to be at least that of x (2), but got 1}}
  %y = npu.expand %x : tensor<1x3xf32> to tensor<3xf32>
  return
}

// -----

func.func @transpose_twice(%x: tensor<2x3xf32>) {
  // expected-error@+1 {{'npu.transpose' op expected perm to name each of 2 dims once, but got 1 twice}}
  %y = npu.transpose %x perm = [1, 1] : tensor<2x3xf32> -> tensor<3x3xf32>
  return
}

// -----

func.func @transpose_length(%x: tensor<2x3xf32>) {
  // expected-error@+1 {{'npu.transpose' op expected perm to have 2 entries, but got 3}}
  %y = npu.transpose %x perm = [0, 1, 2] : tensor<2x3xf32> -> tensor<2x3xf32>
  return
}

// -----

func.func @concat_dims(%a: tensor<2x3xf32>, %b: tensor<4x3xf32>) {
  // expected-error@+1 {{'npu.concat' op expected input 1 dim 0 (4) to equal input 0 dim 0 (2)}}
  %y = npu.concat %a, %b axis = 1 : tensor<2x3xf32>, tensor<4x3xf32> -> tensor<2x6xf32>
  return
}

// -----

func.func @concat_axis(%a: tensor<2x3xf32>) {
  // expected-error@+1 {{'npu.concat' op expected axis to be in [0, 2), but got 2}}
  %y = npu.concat %a axis = 2 : tensor<2x3xf32> -> tensor<2x3xf32>
  return
}

// -----

func.func @concat_nothing() {
  // expected-error@+1 {{'npu.concat' op expected at least one input}}
  %y = "npu.concat"() {axis = 0 : i64} : () -> tensor<2x3xf32>
  return
}

// -----

func.func @slice_size(%x: tensor<8xf32>) {
  // expected-error@+1 {{'npu.slice' op expected size 0 to be at most 3, what x dim 0 (8) holds from offset 2 by stride 2, but got 4}}
  %y = npu.slice %x offsets = [2] sizes = [4] strides = [2] : tensor<8xf32> -> tensor<4xf32>
  return
}

// -----

func.func @slice_offset(%x: tensor<8xf32>) {
  // expected-error@+1 {{'npu.slice' op expected offset 0 to be at most x dim 0 (8), but got 9}}
  %y = npu.slice %x offsets = [9] sizes = [0] strides = [1] : tensor<8xf32> -> tensor<0xf32>
  return
}

// -----

func.func @slice_stride(%x: tensor<8xf32>) {
  // expected-error@+1 {{'npu.slice' op expected strides to be at least 1, but got -1}}
  %y = npu.slice %x offsets = [7] sizes = [8] strides = [-1] : tensor<8xf32> -> tensor<8xf32>
  return
}

// -----

func.func @pad_negative(%x: tensor<8xf32>) {
  // expected-error@+1 {{'npu.pad' op expected high to be at least 0, but got -2}}
  %y = npu.pad %x low = [0] high = [-2] value = 0.0 : tensor<8xf32> -> tensor<6xf32>
  return
}

// -----

func.func @pad_value(%x: tensor<8xi8>) {
  // expected-error@+1 {{'npu.pad' op expected value to be an 'i8', but got 3.000000e+02}}
  %y = npu.pad %x low = [0] high = [2] value = 300.0 : tensor<8xi8> -> tensor<10xi8>
  return
}

// -----

func.func @gather_axis(%x: tensor<8x4xf32>, %i: tensor<2xi64>) {
  // expected-error@+1 {{'npu.gather' op expected axis to be in [0, 2), but got 2}}
  %y = npu.gather %x, %i axis = 2 : tensor<8x4xf32>, tensor<2xi64> -> tensor<8x2xf32>
  return
}

// -----

func.func @gather_indices(%x: tensor<8x4xf32>, %i: tensor<2xf32>) {
  // expected-error@+1 {{'npu.gather' op operand #1 must be ranked tensor of 32-bit signless integer or}}
  %y = npu.gather %x, %i axis = 0 : tensor<8x4xf32>, tensor<2xf32> -> tensor<2x4xf32>
  return
}
