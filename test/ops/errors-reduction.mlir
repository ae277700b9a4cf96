// What the verifiers of reductions and normalisations reject, and what they say.
// RUN: tessera-opt %s --split-input-file --verify-diagnostics

func.func @softmax_axis(%x: tensor<4x8xf32>) {
  // expected-error@+1 {{'npu.softmax' op expected axis to be in [0, 2), but got 2}}
  %y = npu.softmax %x axis = 2 : tensor<4x8xf32>
  return
}

// -----

func.func @log_softmax_axis(%x: tensor<4x8xf32>) {
  // expected-error@+1 {{'npu.log_softmax' op expected axis to be in [0, 2), but got -1}}
  %y = npu.log_softmax %x axis = -1 : tensor<4x8xf32>
  return
}

// -----

func.func @layer_norm_scale(%x: tensor<4x8xf32>, %s: tensor<4xf32>) {
  // expected-error@+1 {{'npu.layer_norm' op expected scale type 'tensor<8xf32>', but got 'tensor<4xf32>'}}
  %y = npu.layer_norm %x scale(%s : tensor<4xf32>) axis = 1 epsilon = 1.0e-5 : tensor<4x8xf32>
  return
}

// -----

func.func @layer_norm_bias(%x: tensor<4x8xf32>, %s: tensor<8xf16>) {
  // expected-error@+1 {{'npu.layer_norm' op expected bias type 'tensor<8xf32>', but got 'tensor<8xf16>'}}
  %y = npu.layer_norm %x bias(%s : tensor<8xf16>) axis = 1 epsilon = 1.0e-5 : tensor<4x8xf32>
  return
}

// -----

func.func @rms_norm_epsilon(%x: tensor<4x8xf32>) {
  // expected-error@+1 {{'npu.rms_norm' op expected epsilon not to be negative, but got -1}}
  %y = npu.rms_norm %x axis = 1 epsilon = -1.0 : tensor<4x8xf32>
  return
}

// -----

func.func @reduce_no_axes(%x: tensor<4x8xf32>) {
  // expected-error@+1 {{'npu.reduce_sum' op expected axes not to be empty}}
  %y = npu.reduce_sum %x axes = [] : tensor<4x8xf32> -> tensor<4x8xf32>
  return
}

// -----

func.func @reduce_axis_order(%x: tensor<4x8xf32>) {
  // expected-error@+1 {{'npu.reduce_max' op expected axes to be increasing and in [0, 2), but got 0}}
  %y = npu.reduce_max %x axes = [1, 0] : tensor<4x8xf32> -> tensor<f32>
  return
}

// -----

func.func @reduce_axis_range(%x: tensor<4x8xf32>) {
  // expected-error@+1 {{'npu.reduce_min' op expected axes to be increasing and in [0, 2), but got 2}}
  %y = npu.reduce_min %x axes = [2] : tensor<4x8xf32> -> tensor<4x8xf32>
  return
}

// -----

func.func @reduce_result(%x: tensor<4x8xf32>) {
  // expected-error@+1 {{'npu.reduce_prod' op expected result type 'tensor<4x1xf32>', but got 'tensor<4xf32>'}}
  %y = npu.reduce_prod %x axes = [1] keepdims : tensor<4x8xf32> -> tensor<4xf32>
  return
}

// -----

func.func @mean_of_integers(%x: tensor<4x8xi32>) {
  // expected-error@+1 {{'npu.reduce_mean' op operand #0 must be ranked tensor of 16-bit float or}}
  %y = npu.reduce_mean %x axes = [1] : tensor<4x8xi32> -> tensor<4xi32>
  return
}
