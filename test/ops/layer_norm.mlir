// npu.layer_norm: with and without scale and bias, over one axis or more.
// RUN: tessera-opt %s | tessera-opt | FileCheck %s
// RUN: tessera-opt %s --npu-decompose | FileCheck %s --check-prefix=LOWER
// RUN: tessera-opt %s --npu-reference-to-llvm | %runner | FileCheck %s --check-prefix=EXEC

// CHECK-LABEL: func @takes_optional_parameters
// CHECK: npu.layer_norm %{{.*}} scale(%{{.*}} : tensor<8x16xf32>) bias(%{{.*}} : tensor<8x16xf32>) axis = 1 epsilon = {{.*}} : tensor<?x8x16xf32>
// CHECK: npu.layer_norm %{{.*}} axis = 2 epsilon = {{.*}} : tensor<?x8x16xf32>
// LOWER-LABEL: func @takes_optional_parameters
// LOWER-NOT: npu.
// LOWER: arith.addf
// LOWER: arith.subf
// LOWER: math.sqrt
func.func @takes_optional_parameters(%x: tensor<?x8x16xf32>, %s: tensor<8x16xf32>,
                                     %b: tensor<8x16xf32>) -> tensor<?x8x16xf32> {
  %0 = npu.layer_norm %x scale(%s : tensor<8x16xf32>) bias(%b : tensor<8x16xf32>)
    axis = 1 epsilon = 1.0e-5 : tensor<?x8x16xf32>
  %1 = npu.layer_norm %0 axis = 2 epsilon = 1.0e-5 : tensor<?x8x16xf32>
  return %1 : tensor<?x8x16xf32>
}

func.func private @printMemrefF32(tensor<*xf32> {bufferization.access = "read"})

// EXEC: sizes = [2, 4]
// EXEC: {{\[\[}}-0.841{{[0-9]*}}, -0.394{{[0-9]*}}, 1.841{{[0-9]*}}, 5.866{{[0-9]*}}],
// EXEC-NEXT: [-0.077{{[0-9]*}}, -0.654{{[0-9]*}}, -1.232{{[0-9]*}}, 7.428{{[0-9]*}}]]
// EXEC: sizes = [2, 4]
// EXEC: {{\[\[}}-1.341{{[0-9]*}}, -0.447{{[0-9]*}}, 0.447{{[0-9]*}}, 1.341{{[0-9]*}}],
// EXEC-NEXT: [-0.577{{[0-9]*}}, -0.577{{[0-9]*}}, -0.577{{[0-9]*}}, 1.732{{[0-9]*}}]]
func.func @main() {
  %x = npu.constant dense<[[1.0, 2.0, 3.0, 4.0], [100.0, 100.0, 100.0, 104.0]]> : tensor<2x4xf32>
  %s = npu.constant dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>
  %b = npu.constant dense<0.5> : tensor<4xf32>
  %y = npu.layer_norm %x scale(%s : tensor<4xf32>) bias(%b : tensor<4xf32>)
    axis = 1 epsilon = 1.0e-5 : tensor<2x4xf32>
  %z = npu.layer_norm %x axis = 1 epsilon = 0.0 : tensor<2x4xf32>
  %u0 = tensor.cast %y : tensor<2x4xf32> to tensor<*xf32>
  call @printMemrefF32(%u0) : (tensor<*xf32>) -> ()
  %u1 = tensor.cast %z : tensor<2x4xf32> to tensor<*xf32>
  call @printMemrefF32(%u1) : (tensor<*xf32>) -> ()
  return
}
