// What the verifiers of elementwise operators reject, and what they say.
// RUN: tessera-opt %s --split-input-file --verify-diagnostics

func.func @add_shapes(%a: tensor<4x8xf32>, %b: tensor<16xf32>) {
  // expected-error@+1 {{'npu.add' op expected rhs dim 0 (16) to broadcast with lhs dim 1 (8)}}
  %y = npu.add %a, %b : tensor<4x8xf32>, tensor<16xf32> -> tensor<4x8xf32>
  return
}

// -----

func.func @add_types(%a: tensor<4xf32>, %b: tensor<4xi32>) {
  // expected-error@+1 {{'npu.add' op expected rhs element type to be that of lhs ('f32'), but got 'i32'}}
  %y = npu.add %a, %b : tensor<4xf32>, tensor<4xi32> -> tensor<4xf32>
  return
}

// -----

func.func @add_result(%a: tensor<4xf32>, %b: tensor<4xf32>) {
  // expected-error@+1 {{'npu.add' op expected result type 'tensor<4xf32>', but got 'tensor<5xf32>'}}
  %y = npu.add %a, %b : tensor<4xf32>, tensor<4xf32> -> tensor<5xf32>
  return
}

// -----

func.func @and_floats(%a: tensor<4xf32>) {
  // expected-error@+1 {{'npu.and' op operand #0 must be ranked tensor of 1-bit signless integer or}}
  %y = npu.and %a, %a : tensor<4xf32>
  return
}

// -----

func.func @exp_integers(%a: tensor<4xi32>) {
  // expected-error@+1 {{'npu.exp' op operand #0 must be ranked tensor of 16-bit float or}}
  %y = npu.exp %a : tensor<4xi32>
  return
}

// -----

func.func @relu_unranked(%a: tensor<*xf32>) {
  // expected-error@+1 {{invalid kind of type specified: expected builtin.tensor, but found 'tensor<*xf32>'}}
  %y = npu.relu %a : tensor<*xf32>
  return
}

// -----

func.func @compare_result(%a: tensor<4xf32>) {
  // expected-error@+1 {{'npu.compare' op expected result type 'tensor<4xi1>', but got 'tensor<3xi1>'}}
  %y = npu.compare lt, %a, %a : tensor<4xf32>, tensor<4xf32> -> tensor<3xi1>
  return
}

// -----

func.func @select_types(%c: tensor<4xi1>, %a: tensor<4xf32>, %b: tensor<4xf16>) {
  // expected-error@+1 {{'npu.select' op expected on_false element type to be that of on_true ('f32'), but got 'f16'}}
  %y = npu.select %c, %a, %b : tensor<4xi1>, tensor<4xf32>, tensor<4xf16> -> tensor<4xf32>
  return
}

// -----

func.func @select_shapes(%c: tensor<3xi1>, %a: tensor<1xf32>, %b: tensor<4xf32>) {
  // expected-error@+1 {{'npu.select' op expected on_false dim 0 (4) to broadcast with condition dim 0 (3)}}
  %y = npu.select %c, %a, %b : tensor<3xi1>, tensor<1xf32>, tensor<4xf32> -> tensor<4xf32>
  return
}

// -----

func.func @cast_shape(%a: tensor<4xf32>) {
  // expected-error@+1 {{'npu.cast' op requires the same shape for all operands and results}}
  %y = npu.cast %a : tensor<4xf32> to tensor<5xi32>
  return
}
