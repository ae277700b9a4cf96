// RUN: tessera-opt %s --tile-outline-steps --split-input-file --verify-diagnostics | FileCheck %s

// Equal operations share a function: the two loads do, whatever their extents. The kernel stays as
// it is, and its events have none.
// CHECK-LABEL: func.func private @kernel
// CHECK: tile.copy nd2nd %arg0 to %{{.*}} {tile.step = @[[COPY:[a-z0-9_]+]]} :
// CHECK: tile.copy nd2nd %{{.*}} to %{{.*}} {tile.step = @[[COPY]]} :
// CHECK: tile.set_event "MTE2" to "V" id 0
// CHECK-NOT: tile.step
// CHECK: tile.vector {{.*}} attributes {tile.step = @[[ADD:[a-z0-9_]+]]}
func.func private @kernel(%x: memref<16xf32>, %n: index) attributes {tile.kernel} {
  %a = memref.alloc() {tile.offset = 0 : i64} : memref<16xf32, #tile.space<"ub">>
  %b = memref.alloc() {tile.offset = 64 : i64} : memref<8xf32, #tile.space<"ub">>
  %half = memref.subview %x[8] [8] [1] : memref<16xf32> to memref<8xf32, strided<[1], offset: 8>>
  tile.copy nd2nd %x to %a : memref<16xf32> to memref<16xf32, #tile.space<"ub">>
  tile.copy nd2nd %half to %b
    : memref<8xf32, strided<[1], offset: 8>> to memref<8xf32, #tile.space<"ub">>
  tile.set_event "MTE2" to "V" id 0
  %wide = arith.index_cast %n : index to i64
  %real = arith.sitofp %wide : i64 to f32
  tile.vector ins(%a : memref<16xf32, #tile.space<"ub">>) outs(%a : memref<16xf32, #tile.space<"ub">>)
    maps [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>] {
  ^bb0(%v: f32, %old: f32):
    %r = arith.addf %v, %real : f32
    tile.yield %r : f32
  }
  return
}
// CHECK: func.func private @[[COPY]](%[[FROM:.*]]: memref<?xf32, strided<[1], offset: ?>>, %[[TO:.*]]: memref<?xf32, strided<[1], offset: ?>, #tile.space<"ub">>) attributes {tile.step}
// CHECK-NEXT: tile.copy nd2nd %[[FROM]] to %[[TO]]
// CHECK-NEXT: return
// A buffer that is read and written is one argument; a real number is made again from an integer.
// CHECK: func.func private @[[ADD]](%[[A:.*]]: memref<16xf32, #tile.space<"ub">>, %[[N:.*]]: i64) attributes {tile.step}
// CHECK-NEXT: %[[REAL:.*]] = arith.sitofp %[[N]]
// CHECK-NEXT: tile.vector ins(%[[A]] : {{.*}}) outs(%[[A]] :
// CHECK: arith.addf %{{.*}}, %[[REAL]]

// -----

// Nothing happens outside of kernels.
// CHECK-LABEL: func.func @other
// CHECK-NEXT: tile.copy nd2nd %arg0 to %arg1 : memref<4xf32>
// CHECK-NOT: @step
func.func @other(%x: memref<4xf32>, %y: memref<4xf32>) {
  tile.copy nd2nd %x to %y : memref<4xf32> to memref<4xf32>
  return
}

// -----

func.func private @unknown(%x: memref<4xf32>, %f: f32) attributes {tile.kernel} {
  // expected-error @below {{depends on a value of type 'f32' that is computed outside of it and cannot be computed again}}
  tile.fill %f to %x : f32 to memref<4xf32>
  return
}
