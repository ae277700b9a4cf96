// Five elementwise operators are one loop over vectors and one masked step, in which no function is
// called: neither by the IR, nor by the machine code for what the IR leaves to the code generator.
// RUN: tessera compile %s --chip cpu-avx512 --emit llvm | FileCheck %s
// RUN: tessera compile %s --chip cpu-avx2 --emit llvm | FileCheck %s
// RUN: tessera compile %s --chip cpu-sse2 --emit llvm | FileCheck %s
// RUN: tessera compile %s --chip cpu-avx512 --emit asm | FileCheck %s --check-prefix=ASM
// RUN: tessera compile %s --chip cpu-avx2 --emit asm | FileCheck %s --check-prefix=ASM
// RUN: tessera compile %s --chip cpu-sse2 --emit asm | FileCheck %s --check-prefix=ASM

// CHECK-LABEL: define internal void @core_add_gelu_mul_exp_tanh(
// CHECK-NOT: {{call [^@]*@[^l]}}
// CHECK: = phi i64 [ 0,
// CHECK-NOT: = phi
// CHECK-NOT: {{call [^@]*@[^l]}}
// CHECK: ret void

// ASM-LABEL: core_add_gelu_mul_exp_tanh:
// ASM-NOT: call
// ASM: retq

func.func @main(%a: tensor<1000003xf32>, %b: tensor<1000003xf32>) -> tensor<1000003xf32> {
  %0 = npu.add %a, %b : tensor<1000003xf32>, tensor<1000003xf32> -> tensor<1000003xf32>
  %1 = npu.gelu %0 : tensor<1000003xf32>
  %2 = npu.mul %1, %a : tensor<1000003xf32>, tensor<1000003xf32> -> tensor<1000003xf32>
  %3 = npu.exp %2 : tensor<1000003xf32>
  %4 = npu.tanh %3 : tensor<1000003xf32>
  return %4 : tensor<1000003xf32>
}
