// Which products stay whole on a CPU, and the one block that each becomes.
#include "WholeProducts.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace tessera;

/// The strides of a buffer, or of a tensor that lies by rows.
static std::optional<SmallVector<int64_t>> stridesOf(ShapedType type) {
  SmallVector<int64_t> strides;
  if (auto buffer = dyn_cast<MemRefType>(type)) {
    int64_t offset;
    if (failed(buffer.getStridesAndOffset(strides, offset)) ||
        llvm::is_contained(strides, ShapedType::kDynamic))
      return std::nullopt;
    return strides;
  }
  strides.assign(size_t(type.getRank()), 1);
  for (size_t d = strides.size(); d-- > 1;)
    strides[d - 1] = strides[d] * type.getDimSize(int64_t(d));
  return strides;
}

/// The distance of the operand's parts along dim `d` of the batch of `rank` dims.
static int64_t batchStride(ShapedType type, ArrayRef<int64_t> strides, int64_t d, int64_t rank) {
  const int64_t at = d - (rank - type.getRank());
  return at < 0 || type.getDimSize(at) == 1 ? 0 : strides[size_t(at)];
}

std::optional<ProductLayout> tessera::productLayout(ShapedType lhs, ShapedType rhs, ShapedType out,
                                                    bool transposeLhs, bool transposeRhs) {
  ProductLayout product;
  const int64_t rank = out.getRank();
  const bool transposed[] = {transposeLhs, transposeRhs, false};
  ProductLayout::Operand *operands[] = {&product.lhs, &product.rhs, &product.out};
  SmallVector<int64_t> strides[3];
  const ShapedType types[] = {lhs, rhs, out};
  for (int i = 0; i < 3; ++i) {
    std::optional<SmallVector<int64_t>> found;
    if (types[i].hasStaticShape() && types[i].getRank() >= 2)
      found = stridesOf(types[i]);
    if (!found)
      return std::nullopt;
    strides[i] = *found;
    operands[i]->row = strides[i].end()[transposed[i] ? -1 : -2];
    operands[i]->column = strides[i].end()[transposed[i] ? -2 : -1];
  }
  if (product.out.column != 1)
    return std::nullopt;
  product.m = out.getDimSize(rank - 2), product.n = out.getDimSize(rank - 1);
  product.k = lhs.getDimSize(lhs.getRank() - (transposeLhs ? 2 : 1));
  // From the last dim of the batch on, each must go on where the ones behind it end.
  for (int64_t d = rank - 3; d >= 0; --d) {
    if (out.getDimSize(d) == 1)
      continue;
    for (int i = 0; i < 3; ++i) {
      const int64_t stride = batchStride(types[i], strides[i], d, rank);
      if (product.batch == 1)
        operands[i]->batch = stride;
      else if (stride != operands[i]->batch * product.batch)
        return std::nullopt;
    }
    product.batch *= out.getDimSize(d);
  }
  // Matrices that follow each other are one, where all are multiplied by the same.
  if (product.batch > 1 && product.rhs.batch == 0 &&
      product.lhs.batch == product.m * product.lhs.row &&
      product.out.batch == product.m * product.out.row) {
    product.m *= product.batch;
    product.batch = 1;
  }
  return product;
}

std::optional<ProductLayout> tessera::productLayout(tile::MatmulOp op) {
  return productLayout(
      cast<ShapedType>(op.getLhs().getType()), cast<ShapedType>(op.getRhs().getType()),
      cast<ShapedType>(op.getOut().getType()), op.getTransposeLhs(), op.getTransposeRhs());
}

bool tessera::canStayWhole(npu::MatmulOp op, const tile::ChipSpec &chip) {
  auto isFloat = [](Value v) { return getElementTypeOrSelf(v.getType()).isF32(); };
  if (!chip.isCpu() || op.getPackedN() || !isFloat(op.getLhs()) || !isFloat(op.getRhs()) ||
      !isFloat(op.getResult()))
    return false;
  Type f32 = Float32Type::get(op.getContext());
  return chip.mmaFor(f32, f32) &&
         productLayout(op.getLhs().getType(), op.getRhs().getType(), op.getResult().getType(),
                       op.getTransposeLhs(), op.getTransposeRhs());
}

bool tessera::shouldStayWhole(npu::MatmulOp op) {
  // Nothing but elementwise operators joins a product, and all users must.
  return !op.getRhs().getDefiningOp<npu::ConstantOp>() &&
         !llvm::all_of(op->getUsers(),
                       [](Operation *user) { return isa<npu::ElementwiseOpInterface>(user); });
}

void tessera::makeWhole(npu::MatmulOp op, BlockArgument output) {
  Location loc = op.getLoc();
  OpBuilder b(op);
  auto type = cast<RankedTensorType>(output.getType());
  auto forall = scf::ForallOp::create(b, loc, ArrayRef<OpFoldResult>{b.getIndexAttr(1)},
                                      ValueRange{output}, std::nullopt);
  b.setInsertionPointToStart(forall.getBody());
  Value empty = tensor::EmptyOp::create(b, loc, type.getShape(), type.getElementType());
  auto block = tile::MatmulOp::create(b, loc, TypeRange{type}, op.getLhs(), op.getRhs(), empty,
                                      op.getTransposeLhs(), op.getTransposeRhs(),
                                      /*accumulate=*/false, IntegerAttr(), /*whole=*/true);
  b.setInsertionPointToStart(forall.getTerminator().getBody());
  SmallVector<OpFoldResult> zeros(size_t(type.getRank()), b.getIndexAttr(0));
  SmallVector<OpFoldResult> ones(size_t(type.getRank()), b.getIndexAttr(1));
  tensor::ParallelInsertSliceOp::create(
      b, loc, block->getResult(0), forall.getRegionIterArgs().front(), zeros,
      getAsIndexOpFoldResult(b.getContext(), type.getShape()), ones);
  op->replaceAllUsesWith(forall.getResults());
}
