// What the structure of a chip makes of one program. The 310P has no fixpipe, so nothing runs there
// or waits for it: accumulators drain to the vector unit's memory. On the 910B attention is one
// kernel, and all that passes between its cube and vector cores lies in one workspace. On the 950
// it stays on chip.
// RUN: tessera compile %s --chip ascend-310p --precision f16 | FileCheck %s --check-prefix=MIXED \
// RUN:   --implicit-check-not=fixpipe --implicit-check-not='"FIX"' --implicit-check-not=tile.workspace
// RUN: tessera compile %s --chip ascend-910b2 --precision f16 | FileCheck %s --check-prefix=APART
// RUN: tessera compile %s --chip ascend-950 --precision f16 | FileCheck %s --check-prefix=JOINED \
// RUN:   --implicit-check-not='cores = vector'

// MIXED: tile.launch @matmul
// MIXED: tile.launch @softmax
// MIXED: tile.launch @matmul
// MIXED: tile.launch @conv2d
// MIXED: tile.mma
// MIXED: tile.copy nz2nz %{{.*}} #tile.space<"l0c">> to {{.*}} #tile.space<"ub">>

// APART: tile.launch @matmul_mul_softmax_matmul({{.*}} cores = mix
// APART: func.func private @matmul_mul_softmax_matmul
// APART-SAME: workspace = {{[1-9]}}
// APART: tile.fixpipe
// APART-SAME: to {{.*}} : memref<{{.*}} #tile.space<"l0c">> to memref<{{[^#]*}}>{{$}}
// APART: func.func private

// JOINED: tile.launch @matmul_mul_softmax_matmul
// JOINED: func.func private @matmul_mul_softmax_matmul
// JOINED-NOT: tile.workspace
// JOINED: tile.fixpipe {{.*}} #tile.space<"l0c">> to memref<{{.*}} #tile.space<"ub">>
// JOINED-NOT: tile.workspace
// JOINED: tile.copy {{.*}} #tile.space<"ub">> to memref<{{.*}} #tile.space<"l1">>
// JOINED-NOT: tile.workspace
// JOINED: func.func private

func.func @main(%q: tensor<4x256x64xf16>, %k: tensor<4x512x64xf16>, %v: tensor<4x512x64xf16>,
                %x: tensor<1x16x16x32xf16>, %f: tensor<3x3x32x48xf16>)
    -> (tensor<4x256x64xf16>, tensor<1x16x16x48xf16>) {
  %s = npu.constant dense<0.125> : tensor<f16>
  %m = npu.matmul %q, %k {transpose_rhs}
    : tensor<4x256x64xf16>, tensor<4x512x64xf16> -> tensor<4x256x512xf16>
  %n = npu.mul %m, %s : tensor<4x256x512xf16>, tensor<f16> -> tensor<4x256x512xf16>
  %p = npu.softmax %n axis = 2 : tensor<4x256x512xf16>
  %r = npu.matmul %p, %v
    : tensor<4x256x512xf16>, tensor<4x512x64xf16> -> tensor<4x256x64xf16>
  %c = npu.conv2d %x, %f strides = [1, 1] dilations = [1, 1] pads = [1, 1, 1, 1] groups = 1
    : tensor<1x16x16x32xf16>, tensor<3x3x32x48xf16> -> tensor<1x16x16x48xf16>
  %y = npu.relu %c : tensor<1x16x16x48xf16>
  return %r, %y : tensor<4x256x64xf16>, tensor<1x16x16x48xf16>
}
