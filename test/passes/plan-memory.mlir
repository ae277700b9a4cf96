// RUN: tessera-opt %s --tile-attach-chip=chip=ascend-910b2 --tile-plan-memory | FileCheck %s
// RUN: tessera-opt %s --tile-attach-chip=chip=ascend-910b2 --tile-plan-memory -o %t.once
// RUN: tessera-opt %t.once --tile-plan-memory -o %t.twice
// RUN: diff %t.once %t.twice

// CHECK: module attributes {{.*}}tile.arena_bytes = 8192 : i64

// The first buffer is dead when the third is written: they share an address. The second lives with
// both.
// CHECK-LABEL: func.func private @reuse
// CHECK-SAME: tile.space_bytes = {ub = 512 : i64}
// CHECK: memref.alloc() {tile.offset = 0 : i64, tile.space = "ub"} : memref<64xf32
// CHECK: memref.alloc() {tile.offset = 256 : i64, tile.space = "ub"} : memref<64xf32
// CHECK: memref.alloc() {tile.offset = 0 : i64, tile.space = "ub"} : memref<64xf32
func.func private @reuse(%x: memref<64xf32>, %y: memref<64xf32>) attributes {tile.kernel, tile.blocks = 1 : i64} {
  %a = memref.alloc() : memref<64xf32, #tile.space<"ub">>
  %b = memref.alloc() : memref<64xf32, #tile.space<"ub">>
  %c = memref.alloc() : memref<64xf32, #tile.space<"ub">>
  tile.copy nd2nd %x to %a : memref<64xf32> to memref<64xf32, #tile.space<"ub">>
  tile.vector ins(%a : memref<64xf32, #tile.space<"ub">>) outs(%b : memref<64xf32, #tile.space<"ub">>)
    maps [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>] {
  ^bb0(%v: f32, %old: f32):
    tile.yield %v : f32
  }
  tile.vector ins(%b : memref<64xf32, #tile.space<"ub">>) outs(%c : memref<64xf32, #tile.space<"ub">>)
    maps [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>] {
  ^bb0(%v: f32, %old: f32):
    tile.yield %v : f32
  }
  tile.copy nd2nd %c to %y : memref<64xf32, #tile.space<"ub">> to memref<64xf32>
  return
}

// What is read in a loop lives through all of it.
// CHECK-LABEL: func.func private @loop
// CHECK: memref.alloc() {tile.offset = [[A:[0-9]+]] : i64, tile.space = "ub"}
// CHECK-NOT: tile.offset = [[A]] :
// CHECK: return
func.func private @loop(%x: memref<64xf32>, %y: memref<64xf32>) attributes {tile.kernel, tile.blocks = 1 : i64} {
  %a = memref.alloc() : memref<64xf32, #tile.space<"ub">>
  %b = memref.alloc() : memref<64xf32, #tile.space<"ub">>
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  tile.copy nd2nd %x to %a : memref<64xf32> to memref<64xf32, #tile.space<"ub">>
  scf.for %i = %c0 to %c4 step %c1 {
    tile.vector ins(%a : memref<64xf32, #tile.space<"ub">>) outs(%b : memref<64xf32, #tile.space<"ub">>)
      maps [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>] {
    ^bb0(%v: f32, %old: f32):
      tile.yield %v : f32
    }
    tile.copy nd2nd %b to %y : memref<64xf32, #tile.space<"ub">> to memref<64xf32>
  }
  return
}

// The model's intermediates lie in one arena, the last argument: two of the three live at once.
// CHECK-LABEL: func.func @main
// CHECK-SAME: %[[ARENA:[a-z0-9]+]]: memref<8192xi8> {tile.arena})
// CHECK-DAG: memref.view %[[ARENA]][%{{.*}}][] : memref<8192xi8> to memref<1024xf32>
// CHECK-NOT: memref.alloc
// CHECK-COUNT-4: tile.launch
func.func private @step(memref<1024xf32>, memref<1024xf32>) attributes {tile.kernel}
func.func @main(%x: memref<1024xf32>, %y: memref<1024xf32>) {
  %a = memref.alloc() : memref<1024xf32>
  %b = memref.alloc() : memref<1024xf32>
  %c = memref.alloc() : memref<1024xf32>
  tile.launch @step(%x, %a) blocks 1 cores = vector : memref<1024xf32>, memref<1024xf32>
  tile.launch @step(%a, %b) blocks 1 cores = vector : memref<1024xf32>, memref<1024xf32>
  tile.launch @step(%b, %c) blocks 1 cores = vector : memref<1024xf32>, memref<1024xf32>
  tile.launch @step(%c, %y) blocks 1 cores = vector : memref<1024xf32>, memref<1024xf32>
  return
}
