// RUN: tessera-opt %s --tile-attach-chip=chip=ascend-910b2 --tile-plan-memory --split-input-file --verify-diagnostics

// Too much at once: what is live at the worst point is listed, and what is not is not.
// expected-note@+2 {{it fits when these shrink to 75 %: cut the kernel into smaller tiles}}
// expected-error@+1 {{kernel 'overflow' needs 262144 bytes of ub, but chip ascend-910b2 has}}
func.func private @overflow(%x: memref<32768xf32>) attributes {tile.kernel, tile.blocks = 1 : i64} {
  // expected-note@+1 {{131072 bytes: 'memref<32768xf32, #tile.space<"ub">>'}}
  %a = memref.alloc() : memref<32768xf32, #tile.space<"ub">>
  // expected-note@+1 {{131072 bytes: 'memref<32768xf32, #tile.space<"ub">>'}}
  %b = memref.alloc() : memref<32768xf32, #tile.space<"ub">>
  %c = memref.alloc() : memref<8xf32, #tile.space<"ub">>
  tile.copy nd2nd %x to %a : memref<32768xf32> to memref<32768xf32, #tile.space<"ub">>
  tile.vector ins(%a : memref<32768xf32, #tile.space<"ub">>) outs(%b : memref<32768xf32, #tile.space<"ub">>)
    maps [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>] {
  ^bb0(%v: f32, %old: f32):
    tile.yield %v : f32
  }
  tile.copy nd2nd %b to %x : memref<32768xf32, #tile.space<"ub">> to memref<32768xf32>
  %v = arith.constant 0.0 : f32
  tile.fill %v to %c : f32 to memref<8xf32, #tile.space<"ub">>
  return
}

// -----

// expected-error@+1 {{has a buffer of no static size}}
func.func private @dynamic(%n: index) attributes {tile.kernel, tile.blocks = 1 : i64} {
  %a = memref.alloc(%n) : memref<?xf32, #tile.space<"ub">>
  %v = arith.constant 0.0 : f32
  tile.fill %v to %a : f32 to memref<?xf32, #tile.space<"ub">>
  return
}

// -----

func.func @main(%n: index) {
  // expected-error@+1 {{'memref.alloc' op has no static size: pin the dynamic dims of the inputs}}
  %a = memref.alloc(%n) : memref<?xf32>
  return
}
