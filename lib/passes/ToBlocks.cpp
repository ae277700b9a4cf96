// Turns the npu operators that are left on tiles into scalar regions and tensor operations.
#include "tessera/dialect/npu/NpuDialect.h"
#include "tessera/dialect/npu/NpuOps.h"
#include "tessera/dialect/tile/TileDialect.h"
#include "tessera/passes/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/IR/LinalgInterfaces.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace tessera {
using namespace mlir;
#define GEN_PASS_DEF_NPUTOBLOCKS
#include "tessera/passes/Passes.h.inc"

namespace {

RankedTensorType typeOf(Value v) { return cast<RankedTensorType>(v.getType()); }

bool isNarrow(Type type) { return type.isF16() || type.isBF16(); }

/// The type arithmetic happens in: f16 and bf16 are storage, computed as f32.
Type widened(Type type) { return isNarrow(type) ? Float32Type::get(type.getContext()) : type; }

/// The map from the result's iteration space to an operand that broadcasts against it.
AffineMap broadcastMap(RankedTensorType operand, RankedTensorType result) {
  MLIRContext *context = result.getContext();
  int64_t rank = result.getRank(), shift = rank - operand.getRank();
  SmallVector<AffineExpr> exprs;
  for (int64_t d = 0; d < operand.getRank(); ++d)
    exprs.push_back(operand.getDimSize(d) == 1 && result.getDimSize(d + shift) != 1
                        ? getAffineConstantExpr(0, context)
                        : getAffineDimExpr(d + shift, context));
  return AffineMap::get(rank, 0, exprs, context);
}

/// The extents of an elementwise result: of any operand dim that is not broadcast.
SmallVector<OpFoldResult> resultSizes(OpBuilder &b, Operation *op, RankedTensorType result) {
  SmallVector<OpFoldResult> sizes;
  for (int64_t d = 0; d < result.getRank(); ++d) {
    OpFoldResult size = b.getIndexAttr(result.getDimSize(d));
    if (result.isDynamicDim(d)) {
      for (Value operand : op->getOperands()) {
        int64_t at = d - (result.getRank() - typeOf(operand).getRank());
        if (at >= 0 && typeOf(operand).getDimSize(at) != 1)
          size = tensor::getMixedSize(b, op->getLoc(), operand, at);
      }
    }
    sizes.push_back(size);
  }
  return sizes;
}

/// One element of an elementwise operator: its kernel by name where there is one.
Value scalarBody(npu::ElementwiseOpInterface op, OpBuilder &b, Location loc, ValueRange args) {
  SmallVector<Value> wide;
  for (Value arg : args)
    wide.push_back(isNarrow(arg.getType())
                       ? arith::ExtFOp::create(b, loc, widened(arg.getType()), arg)
                       : arg);
  Type element = typeOf(op->getResult(0)).getElementType();
  StringRef kernel = op.getKernelName();
  Value result;
  if (!kernel.empty() && widened(element).isF32()) {
    for (double param : op.getKernelParams())
      wide.push_back(arith::ConstantOp::create(b, loc, b.getF32FloatAttr(float(param))));
    result = tile::ApplyOp::create(b, loc, b.getF32Type(), kernel, wide);
  } else {
    result = op.buildScalar(b, loc, wide);
  }
  if (result.getType() != element && isNarrow(element))
    result = arith::TruncFOp::create(b, loc, element, result);
  return result;
}

Value toGeneric(npu::ElementwiseOpInterface op, OpBuilder &b) {
  RankedTensorType result = typeOf(op->getResult(0));
  SmallVector<AffineMap> maps;
  for (Value operand : op->getOperands())
    maps.push_back(broadcastMap(typeOf(operand), result));
  maps.push_back(b.getMultiDimIdentityMap(result.getRank()));
  SmallVector<utils::IteratorType> parallel(result.getRank(), utils::IteratorType::parallel);
  Value out = tensor::EmptyOp::create(b, op->getLoc(), resultSizes(b, op, result),
                                      result.getElementType());
  return linalg::GenericOp::create(b, op->getLoc(), result, op->getOperands(), ValueRange{out},
                                   maps, parallel,
                                   [&](OpBuilder &body, Location loc, ValueRange args) {
                                     Value v = scalarBody(op, body, loc, args.drop_back());
                                     linalg::YieldOp::create(body, loc, v);
                                   })
      .getResult(0);
}

struct ToBlocks : impl::NpuToBlocksBase<ToBlocks> {
  void runOnOperation() override {
    func::FuncOp function = getOperation();
    SmallVector<Operation *> operators;
    function.walk([&](Operation *op) {
      if (isa<npu::NpuDialect>(op->getDialect()))
        operators.push_back(op);
    });
    for (Operation *op : operators)
      if (failed(lower(op)))
        return signalPassFailure();
    if (!operators.empty())
      fuseGenerics(function);
  }

  LogicalResult lower(Operation *op) {
    OpBuilder b(op);
    if (auto constant = dyn_cast<npu::ConstantOp>(op)) {
      op->getResult(0).replaceAllUsesWith(
          arith::ConstantOp::create(b, op->getLoc(), constant.getValue()));
    } else if (auto elementwise = dyn_cast<npu::ElementwiseOpInterface>(op)) {
      op->getResult(0).replaceAllUsesWith(toGeneric(elementwise, b));
    } else if (auto aggregated = dyn_cast<linalg::AggregatedOpInterface>(op)) {
      FailureOr<SmallVector<Value>> values = aggregated.decomposeOperation(b);
      if (failed(values))
        return op->emitOpError("cannot be decomposed");
      for (auto [result, value] : llvm::zip_equal(op->getResults(), *values)) {
        if (value.getType() != result.getType())
          value = tensor::CastOp::create(b, op->getLoc(), result.getType(), value);
        result.replaceAllUsesWith(value);
      }
    } else {
      return op->emitOpError("has no decomposition");
    }
    op->erase();
    return success();
  }

  /// Joins elementwise regions with their one consumer; intermediates then stay in registers.
  void fuseGenerics(func::FuncOp function) {
    RewritePatternSet patterns(&getContext());
    linalg::ControlFusionFn once = [](OpOperand *operand) {
      Operation *producer = operand->get().getDefiningOp();
      return producer && producer->hasOneUse();
    };
    linalg::populateElementwiseOpsFusionPatterns(patterns, once);
    linalg::GenericOp::getCanonicalizationPatterns(patterns, &getContext());
    linalg::FillOp::getCanonicalizationPatterns(patterns, &getContext());
    tensor::EmptyOp::getCanonicalizationPatterns(patterns, &getContext());
    tensor::DimOp::getCanonicalizationPatterns(patterns, &getContext());
    tensor::CastOp::getCanonicalizationPatterns(patterns, &getContext());
    (void)applyPatternsGreedily(function, std::move(patterns));
  }
};

} // namespace
} // namespace tessera
