// npu.pack_rhs: columns cut into panels, the last one padded.
// RUN: tessera-opt %s | tessera-opt | FileCheck %s
// RUN: tessera-opt %s --npu-decompose | FileCheck %s --check-prefix=LOWER
// RUN: tessera-opt %s --npu-reference-to-llvm | %runner | FileCheck %s --check-prefix=EXEC

// CHECK-LABEL: func @packs_dynamic_columns
// CHECK: npu.pack_rhs %{{.*}} {panel = 16 : i64, transpose} : tensor<2x?x7xf32> -> tensor<2x?x7x16xf32>
// LOWER-LABEL: func @packs_dynamic_columns
// LOWER-NOT: npu.
// LOWER: linalg.transpose
// LOWER: linalg.fill
// LOWER: tensor.insert_slice
// LOWER: tensor.expand_shape
func.func @packs_dynamic_columns(%x: tensor<2x?x7xf32>) -> tensor<2x?x7x16xf32> {
  %y = npu.pack_rhs %x {panel = 16 : i64, transpose} : tensor<2x?x7xf32> -> tensor<2x?x7x16xf32>
  return %y : tensor<2x?x7x16xf32>
}

func.func private @printMemrefF32(tensor<*xf32> {bufferization.access = "read"})

// EXEC: sizes = [2, 2, 2]
// EXEC: {{\[\[\[}}1, 2],
// EXEC-NEXT: [4, 5]],
// EXEC-NEXT: {{\[\[}}3, 0],
// EXEC-NEXT: [6, 0]]]
func.func @main() {
  %x = npu.constant dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32>
  %y = npu.pack_rhs %x {panel = 2 : i64} : tensor<2x3xf32> -> tensor<2x2x2xf32>
  %u0 = tensor.cast %y : tensor<2x2x2xf32> to tensor<*xf32>
  call @printMemrefF32(%u0) : (tensor<*xf32>) -> ()
  return
}

// With groups, k is cut too: of three, two lie together, and the third beside a zero.
// CHECK-LABEL: func @packs_groups
// CHECK: npu.pack_rhs %{{.*}} {group = 4 : i64, panel = 16 : i64} : tensor<?x?xi8> -> tensor<?x?x16x4xi8>
// LOWER-LABEL: func @packs_groups
// LOWER-NOT: npu.
func.func @packs_groups(%x: tensor<?x?xi8>) -> tensor<?x?x16x4xi8> {
  %y = npu.pack_rhs %x {panel = 16 : i64, group = 4 : i64} : tensor<?x?xi8> -> tensor<?x?x16x4xi8>
  return %y : tensor<?x?x16x4xi8>
}
