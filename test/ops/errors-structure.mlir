// What the verifiers of constants and kernels reject, and what they say.
// RUN: tessera-opt %s --split-input-file --verify-diagnostics

func.func @kernel_yield_count(%x: tensor<4xf32>) {
  // expected-error@+1 {{'npu.kernel' op expected npu.yield to give 1 values, but got 2}}
  %r = npu.kernel(%a = %x) : (tensor<4xf32>) -> tensor<4xf32> {
    npu.yield %a, %a : tensor<4xf32>, tensor<4xf32>
  }
  return
}

// -----

func.func @kernel_yield_type(%x: tensor<4xf32>) {
  // expected-error@+1 {{'npu.kernel' op expected npu.yield operand 0 to be 'tensor<5xf32>', but got 'tensor<4xf32>'}}
  %r = npu.kernel(%a = %x) : (tensor<4xf32>) -> tensor<5xf32> {
    npu.yield %a : tensor<4xf32>
  }
  return
}

// -----

func.func @kernel_types(%x: tensor<4xf32>) {
  // expected-error@+1 {{expected 1 operand types, but got 0}}
  %r = npu.kernel(%a = %x) : () -> tensor<4xf32> {
    npu.yield %a : tensor<4xf32>
  }
  return
}

// -----

func.func @kernel_arguments(%x: tensor<4xf32>) {
  // expected-error@+1 {{'npu.kernel' op expected the block's arguments to have the operands' types}}
  %r = "npu.kernel"(%x) ({
  ^bb0:
    npu.yield
  }) : (tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @kernel_isolated(%x: tensor<4xf32>) {
  // expected-note@+1 {{required by region isolation constraints}}
  %r = npu.kernel() : () -> tensor<4xf32> {
    // expected-error@+1 {{'npu.yield' op using value defined outside the region}}
    npu.yield %x : tensor<4xf32>
  }
  return
}

// -----

func.func @yield_outside() {
  // expected-error@+1 {{'npu.yield' op expects parent op 'npu.kernel'}}
  npu.yield
}

// -----

func.func @constant_vector() {
  // expected-error@+1 {{'npu.constant' op expected value to be a ranked tensor, but got 'vector<2xf32>'}}
  %c = npu.constant dense<1.0> : vector<2xf32>
  return
}
