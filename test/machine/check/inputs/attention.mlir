// Attention: more keys than queries, which are no whole number of blocks; with a mask; with a causal
// one. The record of tuning beside this file cuts it so small that loops turn several times.
func.func @main(%q: tensor<1x40x32xf32>, %k: tensor<1x200x32xf32>, %v: tensor<1x200x32xf32>,
                %m: tensor<40x200xf32>, %p: tensor<1x96x16xf32>, %r: tensor<1x96x16xf32>,
                %u: tensor<1x96x48xf32>)
    -> (tensor<1x40x32xf32>, tensor<1x40x32xf32>, tensor<1x96x48xf32>) {
  %scale = npu.constant dense<0.125> : tensor<f32>
  %zero = npu.constant dense<0.0> : tensor<f32>
  %hidden = npu.constant dense<-1.0e38> : tensor<f32>
  %0 = npu.matmul %q, %k {transpose_rhs}
    : tensor<1x40x32xf32>, tensor<1x200x32xf32> -> tensor<1x40x200xf32>
  %1 = npu.mul %0, %scale : tensor<1x40x200xf32>, tensor<f32> -> tensor<1x40x200xf32>
  %2 = npu.softmax %1 axis = 2 : tensor<1x40x200xf32>
  %3 = npu.matmul %2, %v : tensor<1x40x200xf32>, tensor<1x200x32xf32> -> tensor<1x40x32xf32>

  %4 = npu.matmul %q, %v {transpose_rhs}
    : tensor<1x40x32xf32>, tensor<1x200x32xf32> -> tensor<1x40x200xf32>
  %5 = npu.mul %4, %scale : tensor<1x40x200xf32>, tensor<f32> -> tensor<1x40x200xf32>
  %6 = npu.add %5, %m : tensor<1x40x200xf32>, tensor<40x200xf32> -> tensor<1x40x200xf32>
  %7 = npu.softmax %6 axis = 2 : tensor<1x40x200xf32>
  %8 = npu.matmul %7, %k : tensor<1x40x200xf32>, tensor<1x200x32xf32> -> tensor<1x40x32xf32>

  %row = npu.constant dense<[
    [0.0], [1.0], [2.0], [3.0], [4.0], [5.0], [6.0], [7.0], [8.0], [9.0], [10.0], [11.0], [12.0],
    [13.0], [14.0], [15.0], [16.0], [17.0], [18.0], [19.0], [20.0], [21.0], [22.0], [23.0],
    [24.0], [25.0], [26.0], [27.0], [28.0], [29.0], [30.0], [31.0], [32.0], [33.0], [34.0],
    [35.0], [36.0], [37.0], [38.0], [39.0], [40.0], [41.0], [42.0], [43.0], [44.0], [45.0],
    [46.0], [47.0], [48.0], [49.0], [50.0], [51.0], [52.0], [53.0], [54.0], [55.0], [56.0],
    [57.0], [58.0], [59.0], [60.0], [61.0], [62.0], [63.0], [64.0], [65.0], [66.0], [67.0],
    [68.0], [69.0], [70.0], [71.0], [72.0], [73.0], [74.0], [75.0], [76.0], [77.0], [78.0],
    [79.0], [80.0], [81.0], [82.0], [83.0], [84.0], [85.0], [86.0], [87.0], [88.0], [89.0],
    [90.0], [91.0], [92.0], [93.0], [94.0], [95.0]]> : tensor<96x1xf32>
  %column = npu.constant dense<[[
    0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0, 13.0, 14.0, 15.0, 16.0,
    17.0, 18.0, 19.0, 20.0, 21.0, 22.0, 23.0, 24.0, 25.0, 26.0, 27.0, 28.0, 29.0, 30.0, 31.0,
    32.0, 33.0, 34.0, 35.0, 36.0, 37.0, 38.0, 39.0, 40.0, 41.0, 42.0, 43.0, 44.0, 45.0, 46.0,
    47.0, 48.0, 49.0, 50.0, 51.0, 52.0, 53.0, 54.0, 55.0, 56.0, 57.0, 58.0, 59.0, 60.0, 61.0,
    62.0, 63.0, 64.0, 65.0, 66.0, 67.0, 68.0, 69.0, 70.0, 71.0, 72.0, 73.0, 74.0, 75.0, 76.0,
    77.0, 78.0, 79.0, 80.0, 81.0, 82.0, 83.0, 84.0, 85.0, 86.0, 87.0, 88.0, 89.0, 90.0, 91.0,
    92.0, 93.0, 94.0, 95.0]]> : tensor<1x96xf32>
  %future = npu.compare lt, %row, %column : tensor<96x1xf32>, tensor<1x96xf32> -> tensor<96x96xi1>
  %mask = npu.select %future, %hidden, %zero : tensor<96x96xi1>, tensor<f32>, tensor<f32> ->
    tensor<96x96xf32>
  %9 = npu.matmul %p, %r {transpose_rhs}
    : tensor<1x96x16xf32>, tensor<1x96x16xf32> -> tensor<1x96x96xf32>
  %10 = npu.mul %9, %scale : tensor<1x96x96xf32>, tensor<f32> -> tensor<1x96x96xf32>
  %11 = npu.add %10, %mask : tensor<1x96x96xf32>, tensor<96x96xf32> -> tensor<1x96x96xf32>
  %12 = npu.softmax %11 axis = 2 : tensor<1x96x96xf32>
  %13 = npu.matmul %12, %u : tensor<1x96x96xf32>, tensor<1x96x48xf32> -> tensor<1x96x48xf32>
  return %3, %8, %13 : tensor<1x40x32xf32>, tensor<1x40x32xf32>, tensor<1x96x48xf32>
}
