// Types and shapes of matmul and of the packing of its right operand.
#include "NpuTyping.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"

using namespace mlir;

namespace tessera::npu {

int64_t packedRank(Type element) {
  return element.isInteger(8) ? 4 : 3;
}

int64_t panelOf(ShapedType packed) {
  return packed.getDimSize(packed.getRank() - packedRank(packed.getElementType()) + 2);
}

int64_t groupOf(ShapedType packed) {
  return packedRank(packed.getElementType()) == 4 ? packed.getShape().back() : 1;
}

/// How matmul reads an operand: which dim is what, counted from the front.
struct MatmulDims {
  int64_t lhsM, lhsK, rhsK, rhsN, lhsBatch, rhsBatch;
};

static FailureOr<MatmulDims> matmulDims(RankedTensorType lhs, RankedTensorType rhs,
                                        bool transposeLhs, bool transposeRhs, bool packed,
                                        EmitError emitError) {
  int64_t rhsMinimum = packed ? packedRank(rhs.getElementType()) : 2;
  if (lhs.getRank() < 2) {
    emitError() << "expected lhs rank to be at least 2, but got " << lhs.getRank();
    return failure();
  }
  if (rhs.getRank() < rhsMinimum) {
    emitError() << "expected rhs rank to be at least " << rhsMinimum << ", but got "
                << rhs.getRank();
    return failure();
  }
  if (packed && transposeRhs) {
    emitError() << "expected no transpose_rhs with packed_n; packing transposes";
    return failure();
  }
  MatmulDims dims;
  dims.lhsBatch = lhs.getRank() - 2;
  dims.rhsBatch = rhs.getRank() - rhsMinimum;
  dims.lhsM = dims.lhsBatch + (transposeLhs ? 1 : 0);
  dims.lhsK = dims.lhsBatch + (transposeLhs ? 0 : 1);
  dims.rhsK = dims.rhsBatch + (packed || transposeRhs ? 1 : 0);
  dims.rhsN = dims.rhsBatch + (transposeRhs ? 0 : 1);
  return dims;
}

LogicalResult verifyPacked(int64_t packedN, int64_t panels, int64_t panel, StringRef name,
                           int64_t panelsDim, EmitError emitError) {
  if (packedN < 0 || (!ShapedType::isDynamic(panel) && panel <= 0)) {
    emitError() << "expected packed_n and the panel not to be negative or empty, but got "
                << packedN << " and " << panel;
    return failure();
  }
  if (ShapedType::isDynamic(panels) || ShapedType::isDynamic(panel))
    return success();
  int64_t expected = llvm::divideCeil(packedN, panel);
  if (panels == expected)
    return success();
  emitError() << "expected " << name << " dim " << panelsDim << " to be " << expected
              << " panels of " << panel << " for packed_n = " << packedN << ", but got " << panels;
  return failure();
}

int64_t packedDepth(int64_t k, int64_t group) {
  bool known = !ShapedType::isDynamic(k) && !ShapedType::isDynamic(group) && group > 0;
  return known ? int64_t(llvm::divideCeil(k, group)) : ShapedType::kDynamic;
}

Type contractionElementType(Type operand) {
  return operand.isInteger(8) ? IntegerType::get(operand.getContext(), 32) : operand;
}

FailureOr<Type> MatmulOp::inferResultType(Adaptor adaptor, EmitError emitError) {
  auto lhs = cast<RankedTensorType>(adaptor.getLhs().getType());
  auto rhs = cast<RankedTensorType>(adaptor.getRhs().getType());
  if (lhs.getElementType() != rhs.getElementType()) {
    emitError() << "expected rhs element type to be that of lhs (" << lhs.getElementType()
                << "), but got " << rhs.getElementType();
    return failure();
  }
  std::optional<int64_t> packedN = adaptor.getPackedN();
  FailureOr<MatmulDims> dims =
      matmulDims(lhs, rhs, adaptor.getTransposeLhs(), adaptor.getTransposeRhs(),
                 packedN.has_value(), emitError);
  if (failed(dims))
    return failure();
  if (packedN && failed(verifyPacked(*packedN, rhs.getDimSize(dims->rhsBatch), panelOf(rhs), "rhs",
                                     dims->rhsBatch, emitError)))
    return failure();
  int64_t depth = packedDepth(lhs.getDimSize(dims->lhsK), packedN ? groupOf(rhs) : 1);
  if (dimsDiffer(depth, rhs.getDimSize(dims->rhsK))) {
    InFlightDiagnostic error = emitError();
    error << "expected lhs dim " << dims->lhsK << " (" << lhs.getDimSize(dims->lhsK) << ") ";
    if (depth != lhs.getDimSize(dims->lhsK))
      error << "in groups of " << groupOf(rhs) << " ";
    error << "to equal rhs dim " << dims->rhsK << " (" << rhs.getDimSize(dims->rhsK) << ")";
    return failure();
  }

  int64_t batch = std::max(dims->lhsBatch, dims->rhsBatch);
  SmallVector<int64_t> shape(batch, 1);
  for (int64_t dim = 0; dim < batch; ++dim) {
    int64_t lhsDim = dim - (batch - dims->lhsBatch), rhsDim = dim - (batch - dims->rhsBatch);
    int64_t l = lhsDim < 0 ? 1 : lhs.getDimSize(lhsDim);
    int64_t r = rhsDim < 0 ? 1 : rhs.getDimSize(rhsDim);
    if (l != 1 && r != 1 && dimsDiffer(l, r)) {
      emitError() << "expected lhs dim " << lhsDim << " (" << l << ") to broadcast with rhs dim "
                  << rhsDim << " (" << r << ")";
      return failure();
    }
    shape[dim] = (l == 1 || (r != 1 && ShapedType::isDynamic(l))) ? r : l;
  }
  shape.push_back(lhs.getDimSize(dims->lhsM));
  shape.push_back(packedN ? *packedN : rhs.getDimSize(dims->rhsN));
  return Type(RankedTensorType::get(shape, contractionElementType(lhs.getElementType())));
}

LogicalResult MatmulOp::reifyResultShapes(OpBuilder &b, ReifiedRankedShapedTypeDims &shapes) {
  auto lhs = cast<RankedTensorType>(getLhs().getType());
  auto rhs = cast<RankedTensorType>(getRhs().getType());
  auto result = cast<RankedTensorType>(getType());
  bool packed = getPackedN().has_value();
  int64_t lhsBatch = lhs.getRank() - 2;
  int64_t rhsBatch = rhs.getRank() - (packed ? packedRank(rhs.getElementType()) : 2);
  int64_t batch = result.getRank() - 2;
  SmallVector<OpFoldResult> sizes;
  for (int64_t dim = 0; dim < batch; ++dim) {
    int64_t lhsDim = dim - (batch - lhsBatch), rhsDim = dim - (batch - rhsBatch);
    bool fromLhs = lhsDim >= 0 && lhs.getDimSize(lhsDim) != 1;
    // A static rhs dim says more than a dynamic lhs dim.
    if (fromLhs && lhs.isDynamicDim(lhsDim) && rhsDim >= 0 && rhs.getDimSize(rhsDim) != 1 &&
        !rhs.isDynamicDim(rhsDim))
      fromLhs = false;
    if (fromLhs)
      sizes.push_back(tensor::getMixedSize(b, getLoc(), getLhs(), lhsDim));
    else if (rhsDim >= 0)
      sizes.push_back(tensor::getMixedSize(b, getLoc(), getRhs(), rhsDim));
    else
      sizes.push_back(b.getIndexAttr(1));
  }
  sizes.push_back(
      tensor::getMixedSize(b, getLoc(), getLhs(), lhsBatch + (getTransposeLhs() ? 1 : 0)));
  if (packed)
    sizes.push_back(b.getIndexAttr(*getPackedN()));
  else
    sizes.push_back(
        tensor::getMixedSize(b, getLoc(), getRhs(), rhsBatch + (getTransposeRhs() ? 0 : 1)));
  shapes.push_back(std::move(sizes));
  return success();
}

FailureOr<Type> PackRhsOp::inferResultType(Adaptor adaptor, EmitError emitError) {
  auto x = cast<RankedTensorType>(adaptor.getX().getType());
  int64_t panel = adaptor.getPanel();
  if (x.getRank() < 2) {
    emitError() << "expected x rank to be at least 2, but got " << x.getRank();
    return failure();
  }
  if (panel <= 0) {
    emitError() << "expected panel to be positive, but got " << panel;
    return failure();
  }
  std::optional<int64_t> group = adaptor.getGroup();
  if (group && *group <= 0) {
    emitError() << "expected group to be positive, but got " << *group;
    return failure();
  }
  SmallVector<int64_t> shape(x.getShape().drop_back(2));
  int64_t k = x.getDimSize(x.getRank() - (adaptor.getTranspose() ? 1 : 2));
  int64_t n = x.getDimSize(x.getRank() - (adaptor.getTranspose() ? 2 : 1));
  shape.push_back(ShapedType::isDynamic(n) ? n : static_cast<int64_t>(llvm::divideCeil(n, panel)));
  shape.push_back(packedDepth(k, group.value_or(1)));
  shape.push_back(panel);
  if (group)
    shape.push_back(*group);
  return Type(RankedTensorType::get(shape, x.getElementType()));
}

LogicalResult PackRhsOp::reifyResultShapes(OpBuilder &b, ReifiedRankedShapedTypeDims &shapes) {
  SmallVector<OpFoldResult> source = tensor::getMixedSizes(b, getLoc(), getX());
  OpFoldResult last = source.pop_back_val(), first = source.pop_back_val();
  OpFoldResult k = getTranspose() ? last : first, n = getTranspose() ? first : last;
  AffineExpr panels = b.getAffineDimExpr(0).ceilDiv(getPanel());
  source.push_back(affine::makeComposedFoldedAffineApply(b, getLoc(), panels, {n}));
  AffineExpr groups = b.getAffineDimExpr(0).ceilDiv(getGroup().value_or(1));
  source.push_back(affine::makeComposedFoldedAffineApply(b, getLoc(), groups, {k}));
  source.push_back(b.getIndexAttr(getPanel()));
  if (getGroup())
    source.push_back(b.getIndexAttr(*getGroup()));
  shapes.push_back(std::move(source));
  return success();
}

} // namespace tessera::npu
