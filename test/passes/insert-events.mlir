// tile-insert-events: events between pipes, barriers within one, flags between cores, credits.
// RUN: tessera-opt %s --split-input-file --tile-attach-chip=chip=ascend-910b2 --tile-insert-events | FileCheck %s
// RUN: tessera-opt %s --split-input-file --tile-attach-chip=chip=ascend-910b2 --tile-insert-events --tile-insert-events | FileCheck %s
// RUN: tessera-opt %s --split-input-file --tile-attach-chip=chip=ascend-910b2 --tile-insert-events | not grep -c "vector.MTE2\" to \"V\" id 8"


// One block: what it loads is used after it is there, and stored after it is made.
// CHECK-LABEL: func private @straight
// CHECK-NEXT: memref.alloc
// CHECK-NEXT: memref.alloc
// CHECK-NEXT: tile.copy
// CHECK-NEXT: tile.set_event "vector.MTE2" to "V" id 0
// CHECK-NEXT: tile.wait_event "vector.MTE2" to "V" id 0
// CHECK-NEXT: tile.vector
// CHECK: tile.pipe_barrier "V"
// CHECK-NEXT: tile.vector
// CHECK: tile.set_event "V" to "vector.MTE3" id 0
// CHECK-NEXT: tile.wait_event "V" to "vector.MTE3" id 0
// CHECK-NEXT: tile.copy
// CHECK-NEXT: return
func.func private @straight(%a: memref<256xf32>, %b: memref<256xf32>) attributes {tile.kernel} {
  %u = memref.alloc() {tile.offset = 0 : i64} : memref<256xf32, #tile.space<"ub">>
  %v = memref.alloc() {tile.offset = 1024 : i64} : memref<256xf32, #tile.space<"ub">>
  tile.copy nd2nd %a to %u : memref<256xf32> to memref<256xf32, #tile.space<"ub">>
  tile.vector ins(%u : memref<256xf32, #tile.space<"ub">>) outs(%v : memref<256xf32, #tile.space<"ub">>) maps [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>] {
  ^bb0(%x: f32, %old: f32):
    tile.yield %x : f32
  }
  tile.vector ins(%v : memref<256xf32, #tile.space<"ub">>) outs(%v : memref<256xf32, #tile.space<"ub">>) maps [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>] {
  ^bb0(%x: f32, %old: f32):
    tile.yield %x : f32
  }
  tile.copy nd2nd %v to %b : memref<256xf32, #tile.space<"ub">> to memref<256xf32>
  return
}

// -----

// Two loads are waited for once, since they end in one pipe's order.
// CHECK-LABEL: func private @joined
// CHECK: tile.copy
// CHECK-NEXT: tile.copy
// CHECK-NEXT: tile.set_event "vector.MTE2" to "V" id 0
// CHECK-NEXT: tile.wait_event "vector.MTE2" to "V" id 0
// CHECK-NEXT: tile.vector
// CHECK-NOT: _event
func.func private @joined(%a: memref<256xf32>, %b: memref<256xf32>) attributes {tile.kernel} {
  %u = memref.alloc() {tile.offset = 0 : i64} : memref<256xf32, #tile.space<"ub">>
  %v = memref.alloc() {tile.offset = 1024 : i64} : memref<256xf32, #tile.space<"ub">>
  tile.copy nd2nd %a to %u : memref<256xf32> to memref<256xf32, #tile.space<"ub">>
  tile.copy nd2nd %b to %v : memref<256xf32> to memref<256xf32, #tile.space<"ub">>
  tile.vector ins(%u : memref<256xf32, #tile.space<"ub">>) outs(%v : memref<256xf32, #tile.space<"ub">>) maps [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>] {
  ^bb0(%x: f32, %old: f32):
    tile.yield %x : f32
  }
  return
}

// -----

// A core's next block waits until the last has let go: a credit that is given before the grid and
// taken back after it. A loop that may not turn at all sets nothing, for its sets stand outside.
// CHECK-LABEL: func private @turns
// CHECK-NEXT: tile.set_event "V" to "vector.MTE2" id 0
// CHECK: scf.forall
// CHECK: tile.wait_event "V" to "vector.MTE2" id 0
// CHECK-NEXT: tile.copy
// CHECK-NEXT: tile.set_event "vector.MTE2" to "V" id 0
// CHECK-NEXT: tile.wait_event "vector.MTE2" to "V" id 0
// CHECK-NEXT: scf.for
// CHECK-NEXT: tile.pipe_barrier "V"
// CHECK-NEXT: tile.vector
// CHECK: }
// CHECK: tile.set_event "V" to "vector.MTE2" id 0
// CHECK: tile.wait_event "V" to "vector.MTE2" id 0
// CHECK-NEXT: return
func.func private @turns(%a: memref<1024xf32>, %n: index) attributes {tile.kernel} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.forall (%i) = (0) to (1024) step (256) {
    %u = memref.alloc() {tile.offset = 0 : i64} : memref<256xf32, #tile.space<"ub">>
    %v = memref.alloc() {tile.offset = 1024 : i64} : memref<256xf32, #tile.space<"ub">>
    %p = memref.subview %a[%i] [256] [1] : memref<1024xf32> to memref<256xf32, strided<[1], offset: ?>>
    tile.copy nd2nd %p to %u : memref<256xf32, strided<[1], offset: ?>> to memref<256xf32, #tile.space<"ub">>
    scf.for %j = %c0 to %n step %c1 {
      tile.vector ins(%u : memref<256xf32, #tile.space<"ub">>) outs(%v : memref<256xf32, #tile.space<"ub">>) maps [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>] {
  ^bb0(%x: f32, %old: f32):
    tile.yield %x : f32
  }
    }
  }
  return
}

// -----

// Each slot has an event of its own, and a credit.
// CHECK-LABEL: func private @slots
// CHECK-DAG: tile.set_event "vector.MTE3" to "vector.MTE2" id 0
// CHECK-DAG: tile.set_event "vector.MTE3" to "vector.MTE2" id 1
// CHECK: scf.for
// CHECK: %[[SLOT:.*]] = arith.remui
// CHECK: tile.wait_event "vector.MTE3" to "vector.MTE2" id 0 slot(%[[SLOT]])
// CHECK-NEXT: tile.copy
// CHECK-NEXT: tile.set_event "vector.MTE2" to "vector.MTE3" id 0 slot(%[[SLOT]])
// CHECK: tile.wait_event "vector.MTE2" to "vector.MTE3" id 0 slot(%[[SLOT]])
// CHECK-NEXT: tile.copy
// CHECK-NEXT: tile.set_event "vector.MTE3" to "vector.MTE2" id 0 slot(%[[SLOT]])
// CHECK: }
// CHECK-DAG: tile.wait_event "vector.MTE3" to "vector.MTE2" id 0
// CHECK-DAG: tile.wait_event "vector.MTE3" to "vector.MTE2" id 1
// CHECK: return
func.func private @slots(%a: memref<8x256xf32>, %b: memref<8x256xf32>) attributes {tile.kernel} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c8 = arith.constant 8 : index
  %u = memref.alloc() {tile.offset = 0 : i64} : memref<2x256xf32, #tile.space<"ub">>
  scf.for %j = %c0 to %c8 step %c1 {
    %s = arith.remui %j, %c2 : index
    %v = memref.subview %u[%s, 0] [1, 256] [1, 1] : memref<2x256xf32, #tile.space<"ub">> to memref<1x256xf32, strided<[256, 1], offset: ?>, #tile.space<"ub">>
    %x = memref.subview %a[%j, 0] [1, 256] [1, 1] : memref<8x256xf32> to memref<1x256xf32, strided<[256, 1], offset: ?>>
    %y = memref.subview %b[%j, 0] [1, 256] [1, 1] : memref<8x256xf32> to memref<1x256xf32, strided<[256, 1], offset: ?>>
    tile.copy nd2nd %x to %v : memref<1x256xf32, strided<[256, 1], offset: ?>> to memref<1x256xf32, strided<[256, 1], offset: ?>, #tile.space<"ub">>
    tile.copy nd2nd %v to %y : memref<1x256xf32, strided<[256, 1], offset: ?>, #tile.space<"ub">> to memref<1x256xf32, strided<[256, 1], offset: ?>>
  }
  return
}

// -----

// Through a workspace, the cube core's fixpipe and the vector core's loads take turns by flags.
// CHECK-LABEL: func private @flags
// CHECK-NEXT: tile.cross_set "vector.MTE2" mode 2 id 0
// CHECK: tile.cross_wait "FIX" mode 2 id 0
// CHECK-NEXT: tile.fixpipe
// CHECK-NEXT: tile.cross_set "FIX" mode 2 id 0
// CHECK: tile.cross_wait "vector.MTE2" mode 2 id 0
// CHECK-NEXT: tile.copy
// CHECK-NEXT: tile.cross_set "vector.MTE2" mode 2 id 0
// CHECK: tile.cross_wait "FIX" mode 2 id 0
func.func private @flags(%n: index) attributes {tile.kernel} {
  scf.forall (%i) = (0) to (8) step (1) {
    %c = memref.alloc() {tile.offset = 0 : i64} : memref<1x1x16x16xf32, #tile.space<"l0c">>
    %w = tile.workspace depth 1 {tile.offset = 0 : i64} : memref<16x16xf32>
    %u = memref.alloc() {tile.offset = 0 : i64} : memref<16x16xf32, #tile.space<"ub">>
    tile.fixpipe %c to %w : memref<1x1x16x16xf32, #tile.space<"l0c">> to memref<16x16xf32>
    tile.copy nd2nd %w to %u : memref<16x16xf32> to memref<16x16xf32, #tile.space<"ub">>
  }
  return
}

// -----

// Buffers that share addresses are ordered, whatever their names are; others are not.
// CHECK-LABEL: func private @addresses
// CHECK: tile.copy
// CHECK-NEXT: tile.copy
// CHECK-NEXT: tile.pipe_barrier "vector.MTE2"
// CHECK-NEXT: tile.copy
// CHECK-NEXT: return
func.func private @addresses(%a: memref<256xf32>) attributes {tile.kernel} {
  %u = memref.alloc() {tile.offset = 0 : i64} : memref<256xf32, #tile.space<"ub">>
  %v = memref.alloc() {tile.offset = 1024 : i64} : memref<256xf32, #tile.space<"ub">>
  %w = memref.alloc() {tile.offset = 512 : i64} : memref<256xf32, #tile.space<"ub">>
  tile.copy nd2nd %a to %u : memref<256xf32> to memref<256xf32, #tile.space<"ub">>
  tile.copy nd2nd %a to %v : memref<256xf32> to memref<256xf32, #tile.space<"ub">>
  tile.copy nd2nd %a to %w : memref<256xf32> to memref<256xf32, #tile.space<"ub">>
  return
}

// -----

// More orders than numbers: some are joined, and a pipe is held back until a number is free again.
// CHECK-LABEL: func private @many
func.func private @many(%a: memref<3072xf32>) attributes {tile.kernel} {
  scf.forall (%i) = (0) to (8) step (1) {
    %u0 = memref.alloc() {tile.offset = 0 : i64} : memref<256xf32, #tile.space<"ub">>
    %u1 = memref.alloc() {tile.offset = 1024 : i64} : memref<256xf32, #tile.space<"ub">>
    %u2 = memref.alloc() {tile.offset = 2048 : i64} : memref<256xf32, #tile.space<"ub">>
    %u3 = memref.alloc() {tile.offset = 3072 : i64} : memref<256xf32, #tile.space<"ub">>
    %u4 = memref.alloc() {tile.offset = 4096 : i64} : memref<256xf32, #tile.space<"ub">>
    %u5 = memref.alloc() {tile.offset = 5120 : i64} : memref<256xf32, #tile.space<"ub">>
    %u6 = memref.alloc() {tile.offset = 6144 : i64} : memref<256xf32, #tile.space<"ub">>
    %u7 = memref.alloc() {tile.offset = 7168 : i64} : memref<256xf32, #tile.space<"ub">>
    %u8 = memref.alloc() {tile.offset = 8192 : i64} : memref<256xf32, #tile.space<"ub">>
    %u9 = memref.alloc() {tile.offset = 9216 : i64} : memref<256xf32, #tile.space<"ub">>
    %u10 = memref.alloc() {tile.offset = 10240 : i64} : memref<256xf32, #tile.space<"ub">>
    %u11 = memref.alloc() {tile.offset = 11264 : i64} : memref<256xf32, #tile.space<"ub">>
    %p0 = memref.subview %a[0] [256] [1] : memref<3072xf32> to memref<256xf32, strided<[1], offset: 0>>
    tile.copy nd2nd %p0 to %u0 : memref<256xf32, strided<[1], offset: 0>> to memref<256xf32, #tile.space<"ub">>
    tile.vector ins(%u0 : memref<256xf32, #tile.space<"ub">>) outs(%u0 : memref<256xf32, #tile.space<"ub">>) maps [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>] {
  ^bb0(%x: f32, %old: f32):
    tile.yield %x : f32
  }
    %p1 = memref.subview %a[256] [256] [1] : memref<3072xf32> to memref<256xf32, strided<[1], offset: 256>>
    tile.copy nd2nd %p1 to %u1 : memref<256xf32, strided<[1], offset: 256>> to memref<256xf32, #tile.space<"ub">>
    tile.vector ins(%u1 : memref<256xf32, #tile.space<"ub">>) outs(%u1 : memref<256xf32, #tile.space<"ub">>) maps [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>] {
  ^bb0(%x: f32, %old: f32):
    tile.yield %x : f32
  }
    %p2 = memref.subview %a[512] [256] [1] : memref<3072xf32> to memref<256xf32, strided<[1], offset: 512>>
    tile.copy nd2nd %p2 to %u2 : memref<256xf32, strided<[1], offset: 512>> to memref<256xf32, #tile.space<"ub">>
    tile.vector ins(%u2 : memref<256xf32, #tile.space<"ub">>) outs(%u2 : memref<256xf32, #tile.space<"ub">>) maps [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>] {
  ^bb0(%x: f32, %old: f32):
    tile.yield %x : f32
  }
    %p3 = memref.subview %a[768] [256] [1] : memref<3072xf32> to memref<256xf32, strided<[1], offset: 768>>
    tile.copy nd2nd %p3 to %u3 : memref<256xf32, strided<[1], offset: 768>> to memref<256xf32, #tile.space<"ub">>
    tile.vector ins(%u3 : memref<256xf32, #tile.space<"ub">>) outs(%u3 : memref<256xf32, #tile.space<"ub">>) maps [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>] {
  ^bb0(%x: f32, %old: f32):
    tile.yield %x : f32
  }
    %p4 = memref.subview %a[1024] [256] [1] : memref<3072xf32> to memref<256xf32, strided<[1], offset: 1024>>
    tile.copy nd2nd %p4 to %u4 : memref<256xf32, strided<[1], offset: 1024>> to memref<256xf32, #tile.space<"ub">>
    tile.vector ins(%u4 : memref<256xf32, #tile.space<"ub">>) outs(%u4 : memref<256xf32, #tile.space<"ub">>) maps [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>] {
  ^bb0(%x: f32, %old: f32):
    tile.yield %x : f32
  }
    %p5 = memref.subview %a[1280] [256] [1] : memref<3072xf32> to memref<256xf32, strided<[1], offset: 1280>>
    tile.copy nd2nd %p5 to %u5 : memref<256xf32, strided<[1], offset: 1280>> to memref<256xf32, #tile.space<"ub">>
    tile.vector ins(%u5 : memref<256xf32, #tile.space<"ub">>) outs(%u5 : memref<256xf32, #tile.space<"ub">>) maps [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>] {
  ^bb0(%x: f32, %old: f32):
    tile.yield %x : f32
  }
    %p6 = memref.subview %a[1536] [256] [1] : memref<3072xf32> to memref<256xf32, strided<[1], offset: 1536>>
    tile.copy nd2nd %p6 to %u6 : memref<256xf32, strided<[1], offset: 1536>> to memref<256xf32, #tile.space<"ub">>
    tile.vector ins(%u6 : memref<256xf32, #tile.space<"ub">>) outs(%u6 : memref<256xf32, #tile.space<"ub">>) maps [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>] {
  ^bb0(%x: f32, %old: f32):
    tile.yield %x : f32
  }
    %p7 = memref.subview %a[1792] [256] [1] : memref<3072xf32> to memref<256xf32, strided<[1], offset: 1792>>
    tile.copy nd2nd %p7 to %u7 : memref<256xf32, strided<[1], offset: 1792>> to memref<256xf32, #tile.space<"ub">>
    tile.vector ins(%u7 : memref<256xf32, #tile.space<"ub">>) outs(%u7 : memref<256xf32, #tile.space<"ub">>) maps [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>] {
  ^bb0(%x: f32, %old: f32):
    tile.yield %x : f32
  }
    %p8 = memref.subview %a[2048] [256] [1] : memref<3072xf32> to memref<256xf32, strided<[1], offset: 2048>>
    tile.copy nd2nd %p8 to %u8 : memref<256xf32, strided<[1], offset: 2048>> to memref<256xf32, #tile.space<"ub">>
    tile.vector ins(%u8 : memref<256xf32, #tile.space<"ub">>) outs(%u8 : memref<256xf32, #tile.space<"ub">>) maps [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>] {
  ^bb0(%x: f32, %old: f32):
    tile.yield %x : f32
  }
    %p9 = memref.subview %a[2304] [256] [1] : memref<3072xf32> to memref<256xf32, strided<[1], offset: 2304>>
    tile.copy nd2nd %p9 to %u9 : memref<256xf32, strided<[1], offset: 2304>> to memref<256xf32, #tile.space<"ub">>
    tile.vector ins(%u9 : memref<256xf32, #tile.space<"ub">>) outs(%u9 : memref<256xf32, #tile.space<"ub">>) maps [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>] {
  ^bb0(%x: f32, %old: f32):
    tile.yield %x : f32
  }
    %p10 = memref.subview %a[2560] [256] [1] : memref<3072xf32> to memref<256xf32, strided<[1], offset: 2560>>
    tile.copy nd2nd %p10 to %u10 : memref<256xf32, strided<[1], offset: 2560>> to memref<256xf32, #tile.space<"ub">>
    tile.vector ins(%u10 : memref<256xf32, #tile.space<"ub">>) outs(%u10 : memref<256xf32, #tile.space<"ub">>) maps [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>] {
  ^bb0(%x: f32, %old: f32):
    tile.yield %x : f32
  }
    %p11 = memref.subview %a[2816] [256] [1] : memref<3072xf32> to memref<256xf32, strided<[1], offset: 2816>>
    tile.copy nd2nd %p11 to %u11 : memref<256xf32, strided<[1], offset: 2816>> to memref<256xf32, #tile.space<"ub">>
    tile.vector ins(%u11 : memref<256xf32, #tile.space<"ub">>) outs(%u11 : memref<256xf32, #tile.space<"ub">>) maps [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>] {
  ^bb0(%x: f32, %old: f32):
    tile.yield %x : f32
  }
  }
  return
}
