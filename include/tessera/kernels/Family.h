// The families of kernels and the signature that every member of one has.
#pragma once

#include <cstdint>

#include "tessera/kernels/Int8.h"
#include "tessera/support/Parallel.h"

namespace tessera::kernels {

struct ConvShape;
struct ConvLayout;
struct ConvEpilogue;

/// What kind of work a kernel does; it fixes the type of the kernel's `run`.
enum class Family : std::uint8_t {
  Unary,            ///< elementwise.h
  Binary,           ///< elementwise.h
  Matmul,           ///< matmul.h: plain operands
  Mma,              ///< mma.h: packed right operand
  PackRhs,          ///< pack_rhs.h
  Im2col,           ///< im2col.h
  Conv2d,           ///< conv2d.h
  Conv2dPack,       ///< conv2d_pack.h
  WindowFma,        ///< window.h: with a filter
  WindowFold,       ///< window.h: without
  RowMap,           ///< rows.h: softmax, log_softmax
  RowNorm,          ///< rows.h: layer_norm, rms_norm
  RowReduce,        ///< reduction.h
  Copy2d,           ///< movement.h: transpose2d, copy2d
  GatherRows,       ///< movement.h
  FractalMma,       ///< fractal.h
  FractalCopy,      ///< fractal.h
  Gemm,             ///< gemm.h
  PackWeights,      ///< pack_weights.h
  MatmulWeights,    ///< matmul_weights.h
  Attention,        ///< attention.h
  PackRhsInt8,      ///< pack_rhs_int8.h
  MmaInt8,          ///< mma_int8.h: packed right operand
  MmaInt8Pack,      ///< mma_int8_pack.h
  MatmulInt8,       ///< matmul_int8.h
  ColReduce,        ///< columns.h: called through rowReduce
  ColArgReduce,     ///< arg_reduction.h: called through argReduce
  ArgReduce,        ///< arg_reduction.h
  TopK,             ///< top_k.h
  Scan,             ///< cumsum.h, col_cumsum.h
  Cast,             ///< cast.h
  Compare,          ///< compare.h
  Select,           ///< select.h
  CopyNd,           ///< transpose_nd.h
  Rope,             ///< rope.h
  Quantize,         ///< quantize.h, dequantize.h
  Resize,           ///< resize.h
  LstmCell,         ///< lstm_cell.h
  GruCell,          ///< gru_cell.h
  Conv2dInt8,       ///< conv2d_int8.h
  DepthwiseInt8,    ///< depthwise_int8.h: called through conv2dInt8
  DepthwisePack,    ///< depthwise_int8_pack.h
  GroupNorm,        ///< group_norm.h
  Indexed,          ///< gather.h, scatter.h, ScatterKernel.h
  Pad,              ///< pad.h
  Broadcast,        ///< broadcast.h: of binary kernels
  BroadcastCompare, ///< broadcast.h: of comparisons
};

/// The type of `run` of each family; its meaning is in the family's header.
using KernelSize = std::int64_t;
using UnaryFn = void(const float *x, float *y, KernelSize count, const float *params);
using BinaryFn = void(const float *a, KernelSize aStride, const float *b, KernelSize bStride,
                      float *y, KernelSize count);
using MatmulFn = void(const float *a, KernelSize aRow, KernelSize aK, const float *b, KernelSize bK,
                      KernelSize bN, float *c, KernelSize cRow, KernelSize m, KernelSize n,
                      KernelSize k, std::int32_t accumulate);
using MmaFn = void(const float *a, KernelSize aRow, const float *b, float *c, KernelSize cRow,
                   KernelSize m, KernelSize n, KernelSize k, KernelSize panel,
                   std::int32_t accumulate);
using PackRhsFn = void(const float *b, KernelSize kStride, KernelSize nStride, float *dst,
                       KernelSize k, KernelSize n, KernelSize panel);
using MmaInt8Fn = void(const std::int8_t *a, KernelSize aRow, const std::int8_t *b, std::int32_t *c,
                       KernelSize cRow, KernelSize m, KernelSize n, KernelSize k, KernelSize panel,
                       KernelSize group, std::int32_t accumulate);
using MmaInt8PackFn = void(const std::int8_t *b, KernelSize kStride, KernelSize nStride,
                           std::int8_t *dst, KernelSize k, KernelSize n, KernelSize panel,
                           KernelSize group);
using Im2colFn = void(const void *x, KernelSize h, KernelSize w, KernelSize c, KernelSize rowStride,
                      KernelSize pixelStride, KernelSize kh, KernelSize kw, KernelSize strideH,
                      KernelSize strideW, KernelSize dilationH, KernelSize dilationW,
                      KernelSize top, KernelSize left, KernelSize firstPixel, KernelSize count,
                      KernelSize outW, void *dst, KernelSize dstRow);
using Conv2dFn = void(const ConvShape *shape, const ConvLayout *xLayout, const float *x,
                      const float *filter, const ConvLayout *yLayout, float *y,
                      const ConvEpilogue *epilogue, KernelSize cacheBytes, ParallelFor parallelFor,
                      void *pool);
using Conv2dPackFn = KernelSize(const ConvShape *shape, const float *filter, KernelSize groupStride,
                                KernelSize outStride, KernelSize tapStride, KernelSize inStride,
                                float *dst);
using Conv2dInt8Fn = void(const ConvShape *shape, const ConvLayout *xLayout, const void *x,
                          const void *filter, const ConvLayout *yLayout, void *y,
                          const Int8Epilogue *epilogue, ParallelFor parallelFor, void *pool);
using DepthwisePackFn = KernelSize(const ConvShape *shape, const std::int8_t *filter,
                                   KernelSize tapStride, KernelSize channelStride, void *dst);
using WindowFmaFn = void(const float *x, KernelSize h, KernelSize w, KernelSize c,
                         KernelSize rowStride, KernelSize pixelStride, const float *filter,
                         KernelSize tapStride, KernelSize kh, KernelSize kw, KernelSize strideH,
                         KernelSize strideW, KernelSize dilationH, KernelSize dilationW,
                         KernelSize top, KernelSize left, float *out, KernelSize outH,
                         KernelSize outW, KernelSize outRowStride, KernelSize outPixelStride);
using WindowFoldFn = void(const float *x, KernelSize h, KernelSize w, KernelSize c,
                          KernelSize rowStride, KernelSize pixelStride, KernelSize kh,
                          KernelSize kw, KernelSize strideH, KernelSize strideW,
                          KernelSize dilationH, KernelSize dilationW, KernelSize top,
                          KernelSize left, float *out, KernelSize outH, KernelSize outW,
                          KernelSize outRowStride, KernelSize outPixelStride);
using RowMapFn = void(const float *x, KernelSize xRow, float *y, KernelSize yRow, KernelSize rows,
                      KernelSize cols);
using RowNormFn = void(const float *x, KernelSize xRow, float *y, KernelSize yRow, KernelSize rows,
                       KernelSize cols, const float *scale, const float *bias, float epsilon);
using RowReduceFn = void(const float *x, KernelSize rows, KernelSize rowStride, KernelSize cols,
                         float *out, std::int32_t accumulate);
using Copy2dFn = void(const void *src, KernelSize srcRow, void *dst, KernelSize dstRow,
                      KernelSize rows, KernelSize cols);
using FractalMmaFn = void(const void *a, KernelSize aBlockM, KernelSize aBlockK, const void *b,
                          KernelSize bBlockK, KernelSize bBlockN, void *c, KernelSize cBlockM,
                          KernelSize cBlockN, KernelSize m, KernelSize n, KernelSize k,
                          KernelSize k0, std::int32_t accumulate);
using FractalCopyFn = void(const void *src, KernelSize srcFirst, KernelSize srcSecond, void *dst,
                           KernelSize dstFirst, KernelSize dstSecond, KernelSize rows,
                           KernelSize cols, KernelSize c0);
using GatherRowsFn = KernelSize(const void *src, KernelSize srcRowBytes, KernelSize srcRows,
                                const void *indices, std::int32_t indexBytes, KernelSize count,
                                void *dst, KernelSize dstRowBytes, KernelSize rowBytes);
using PackRhsInt8Fn = KernelSize(const std::int8_t *b, KernelSize kStride, KernelSize nStride,
                                 void *dst, KernelSize k, KernelSize n);
struct Weights;
struct WeightsArgs;
using PackWeightsFn = KernelSize(const Weights *weights, void *dst);
using MatmulWeightsFn = void(const WeightsArgs *args);
struct GemmArgs;
using GemmFn = KernelSize(const GemmArgs *args, const KernelSize *size);
struct MatmulInt8Args;
using MatmulInt8Fn = KernelSize(const MatmulInt8Args *args, const KernelSize *size);

using ArgReduceFn = void(const float *x, KernelSize rows, KernelSize rowStride, KernelSize cols,
                         std::int64_t *out);
using TopKFn = void(const float *x, KernelSize rows, KernelSize rowStride, KernelSize cols,
                    KernelSize k, float *values, std::int64_t *indices);
using ScanFn = void(const float *x, KernelSize xRow, float *y, KernelSize yRow, KernelSize rows,
                    KernelSize cols, std::int32_t exclusive, std::int32_t reverse);
using CastFn = void(const void *x, void *y, KernelSize count);
using CompareFn = void(const float *a, KernelSize aStride, const float *b, KernelSize bStride,
                       std::uint8_t *y, KernelSize count);
using SelectFn = void(const std::uint8_t *condition, const float *a, KernelSize aStride,
                      const float *b, KernelSize bStride, float *y, KernelSize count);
using CopyNdFn = void(const void *src, const KernelSize *srcStrides, void *dst,
                      const KernelSize *dstStrides, const KernelSize *sizes, KernelSize rank,
                      KernelSize elementBytes);
using RopeFn = void(const float *x, KernelSize xRow, float *y, KernelSize yRow, const float *cos,
                    const float *sin, KernelSize angleRow, KernelSize rows, KernelSize size,
                    std::int32_t interleaved);
using QuantizeFn = void(const void *x, KernelSize xRow, void *y, KernelSize yRow, KernelSize rows,
                        KernelSize cols, const float *scales, const std::int32_t *zeros);
using ResizeFn = void(const float *in, KernelSize inRow, KernelSize inPixel, KernelSize c,
                      float *out, KernelSize outRow, KernelSize outPixel, KernelSize outH,
                      KernelSize outW, KernelSize taps, const std::int32_t *rows,
                      const float *rowWeights, const std::int32_t *cols, const float *colWeights);
using LstmCellFn = void(const float *gates, KernelSize gatesRow, const float *cell,
                        KernelSize cellRow, float *next, KernelSize nextRow, float *hidden,
                        KernelSize hiddenRow, KernelSize rows, KernelSize size);
using GruCellFn = void(const float *input, KernelSize inputRow, const float *recurrent,
                       KernelSize recurrentRow, const float *state, KernelSize stateRow,
                       float *next, KernelSize nextRow, KernelSize rows, KernelSize size);
using GroupNormFn = void(const float *x, float *y, KernelSize batch, KernelSize channels,
                         KernelSize pixels, KernelSize batchStride, KernelSize channelStride,
                         KernelSize pixelStride, KernelSize groups, const float *scale,
                         const float *bias, float epsilon);
struct IndexedArgs;
using IndexedFn = KernelSize(const IndexedArgs &args);
struct PadArgs;
using PadFn = void(const PadArgs &args);
using BroadcastFn = void(BinaryFn *op, const float *a, const KernelSize *aStrides, const float *b,
                         const KernelSize *bStrides, float *y, const KernelSize *yStrides,
                         const KernelSize *sizes, KernelSize rank);
using BroadcastCompareFn = void(CompareFn *op, const float *a, const KernelSize *aStrides,
                                const float *b, const KernelSize *bStrides, std::uint8_t *y,
                                const KernelSize *yStrides, const KernelSize *sizes,
                                KernelSize rank);
struct AttentionArgs;
using AttentionFn = void(const AttentionArgs &args);

/// A kernel of any family. The member to read is the one of the row's family.
union KernelPointer {
  UnaryFn *unary;
  BinaryFn *binary;
  MatmulFn *matmul;
  MmaFn *mma;
  PackRhsFn *packRhs;
  Im2colFn *im2col;
  Conv2dFn *conv2d;
  Conv2dPackFn *conv2dPack;
  WindowFmaFn *windowFma;
  WindowFoldFn *windowFold;
  RowMapFn *rowMap;
  RowNormFn *rowNorm;
  RowReduceFn *rowReduce;
  Copy2dFn *copy2d;
  FractalMmaFn *fractalMma;
  FractalCopyFn *fractalCopy;
  GatherRowsFn *gatherRows;
  AttentionFn *attention;
  ArgReduceFn *argReduce;
  TopKFn *topK;
  ScanFn *scan;
  CastFn *cast;
  CompareFn *compare;
  SelectFn *select;
  CopyNdFn *copyNd;
  RopeFn *rope;
  QuantizeFn *quantize;
  ResizeFn *resize;
  LstmCellFn *lstmCell;
  GruCellFn *gruCell;
  PackRhsInt8Fn *packRhsInt8;
  MmaInt8Fn *mmaInt8;
  MmaInt8PackFn *mmaInt8Pack;
  MatmulInt8Fn *matmulInt8;
  GemmFn *gemm;
  PackWeightsFn *packWeights;
  MatmulWeightsFn *matmulWeights;
  Conv2dInt8Fn *conv2dInt8;
  DepthwisePackFn *depthwisePack;
  GroupNormFn *groupNorm;
  IndexedFn *indexed;
  PadFn *pad;
  BroadcastFn *broadcast;
  BroadcastCompareFn *broadcastCompare;

  constexpr KernelPointer(UnaryFn *f) : unary(f) {}
  constexpr KernelPointer(BinaryFn *f) : binary(f) {}
  constexpr KernelPointer(MatmulFn *f) : matmul(f) {}
  constexpr KernelPointer(MmaFn *f) : mma(f) {}
  constexpr KernelPointer(PackRhsFn *f) : packRhs(f) {}
  constexpr KernelPointer(Im2colFn *f) : im2col(f) {}
  constexpr KernelPointer(Conv2dFn *f) : conv2d(f) {}
  constexpr KernelPointer(Conv2dPackFn *f) : conv2dPack(f) {}
  constexpr KernelPointer(WindowFmaFn *f) : windowFma(f) {}
  constexpr KernelPointer(WindowFoldFn *f) : windowFold(f) {}
  constexpr KernelPointer(RowMapFn *f) : rowMap(f) {}
  constexpr KernelPointer(RowNormFn *f) : rowNorm(f) {}
  constexpr KernelPointer(RowReduceFn *f) : rowReduce(f) {}
  constexpr KernelPointer(Copy2dFn *f) : copy2d(f) {}
  constexpr KernelPointer(FractalMmaFn *f) : fractalMma(f) {}
  constexpr KernelPointer(FractalCopyFn *f) : fractalCopy(f) {}
  constexpr KernelPointer(GatherRowsFn *f) : gatherRows(f) {}
  constexpr KernelPointer(AttentionFn *f) : attention(f) {}
  constexpr KernelPointer(ArgReduceFn *f) : argReduce(f) {}
  constexpr KernelPointer(TopKFn *f) : topK(f) {}
  constexpr KernelPointer(ScanFn *f) : scan(f) {}
  constexpr KernelPointer(CastFn *f) : cast(f) {}
  constexpr KernelPointer(CompareFn *f) : compare(f) {}
  constexpr KernelPointer(SelectFn *f) : select(f) {}
  constexpr KernelPointer(CopyNdFn *f) : copyNd(f) {}
  constexpr KernelPointer(RopeFn *f) : rope(f) {}
  constexpr KernelPointer(QuantizeFn *f) : quantize(f) {}
  constexpr KernelPointer(ResizeFn *f) : resize(f) {}
  constexpr KernelPointer(LstmCellFn *f) : lstmCell(f) {}
  constexpr KernelPointer(GruCellFn *f) : gruCell(f) {}
  constexpr KernelPointer(PackRhsInt8Fn *f) : packRhsInt8(f) {}
  constexpr KernelPointer(MmaInt8Fn *f) : mmaInt8(f) {}
  constexpr KernelPointer(MmaInt8PackFn *f) : mmaInt8Pack(f) {}
  constexpr KernelPointer(MatmulInt8Fn *f) : matmulInt8(f) {}
  constexpr KernelPointer(GemmFn *f) : gemm(f) {}
  constexpr KernelPointer(PackWeightsFn *f) : packWeights(f) {}
  constexpr KernelPointer(MatmulWeightsFn *f) : matmulWeights(f) {}
  constexpr KernelPointer(Conv2dInt8Fn *f) : conv2dInt8(f) {}
  constexpr KernelPointer(DepthwisePackFn *f) : depthwisePack(f) {}
  constexpr KernelPointer(GroupNormFn *f) : groupNorm(f) {}
  constexpr KernelPointer(IndexedFn *f) : indexed(f) {}
  constexpr KernelPointer(PadFn *f) : pad(f) {}
  constexpr KernelPointer(BroadcastFn *f) : broadcast(f) {}
  constexpr KernelPointer(BroadcastCompareFn *f) : broadcastCompare(f) {}
};

} // namespace tessera::kernels
