// RUN: tessera-opt %s --npu-externalize-constants --verify-diagnostics

// Its signature would no longer fit its caller.
// expected-error@+1 {{expected an entry function, but got one that is called}}
func.func @called(%x: tensor<8xf32>) -> tensor<8xf32> {
  return %x : tensor<8xf32>
}
func.func @caller(%x: tensor<8xf32>) -> tensor<8xf32> {
  %0 = call @called(%x) : (tensor<8xf32>) -> tensor<8xf32>
  return %0 : tensor<8xf32>
}
