// RUN: tessera-opt %s --npu-canonicalize-graph | FileCheck %s

// Elementwise operators are computed by their scalar meaning, with broadcasting.
// CHECK-LABEL: @elementwise(
func.func @elementwise() -> (tensor<2x2xf32>, tensor<2xi1>, tensor<2xi32>) {
  // CHECK-DAG: npu.constant dense<{{\[\[}}1.100000e+01, 2.200000e+01], [1.300000e+01, 2.400000e+01]]> : tensor<2x2xf32>
  // CHECK-DAG: npu.constant dense<[true, false]> : tensor<2xi1>
  // CHECK-DAG: npu.constant dense<[10, -20]> : tensor<2xi32>
  %a = npu.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %b = npu.constant dense<[10.0, 20.0]> : tensor<2xf32>
  %c = npu.constant dense<[10.9, -20.9]> : tensor<2xf32>
  %0 = npu.add %a, %b : tensor<2x2xf32>, tensor<2xf32> -> tensor<2x2xf32>
  %1 = npu.compare lt, %b, %c : tensor<2xf32>, tensor<2xf32> -> tensor<2xi1>
  %2 = npu.cast %c : tensor<2xf32> to tensor<2xi32>
  return %0, %1, %2 : tensor<2x2xf32>, tensor<2xi1>, tensor<2xi32>
}

// Low-precision floats are computed in f32 and rounded once.
// CHECK-LABEL: @half(
func.func @half() -> tensor<2xf16> {
  // CHECK: npu.constant dense<[1.000000e+00, 2.718750e+00]> : tensor<2xf16>
  %a = npu.constant dense<[0.0, 1.0]> : tensor<2xf16>
  %0 = npu.exp %a : tensor<2xf16>
  return %0 : tensor<2xf16>
}

// CHECK-LABEL: @movement(
func.func @movement() -> (tensor<3x2xf32>, tensor<2x2xf32>, tensor<4xf32>, tensor<1x2x3xf32>,
                          tensor<4x3xf32>) {
  // CHECK-DAG: dense<{{\[\[}}1.000000e+00, 4.000000e+00], [2.000000e+00, 5.000000e+00], [3.000000e+00, 6.000000e+00]]> : tensor<3x2xf32>
  // CHECK-DAG: dense<{{\[\[}}1.000000e+00, 3.000000e+00], [4.000000e+00, 6.000000e+00]]> : tensor<2x2xf32>
  // CHECK-DAG: dense<[9.000000e+00, 7.000000e+00, 7.500000e+00, 9.000000e+00]> : tensor<4xf32>
  // CHECK-DAG: dense<{{\[\[\[}}1.000000e+00, 2.000000e+00, 3.000000e+00], [4.000000e+00, 5.000000e+00, 6.000000e+00]]]> : tensor<1x2x3xf32>
  // CHECK-DAG: dense<{{\[\[}}1.000000e+00, 2.000000e+00, 3.000000e+00], [4.000000e+00, 5.000000e+00, 6.000000e+00], [7.000000e+00, 7.000000e+00, 7.000000e+00], [7.500000e+00, 7.500000e+00, 7.500000e+00]]> : tensor<4x3xf32>
  %a = npu.constant dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32>
  %b = npu.constant dense<[7.0, 7.5]> : tensor<2xf32>
  %c = npu.constant dense<[[7.0], [7.5]]> : tensor<2x1xf32>
  %0 = npu.transpose %a perm = [1, 0] : tensor<2x3xf32> -> tensor<3x2xf32>
  %1 = npu.slice %a offsets = [0, 0] sizes = [2, 2] strides = [1, 2]
    : tensor<2x3xf32> -> tensor<2x2xf32>
  %2 = npu.pad %b low = [1] high = [1] value = 9.0 : tensor<2xf32> -> tensor<4xf32>
  %3 = npu.reshape %a : tensor<2x3xf32> to tensor<1x2x3xf32>
  %e = npu.expand %c : tensor<2x1xf32> to tensor<2x3xf32>
  %4 = npu.concat %a, %e axis = 0 : tensor<2x3xf32>, tensor<2x3xf32> -> tensor<4x3xf32>
  return %0, %1, %2, %3, %4
    : tensor<3x2xf32>, tensor<2x2xf32>, tensor<4xf32>, tensor<1x2x3xf32>, tensor<4x3xf32>
}

// Resources fold like inline constants; small results are inline.
// CHECK-LABEL: @resource(
func.func @resource() -> tensor<2x2xf32> {
  // CHECK: npu.constant dense<{{\[\[}}1.000000e+00, 3.000000e+00], [2.000000e+00, 4.000000e+00]]> : tensor<2x2xf32>
  %a = npu.constant dense_resource<numbers> : tensor<2x2xf32>
  %0 = npu.transpose %a perm = [1, 0] : tensor<2x2xf32> -> tensor<2x2xf32>
  return %0 : tensor<2x2xf32>
}

// A splat stays one, however large; a value a hundred times its operands is better computed.
// CHECK-LABEL: @sizes(
func.func @sizes() -> (tensor<1000x1000xf32>, tensor<1000x1000xf32>) {
  // CHECK-DAG: npu.constant dense<3.000000e+00> : tensor<1000x1000xf32>
  // CHECK-DAG: npu.expand
  %a = npu.constant dense<1.0> : tensor<1000x1000xf32>
  %b = npu.constant dense<2.0> : tensor<1000xf32>
  %c = npu.constant dense<[[1.0], [2.0], [3.0], [4.0]]> : tensor<4x1xf32>
  %0 = npu.add %a, %b : tensor<1000x1000xf32>, tensor<1000xf32> -> tensor<1000x1000xf32>
  %1 = npu.expand %c : tensor<4x1xf32> to tensor<4x250000xf32>
  %2 = npu.reshape %1 : tensor<4x250000xf32> to tensor<1000x1000xf32>
  return %0, %2 : tensor<1000x1000xf32>, tensor<1000x1000xf32>
}

// What has no defined value stays for the program to meet, or not.
// CHECK-LABEL: @undefined(
func.func @undefined() -> (tensor<2xi32>, tensor<1xi8>) {
  // CHECK: npu.div
  // CHECK: npu.cast
  %a = npu.constant dense<[4, 2]> : tensor<2xi32>
  %b = npu.constant dense<[2, 0]> : tensor<2xi32>
  %c = npu.constant dense<1000.0> : tensor<1xf32>
  %0 = npu.div %a, %b : tensor<2xi32>
  %1 = npu.cast %c : tensor<1xf32> to tensor<1xi8>
  return %0, %1 : tensor<2xi32>, tensor<1xi8>
}

// An elided resource has no bytes to read.
// CHECK-LABEL: @elided(
func.func @elided() -> tensor<2x2xf32> {
  // CHECK: npu.transpose
  %a = npu.constant dense_resource<__elided__> : tensor<2x2xf32>
  %0 = npu.transpose %a perm = [1, 0] : tensor<2x2xf32> -> tensor<2x2xf32>
  return %0 : tensor<2x2xf32>
}

{-#
  dialect_resources: {
    builtin: {
      numbers: "0x040000000000803f000000400000404000008040"
    }
  }
#-}
