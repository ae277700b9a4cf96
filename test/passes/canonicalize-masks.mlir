// Scores that a condition hides become scores with a mask added, where a softmax takes them.
// RUN: tessera-opt %s --npu-canonicalize-graph | FileCheck %s
// RUN: tessera-opt %s --tile-attach-chip=chip=ascend-950 --npu-graph | FileCheck %s --check-prefix=FUSED

// CHECK-LABEL: func.func @causal
// CHECK-DAG: %[[ZERO:.*]] = npu.constant dense<0.000000e+00> : tensor<f32>
// CHECK-DAG: %[[HIDDEN:.*]] = npu.constant dense<-3.40282347E+38> : tensor<f32>
// CHECK: %[[MASK:.*]] = npu.select %{{.*}}, %[[ZERO]], %[[HIDDEN]] : {{.*}} -> tensor<1x1x70x70xf32>
// CHECK: npu.add %{{.*}}, %[[MASK]]
// CHECK: npu.softmax
// The mask is made once, before, and not joined with the scores.
// FUSED-LABEL: func.func @causal
// FUSED: npu.kernel "select"
// FUSED: npu.kernel "matmul_mul_add_softmax_matmul"
func.func @causal(%q: tensor<1x2x70x64xf32>, %k: tensor<1x2x70x64xf32>,
                  %v: tensor<1x2x70x40xf32>, %c: tensor<1x1x70x70xi1>) -> tensor<1x2x70x40xf32> {
  %d = npu.constant dense<8.0> : tensor<f32>
  %h = npu.constant dense<-3.40282347E+38> : tensor<f32>
  %t = npu.transpose %k perm = [0, 1, 3, 2] : tensor<1x2x70x64xf32> -> tensor<1x2x64x70xf32>
  %0 = npu.matmul %q, %t
    : tensor<1x2x70x64xf32>, tensor<1x2x64x70xf32> -> tensor<1x2x70x70xf32>
  %1 = npu.div %0, %d : tensor<1x2x70x70xf32>, tensor<f32> -> tensor<1x2x70x70xf32>
  %2 = npu.select %c, %1, %h
    : tensor<1x1x70x70xi1>, tensor<1x2x70x70xf32>, tensor<f32> -> tensor<1x2x70x70xf32>
  %3 = npu.softmax %2 axis = 3 : tensor<1x2x70x70xf32>
  %4 = npu.matmul %3, %v
    : tensor<1x2x70x70xf32>, tensor<1x2x70x40xf32> -> tensor<1x2x70x40xf32>
  return %4 : tensor<1x2x70x40xf32>
}

// What is chosen is not lost beside a score of -1000.
// CHECK-LABEL: func.func @not_so_little
// CHECK-NOT: npu.add
func.func @not_so_little(%q: tensor<70x64xf32>, %k: tensor<70x64xf32>, %c: tensor<70x70xi1>)
    -> tensor<70x70xf32> {
  %h = npu.constant dense<-1.0e+4> : tensor<f32>
  %0 = npu.matmul %q, %k {transpose_rhs} : tensor<70x64xf32>, tensor<70x64xf32> -> tensor<70x70xf32>
  %1 = npu.select %c, %0, %h : tensor<70x70xi1>, tensor<70x70xf32>, tensor<f32> -> tensor<70x70xf32>
  %2 = npu.softmax %1 axis = 1 : tensor<70x70xf32>
  return %2 : tensor<70x70xf32>
}

// Other readers see what is hidden.
// CHECK-LABEL: func.func @no_softmax
// CHECK-NOT: npu.add
func.func @no_softmax(%q: tensor<70x64xf32>, %k: tensor<70x64xf32>, %c: tensor<70x70xi1>)
    -> tensor<70x70xf32> {
  %h = npu.constant dense<0xFF800000> : tensor<f32>
  %0 = npu.matmul %q, %k {transpose_rhs} : tensor<70x64xf32>, tensor<70x64xf32> -> tensor<70x70xf32>
  %1 = npu.select %c, %0, %h : tensor<70x70xi1>, tensor<70x70xf32>, tensor<f32> -> tensor<70x70xf32>
  return %1 : tensor<70x70xf32>
}
