// The plan of each memory, the least there can be, and what sharing addresses saves.
// RUN: tessera-opt %s --tile-attach-chip=chip=ascend-910b2 --tile-plan-memory \
// RUN:   --remarks-filter=plan --remark-format=emitRemark -o /dev/null 2>&1 | FileCheck %s

// CHECK-DAG: [Passed] addresses | Category:plan | Function=reuse {{.*}}ub of reuse: 512 bytes for 3 buffers; 512 are live at once, and without sharing addresses they would take 768
// CHECK-DAG: [Passed] addresses | Category:plan | Function=main {{.*}}the arena of main: 512 bytes for 2 buffers; 512 are live at once, and without sharing addresses they would take 512
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
func.func @main(%x: memref<64xf32>, %y: memref<64xf32>) {
  %a = memref.alloc() : memref<64xf32>
  %b = memref.alloc() : memref<64xf32>
  tile.launch @reuse(%x, %a) blocks 1 cores = vector : memref<64xf32>, memref<64xf32>
  tile.launch @reuse(%a, %b) blocks 1 cores = vector : memref<64xf32>, memref<64xf32>
  tile.launch @reuse(%b, %y) blocks 1 cores = vector : memref<64xf32>, memref<64xf32>
  return
}
