// RUN: tessera-opt %s --npu-canonicalize-graph | FileCheck %s

// A 1x1 convolution multiplies a matrix of pixels; the activation joins the product, before the view.
// CHECK-LABEL: @pixelwise(
func.func @pixelwise(%x: tensor<2x4x4x8xf32>, %w: tensor<1x1x8x16xf32>, %b: tensor<16xf32>)
    -> tensor<2x4x4x16xf32> {
  // CHECK-DAG: %[[A:.*]] = npu.reshape %arg0 : tensor<2x4x4x8xf32> to tensor<32x8xf32>
  // CHECK-DAG: %[[W:.*]] = npu.reshape %arg1 : tensor<1x1x8x16xf32> to tensor<8x16xf32>
  // CHECK: %[[P:.*]] = npu.matmul %[[A]], %[[W]]
  // CHECK: %[[S:.*]] = npu.add %[[P]], %arg2
  // CHECK: %[[R:.*]] = npu.relu %[[S]] : tensor<32x16xf32>
  // CHECK: npu.reshape %[[R]] : tensor<32x16xf32> to tensor<2x4x4x16xf32>
  %0 = npu.conv2d %x, %w strides = [1, 1] dilations = [1, 1] pads = [0, 0, 0, 0] groups = 1
    : tensor<2x4x4x8xf32>, tensor<1x1x8x16xf32> -> tensor<2x4x4x16xf32>
  %1 = npu.add %0, %b : tensor<2x4x4x16xf32>, tensor<16xf32> -> tensor<2x4x4x16xf32>
  %2 = npu.relu %1 : tensor<2x4x4x16xf32>
  return %2 : tensor<2x4x4x16xf32>
}

// A window as large as the image leaves one pixel.
// CHECK-LABEL: @whole_image(
func.func @whole_image(%x: tensor<2x3x3x4xf32>, %w: tensor<3x3x4x8xf32>) -> tensor<2x1x1x8xf32> {
  // CHECK: npu.matmul %{{.*}}, %{{.*}} : tensor<2x36xf32>, tensor<36x8xf32> -> tensor<2x8xf32>
  %0 = npu.conv2d %x, %w strides = [1, 1] dilations = [1, 1] pads = [0, 0, 0, 0] groups = 1
    : tensor<2x3x3x4xf32>, tensor<3x3x4x8xf32> -> tensor<2x1x1x8xf32>
  return %0 : tensor<2x1x1x8xf32>
}

// Strides and pads make it a convolution.
// CHECK-LABEL: @stays(
func.func @stays(%x: tensor<1x4x4x8xf32>, %w: tensor<1x1x8x16xf32>)
    -> (tensor<1x2x2x16xf32>, tensor<1x6x6x16xf32>) {
  // CHECK-COUNT-2: npu.conv2d
  // CHECK-NOT: npu.matmul
  // CHECK: return
  %0 = npu.conv2d %x, %w strides = [2, 2] dilations = [1, 1] pads = [0, 0, 0, 0] groups = 1
    : tensor<1x4x4x8xf32>, tensor<1x1x8x16xf32> -> tensor<1x2x2x16xf32>
  %1 = npu.conv2d %x, %w strides = [1, 1] dilations = [1, 1] pads = [1, 1, 1, 1] groups = 1
    : tensor<1x4x4x8xf32>, tensor<1x1x8x16xf32> -> tensor<1x6x6x16xf32>
  return %0, %1 : tensor<1x2x2x16xf32>, tensor<1x6x6x16xf32>
}

// One group per channel is depthwise; with two features each, channels are doubled first.
// CHECK-LABEL: @depthwise(
func.func @depthwise(%x: tensor<1x4x4x3xf32>, %w: tensor<3x3x1x3xf32>, %v: tensor<3x3x1x6xf32>)
    -> (tensor<1x4x4x3xf32>, tensor<1x4x4x6xf32>) {
  // CHECK-DAG: npu.depthwise_conv2d {{.*}} : tensor<1x4x4x3xf32>, tensor<3x3x3xf32>
  // CHECK-DAG: npu.expand %{{.*}} : tensor<1x4x4x3x1xf32> to tensor<1x4x4x3x2xf32>
  // CHECK-DAG: npu.depthwise_conv2d {{.*}} : tensor<1x4x4x6xf32>, tensor<3x3x6xf32>
  // CHECK-NOT: npu.conv2d
  %0 = npu.conv2d %x, %w strides = [1, 1] dilations = [1, 1] pads = [1, 1, 1, 1] groups = 3
    : tensor<1x4x4x3xf32>, tensor<3x3x1x3xf32> -> tensor<1x4x4x3xf32>
  %1 = npu.conv2d %x, %v strides = [1, 1] dilations = [1, 1] pads = [1, 1, 1, 1] groups = 3
    : tensor<1x4x4x3xf32>, tensor<3x3x1x6xf32> -> tensor<1x4x4x6xf32>
  return %0, %1 : tensor<1x4x4x3xf32>, tensor<1x4x4x6xf32>
}

// CHECK-LABEL: @groups(
func.func @groups(%x: tensor<1x4x4x8xf32>, %w: tensor<3x3x4x6xf32>) -> tensor<1x4x4x6xf32> {
  // CHECK-DAG: npu.slice %arg0 offsets = [0, 0, 0, 0] sizes = [1, 4, 4, 4]
  // CHECK-DAG: npu.slice %arg0 offsets = [0, 0, 0, 4] sizes = [1, 4, 4, 4]
  // CHECK-DAG: npu.slice %arg1 offsets = [0, 0, 0, 3] sizes = [3, 3, 4, 3]
  // CHECK: npu.concat %{{.*}}, %{{.*}} axis = 3 : tensor<1x4x4x3xf32>, tensor<1x4x4x3xf32>
  %0 = npu.conv2d %x, %w strides = [1, 1] dilations = [1, 1] pads = [1, 1, 1, 1] groups = 2
    : tensor<1x4x4x8xf32>, tensor<3x3x4x6xf32> -> tensor<1x4x4x6xf32>
  return %0 : tensor<1x4x4x6xf32>
}

// CHECK-LABEL: @batches(
func.func @batches(%x: tensor<2x3x8xf32>, %w: tensor<8x4xf32>, %v: tensor<2x8x4xf32>)
    -> (tensor<2x3x4xf32>, tensor<2x3x4xf32>) {
  // CHECK-DAG: npu.matmul %{{.*}}, %{{.*}} : tensor<6x8xf32>, tensor<8x4xf32> -> tensor<6x4xf32>
  // CHECK-DAG: npu.matmul %{{.*}}, %{{.*}} : tensor<2x3x8xf32>, tensor<2x8x4xf32> -> tensor<2x3x4xf32>
  %0 = npu.matmul %x, %w : tensor<2x3x8xf32>, tensor<8x4xf32> -> tensor<2x3x4xf32>
  %1 = npu.matmul %x, %v : tensor<2x3x8xf32>, tensor<2x8x4xf32> -> tensor<2x3x4xf32>
  return %0, %1 : tensor<2x3x4xf32>, tensor<2x3x4xf32>
}

// Two unknown dims cannot be joined into one by name.
// CHECK-LABEL: @dynamic_batches(
func.func @dynamic_batches(%x: tensor<?x3x8xf32>, %y: tensor<?x?x8xf32>, %w: tensor<8x4xf32>)
    -> (tensor<?x3x4xf32>, tensor<?x?x4xf32>) {
  // CHECK-DAG: npu.matmul %{{.*}}, %{{.*}} : tensor<?x8xf32>, tensor<8x4xf32> -> tensor<?x4xf32>
  // CHECK-DAG: npu.matmul %arg1, %arg2 : tensor<?x?x8xf32>
  %0 = npu.matmul %x, %w : tensor<?x3x8xf32>, tensor<8x4xf32> -> tensor<?x3x4xf32>
  %1 = npu.matmul %y, %w : tensor<?x?x8xf32>, tensor<8x4xf32> -> tensor<?x?x4xf32>
  return %0, %1 : tensor<?x3x4xf32>, tensor<?x?x4xf32>
}

// CHECK-LABEL: @pads(
func.func @pads(%x: tensor<1x4x4x8xf32>, %w: tensor<3x3x8x8xf32>, %v: tensor<3x3x8xf32>)
    -> (tensor<1x5x3x8xf32>, tensor<1x4x4x8xf32>, tensor<1x4x4x8xf32>) {
  // CHECK-DAG: npu.conv2d {{.*}} pads = [1, 0, 2, 1]
  // CHECK-DAG: npu.depthwise_conv2d %arg0, {{.*}} pads = [1, 1, 1, 1]
  // CHECK-DAG: %[[ONES:.*]] = npu.pad {{.*}} value = 1.0
  // CHECK-DAG: npu.depthwise_conv2d %[[ONES]], {{.*}} pads = [0, 0, 0, 0]
  %0 = npu.pad %x low = [0, 1, 0, 0] high = [0, 1, 0, 0] value = 0.0
    : tensor<1x4x4x8xf32> -> tensor<1x6x4x8xf32>
  %1 = npu.conv2d %0, %w strides = [1, 1] dilations = [1, 1] pads = [0, 0, 1, 1] groups = 1
    : tensor<1x6x4x8xf32>, tensor<3x3x8x8xf32> -> tensor<1x5x3x8xf32>
  %2 = npu.pad %x low = [0, 1, 1, 0] high = [0, 1, 1, 0] value = 0.0
    : tensor<1x4x4x8xf32> -> tensor<1x6x6x8xf32>
  %3 = npu.depthwise_conv2d %2, %v strides = [1, 1] dilations = [1, 1] pads = [0, 0, 0, 0]
    : tensor<1x6x6x8xf32>, tensor<3x3x8xf32> -> tensor<1x4x4x8xf32>
  %4 = npu.pad %x low = [0, 1, 1, 0] high = [0, 1, 1, 0] value = 1.0
    : tensor<1x4x4x8xf32> -> tensor<1x6x6x8xf32>
  %5 = npu.depthwise_conv2d %4, %v strides = [1, 1] dilations = [1, 1] pads = [0, 0, 0, 0]
    : tensor<1x6x6x8xf32>, tensor<3x3x8xf32> -> tensor<1x4x4x8xf32>
  return %1, %3, %5 : tensor<1x5x3x8xf32>, tensor<1x4x4x8xf32>, tensor<1x4x4x8xf32>
}

// Bytes have a depthwise form as floats: no sum of theirs is rounded.
// CHECK-LABEL: @depthwise_of_bytes(
func.func @depthwise_of_bytes(%x: tensor<1x4x4x3xi8>, %w: tensor<3x3x1x3xi8>)
    -> tensor<1x4x4x3xi32> {
  // CHECK-DAG: %[[X:.*]] = npu.cast %arg0 : tensor<1x4x4x3xi8> to tensor<1x4x4x3xf32>
  // CHECK-DAG: npu.cast %arg1 : tensor<3x3x1x3xi8> to tensor<3x3x1x3xf32>
  // CHECK: %[[Y:.*]] = npu.depthwise_conv2d %[[X]], %{{.*}} : tensor<1x4x4x3xf32>, tensor<3x3x3xf32>
  // CHECK: npu.cast %[[Y]] : tensor<1x4x4x3xf32> to tensor<1x4x4x3xi32>
  // CHECK-NOT: npu.conv2d
  %0 = npu.conv2d %x, %w strides = [1, 1] dilations = [1, 1] pads = [1, 1, 1, 1] groups = 3
    : tensor<1x4x4x3xi8>, tensor<3x3x1x3xi8> -> tensor<1x4x4x3xi32>
  return %0 : tensor<1x4x4x3xi32>
}

// Windows so large that a sum might be rounded stay.
// CHECK-LABEL: @large_window_of_bytes(
// CHECK: npu.conv2d
func.func @large_window_of_bytes(%x: tensor<1x40x40x3xi8>, %w: tensor<33x33x1x3xi8>)
    -> tensor<1x8x8x3xi32> {
  %0 = npu.conv2d %x, %w strides = [1, 1] dilations = [1, 1] pads = [0, 0, 0, 0] groups = 3
    : tensor<1x40x40x3xi8>, tensor<33x33x1x3xi8> -> tensor<1x8x8x3xi32>
  return %0 : tensor<1x8x8x3xi32>
}
