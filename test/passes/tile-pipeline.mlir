// RUN: tessera-opt %s --tile-attach-chip=chip=ascend-910b2 --tile-pipeline -split-input-file | FileCheck %s
// RUN: tessera-opt %s --tile-attach-chip=chip=ascend-910b2 --tile-pipeline -split-input-file -o %t.once
// RUN: tessera-opt %t.once --tile-pipeline -split-input-file -o %t.twice
// RUN: diff %t.once %t.twice

// 96 blocks on 48 vector cores: each core loops over two. What a copy brings and the vector unit
// reads has two slots, as has what leaves; what only the vector unit touches has one.
// CHECK-LABEL: func.func private @rows
// CHECK-SAME: tile.blocks = 48
// CHECK: scf.forall (%[[CORE:.*]]) in (48)
// CHECK-DAG: %[[IN:.*]] = memref.alloc() : memref<2x64xf32, #tile.space<"ub">>
// CHECK-DAG: %[[OUT:.*]] = memref.alloc() : memref<2x64xf32, #tile.space<"ub">>
// CHECK: scf.for %[[TURN:.*]] = %{{.*}} to %{{.*}} step
// CHECK: %[[SLOT:.*]] = affine.apply {{.*}}(%[[TURN]])
// CHECK: memref.subview %[[OUT]][%{{.*}}, 0] [1, 64]
// CHECK: memref.alloc() : memref<64xf32, #tile.space<"ub">>
// CHECK: tile.copy nd2nd %{{.*}} to %{{.*}} : memref<64xf32, strided<[1], offset: ?>> to memref<64xf32, strided<[1], offset: ?>, #tile.space<"ub">>
func.func private @rows(%x: memref<6144xf32>, %y: memref<6144xf32>)
    attributes {tile.kernel, tile.blocks = 96 : i64, tile.cores = #tile<cores vector>} {
  scf.forall (%i) = (0) to (6144) step (64) {
    %a = memref.alloc() : memref<64xf32, #tile.space<"ub">>
    %b = memref.alloc() : memref<64xf32, #tile.space<"ub">>
    %c = memref.alloc() : memref<64xf32, #tile.space<"ub">>
    %from = memref.subview %x[%i] [64] [1] : memref<6144xf32> to memref<64xf32, strided<[1], offset: ?>>
    %to = memref.subview %y[%i] [64] [1] : memref<6144xf32> to memref<64xf32, strided<[1], offset: ?>>
    tile.copy nd2nd %from to %a : memref<64xf32, strided<[1], offset: ?>> to memref<64xf32, #tile.space<"ub">>
    tile.vector ins(%a : memref<64xf32, #tile.space<"ub">>) outs(%b : memref<64xf32, #tile.space<"ub">>)
      maps [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>] {
    ^bb0(%v: f32, %old: f32):
      %r = arith.negf %v : f32
      tile.yield %r : f32
    }
    tile.vector ins(%b : memref<64xf32, #tile.space<"ub">>) outs(%c : memref<64xf32, #tile.space<"ub">>)
      maps [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>] {
    ^bb0(%v: f32, %old: f32):
      %r = arith.addf %v, %v : f32
      tile.yield %r : f32
    }
    tile.copy nd2nd %c to %to : memref<64xf32, #tile.space<"ub">> to memref<64xf32, strided<[1], offset: ?>>
  }
  return
}

// A buffer that an iteration reads before it writes carries something over: it keeps its one place.
// CHECK-LABEL: func.func private @carried
// CHECK: %[[SUM:.*]] = memref.alloc() : memref<64xf32, #tile.space<"ub">>
// CHECK: %[[PART:.*]] = memref.alloc() : memref<2x64xf32, #tile.space<"ub">>
// CHECK: tile.fill %{{.*}} to %[[SUM]]
// CHECK: scf.for %[[K:.*]] =
// CHECK: %[[SLOT:.*]] = affine.apply {{.*}}(%[[K]])
// CHECK: memref.subview %[[PART]][%[[SLOT]], 0] [1, 64]
// CHECK: tile.vector ins({{.*}}) outs(%[[SUM]]
func.func private @carried(%x: memref<6144xf32>, %y: memref<64xf32>)
    attributes {tile.kernel, tile.blocks = 1 : i64, tile.cores = #tile<cores vector>} {
  scf.forall (%i) in (1) {
    %sum = memref.alloc() : memref<64xf32, #tile.space<"ub">>
    %part = memref.alloc() : memref<64xf32, #tile.space<"ub">>
    %zero = arith.constant 0.0 : f32
    %c0 = arith.constant 0 : index
    %c64 = arith.constant 64 : index
    %end = arith.constant 6144 : index
    tile.fill %zero to %sum : f32 to memref<64xf32, #tile.space<"ub">>
    scf.for %k = %c0 to %end step %c64 {
      %from = memref.subview %x[%k] [64] [1] : memref<6144xf32> to memref<64xf32, strided<[1], offset: ?>>
      tile.copy nd2nd %from to %part : memref<64xf32, strided<[1], offset: ?>> to memref<64xf32, #tile.space<"ub">>
      tile.vector ins(%part : memref<64xf32, #tile.space<"ub">>) outs(%sum : memref<64xf32, #tile.space<"ub">>)
        maps [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>] {
      ^bb0(%v: f32, %old: f32):
        %r = arith.addf %v, %old : f32
        tile.yield %r : f32
      }
    }
    tile.copy nd2nd %sum to %y : memref<64xf32, #tile.space<"ub">> to memref<64xf32>
  }
  return
}

// Two slots of 112 KiB do not fit 192 KiB of UB: the buffer that changes once a block keeps one,
// the one that changes in the loop gets two.
// CHECK-LABEL: func.func private @tight
// CHECK-DAG: memref.alloc() : memref<28672xf32, #tile.space<"ub">>
// CHECK-DAG: memref.alloc() : memref<2x1024xf32, #tile.space<"ub">>
func.func private @tight(%x: memref<96x28672xf32>, %y: memref<96x28672xf32>)
    attributes {tile.kernel, tile.blocks = 96 : i64, tile.cores = #tile<cores vector>} {
  scf.forall (%i) in (96) {
    %row = memref.alloc() : memref<28672xf32, #tile.space<"ub">>
    %part = memref.alloc() : memref<1024xf32, #tile.space<"ub">>
    %c0 = arith.constant 0 : index
    %step = arith.constant 1024 : index
    %end = arith.constant 28672 : index
    %from = memref.subview %x[%i, 0] [1, 28672] [1, 1] : memref<96x28672xf32> to memref<28672xf32, strided<[1], offset: ?>>
    tile.copy nd2nd %from to %row : memref<28672xf32, strided<[1], offset: ?>> to memref<28672xf32, #tile.space<"ub">>
    scf.for %k = %c0 to %end step %step {
      %some = memref.subview %row[%k] [1024] [1] : memref<28672xf32, #tile.space<"ub">> to memref<1024xf32, strided<[1], offset: ?>, #tile.space<"ub">>
      tile.vector ins(%some : memref<1024xf32, strided<[1], offset: ?>, #tile.space<"ub">>) outs(%part : memref<1024xf32, #tile.space<"ub">>)
        maps [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>] {
      ^bb0(%v: f32, %old: f32):
        %r = arith.negf %v : f32
        tile.yield %r : f32
      }
      %to = memref.subview %y[%i, %k] [1, 1024] [1, 1] : memref<96x28672xf32> to memref<1024xf32, strided<[1], offset: ?>>
      tile.copy nd2nd %part to %to : memref<1024xf32, #tile.space<"ub">> to memref<1024xf32, strided<[1], offset: ?>>
    }
  }
  return
}

// Blocks of a row of the grid share the left operand: all its parts fit into L1 beside two of the
// right one's, so they stay, and are loaded for the first block of a row only.
// CHECK-LABEL: func.func private @product
// CHECK: scf.forall (%{{.*}}) in (24)
// CHECK: memref.alloc() : memref<4x4x8x16x16xf16, #tile.space<"l1">>
// CHECK: scf.for %[[TURN:.*]] =
// CHECK: memref.alloc() : memref<2x8x4x16x16xf16, #tile.space<"l1">>
// CHECK: %[[FIRST:.*]] = arith.cmpi eq, %{{.*}}
// CHECK: scf.for %[[K:.*]] =
// CHECK: %[[ROWS:.*]] = arith.select %[[FIRST]], %{{.*}}, %{{.*}}
// CHECK: memref.subview %{{.*}}[0, 0] [%[[ROWS]], 64]
// CHECK: tile.copy nd2nz {{.*}} to memref<?x8x16x16xf16, strided<[2048, 256, 16, 1], offset: ?>, #tile.space<"l1">>
// CHECK: tile.mma
func.func private @product(%a: memref<3072x256xf16>, %b: memref<256x512xf16>, %c: memref<3072x512xf16>)
    attributes {tile.kernel, tile.blocks = 96 : i64, tile.cores = #tile<cores cube>} {
  scf.forall (%i, %j) = (0, 0) to (3072, 512) step (128, 128) {
    %l1a = memref.alloc() : memref<4x8x16x16xf16, #tile.space<"l1">>
    %l1b = memref.alloc() : memref<8x4x16x16xf16, #tile.space<"l1">>
    %l0a = memref.alloc() : memref<8x4x16x16xf16, #tile.space<"l0a">>
    %l0b = memref.alloc() : memref<4x8x16x16xf16, #tile.space<"l0b">>
    %l0c = memref.alloc() : memref<8x8x16x16xf32, #tile.space<"l0c">>
    %c0 = arith.constant 0 : index
    %c64 = arith.constant 64 : index
    %c128 = arith.constant 128 : index
    %c256 = arith.constant 256 : index
    scf.for %k = %c0 to %c256 step %c64 {
      %pa = memref.subview %a[%i, %k] [128, 64] [1, 1] : memref<3072x256xf16> to memref<128x64xf16, strided<[256, 1], offset: ?>>
      %pb = memref.subview %b[%k, %j] [64, 128] [1, 1] : memref<256x512xf16> to memref<64x128xf16, strided<[512, 1], offset: ?>>
      tile.copy nd2nz %pa to %l1a : memref<128x64xf16, strided<[256, 1], offset: ?>> to memref<4x8x16x16xf16, #tile.space<"l1">>
      tile.copy nd2nz %pb to %l1b : memref<64x128xf16, strided<[512, 1], offset: ?>> to memref<8x4x16x16xf16, #tile.space<"l1">>
      tile.copy nz2zz %l1a to %l0a : memref<4x8x16x16xf16, #tile.space<"l1">> to memref<8x4x16x16xf16, #tile.space<"l0a">>
      tile.copy nz2nzT %l1b to %l0b : memref<8x4x16x16xf16, #tile.space<"l1">> to memref<4x8x16x16xf16, #tile.space<"l0b">>
      %more = arith.cmpi ne, %k, %c0 : index
      tile.mma %l0a, %l0b, %l0c extents(%c128, %c128, %c64) accumulate(%more) : memref<8x4x16x16xf16, #tile.space<"l0a">>, memref<4x8x16x16xf16, #tile.space<"l0b">>, memref<8x8x16x16xf32, #tile.space<"l0c">>
    }
    %to = memref.subview %c[%i, %j] [128, 128] [1, 1] : memref<3072x512xf16> to memref<128x128xf16, strided<[512, 1], offset: ?>>
    tile.fixpipe %l0c to %to : memref<8x8x16x16xf32, #tile.space<"l0c">> to memref<128x128xf16, strided<[512, 1], offset: ?>>
  }
  return
}

// -----

// So it does where one load brings all of it: one slot, which stays.
// CHECK-LABEL: func.func private @whole
// CHECK: scf.forall (%{{.*}}) in (24)
// CHECK: memref.alloc() : memref<1x4x8x16x16xf16, #tile.space<"l1">>
// CHECK: scf.for
// CHECK: memref.alloc() : memref<2x8x4x16x16xf16, #tile.space<"l1">>
// CHECK: %[[FIRST:.*]] = arith.cmpi eq, %{{.*}}
// CHECK: %[[ROWS:.*]] = arith.select %[[FIRST]], %{{.*}}, %{{.*}}
// CHECK: memref.subview %{{.*}}[0, 0] [%[[ROWS]], 64]
// CHECK: tile.mma
func.func private @whole(%a: memref<3072x64xf16>, %b: memref<64x512xf16>, %c: memref<3072x512xf16>)
    attributes {tile.kernel, tile.blocks = 96 : i64, tile.cores = #tile<cores cube>} {
  scf.forall (%i, %j) = (0, 0) to (3072, 512) step (128, 128) {
    %l1a = memref.alloc() : memref<4x8x16x16xf16, #tile.space<"l1">>
    %l1b = memref.alloc() : memref<8x4x16x16xf16, #tile.space<"l1">>
    %l0a = memref.alloc() : memref<8x4x16x16xf16, #tile.space<"l0a">>
    %l0b = memref.alloc() : memref<4x8x16x16xf16, #tile.space<"l0b">>
    %l0c = memref.alloc() : memref<8x8x16x16xf32, #tile.space<"l0c">>
    %c0 = arith.constant 0 : index
    %c64 = arith.constant 64 : index
    %c128 = arith.constant 128 : index
    %end = arith.constant 64 : index
    scf.for %k = %c0 to %end step %c64 {
      %pa = memref.subview %a[%i, %k] [128, 64] [1, 1] : memref<3072x64xf16> to memref<128x64xf16, strided<[64, 1], offset: ?>>
      %pb = memref.subview %b[%k, %j] [64, 128] [1, 1] : memref<64x512xf16> to memref<64x128xf16, strided<[512, 1], offset: ?>>
      tile.copy nd2nz %pa to %l1a : memref<128x64xf16, strided<[64, 1], offset: ?>> to memref<4x8x16x16xf16, #tile.space<"l1">>
      tile.copy nd2nz %pb to %l1b : memref<64x128xf16, strided<[512, 1], offset: ?>> to memref<8x4x16x16xf16, #tile.space<"l1">>
      tile.copy nz2zz %l1a to %l0a : memref<4x8x16x16xf16, #tile.space<"l1">> to memref<8x4x16x16xf16, #tile.space<"l0a">>
      tile.copy nz2nzT %l1b to %l0b : memref<8x4x16x16xf16, #tile.space<"l1">> to memref<4x8x16x16xf16, #tile.space<"l0b">>
      %more = arith.cmpi ne, %k, %c0 : index
      tile.mma %l0a, %l0b, %l0c extents(%c128, %c128, %c64) accumulate(%more) : memref<8x4x16x16xf16, #tile.space<"l0a">>, memref<4x8x16x16xf16, #tile.space<"l0b">>, memref<8x8x16x16xf32, #tile.space<"l0c">>
    }
    %to = memref.subview %c[%i, %j] [128, 128] [1, 1] : memref<3072x512xf16> to memref<128x128xf16, strided<[512, 1], offset: ?>>
    tile.fixpipe %l0c to %to : memref<8x8x16x16xf32, #tile.space<"l0c">> to memref<128x128xf16, strided<[512, 1], offset: ?>>
  }
  return
}

// -----

// One block. What is used in a loop that turns once has one place; where that loop is in another,
// both counts choose the slot.
// CHECK-LABEL: func.func private @once
// CHECK-DAG: %[[FIRST:.*]] = memref.alloc() : memref<64xf32, #tile.space<"ub">>
// CHECK-DAG: %[[PART:.*]] = memref.alloc() : memref<2x64xf32, #tile.space<"ub">>
// CHECK: scf.for %{{.*}} to %{{.*}} step
// CHECK: tile.copy nd2nd %{{.*}} to %[[FIRST]]
// CHECK: scf.for %[[K:.*]] = %{{.*}} to
// CHECK: scf.for %[[J:.*]] = %{{.*}} to
// CHECK: %[[SLOT:.*]] = affine.apply {{.*}}(%[[J]], %[[K]])
// CHECK: memref.subview %[[PART]][%[[SLOT]], 0] [1, 64]
func.func private @once(%x: memref<200xf32>, %y: memref<200xf32>)
    attributes {tile.kernel, tile.blocks = 1 : i64, tile.cores = #tile<cores vector>} {
  scf.forall (%i) in (1) {
    %first = memref.alloc() : memref<64xf32, #tile.space<"ub">>
    %part = memref.alloc() : memref<64xf32, #tile.space<"ub">>
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c64 = arith.constant 64 : index
    %c200 = arith.constant 200 : index
    scf.for %o = %c0 to %c1 step %c1 {
      %from = memref.subview %x[0] [64] [1] : memref<200xf32> to memref<64xf32, strided<[1]>>
      %to = memref.subview %y[0] [64] [1] : memref<200xf32> to memref<64xf32, strided<[1]>>
      tile.copy nd2nd %from to %first : memref<64xf32, strided<[1]>> to memref<64xf32, #tile.space<"ub">>
      tile.copy nd2nd %first to %to : memref<64xf32, #tile.space<"ub">> to memref<64xf32, strided<[1]>>
    }
    scf.for %k = %c0 to %c200 step %c64 {
      %rest = affine.min affine_map<(d) -> (-d + 200, 64)>(%k)
      %from = memref.subview %x[%k] [%rest] [1] : memref<200xf32> to memref<?xf32, strided<[1], offset: ?>>
      %to = memref.subview %y[%k] [%rest] [1] : memref<200xf32> to memref<?xf32, strided<[1], offset: ?>>
      %count = memref.dim %from, %c0 : memref<?xf32, strided<[1], offset: ?>>
      scf.for %j = %c0 to %count step %c64 {
        %some = memref.subview %part[0] [%count] [1] : memref<64xf32, #tile.space<"ub">> to memref<?xf32, strided<[1]>, #tile.space<"ub">>
        tile.copy nd2nd %from to %some : memref<?xf32, strided<[1], offset: ?>> to memref<?xf32, strided<[1]>, #tile.space<"ub">>
        tile.copy nd2nd %some to %to : memref<?xf32, strided<[1]>, #tile.space<"ub">> to memref<?xf32, strided<[1], offset: ?>>
      }
    }
  }
  return
}
