// TilingInterface for the npu operators, as external models that ask LoopNests and TileBuilders.
#include "TilingModels.h"

#include "LoopNests.h"
#include "TileBuilders.h"
#include "tessera/dialect/npu/NpuDialect.h"
#include "tessera/dialect/npu/NpuOps.h"
#include "tessera/dialect/tile/TileDialect.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Interfaces/TilingInterface.h"

using namespace mlir;
using namespace tessera;

namespace {

using Folds = SmallVector<OpFoldResult>;

RankedTensorType typeOf(Value v) {
  return cast<RankedTensorType>(v.getType());
}

template <typename Op> struct NpuTiling : TilingInterface::ExternalModel<NpuTiling<Op>, Op> {
  SmallVector<utils::IteratorType> getLoopIteratorTypes(Operation *op) const {
    LoopNest nest = loopNest(op);
    SmallVector<utils::IteratorType> types(nest.parallel, utils::IteratorType::parallel);
    types.append(nest.inner.size(), utils::IteratorType::reduction);
    return types;
  }

  SmallVector<Range> getIterationDomain(Operation *op, OpBuilder &b) const {
    LoopNest nest = loopNest(op);
    RankedTensorType result = typeOf(op->getResult(0));
    SmallVector<Range> ranges;
    for (auto [d, loop] : llvm::enumerate(nest.result))
      if (loop != kWhole)
        ranges.push_back(
            {b.getIndexAttr(0), b.getIndexAttr(result.getDimSize(d)), b.getIndexAttr(1)});
    for (int64_t extent : nest.inner)
      ranges.push_back({b.getIndexAttr(0), b.getIndexAttr(extent), b.getIndexAttr(1)});
    return ranges;
  }

  FailureOr<TilingResult> getTiledImplementation(Operation *op, OpBuilder &b,
                                                 ArrayRef<OpFoldResult> offsets,
                                                 ArrayRef<OpFoldResult> sizes) const {
    if (!typeOf(op->getResult(0)).hasStaticShape())
      return failure();
    LoopNest nest = loopNest(op);
    // The value form overwrites its result: cutting a reduction would lose all but the last part.
    for (auto [i, extent] : llvm::enumerate(nest.inner))
      if (getConstantIntValue(sizes[nest.parallel + i]) != extent)
        return op->emitOpError("cannot tile reduction loop ") << nest.parallel + i;
    return buildTile(op, b, nest, offsets, sizes);
  }

  LogicalResult getResultTilePosition(Operation *op, OpBuilder &b, unsigned,
                                      ArrayRef<OpFoldResult> offsets, ArrayRef<OpFoldResult> sizes,
                                      Folds &resultOffsets, Folds &resultSizes) const {
    LoopNest nest = loopNest(op);
    RankedTensorType result = typeOf(op->getResult(0));
    for (auto [d, loop] : llvm::enumerate(nest.result)) {
      resultOffsets.push_back(loop == kWhole ? b.getIndexAttr(0) : offsets[loop]);
      resultSizes.push_back(loop == kWhole ? b.getIndexAttr(result.getDimSize(d)) : sizes[loop]);
    }
    return success();
  }

  FailureOr<TilingResult> generateResultTileValue(Operation *op, OpBuilder &b, unsigned,
                                                  ArrayRef<OpFoldResult> offsets,
                                                  ArrayRef<OpFoldResult> sizes) const {
    LoopNest nest = loopNest(op);
    RankedTensorType result = typeOf(op->getResult(0));
    Folds at(nest.parallel), extents(nest.parallel);
    for (auto [d, loop] : llvm::enumerate(nest.result)) {
      if (loop != kWhole) {
        at[loop] = offsets[d];
        extents[loop] = sizes[d];
      } else if (getConstantIntValue(sizes[d]) != result.getDimSize(d)) {
        return failure(); // a part of a dim that this operator needs whole
      }
    }
    for (int64_t extent : nest.inner) {
      at.push_back(b.getIndexAttr(0));
      extents.push_back(b.getIndexAttr(extent));
    }
    return getTiledImplementation(op, b, at, extents);
  }
};

template <typename... Ops> void attach(MLIRContext *context) {
  (Ops::template attachInterface<NpuTiling<Ops>>(*context), ...);
}

/// All elementwise operators of the list, so that a new one needs no line here.
template <typename... Ops> void attachElementwise(MLIRContext *context) {
  const auto one = [&]<typename Op>(std::type_identity<Op>) {
    if constexpr (Op::template hasTrait<npu::ElementwiseOpInterface::Trait>())
      Op::template attachInterface<NpuTiling<Op>>(*context);
  };
  (one(std::type_identity<Ops>()), ...);
}

} // namespace

void tessera::registerNpuTiling(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, npu::NpuDialect *) {
    // What tiles are made of; a pass of ours declares it, a transform script does not.
    context->loadDialect<affine::AffineDialect, arith::ArithDialect, linalg::LinalgDialect,
                         tensor::TensorDialect, tile::TileDialect>();
    using namespace npu;
    attachElementwise<
#define GET_OP_LIST
#include "tessera/dialect/npu/NpuOps.cpp.inc"
        >(context);
    attach<MatmulOp, PackRhsOp, Conv2DOp, DepthwiseConv2DOp, MaxPool2DOp, AvgPool2DOp>(context);
    attach<SoftmaxOp, LogSoftmaxOp, LayerNormOp, RmsNormOp, ReduceSumOp, ReduceMeanOp, ReduceMaxOp,
           ReduceMinOp, ReduceProdOp>(context);
    attach<ExpandOp, TransposeOp, ConcatOp, SliceOp, PadOp, GatherOp>(context);
  });
}
