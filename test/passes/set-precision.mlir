// RUN: tessera-opt %s --tile-attach-chip=chip=cpu-avx2 --npu-set-precision | FileCheck %s --check-prefix=CPU
// RUN: tessera-opt %s --tile-attach-chip=chip=ascend-910b2 --npu-set-precision=type=bf16 | FileCheck %s --check-prefix=NPU
// RUN: tessera-opt %s --tile-attach-chip=chip=tenstorrent-wormhole --npu-set-precision=type=bf16 | FileCheck %s --check-prefix=OTHER

// What the unit does not take is multiplied in f32 and rounded once; a weight is cast here.
// CPU-LABEL: @half
// CPU-DAG: %[[X:.*]] = npu.cast %{{.*}} : tensor<4x2xf16> to tensor<4x2xf32>
// CPU-DAG: %[[W:.*]] = npu.constant dense<{{.*}}> : tensor<2x2xf32>
// CPU: %[[Y:.*]] = npu.matmul %[[X]], %[[W]] : tensor<4x2xf32>, tensor<2x2xf32> -> tensor<4x2xf32>
// CPU-NEXT: %[[R:.*]] = npu.cast %[[Y]] : tensor<4x2xf32> to tensor<4x2xf16>
// CPU-NEXT: return %[[R]]
// What it takes stays.
// NPU-LABEL: @half
// NPU-NOT: npu.cast
// NPU: npu.matmul {{.*}} : tensor<4x2xf16>, tensor<2x2xf16> -> tensor<4x2xf16>
// A unit without either takes the type that was asked for.
// OTHER-LABEL: @half
// OTHER: npu.matmul {{.*}} : tensor<4x2xbf16>, tensor<2x2xbf16> -> tensor<4x2xf32>
// OTHER-NEXT: npu.cast {{.*}} : tensor<4x2xf32> to tensor<4x2xf16>
func.func @half(%x: tensor<4x2xf16>) -> tensor<4x2xf16> {
  %w = npu.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf16>
  %y = npu.matmul %x, %w : tensor<4x2xf16>, tensor<2x2xf16> -> tensor<4x2xf16>
  return %y : tensor<4x2xf16>
}

// NPU-LABEL: @single
// NPU: npu.cast {{.*}} to tensor<4x2xbf16>
// NPU: npu.matmul {{.*}} -> tensor<4x2xf32>
// NPU-NEXT: return
// CPU-LABEL: @single
// CPU-NOT: npu.cast
func.func @single(%x: tensor<4x2xf32>, %w: tensor<2x2xf32>) -> tensor<4x2xf32> {
  %y = npu.matmul %x, %w : tensor<4x2xf32>, tensor<2x2xf32> -> tensor<4x2xf32>
  return %y : tensor<4x2xf32>
}

// f64 is not rounded to less.
// CPU-LABEL: @double
// CPU-NOT: npu.cast
// CPU: return
func.func @double(%x: tensor<4x2xf64>, %w: tensor<2x2xf64>) -> tensor<4x2xf64> {
  %y = npu.matmul %x, %w : tensor<4x2xf64>, tensor<2x2xf64> -> tensor<4x2xf64>
  return %y : tensor<4x2xf64>
}
