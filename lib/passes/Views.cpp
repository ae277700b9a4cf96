// The types of views follow the buffers they look at.
#include "Views.h"

#include "tessera/dialect/tile/TileDialect.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace tessera;

LogicalResult tessera::retypeView(Operation *op) {
  FailureOr<MemRefType> type = failure();
  if (auto view = dyn_cast<memref::SubViewOp>(op)) {
    type = cast<MemRefType>(memref::SubViewOp::inferRankReducedResultType(
        view.getType().getShape(), view.getSourceType(), view.getMixedOffsets(),
        view.getMixedSizes(), view.getMixedStrides()));
  } else if (auto expand = dyn_cast<memref::ExpandShapeOp>(op)) {
    type = memref::ExpandShapeOp::computeExpandedType(
        expand.getSrcType(), expand.getResultType().getShape(), expand.getReassociationIndices());
  } else if (auto collapse = dyn_cast<memref::CollapseShapeOp>(op)) {
    type = memref::CollapseShapeOp::computeCollapsedType(collapse.getSrcType(),
                                                         collapse.getReassociationIndices());
  } else if (auto cast = dyn_cast<memref::CastOp>(op)) {
    auto source = llvm::cast<MemRefType>(cast.getSource().getType());
    auto result = llvm::cast<MemRefType>(cast.getType());
    type =
        MemRefType::get(result.getShape(), result.getElementType(),
                        result.getLayout().isIdentity() ? source.getLayout() : result.getLayout(),
                        source.getMemorySpace());
    if (!memref::CastOp::areCastCompatible(source, *type))
      type = source;
  } else {
    return success();
  }
  if (failed(type))
    return op->emitOpError("cannot view a buffer in ")
           << tile::spaceOf(cast<MemRefType>(op->getOperand(0).getType()));
  op->getResult(0).setType(*type);
  return success();
}
