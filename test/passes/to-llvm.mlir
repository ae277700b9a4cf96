// RUN: tessera-opt %s --tile-attach-chip=chip=cpu-avx2 --tile-to-llvm | FileCheck %s --check-prefixes=CHECK,AVX2
// RUN: tessera-opt %s --tile-attach-chip=chip=cpu-avx512 --tile-to-llvm | FileCheck %s --check-prefixes=CHECK,AVX512
// RUN: tessera-opt %s --tile-attach-chip=chip=cpu-avx512 --tile-to-llvm=isa=sse2 | FileCheck %s --check-prefixes=CHECK,SSE2
// RUN: tessera-opt %s --tile-attach-chip=chip=cpu-avx2 --tile-to-cpu | FileCheck %s --check-prefix=LLVM
// RUN: not tessera-opt %s --tile-attach-chip=chip=cpu-avx2 --tile-to-llvm=isa=vliw 2>&1 | FileCheck %s --check-prefix=ISA
// RUN: not tessera-opt %s --tile-attach-chip=chip=cpu-neon --tile-to-llvm 2>&1 | FileCheck %s --check-prefix=NEON

// ISA: expected an isa for the CPU that runs chip cpu-avx2, but got 'vliw'
// NEON: expected an isa for the CPU that runs chip cpu-neon

// A kernel takes its buffers' addresses, the number of its block, and the core's scratch. What
// orders a chip's pipes orders nothing here; vectors are the ISA's own.
// CHECK: module attributes {{.*}}tile.isa = "{{avx2|avx512|sse2}}", tile.kernels = [{{.*}}name = "scale"{{.*}}], tile.scratch_bytes = 128 : i64
// CHECK: func.func private @core_scale(%[[ARGS:.*]]: !llvm.ptr, %[[BLOCK:.*]]: i64, %[[SCRATCH:.*]]: !llvm.ptr)
// CHECK: llvm.getelementptr %[[SCRATCH]][0]
// CHECK-NOT: memref.alloc
// CHECK-NOT: tile.pipe_barrier
// AVX2: call @tessera_exp_f32(%{{.*}}) : (vector<8xf32>) -> vector<8xf32>
// AVX512: call @tessera_exp_f32(%{{.*}}) : (vector<16xf32>) -> vector<16xf32>
// SSE2: call @tessera_exp_f32(%{{.*}}) : (vector<4xf32>) -> vector<4xf32>

// The entry finds inputs first among its buffers, then weights, then outputs.
// CHECK: func.func @tessera_main(%[[BUFFERS:.*]]: !llvm.ptr, %[[ARENA:.*]]: !llvm.ptr, %[[CONTEXT:.*]]: !llvm.ptr)
// CHECK: llvm.getelementptr %[[BUFFERS]][1]
// CHECK: llvm.getelementptr %[[BUFFERS]][0]
// CHECK: llvm.getelementptr %[[BUFFERS]][2]
// CHECK: llvm.getelementptr %[[BUFFERS]][3]
// CHECK-NOT: llvm.getelementptr %[[BUFFERS]]
// CHECK: %[[LAUNCH:.*]] = llvm.load %[[CONTEXT]]
// CHECK: llvm.call %[[LAUNCH]](%[[CONTEXT]],

// LLVM-NOT: unrealized_conversion_cast
// LLVM: llvm.func @core_scale(%{{.*}}: !llvm.ptr, %{{.*}}: i64, %{{.*}}: !llvm.ptr)
// LLVM: llvm.func @tessera_main(%{{.*}}: !llvm.ptr, %{{.*}}: !llvm.ptr, %{{.*}}: !llvm.ptr)
// LLVM-NOT: memref
func.func private @scale(%x: memref<64xf32>, %y: memref<64xf32>) attributes {tile.kernel, tile.blocks = 2 : i64, tile.space_bytes = {l1 = 128 : i64}} {
  scf.forall (%i) = (0) to (64) step (32) {
    %a = memref.alloc() {tile.offset = 0 : i64, tile.space = "l1"} : memref<32xf32, #tile.space<"l1">>
    %from = memref.subview %x[%i] [32] [1] : memref<64xf32> to memref<32xf32, strided<[1], offset: ?>>
    %to = memref.subview %y[%i] [32] [1] : memref<64xf32> to memref<32xf32, strided<[1], offset: ?>>
    tile.copy nd2nd %from to %a : memref<32xf32, strided<[1], offset: ?>> to memref<32xf32, #tile.space<"l1">>
    tile.pipe_barrier "CORE"
    tile.vector ins(%a : memref<32xf32, #tile.space<"l1">>) outs(%to : memref<32xf32, strided<[1], offset: ?>>)
      maps [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>] {
    ^bb0(%v: f32, %old: f32):
      %r = tile.apply "exp"(%v) : (f32) -> f32
      tile.yield %r : f32
    }
  }
  return
}
func.func @main(%w: memref<64xf32> {npu.random_weight = 1 : i64}, %x: memref<64xf32>, %y: memref<64xf32> {npu.output}, %z: memref<64xf32> {npu.output}, %arena: memref<256xi8> {tile.arena}) {
  tile.launch @scale(%w, %y) blocks 2 cores = mix : memref<64xf32>, memref<64xf32>
  tile.launch @scale(%x, %z) blocks 2 cores = mix : memref<64xf32>, memref<64xf32>
  return
}
