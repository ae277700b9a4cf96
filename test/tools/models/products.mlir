// Products of bf16 with whole and cut tiles, batches, a transposed operand, and what a packer does.
func.func @main(%a: tensor<100x170xbf16>, %b: tensor<170x90xbf16>, %c: tensor<3x50x70xbf16>,
                %d: tensor<3x40x70xbf16>, %e: tensor<128x512xbf16>, %f: tensor<512x256xbf16>,
                %g: tensor<1x512xbf16>, %h: tensor<50x70xbf16>,
                %i: tensor<70x40xbf16>)
    -> (tensor<100x90xf32>, tensor<100x90xbf16>, tensor<3x50x40xf32>, tensor<128x256xbf16>,
        tensor<1x256xf32>, tensor<50x40xbf16>) {
  %0 = npu.matmul %a, %b : tensor<100x170xbf16>, tensor<170x90xbf16> -> tensor<100x90xf32>
  %1 = npu.relu %0 : tensor<100x90xf32>
  %2 = npu.matmul %a, %b : tensor<100x170xbf16>, tensor<170x90xbf16> -> tensor<100x90xbf16>
  %3 = npu.matmul %c, %d {transpose_rhs} : tensor<3x50x70xbf16>, tensor<3x40x70xbf16> -> tensor<3x50x40xf32>
  %4 = npu.matmul %e, %f : tensor<128x512xbf16>, tensor<512x256xbf16> -> tensor<128x256xf32>
  %5 = npu.relu %4 : tensor<128x256xf32>
  %6 = npu.cast %5 : tensor<128x256xf32> to tensor<128x256xbf16>
  %7 = npu.matmul %g, %f : tensor<1x512xbf16>, tensor<512x256xbf16> -> tensor<1x256xf32>
  %8 = npu.matmul %h, %i : tensor<50x70xbf16>, tensor<70x40xbf16> -> tensor<50x40xbf16>
  %9 = npu.relu %8 : tensor<50x40xbf16>
  return %1, %2, %3, %6, %7, %9 : tensor<100x90xf32>, tensor<100x90xbf16>, tensor<3x50x40xf32>, tensor<128x256xbf16>, tensor<1x256xf32>, tensor<50x40xbf16>
}
