// Copies that turn matrices: calls of the transposition kernel instead of strided lanes.
#include "VectorLoops.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace tessera;

static MemRefType typeOf(Value v) {
  return cast<MemRefType>(v.getType());
}

int VectorLoops::transposedDim() const {
  bool copies =
      !work.body || (work.body->without_terminator().empty() &&
                     work.body->getTerminator()->getOperand(0) == work.body->getArgument(0));
  if (!copies || work.inputs.size() != 1 || work.outputs.size() != 1 || vectorDim < 0 ||
      !work.reduced.empty() || access(0, vectorDim) != Access::strided ||
      access(1, vectorDim) != Access::contiguous ||
      typeOf(work.inputs[0]).getElementTypeBitWidth() != 32)
    return -1;
  for (unsigned d = 0; d < dims; ++d)
    if (int(d) != vectorDim && access(0, d) == Access::contiguous &&
        access(1, d) == Access::strided)
      return int(d);
  return -1;
}

/// The part of an operand where the two transposed dims begin, and its stride along `d`.
std::pair<Value, Value> VectorLoops::matrixAt(unsigned operand, int d) {
  auto metadata = memref::ExtractStridedMetadataOp::create(b, loc, operands[operand]);
  SmallVector<OpFoldResult> offsets, sizes, ones;
  Value stride;
  for (auto [i, expr] : llvm::enumerate(work.maps[operand].getResults())) {
    auto dim = dyn_cast<AffineDimExpr>(expr);
    bool whole = dim && (int(dim.getPosition()) == vectorDim || int(dim.getPosition()) == other);
    if (dim && int(dim.getPosition()) == d)
      stride = metadata.getStrides()[i];
    offsets.push_back(whole || !dim ? OpFoldResult(b.getIndexAttr(0))
                                    : OpFoldResult(indices[dim.getPosition()]));
    sizes.push_back(whole ? extents[dim.getPosition()] : OpFoldResult(b.getIndexAttr(1)));
    ones.push_back(b.getIndexAttr(1));
  }
  Value part = memref::SubViewOp::create(b, loc, operands[operand], offsets, sizes, ones);
  return {tessera::addressOf(b, loc, part), stride};
}

LogicalResult VectorLoops::emitTranspose(int from) {
  other = from;
  nest(outerLoops(), {}, [&](SmallVector<Value>) {
    auto i64 = [&](Value v) {
      return arith::IndexCastOp::create(b, loc, b.getI64Type(), v).getResult();
    };
    auto [source, sourceStride] = matrixAt(0, vectorDim);
    auto [target, targetStride] = matrixAt(1, other);
    library.call(b, loc, "tessera_transpose2d_32", TypeRange(),
                 {source, i64(sourceStride), target, i64(targetStride),
                  i64(value(extents[vectorDim])), i64(value(extents[other]))});
    return SmallVector<Value>();
  });
  return success();
}
