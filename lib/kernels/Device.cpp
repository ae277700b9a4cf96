// The device library: each function of DeviceAbi.h for one ISA, compiled to LLVM bitcode.
#include "tessera/kernels/AllKernels.inc"
#include "tessera/kernels/DeviceAbi.h"

#include <cstddef>

using namespace tessera::kernels;
using Arch = TESSERA_ARCH;
using Vec = Simd<Arch>::F::register_type;

// Generated code fills these word by word.
static_assert(sizeof(GemmArgs) == 25 * sizeof(int64_t) &&
              offsetof(GemmArgs, accumulate) == 11 * sizeof(int64_t) &&
              offsetof(GemmArgs, activation) == 15 * sizeof(int64_t) &&
              offsetof(GemmArgs, bPanel) == 21 * sizeof(int64_t) &&
              offsetof(GemmArgs, pool) == 24 * sizeof(int64_t));
static_assert(sizeof(AttentionArgs) == 35 * sizeof(int64_t) &&
              offsetof(AttentionArgs, scale) == 23 * sizeof(int64_t) &&
              offsetof(AttentionArgs, mask) == 24 * sizeof(int64_t) &&
              offsetof(AttentionArgs, pool) == 34 * sizeof(int64_t));

extern "C" {

#define TESSERA_KERNEL(op, dtype, Kernel)
#define TESSERA_UNARY(op, dtype, Kernel)                                                           \
  Vec tessera_##op##_##dtype(Vec x) {                                                              \
    return Kernel<Arch>::step(x);                                                                  \
  }
#define TESSERA_UNARY_1(op, dtype, Kernel)                                                         \
  Vec tessera_##op##_##dtype(Vec x, Vec p0) {                                                      \
    return Kernel<Arch>::step(x, p0);                                                              \
  }
#define TESSERA_UNARY_2(op, dtype, Kernel)                                                         \
  Vec tessera_##op##_##dtype(Vec x, Vec p0, Vec p1) {                                              \
    return Kernel<Arch>::step(x, p0, p1);                                                          \
  }
#define TESSERA_BINARY(op, dtype, Kernel)                                                          \
  Vec tessera_##op##_##dtype(Vec a, Vec b) {                                                       \
    return Kernel<Arch>::step(a, b);                                                               \
  }
#include "tessera/kernels/kernels.def"

void tessera_mma_f32(const float *a, int64_t a_row_stride, const float *b_packed, float *c,
                     int64_t c_row_stride, int64_t m, int64_t n, int64_t k, int64_t panel,
                     int32_t accumulate) {
  Mma<Arch>::run(a, a_row_stride, b_packed, c, c_row_stride, m, n, k, panel, accumulate);
}

void tessera_pack_rhs_f32(const float *b, int64_t k_stride, int64_t n_stride, float *dst, int64_t k,
                          int64_t n, int64_t panel) {
  PackRhs<Arch>::run(b, k_stride, n_stride, dst, k, n, panel);
}

void tessera_matmul_f32(const float *a, int64_t a_row_stride, int64_t a_k_stride, const float *b,
                        int64_t b_k_stride, int64_t b_n_stride, float *c, int64_t c_row_stride,
                        int64_t m, int64_t n, int64_t k, int32_t accumulate) {
  Matmul<Arch>::run(a, a_row_stride, a_k_stride, b, b_k_stride, b_n_stride, c, c_row_stride, m, n,
                    k, accumulate);
}

void tessera_im2col_f32(const float *x, int64_t h, int64_t w, int64_t c, int64_t row_stride,
                        int64_t pixel_stride, int64_t kh, int64_t kw, int64_t stride_h,
                        int64_t stride_w, int64_t dilation_h, int64_t dilation_w, int64_t top,
                        int64_t left, int64_t first_pixel, int64_t count, int64_t out_w, float *dst,
                        int64_t dst_row_stride) {
  Im2colF32<Arch>::run(x, h, w, c, row_stride, pixel_stride, kh, kw, stride_h, stride_w, dilation_h,
                       dilation_w, top, left, first_pixel, count, out_w, dst, dst_row_stride);
}

void tessera_im2col_s8(const int8_t *x, int64_t h, int64_t w, int64_t c, int64_t row_stride,
                       int64_t pixel_stride, int64_t kh, int64_t kw, int64_t stride_h,
                       int64_t stride_w, int64_t dilation_h, int64_t dilation_w, int64_t top,
                       int64_t left, int64_t first_pixel, int64_t count, int64_t out_w, int8_t *dst,
                       int64_t dst_row_stride) {
  Im2colS8<Arch>::run(x, h, w, c, row_stride, pixel_stride, kh, kw, stride_h, stride_w, dilation_h,
                      dilation_w, top, left, first_pixel, count, out_w, dst, dst_row_stride);
}

void tessera_mma_int8_s8(const int8_t *a, int64_t a_row_stride, const int8_t *b_packed, int32_t *c,
                         int64_t c_row_stride, int64_t m, int64_t n, int64_t k, int64_t panel,
                         int64_t group, int32_t accumulate) {
  MmaInt8<Arch>::run(a, a_row_stride, b_packed, c, c_row_stride, m, n, k, panel, group, accumulate);
}

void tessera_mma_int8_pack_s8(const int8_t *b, int64_t k_stride, int64_t n_stride, int8_t *dst,
                              int64_t k, int64_t n, int64_t panel, int64_t group) {
  MmaInt8Pack<Arch>::run(b, k_stride, n_stride, dst, k, n, panel, group);
}

void tessera_window_fma_f32(const float *x, int64_t h, int64_t w, int64_t c, int64_t row_stride,
                            int64_t pixel_stride, const float *filter, int64_t tap_stride,
                            int64_t kh, int64_t kw, int64_t stride_h, int64_t stride_w,
                            int64_t dilation_h, int64_t dilation_w, int64_t top, int64_t left,
                            float *out, int64_t out_h, int64_t out_w, int64_t out_row_stride,
                            int64_t out_pixel_stride) {
  WindowFma<Arch>::run(x, h, w, c, row_stride, pixel_stride, filter, tap_stride, kh, kw, stride_h,
                       stride_w, dilation_h, dilation_w, top, left, out, out_h, out_w,
                       out_row_stride, out_pixel_stride);
}

void tessera_window_max_f32(const float *x, int64_t h, int64_t w, int64_t c, int64_t row_stride,
                            int64_t pixel_stride, int64_t kh, int64_t kw, int64_t stride_h,
                            int64_t stride_w, int64_t dilation_h, int64_t dilation_w, int64_t top,
                            int64_t left, float *out, int64_t out_h, int64_t out_w,
                            int64_t out_row_stride, int64_t out_pixel_stride) {
  WindowMax<Arch>::run(x, h, w, c, row_stride, pixel_stride, kh, kw, stride_h, stride_w, dilation_h,
                       dilation_w, top, left, out, out_h, out_w, out_row_stride, out_pixel_stride);
}

void tessera_window_sum_f32(const float *x, int64_t h, int64_t w, int64_t c, int64_t row_stride,
                            int64_t pixel_stride, int64_t kh, int64_t kw, int64_t stride_h,
                            int64_t stride_w, int64_t dilation_h, int64_t dilation_w, int64_t top,
                            int64_t left, float *out, int64_t out_h, int64_t out_w,
                            int64_t out_row_stride, int64_t out_pixel_stride) {
  WindowSum<Arch>::run(x, h, w, c, row_stride, pixel_stride, kh, kw, stride_h, stride_w, dilation_h,
                       dilation_w, top, left, out, out_h, out_w, out_row_stride, out_pixel_stride);
}

void tessera_window_mean_f32(const float *x, int64_t h, int64_t w, int64_t c, int64_t row_stride,
                             int64_t pixel_stride, int64_t kh, int64_t kw, int64_t stride_h,
                             int64_t stride_w, int64_t dilation_h, int64_t dilation_w, int64_t top,
                             int64_t left, float *out, int64_t out_h, int64_t out_w,
                             int64_t out_row_stride, int64_t out_pixel_stride) {
  WindowMean<Arch>::run(x, h, w, c, row_stride, pixel_stride, kh, kw, stride_h, stride_w,
                        dilation_h, dilation_w, top, left, out, out_h, out_w, out_row_stride,
                        out_pixel_stride);
}

void tessera_softmax_f32(const float *x, int64_t x_row_stride, float *y, int64_t y_row_stride,
                         int64_t rows, int64_t cols) {
  Softmax<Arch>::near(x, x_row_stride, y, y_row_stride, rows, cols);
}

// Tiles stay in the caches, of whose sizes the device library knows nothing.
void tessera_log_softmax_f32(const float *x, int64_t x_row_stride, float *y, int64_t y_row_stride,
                             int64_t rows, int64_t cols) {
  LogSoftmax<Arch>::all<false>(x, x_row_stride, y, y_row_stride, rows, cols);
}

void tessera_layer_norm_f32(const float *x, int64_t x_row_stride, float *y, int64_t y_row_stride,
                            int64_t rows, int64_t cols, const float *scale, const float *bias,
                            float epsilon) {
  LayerNorm<Arch>::all<false>(x, x_row_stride, y, y_row_stride, rows, cols, scale, bias, epsilon);
}

void tessera_rms_norm_f32(const float *x, int64_t x_row_stride, float *y, int64_t y_row_stride,
                          int64_t rows, int64_t cols, const float *scale, const float *bias,
                          float epsilon) {
  RmsNorm<Arch>::all<false>(x, x_row_stride, y, y_row_stride, rows, cols, scale, bias, epsilon);
}

void tessera_row_reduce_sum_f32(const float *x, int64_t rows, int64_t row_stride, int64_t cols,
                                float *out, int32_t accumulate) {
  RowReduceSum<Arch>::run(x, rows, row_stride, cols, out, accumulate);
}

void tessera_row_reduce_max_f32(const float *x, int64_t rows, int64_t row_stride, int64_t cols,
                                float *out, int32_t accumulate) {
  RowReduceMax<Arch>::run(x, rows, row_stride, cols, out, accumulate);
}

void tessera_row_reduce_min_f32(const float *x, int64_t rows, int64_t row_stride, int64_t cols,
                                float *out, int32_t accumulate) {
  RowReduceMin<Arch>::run(x, rows, row_stride, cols, out, accumulate);
}

void tessera_row_reduce_prod_f32(const float *x, int64_t rows, int64_t row_stride, int64_t cols,
                                 float *out, int32_t accumulate) {
  RowReduceProd<Arch>::run(x, rows, row_stride, cols, out, accumulate);
}

void tessera_transpose2d_32(const void *src, int64_t src_row_stride, void *dst,
                            int64_t dst_row_stride, int64_t rows, int64_t cols) {
  Transpose2d<Arch>::inCaches(src, src_row_stride, dst, dst_row_stride, rows, cols);
}

void tessera_copy2d_32(const void *src, int64_t src_row_stride, void *dst, int64_t dst_row_stride,
                       int64_t rows, int64_t cols) {
  Copy2d<Arch>::run(src, src_row_stride, dst, dst_row_stride, rows, cols);
}

int64_t tessera_gather_rows(const void *src, int64_t src_row_bytes, int64_t src_rows,
                            const void *indices, int32_t index_bytes, int64_t count, void *dst,
                            int64_t dst_row_bytes, int64_t row_bytes) {
  return GatherRows<Arch>::run(src, src_row_bytes, src_rows, indices, index_bytes, count, dst,
                               dst_row_bytes, row_bytes);
}

void tessera_mma_fractal_f32(const void *a, int64_t a_block_m, int64_t a_block_k, const void *b,
                             int64_t b_block_k, int64_t b_block_n, float *c, int64_t c_block_m,
                             int64_t c_block_n, int64_t m, int64_t n, int64_t k, int64_t k0,
                             int32_t accumulate) {
  MmaFractalF32<Arch>::run(a, a_block_m, a_block_k, b, b_block_k, b_block_n, c, c_block_m,
                           c_block_n, m, n, k, k0, accumulate);
}

void tessera_mma_fractal_f16(const void *a, int64_t a_block_m, int64_t a_block_k, const void *b,
                             int64_t b_block_k, int64_t b_block_n, float *c, int64_t c_block_m,
                             int64_t c_block_n, int64_t m, int64_t n, int64_t k, int64_t k0,
                             int32_t accumulate) {
  MmaFractalF16<Arch>::run(a, a_block_m, a_block_k, b, b_block_k, b_block_n, c, c_block_m,
                           c_block_n, m, n, k, k0, accumulate);
}

void tessera_mma_fractal_bf16(const void *a, int64_t a_block_m, int64_t a_block_k, const void *b,
                              int64_t b_block_k, int64_t b_block_n, float *c, int64_t c_block_m,
                              int64_t c_block_n, int64_t m, int64_t n, int64_t k, int64_t k0,
                              int32_t accumulate) {
  MmaFractalBf16<Arch>::run(a, a_block_m, a_block_k, b, b_block_k, b_block_n, c, c_block_m,
                            c_block_n, m, n, k, k0, accumulate);
}

void tessera_mma_fractal_s8(const void *a, int64_t a_block_m, int64_t a_block_k, const void *b,
                            int64_t b_block_k, int64_t b_block_n, int32_t *c, int64_t c_block_m,
                            int64_t c_block_n, int64_t m, int64_t n, int64_t k, int64_t k0,
                            int32_t accumulate) {
  MmaFractalS8<Arch>::run(a, a_block_m, a_block_k, b, b_block_k, b_block_n, c, c_block_m, c_block_n,
                          m, n, k, k0, accumulate);
}

void tessera_copy_nd2nz_32(const void *nd, int64_t nd_row_stride, int64_t nd_col_stride, void *nz,
                           int64_t nz_block_row, int64_t nz_block_col, int64_t rows, int64_t cols,
                           int64_t c0) {
  CopyNd2Nz32<Arch>::run(nd, nd_row_stride, nd_col_stride, nz, nz_block_row, nz_block_col, rows,
                         cols, c0);
}

void tessera_copy_nd2nz_16(const void *nd, int64_t nd_row_stride, int64_t nd_col_stride, void *nz,
                           int64_t nz_block_row, int64_t nz_block_col, int64_t rows, int64_t cols,
                           int64_t c0) {
  CopyNd2Nz16<Arch>::run(nd, nd_row_stride, nd_col_stride, nz, nz_block_row, nz_block_col, rows,
                         cols, c0);
}

void tessera_copy_nd2nz_8(const void *nd, int64_t nd_row_stride, int64_t nd_col_stride, void *nz,
                          int64_t nz_block_row, int64_t nz_block_col, int64_t rows, int64_t cols,
                          int64_t c0) {
  CopyNd2Nz8<Arch>::run(nd, nd_row_stride, nd_col_stride, nz, nz_block_row, nz_block_col, rows,
                        cols, c0);
}

void tessera_copy_nz2nd_32(const void *nz, int64_t nz_block_row, int64_t nz_block_col, void *nd,
                           int64_t nd_row_stride, int64_t nd_col_stride, int64_t rows, int64_t cols,
                           int64_t c0) {
  CopyNz2Nd32<Arch>::run(nz, nz_block_row, nz_block_col, nd, nd_row_stride, nd_col_stride, rows,
                         cols, c0);
}

void tessera_copy_nz2nd_16(const void *nz, int64_t nz_block_row, int64_t nz_block_col, void *nd,
                           int64_t nd_row_stride, int64_t nd_col_stride, int64_t rows, int64_t cols,
                           int64_t c0) {
  CopyNz2Nd16<Arch>::run(nz, nz_block_row, nz_block_col, nd, nd_row_stride, nd_col_stride, rows,
                         cols, c0);
}

void tessera_copy_nz2nd_8(const void *nz, int64_t nz_block_row, int64_t nz_block_col, void *nd,
                          int64_t nd_row_stride, int64_t nd_col_stride, int64_t rows, int64_t cols,
                          int64_t c0) {
  CopyNz2Nd8<Arch>::run(nz, nz_block_row, nz_block_col, nd, nd_row_stride, nd_col_stride, rows,
                        cols, c0);
}
}
