// RUN: tessera-opt %s --tile-attach-chip=chip=cpu-avx2 --tile-to-llvm | FileCheck %s

// The function of a tile operation (tile-outline-steps) reads words one after another: of a buffer
// its address, sizes and strides, then an integer. What the type says of the extents is not asked
// for again, and an offset that it says is taken off the address, for the code adds it.
// CHECK-LABEL: func.func private @step(
// CHECK-SAME: %[[WORDS:.*]]: !llvm.ptr)
// CHECK: %[[PLACE:.*]] = llvm.getelementptr %[[WORDS]][0] : (!llvm.ptr) -> !llvm.ptr, i64
// CHECK-NEXT: %[[FIRST:.*]] = llvm.load %[[PLACE]] : !llvm.ptr -> !llvm.ptr
// CHECK-NEXT: llvm.getelementptr %[[FIRST]][-8] : (!llvm.ptr) -> !llvm.ptr, f32
// CHECK: %[[SIZE:.*]] = llvm.getelementptr %[[WORDS]][1]
// CHECK: %[[STRIDE:.*]] = llvm.getelementptr %[[WORDS]][2]
// CHECK: %[[NUMBER:.*]] = llvm.getelementptr %[[WORDS]][3]
// CHECK-NEXT: %[[N:.*]] = llvm.load %[[NUMBER]] : !llvm.ptr -> i64
// CHECK: arith.sitofp %[[N]] : i64 to f32
// CHECK: return
func.func private @step(%x: memref<16xf32, strided<[1], offset: 8>>, %n: i64)
    attributes {tile.step} {
  %real = arith.sitofp %n : i64 to f32
  tile.fill %real to %x : f32 to memref<16xf32, strided<[1], offset: 8>>
  return
}
