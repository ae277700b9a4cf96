// Of a causal mask that is known, blocks of queries take the keys that some of them see, in whole
// steps; a short block is followed by a long one.
// RUN: tessera-opt %s --tile-attach-chip=chip=ascend-910b2 --npu-graph | FileCheck %s
// RUN: tessera-opt %s --tile-attach-chip=chip=ascend-910b2 --npu-graph --npu-kernels | FileCheck %s --check-prefix=TILED
// RUN: tessera-opt %s --tile-attach-chip=chip=ascend-910b2 --npu-graph --npu-kernels --npu-buffers --npu-to-tile | FileCheck %s --check-prefix=PLACED

// CHECK-LABEL: func.func @constant
// CHECK: npu.add {{.*}} {npu.causal = 0 : i64}
// CHECK-LABEL: func.func @chosen
// CHECK: npu.add {{.*}} {npu.causal = 1 : i64}
// CHECK-LABEL: func.func @blind
// CHECK-NOT: npu.causal
// CHECK-LABEL: func.func @all_are_seen
// CHECK-NOT: npu.causal

// TILED: affine_map<(d0) -> (192, ((d0 + {{[0-9]+}}) ceildiv 128) * 128)>
// TILED: arith.select
// TILED: tile.attention ins({{.*}} : tensor<?x16xf32>, tensor<?x16xf32>, tensor<?x16xf32>, tensor<?x?xf32>)
// PLACED-LABEL: func.func private @matmul_add_softmax_matmul_0
// PLACED: %[[KEYS:.*]] = memref.subview %arg1[0, 0] [%{{[0-9]+}}, 16]
// PLACED: %[[END:.*]] = memref.dim %[[KEYS]]
// PLACED: scf.for %{{.*}} = %{{.*}} to %[[END]] step
// PLACED: scf.for %{{.*}} = %{{.*}} to %[[END]] step
func.func @constant(%q: tensor<4x16xf32>, %k: tensor<4x16xf32>, %v: tensor<4x16xf32>) -> tensor<4x16xf32> {
  %m = npu.constant dense<[[0.0, 0xFF800000, 0xFF800000, 0xFF800000], [0.0, 0.0, 0xFF800000, 0xFF800000],
                           [0.0, 0xFF800000, 1.5, 0xFF800000], [0xFF800000, 0.0, 0.0, 0.0]]> : tensor<4x4xf32>
  %0 = npu.matmul %q, %k {transpose_rhs} : tensor<4x16xf32>, tensor<4x16xf32> -> tensor<4x4xf32>
  %1 = npu.add %0, %m : tensor<4x4xf32>
  %2 = npu.softmax %1 axis = 1 : tensor<4x4xf32>
  %3 = npu.matmul %2, %v : tensor<4x4xf32>, tensor<4x16xf32> -> tensor<4x16xf32>
  return %3 : tensor<4x16xf32>
}

// Too large to be folded, so that it is a chain of operators; one key more than queries.
func.func @chosen(%q: tensor<191x16xf32>, %k: tensor<192x16xf32>, %v: tensor<192x16xf32>) -> tensor<191x16xf32> {
  %zero = npu.constant dense<0.0> : tensor<f32>
  %hidden = npu.constant dense<-3.0e38> : tensor<f32>
  %row = npu.constant dense<[
    [1.0], [2.0], [3.0], [4.0], [5.0], [6.0], [7.0], [8.0], [9.0], [10.0], [11.0], [12.0], [13.0],
    [14.0], [15.0], [16.0], [17.0], [18.0], [19.0], [20.0], [21.0], [22.0], [23.0], [24.0],
    [25.0], [26.0], [27.0], [28.0], [29.0], [30.0], [31.0], [32.0], [33.0], [34.0], [35.0],
    [36.0], [37.0], [38.0], [39.0], [40.0], [41.0], [42.0], [43.0], [44.0], [45.0], [46.0],
    [47.0], [48.0], [49.0], [50.0], [51.0], [52.0], [53.0], [54.0], [55.0], [56.0], [57.0],
    [58.0], [59.0], [60.0], [61.0], [62.0], [63.0], [64.0], [65.0], [66.0], [67.0], [68.0],
    [69.0], [70.0], [71.0], [72.0], [73.0], [74.0], [75.0], [76.0], [77.0], [78.0], [79.0],
    [80.0], [81.0], [82.0], [83.0], [84.0], [85.0], [86.0], [87.0], [88.0], [89.0], [90.0],
    [91.0], [92.0], [93.0], [94.0], [95.0], [96.0], [97.0], [98.0], [99.0], [100.0], [101.0],
    [102.0], [103.0], [104.0], [105.0], [106.0], [107.0], [108.0], [109.0], [110.0], [111.0],
    [112.0], [113.0], [114.0], [115.0], [116.0], [117.0], [118.0], [119.0], [120.0], [121.0],
    [122.0], [123.0], [124.0], [125.0], [126.0], [127.0], [128.0], [129.0], [130.0], [131.0],
    [132.0], [133.0], [134.0], [135.0], [136.0], [137.0], [138.0], [139.0], [140.0], [141.0],
    [142.0], [143.0], [144.0], [145.0], [146.0], [147.0], [148.0], [149.0], [150.0], [151.0],
    [152.0], [153.0], [154.0], [155.0], [156.0], [157.0], [158.0], [159.0], [160.0], [161.0],
    [162.0], [163.0], [164.0], [165.0], [166.0], [167.0], [168.0], [169.0], [170.0], [171.0],
    [172.0], [173.0], [174.0], [175.0], [176.0], [177.0], [178.0], [179.0], [180.0], [181.0],
    [182.0], [183.0], [184.0], [185.0], [186.0], [187.0], [188.0], [189.0], [190.0], [191.0]]> : tensor<191x1xf32>
  %column = npu.constant dense<[[
    0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0, 13.0, 14.0, 15.0, 16.0,
    17.0, 18.0, 19.0, 20.0, 21.0, 22.0, 23.0, 24.0, 25.0, 26.0, 27.0, 28.0, 29.0, 30.0, 31.0,
    32.0, 33.0, 34.0, 35.0, 36.0, 37.0, 38.0, 39.0, 40.0, 41.0, 42.0, 43.0, 44.0, 45.0, 46.0,
    47.0, 48.0, 49.0, 50.0, 51.0, 52.0, 53.0, 54.0, 55.0, 56.0, 57.0, 58.0, 59.0, 60.0, 61.0,
    62.0, 63.0, 64.0, 65.0, 66.0, 67.0, 68.0, 69.0, 70.0, 71.0, 72.0, 73.0, 74.0, 75.0, 76.0,
    77.0, 78.0, 79.0, 80.0, 81.0, 82.0, 83.0, 84.0, 85.0, 86.0, 87.0, 88.0, 89.0, 90.0, 91.0,
    92.0, 93.0, 94.0, 95.0, 96.0, 97.0, 98.0, 99.0, 100.0, 101.0, 102.0, 103.0, 104.0, 105.0,
    106.0, 107.0, 108.0, 109.0, 110.0, 111.0, 112.0, 113.0, 114.0, 115.0, 116.0, 117.0, 118.0,
    119.0, 120.0, 121.0, 122.0, 123.0, 124.0, 125.0, 126.0, 127.0, 128.0, 129.0, 130.0, 131.0,
    132.0, 133.0, 134.0, 135.0, 136.0, 137.0, 138.0, 139.0, 140.0, 141.0, 142.0, 143.0, 144.0,
    145.0, 146.0, 147.0, 148.0, 149.0, 150.0, 151.0, 152.0, 153.0, 154.0, 155.0, 156.0, 157.0,
    158.0, 159.0, 160.0, 161.0, 162.0, 163.0, 164.0, 165.0, 166.0, 167.0, 168.0, 169.0, 170.0,
    171.0, 172.0, 173.0, 174.0, 175.0, 176.0, 177.0, 178.0, 179.0, 180.0, 181.0, 182.0, 183.0,
    184.0, 185.0, 186.0, 187.0, 188.0, 189.0, 190.0, 191.0]]> : tensor<1x192xf32>
  %past = npu.compare ge, %row, %column : tensor<191x1xf32>, tensor<1x192xf32> -> tensor<191x192xi1>
  %m = npu.select %past, %zero, %hidden : tensor<191x192xi1>, tensor<f32>, tensor<f32> -> tensor<191x192xf32>
  %0 = npu.matmul %q, %k {transpose_rhs} : tensor<191x16xf32>, tensor<192x16xf32> -> tensor<191x192xf32>
  %1 = npu.add %0, %m : tensor<191x192xf32>
  %2 = npu.softmax %1 axis = 1 : tensor<191x192xf32>
  %3 = npu.matmul %2, %v : tensor<191x192xf32>, tensor<192x16xf32> -> tensor<191x16xf32>
  return %3 : tensor<191x16xf32>
}

// A query that sees no key weighs all alike.
func.func @blind(%q: tensor<2x16xf32>, %k: tensor<2x16xf32>, %v: tensor<2x16xf32>) -> tensor<2x16xf32> {
  %m = npu.constant dense<[[-3.0e38, -3.0e38], [0.0, -3.0e38]]> : tensor<2x2xf32>
  %0 = npu.matmul %q, %k {transpose_rhs} : tensor<2x16xf32>, tensor<2x16xf32> -> tensor<2x2xf32>
  %1 = npu.add %0, %m : tensor<2x2xf32>
  %2 = npu.softmax %1 axis = 1 : tensor<2x2xf32>
  %3 = npu.matmul %2, %v : tensor<2x2xf32>, tensor<2x16xf32> -> tensor<2x16xf32>
  return %3 : tensor<2x16xf32>
}

func.func @all_are_seen(%q: tensor<2x16xf32>, %k: tensor<2x16xf32>, %v: tensor<2x16xf32>) -> tensor<2x16xf32> {
  %m = npu.constant dense<[[0.0, -1.0e9], [-3.0e38, 0.0]]> : tensor<2x2xf32>
  %0 = npu.matmul %q, %k {transpose_rhs} : tensor<2x16xf32>, tensor<2x16xf32> -> tensor<2x2xf32>
  %1 = npu.add %0, %m : tensor<2x2xf32>
  %2 = npu.softmax %1 axis = 1 : tensor<2x2xf32>
  %3 = npu.matmul %2, %v : tensor<2x2xf32>, tensor<2x16xf32> -> tensor<2x16xf32>
  return %3 : tensor<2x16xf32>
}
