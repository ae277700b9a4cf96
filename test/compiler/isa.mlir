// Code for an instruction set holds nothing of a later one, whatever this machine has: no register
// or mask of AVX-512 in code for AVX2, and none of AVX in code for SSE2. The same patterns do find
// them where they belong.
// RUN: tessera compile %s --chip cpu-avx2 --emit object -o %t.avx2.o
// RUN: llvm-objdump -d --no-show-raw-insn %t.avx2.o | FileCheck %s --check-prefix=AVX2 \
// RUN:   --implicit-check-not='zmm' --implicit-check-not='{{[xy]mm(1[6-9]|2[0-9]|3[01])}}' \
// RUN:   --implicit-check-not='{{%k[0-7]}}'
// RUN: tessera compile %s --chip cpu-sse2 --emit object -o %t.sse2.o
// RUN: llvm-objdump -d --no-show-raw-insn %t.sse2.o | FileCheck %s --check-prefix=SSE2 \
// RUN:   --implicit-check-not='ymm' --implicit-check-not='zmm' --implicit-check-not='{{	v[a-z0-9]+ }}'
// RUN: tessera compile %s --chip cpu-avx512 --emit object -o %t.avx512.o
// RUN: llvm-objdump -d --no-show-raw-insn %t.avx512.o | FileCheck %s --check-prefix=AVX512
// RUN: llvm-objdump -d --no-show-raw-insn %t.avx2.o | FileCheck %s --check-prefix=VEX

// AVX2: <tessera_main>:
// AVX2: ymm
// SSE2: <tessera_main>:
// SSE2: xmm
// AVX512: zmm
// AVX512: {{%k[0-7]}}
// VEX: {{	v[a-z0-9]+ }}

func.func @main(%x: tensor<37x61xf32>, %w: tensor<61x45xf32>, %b: tensor<45xf32>, %h: tensor<45xf16>,
                %i: tensor<45xi64>)
    -> (tensor<37x45xf32>, tensor<45x37xf32>, tensor<45xf16>, tensor<45xi64>, tensor<37x45xi1>) {
  %0 = npu.matmul %x, %w : tensor<37x61xf32>, tensor<61x45xf32> -> tensor<37x45xf32>
  %1 = npu.add %0, %b : tensor<37x45xf32>, tensor<45xf32> -> tensor<37x45xf32>
  %2 = npu.gelu %1 : tensor<37x45xf32>
  %3 = npu.softmax %2 axis = 1 : tensor<37x45xf32>
  %4 = npu.transpose %3 perm = [1, 0] : tensor<37x45xf32> -> tensor<45x37xf32>
  %5 = npu.exp %h : tensor<45xf16>
  %6 = npu.abs %i : tensor<45xi64>
  %7 = npu.compare gt, %2, %b : tensor<37x45xf32>, tensor<45xf32> -> tensor<37x45xi1>
  return %2, %4, %5, %6, %7
    : tensor<37x45xf32>, tensor<45x37xf32>, tensor<45xf16>, tensor<45xi64>, tensor<37x45xi1>
}
