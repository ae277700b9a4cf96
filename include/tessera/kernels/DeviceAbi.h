// The C functions that generated code calls: the device library, one LLVM bitcode module per ISA.

/* Vector functions, one for each TESSERA_UNARY* and TESSERA_BINARY line of kernels.def, take and
 * return the natural vector of the ISA (4, 8 or 16 floats) by value:
 *   vec tessera_<op>_f32(vec x)                    TESSERA_UNARY
 *   vec tessera_<op>_f32(vec x, vec p0)            TESSERA_UNARY_1
 *   vec tessera_<op>_f32(vec x, vec p0, vec p1)    TESSERA_UNARY_2
 *   vec tessera_<op>_f32(vec a, vec b)             TESSERA_BINARY
 * Parameters are the attributes of the operator in their order, splat. They read and write no
 * memory and have no side effects.
 *
 * Memory functions, declared here, do what `run` of the kernel of that name does; its header says
 * what exactly. Sizes and strides count elements unless a name says bytes. Every pointer may have
 * the alignment of its elements only. Outputs overlap no input unless the kernel allows it. Sizes
 * may be zero. No function calls anything but memcpy, memset and others of the same module.
 *
 * The same functions as machine code are rows of Registry.h: deviceSymbol(isa, name).
 */
#ifndef TESSERA_KERNELS_DEVICEABI_H
#define TESSERA_KERNELS_DEVICEABI_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* c[m, n] (+)= a[m, k] * b[k, n]; b packed as [ceil(n / panel)][k][panel], panel a multiple of
 * the lanes (best: 64 for avx512, 16 for avx2, 8 for sse2). accumulate == 0: c is not read, and
 * k == 0 zeroes it. mma.h */
void tessera_mma_f32(const float *a, int64_t a_row_stride, const float *b_packed, float *c,
                     int64_t c_row_stride, int64_t m, int64_t n, int64_t k, int64_t panel,
                     int32_t accumulate);

/* dst[ceil(n / panel)][k][panel] from b[p * k_stride + j * n_stride], zero padded. pack_rhs.h */
void tessera_pack_rhs_f32(const float *b, int64_t k_stride, int64_t n_stride, float *dst, int64_t k,
                          int64_t n, int64_t panel);

/* c[m, n] (+)= a[m, k] * b[k, n], neither packed, either transposed by its strides: a[i *
 * a_row_stride + p * a_k_stride], b[p * b_k_stride + j * b_n_stride]. Takes 100 KiB of stack.
 * matmul.h */
void tessera_matmul_f32(const float *a, int64_t a_row_stride, int64_t a_k_stride, const float *b,
                        int64_t b_k_stride, int64_t b_n_stride, float *c, int64_t c_row_stride,
                        int64_t m, int64_t n, int64_t k, int32_t accumulate);

/* c[m, n] (+)= a[m, k] * b[k, n] of signed bytes, sums exact modulo 2^32; b packed as
 * [ceil(n / panel)][ceil(k / group)][panel][group] by the second function, zero behind k and n;
 * panel a multiple of the lanes (best: 64 for avx512, 16 for avx2, 8 for sse2), group 2 or 4 (best:
 * 4 with VNNI, else 2). The product takes up to 700 KiB of stack. mma_int8.h, mma_int8_pack.h */
void tessera_mma_int8_s8(const int8_t *a, int64_t a_row_stride, const int8_t *b_packed, int32_t *c,
                         int64_t c_row_stride, int64_t m, int64_t n, int64_t k, int64_t panel,
                         int64_t group, int32_t accumulate);
void tessera_mma_int8_pack_s8(const int8_t *b, int64_t k_stride, int64_t n_stride, int8_t *dst,
                              int64_t k, int64_t n, int64_t panel, int64_t group);

/* Rows [first_pixel, first_pixel + count) of the matrix of windows: dst[i * dst_row_stride +
 * (ky * kw + kx) * c + ch], zero where the window leaves the h x w x c image. im2col.h */
void tessera_im2col_f32(const float *x, int64_t h, int64_t w, int64_t c, int64_t row_stride,
                        int64_t pixel_stride, int64_t kh, int64_t kw, int64_t stride_h,
                        int64_t stride_w, int64_t dilation_h, int64_t dilation_w, int64_t top,
                        int64_t left, int64_t first_pixel, int64_t count, int64_t out_w, float *dst,
                        int64_t dst_row_stride);

void tessera_im2col_s8(const int8_t *x, int64_t h, int64_t w, int64_t c, int64_t row_stride,
                       int64_t pixel_stride, int64_t kh, int64_t kw, int64_t stride_h,
                       int64_t stride_w, int64_t dilation_h, int64_t dilation_w, int64_t top,
                       int64_t left, int64_t first_pixel, int64_t count, int64_t out_w, int8_t *dst,
                       int64_t dst_row_stride);

/* Depthwise convolution of one NHWC image; tap (ky, kx) of channel ch is
 * filter[(ky * kw + kx) * tap_stride + ch]. window.h */
void tessera_window_fma_f32(const float *x, int64_t h, int64_t w, int64_t c, int64_t row_stride,
                            int64_t pixel_stride, const float *filter, int64_t tap_stride,
                            int64_t kh, int64_t kw, int64_t stride_h, int64_t stride_w,
                            int64_t dilation_h, int64_t dilation_w, int64_t top, int64_t left,
                            float *out, int64_t out_h, int64_t out_w, int64_t out_row_stride,
                            int64_t out_pixel_stride);

/* Pooling of one NHWC image: the taps inside it; an empty window gives -inf, 0 and NaN (0 / 0).
 * window_mean divides by the number of taps inside. window.h */
void tessera_window_max_f32(const float *x, int64_t h, int64_t w, int64_t c, int64_t row_stride,
                            int64_t pixel_stride, int64_t kh, int64_t kw, int64_t stride_h,
                            int64_t stride_w, int64_t dilation_h, int64_t dilation_w, int64_t top,
                            int64_t left, float *out, int64_t out_h, int64_t out_w,
                            int64_t out_row_stride, int64_t out_pixel_stride);
void tessera_window_sum_f32(const float *x, int64_t h, int64_t w, int64_t c, int64_t row_stride,
                            int64_t pixel_stride, int64_t kh, int64_t kw, int64_t stride_h,
                            int64_t stride_w, int64_t dilation_h, int64_t dilation_w, int64_t top,
                            int64_t left, float *out, int64_t out_h, int64_t out_w,
                            int64_t out_row_stride, int64_t out_pixel_stride);
void tessera_window_mean_f32(const float *x, int64_t h, int64_t w, int64_t c, int64_t row_stride,
                             int64_t pixel_stride, int64_t kh, int64_t kw, int64_t stride_h,
                             int64_t stride_w, int64_t dilation_h, int64_t dilation_w, int64_t top,
                             int64_t left, float *out, int64_t out_h, int64_t out_w,
                             int64_t out_row_stride, int64_t out_pixel_stride);

/* y[rows, cols] from x[rows, cols]; y may be x. softmax.h, log_softmax.h */
void tessera_softmax_f32(const float *x, int64_t x_row_stride, float *y, int64_t y_row_stride,
                         int64_t rows, int64_t cols);
void tessera_log_softmax_f32(const float *x, int64_t x_row_stride, float *y, int64_t y_row_stride,
                             int64_t rows, int64_t cols);

/* The same with scale and bias of cols elements, either may be null. layer_norm.h, rms_norm.h */
void tessera_layer_norm_f32(const float *x, int64_t x_row_stride, float *y, int64_t y_row_stride,
                            int64_t rows, int64_t cols, const float *scale, const float *bias,
                            float epsilon);
void tessera_rms_norm_f32(const float *x, int64_t x_row_stride, float *y, int64_t y_row_stride,
                          int64_t rows, int64_t cols, const float *scale, const float *bias,
                          float epsilon);

/* out[r] = the reduction of row r, combined with out[r] when accumulate != 0. reduction.h */
void tessera_row_reduce_sum_f32(const float *x, int64_t rows, int64_t row_stride, int64_t cols,
                                float *out, int32_t accumulate);
void tessera_row_reduce_max_f32(const float *x, int64_t rows, int64_t row_stride, int64_t cols,
                                float *out, int32_t accumulate);
void tessera_row_reduce_min_f32(const float *x, int64_t rows, int64_t row_stride, int64_t cols,
                                float *out, int32_t accumulate);
void tessera_row_reduce_prod_f32(const float *x, int64_t rows, int64_t row_stride, int64_t cols,
                                 float *out, int32_t accumulate);

/* 32-bit elements: dst[c * dst_row_stride + r] = src[r * src_row_stride + c], and the straight
 * copy. transpose2d.h, copy2d.h */
void tessera_transpose2d_32(const void *src, int64_t src_row_stride, void *dst,
                            int64_t dst_row_stride, int64_t rows, int64_t cols);
void tessera_copy2d_32(const void *src, int64_t src_row_stride, void *dst, int64_t dst_row_stride,
                       int64_t rows, int64_t cols);

/* dst row i = src row indices[i]; index_bytes is 4 or 8; negative indices count from the end;
 * returns how many were out of range (their rows are zero). gather_rows.h */
int64_t tessera_gather_rows(const void *src, int64_t src_row_bytes, int64_t src_rows,
                            const void *indices, int32_t index_bytes, int64_t count, void *dst,
                            int64_t dst_row_bytes, int64_t row_bytes);

/* c (+)= a * b on fractal blocks with f32, f16 or bf16 operands and f32 results, or signed bytes
 * and exact sums: block (i, p) of a
 * is [16][k0], block (p, j) of b is [16 columns][k0 depths], block (i, j) of c is [16][16]; the
 * strides are those between blocks. zZ: a_block_m = k / k0 * 16 * k0, a_block_k = 16 * k0; NZ: the
 * other way round. Only elements below m, n, k are touched. fractal.h */
void tessera_mma_fractal_f32(const void *a, int64_t a_block_m, int64_t a_block_k, const void *b,
                             int64_t b_block_k, int64_t b_block_n, float *c, int64_t c_block_m,
                             int64_t c_block_n, int64_t m, int64_t n, int64_t k, int64_t k0,
                             int32_t accumulate);
void tessera_mma_fractal_f16(const void *a, int64_t a_block_m, int64_t a_block_k, const void *b,
                             int64_t b_block_k, int64_t b_block_n, float *c, int64_t c_block_m,
                             int64_t c_block_n, int64_t m, int64_t n, int64_t k, int64_t k0,
                             int32_t accumulate);
void tessera_mma_fractal_bf16(const void *a, int64_t a_block_m, int64_t a_block_k, const void *b,
                              int64_t b_block_k, int64_t b_block_n, float *c, int64_t c_block_m,
                              int64_t c_block_n, int64_t m, int64_t n, int64_t k, int64_t k0,
                              int32_t accumulate);

void tessera_mma_fractal_s8(const void *a, int64_t a_block_m, int64_t a_block_k, const void *b,
                            int64_t b_block_k, int64_t b_block_n, int32_t *c, int64_t c_block_m,
                            int64_t c_block_n, int64_t m, int64_t n, int64_t k, int64_t k0,
                            int32_t accumulate);

/* Element (r, q) between nd + r * nd_row_stride + q * nd_col_stride and [r % 16][q % c0] of block
 * (r / 16, q / c0) at nz + (r / 16) * nz_block_row + (q / c0) * nz_block_col; elements of 32, 16
 * or 8 bits. Padding is neither read nor written. fractal.h */
void tessera_copy_nd2nz_32(const void *nd, int64_t nd_row_stride, int64_t nd_col_stride, void *nz,
                           int64_t nz_block_row, int64_t nz_block_col, int64_t rows, int64_t cols,
                           int64_t c0);
void tessera_copy_nd2nz_16(const void *nd, int64_t nd_row_stride, int64_t nd_col_stride, void *nz,
                           int64_t nz_block_row, int64_t nz_block_col, int64_t rows, int64_t cols,
                           int64_t c0);
void tessera_copy_nd2nz_8(const void *nd, int64_t nd_row_stride, int64_t nd_col_stride, void *nz,
                          int64_t nz_block_row, int64_t nz_block_col, int64_t rows, int64_t cols,
                          int64_t c0);
void tessera_copy_nz2nd_32(const void *nz, int64_t nz_block_row, int64_t nz_block_col, void *nd,
                           int64_t nd_row_stride, int64_t nd_col_stride, int64_t rows, int64_t cols,
                           int64_t c0);
void tessera_copy_nz2nd_16(const void *nz, int64_t nz_block_row, int64_t nz_block_col, void *nd,
                           int64_t nd_row_stride, int64_t nd_col_stride, int64_t rows, int64_t cols,
                           int64_t c0);
void tessera_copy_nz2nd_8(const void *nz, int64_t nz_block_row, int64_t nz_block_col, void *nd,
                          int64_t nd_row_stride, int64_t nd_col_stride, int64_t rows, int64_t cols,
                          int64_t c0);

/* GemmArgs of GemmArgs.h: each of its members is a word of eight bytes, in their order. Returns 0,
 * or with args null the floats of workspace that a product of the m, n and k in `size` takes.
 * Machine code only. gemm.h */
int64_t tessera_gemm_f32(const void *args, const int64_t *size);

/* AttentionArgs of AttentionArgs.h: each of its members is a word of eight bytes, in their order.
 * Machine code only. attention.h */
void tessera_attention_f32(const void *args);

#ifdef __cplusplus
}
#endif
#endif
