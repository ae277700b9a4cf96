// RUN: tessera-opt %s --split-input-file --pass-pipeline='builtin.module(tile-attach-chip{chip=ascend-910b2},func.func(npu-fuse,npu-cut-windows))' | FileCheck %s
// RUN: tessera-opt %s --split-input-file --pass-pipeline='builtin.module(tile-attach-chip{chip=ascend-910b2},func.func(npu-fuse,npu-cut-windows))' | tessera-opt --split-input-file --pass-pipeline='builtin.module(func.func(npu-cut-windows))' | FileCheck %s

// Three strips, of which the last is shorter; pads stay with the outer ones, and what is added to
// the result is cut as it is.
// CHECK-LABEL: @strips
// CHECK: npu.slice {{.*}} offsets = [0, 0, 0, 0] sizes = [1, 3, 401, 16]
// CHECK: npu.slice {{.*}} offsets = [0, 0, 0, 0] sizes = [1, 3, 400, 16]
// CHECK: npu.kernel "conv2d_add_add"
// CHECK: npu.conv2d {{.*}} pads = [1, 1, 1, 0] {{.*}} -> tensor<1x3x400x16xf32>
// CHECK: npu.add {{.*}} tensor<16xf32>
// CHECK: npu.slice {{.*}} offsets = [0, 0, 399, 0] sizes = [1, 3, 402, 16]
// CHECK: npu.conv2d {{.*}} pads = [1, 0, 1, 0] {{.*}} -> tensor<1x3x400x16xf32>
// CHECK: npu.slice {{.*}} offsets = [0, 0, 799, 0] sizes = [1, 3, 400, 16]
// CHECK: npu.conv2d {{.*}} pads = [1, 0, 1, 1] {{.*}} -> tensor<1x3x399x16xf32>
// CHECK: npu.concat {{.*}} axis = 2 : tensor<1x3x400x16xf32>, tensor<1x3x400x16xf32>, tensor<1x3x399x16xf32>
func.func @strips(%x: tensor<1x3x1199x16xf32>, %w: tensor<3x3x16x16xf32>, %bias: tensor<16xf32>,
                  %z: tensor<1x3x1199x16xf32>) -> tensor<1x3x1199x16xf32> {
  %0 = npu.conv2d %x, %w strides = [1, 1] dilations = [1, 1] pads = [1, 1, 1, 1] groups = 1
    : tensor<1x3x1199x16xf32>, tensor<3x3x16x16xf32> -> tensor<1x3x1199x16xf32>
  %1 = npu.add %0, %bias : tensor<1x3x1199x16xf32>, tensor<16xf32> -> tensor<1x3x1199x16xf32>
  %2 = npu.add %1, %z : tensor<1x3x1199x16xf32>
  return %2 : tensor<1x3x1199x16xf32>
}

// -----

// One line becomes one column.
// CHECK-LABEL: @line
// CHECK-NOT: npu.slice
// CHECK-DAG: npu.reshape {{.*}} tensor<1x1x3000x80xf32> to tensor<1x3000x1x80xf32>
// CHECK-DAG: npu.reshape {{.*}} tensor<1x3x80x32xf32> to tensor<3x1x80x32xf32>
// CHECK: npu.conv2d {{.*}} strides = [2, 1] dilations = [1, 1] pads = [1, 0, 1, 0] {{.*}} -> tensor<1x1500x1x32xf32>
// CHECK: npu.relu {{.*}} tensor<1x1500x1x32xf32>
// CHECK: npu.reshape {{.*}} tensor<1x1500x1x32xf32> to tensor<1x1x1500x32xf32>
func.func @line(%x: tensor<1x1x3000x80xf32>, %w: tensor<1x3x80x32xf32>) -> tensor<1x1x1500x32xf32> {
  %0 = npu.conv2d %x, %w strides = [1, 2] dilations = [1, 1] pads = [0, 1, 0, 1] groups = 1
    : tensor<1x1x3000x80xf32>, tensor<1x3x80x32xf32> -> tensor<1x1x1500x32xf32>
  %1 = npu.relu %0 : tensor<1x1x1500x32xf32>
  return %1 : tensor<1x1x1500x32xf32>
}

// -----

// Pools are cut where the lines that one row reads are more than the vector unit's memory holds.
// CHECK-LABEL: @pool
// CHECK: npu.max_pool2d {{.*}} pads = [1, 1, 1, 0] : tensor<1x4x8001x8xf32> -> tensor<1x4x8000x8xf32>
// CHECK: npu.max_pool2d {{.*}} pads = [1, 0, 1, 1] : tensor<1x4x8001x8xf32> -> tensor<1x4x8000x8xf32>
func.func @pool(%x: tensor<1x4x16000x8xf32>) -> tensor<1x4x16000x8xf32> {
  %0 = npu.max_pool2d %x kernel = [3, 3] strides = [1, 1] dilations = [1, 1] pads = [1, 1, 1, 1]
    : tensor<1x4x16000x8xf32> -> tensor<1x4x16000x8xf32>
  return %0 : tensor<1x4x16000x8xf32>
}

// -----

// What fits stays as it is.
// CHECK-LABEL: @fits
// CHECK-NOT: npu.slice
// CHECK: npu.max_pool2d {{.*}} -> tensor<1x4x900x8xf32>
// CHECK-NOT: npu.concat
func.func @fits(%x: tensor<1x4x900x8xf32>) -> tensor<1x4x900x8xf32> {
  %0 = npu.max_pool2d %x kernel = [3, 3] strides = [1, 1] dilations = [1, 1] pads = [1, 1, 1, 1]
    : tensor<1x4x900x8xf32> -> tensor<1x4x900x8xf32>
  return %0 : tensor<1x4x900x8xf32>
}

// -----

// Many strips are concatenated in steps.
// CHECK-LABEL: @many
// CHECK-COUNT-5: npu.concat
// CHECK-NOT: npu.concat
func.func @many(%x: tensor<1x2x12000x16xf32>, %w: tensor<3x3x16x16xf32>) -> tensor<1x2x12000x16xf32> {
  %0 = npu.conv2d %x, %w strides = [1, 1] dilations = [1, 1] pads = [1, 1, 1, 1] groups = 1
    : tensor<1x2x12000x16xf32>, tensor<3x3x16x16xf32> -> tensor<1x2x12000x16xf32>
  return %0 : tensor<1x2x12000x16xf32>
}
