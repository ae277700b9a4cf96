// Transposes move down through operators until two meet and cancel, or one ends in a matmul, which
// reads transposed operands. Between convolutions of an NCHW model none is left.
#include "CanonicalizeGraph.h"

#include "Constants.h"

#include "mlir/Dialect/Utils/ReshapeOpsUtils.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace tessera {
namespace {

// An operand this many times smaller than the result may be transposed to let a transpose of the
// result through.
constexpr int64_t kSmallShare = 4;

Value transposeOf(OpBuilder &builder, Location loc, Value value, ArrayRef<int64_t> perm) {
  return isIdentity(perm) ? value : npu::TransposeOp::create(builder, loc, value, perm);
}

struct ComposeTransposes : OpRewritePattern<npu::TransposeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(npu::TransposeOp op, PatternRewriter &rewriter) const override {
    auto inner = op.getX().getDefiningOp<npu::TransposeOp>();
    if (!inner)
      return failure();
    SmallVector<int64_t> perm = permuted(inner.getPerm(), op.getPerm());
    rewriter.replaceOp(op, transposeOf(rewriter, op.getLoc(), inner.getX(), perm));
    return success();
  }
};

/// Whether undoing `perm` on an operand costs nothing worth counting beside a tensor of
/// `resultCount` elements, and leaves no real transpose of a computed whole tensor.
bool isCheaplyUndone(Value value, ArrayRef<int64_t> perm, std::optional<int64_t> resultCount) {
  std::optional<int64_t> count = elementCount(value);
  if (count == 1)
    return true;
  if (auto transpose = value.getDefiningOp<npu::TransposeOp>())
    if (transpose.getPerm() == perm)
      return true;
  if (!isReshapeTarget(shapeOf(value)))
    return false;
  if (matchPattern(value, m_Constant()))
    return true;
  SmallVector<int64_t> shape(perm.size() - shapeOf(value).size(), 1);
  llvm::append_range(shape, shapeOf(value));
  return keepsOrder(shape, inverted(perm)) ||
         (count && resultCount && *count * kSmallShare <= *resultCount);
}

/// The operand as it is before a transpose by `perm`, at the result's rank.
Value undo(OpBuilder &builder, Location loc, Value value, ArrayRef<int64_t> perm) {
  if (auto transpose = value.getDefiningOp<npu::TransposeOp>())
    if (transpose.getPerm() == perm)
      return transpose.getX();
  if (elementCount(value) == 1)
    return value;
  SmallVector<int64_t> shape(perm.size() - shapeOf(value).size(), 1), back = inverted(perm);
  llvm::append_range(shape, shapeOf(value));
  if (keepsOrder(shape, back))
    return reshapeTo(builder, loc, value, permuted(shape, back));
  return transposeOf(builder, loc, reshapeTo(builder, loc, value, shape), back);
}

/// A transpose worth moving; one of unit dims becomes a reshape where it is.
npu::TransposeOp movingTranspose(Value value) {
  auto transpose = value.getDefiningOp<npu::TransposeOp>();
  if (!transpose || keepsOrder(shapeOf(transpose.getX()), transpose.getPerm()))
    return {};
  return transpose;
}

/// op(T(x), y...) -> T(op(x, T^-1(y)...)).
struct SinkThroughElementwise : RewritePattern {
  explicit SinkThroughElementwise(MLIRContext *context)
      : RewritePattern(MatchAnyOpTypeTag(), /*benefit=*/2, context) {}

  LogicalResult matchAndRewrite(Operation *op, PatternRewriter &rewriter) const override {
    if (!isa<npu::ElementwiseOpInterface>(op))
      return failure();
    ArrayRef<int64_t> result = shapeOf(op->getResult(0));
    std::optional<int64_t> resultCount = elementCount(op->getResult(0));
    for (Value operand : op->getOperands()) {
      npu::TransposeOp transpose = movingTranspose(operand);
      if (!transpose || shapeOf(transpose.getResult()) != result)
        continue;
      ArrayRef<int64_t> perm = transpose.getPerm();
      if (!llvm::all_of(op->getOperands(),
                        [&](Value other) { return isCheaplyUndone(other, perm, resultCount); }))
        continue;
      SmallVector<Value> operands;
      for (Value other : op->getOperands())
        operands.push_back(undo(rewriter, op->getLoc(), other, perm));
      Operation *moved = cloneWith(rewriter, op, operands, permuted(result, inverted(perm)));
      rewriter.replaceOpWithNewOp<npu::TransposeOp>(
          op, op->getResult(0).getType(), moved->getResult(0), rewriter.getDenseI64ArrayAttr(perm));
      return success();
    }
    return failure();
  }
};

/// Reductions take the axes where they are in the operand of the transpose.
template <class ReduceOp> struct SinkThroughReduce : OpRewritePattern<ReduceOp> {
  using OpRewritePattern<ReduceOp>::OpRewritePattern;
  LogicalResult matchAndRewrite(ReduceOp op, PatternRewriter &rewriter) const override {
    npu::TransposeOp transpose = movingTranspose(op.getX());
    if (!transpose)
      return failure();
    ArrayRef<int64_t> perm = transpose.getPerm();
    SmallVector<int64_t> axes, left;
    for (int64_t axis : op.getAxes())
      axes.push_back(perm[axis]);
    llvm::sort(axes);
    Value reduced =
        ReduceOp::create(rewriter, op.getLoc(), transpose.getX(), axes, op.getKeepdims());
    for (int64_t dim : perm)
      if (op.getKeepdims())
        left.push_back(dim);
      else if (!llvm::is_contained(axes, dim))
        left.push_back(dim - llvm::count_if(axes, [&](int64_t axis) { return axis < dim; }));
    rewriter.replaceOp(op, transposeOf(rewriter, op.getLoc(), reduced, left));
    return success();
  }
};

struct SinkThroughConcat : OpRewritePattern<npu::ConcatOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(npu::ConcatOp op, PatternRewriter &rewriter) const override {
    std::optional<int64_t> resultCount = elementCount(op.getResult());
    for (Value operand : op.getInputs()) {
      npu::TransposeOp transpose = movingTranspose(operand);
      if (!transpose)
        continue;
      SmallVector<int64_t> perm(transpose.getPerm());
      if (!llvm::all_of(op.getInputs(), [&](Value other) {
            return elementCount(other) != 1 && isCheaplyUndone(other, perm, resultCount);
          }))
        continue;
      SmallVector<Value> inputs;
      for (Value other : op.getInputs())
        inputs.push_back(undo(rewriter, op.getLoc(), other, perm));
      Value joined = npu::ConcatOp::create(rewriter, op.getLoc(), inputs, perm[op.getAxis()]);
      rewriter.replaceOp(op, transposeOf(rewriter, op.getLoc(), joined, perm));
      return success();
    }
    return failure();
  }
};

struct SinkThroughSlice : OpRewritePattern<npu::SliceOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(npu::SliceOp op, PatternRewriter &rewriter) const override {
    npu::TransposeOp transpose = movingTranspose(op.getX());
    if (!transpose)
      return failure();
    SmallVector<int64_t> back = inverted(transpose.getPerm());
    Value cut = npu::SliceOp::create(rewriter, op.getLoc(), transpose.getX(),
                                     permuted(op.getOffsets(), back), permuted(op.getSizes(), back),
                                     permuted(op.getStrides(), back));
    rewriter.replaceOp(op, transposeOf(rewriter, op.getLoc(), cut, transpose.getPerm()));
    return success();
  }
};

struct SinkThroughPad : OpRewritePattern<npu::PadOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(npu::PadOp op, PatternRewriter &rewriter) const override {
    npu::TransposeOp transpose = movingTranspose(op.getX());
    if (!transpose)
      return failure();
    SmallVector<int64_t> back = inverted(transpose.getPerm());
    Value padded =
        npu::PadOp::create(rewriter, op.getLoc(), transpose.getX(), permuted(op.getLow(), back),
                           permuted(op.getHigh(), back), op.getValue());
    rewriter.replaceOp(op, transposeOf(rewriter, op.getLoc(), padded, transpose.getPerm()));
    return success();
  }
};

/// Softmax along an axis that stays, or becomes, the last one; a transpose that was made to bring
/// the axis to the end stays where it is.
template <class SoftmaxOp> struct SinkThroughSoftmax : OpRewritePattern<SoftmaxOp> {
  using OpRewritePattern<SoftmaxOp>::OpRewritePattern;
  LogicalResult matchAndRewrite(SoftmaxOp op, PatternRewriter &rewriter) const override {
    npu::TransposeOp transpose = movingTranspose(op.getX());
    if (!transpose)
      return failure();
    int64_t axis = op.getAxis(), last = transpose.getPerm().size() - 1;
    int64_t source = transpose.getPerm()[axis];
    if (axis == last && source != last)
      return failure();
    Value moved = SoftmaxOp::create(rewriter, op.getLoc(), transpose.getX(),
                                    rewriter.getI64IntegerAttr(source));
    rewriter.replaceOp(op, transposeOf(rewriter, op.getLoc(), moved, transpose.getPerm()));
    return success();
  }
};

/// T2(reshape(T1(x))), where the reshape joins dims that are neighbours: T2 moves the dims that
/// were joined as a block, so it can go first, and composes with T1. Likewise where it splits.
struct TransposeAboveReshape : OpRewritePattern<npu::TransposeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(npu::TransposeOp op, PatternRewriter &rewriter) const override {
    auto reshape = op.getX().getDefiningOp<npu::ReshapeOp>();
    auto first = reshape ? reshape.getX().getDefiningOp<npu::TransposeOp>() : nullptr;
    if (!first)
      return failure();
    RankedTensorType from = typeOf(reshape.getX()), to = typeOf(reshape.getResult());
    if (!from.hasStaticShape() || !to.hasStaticShape() || from.getRank() <= to.getRank())
      return failure();
    auto groups = getReassociationIndicesForReshape(from, to);
    if (!groups)
      return failure();
    SmallVector<int64_t> perm;
    for (int64_t dim : op.getPerm())
      llvm::append_range(perm, (*groups)[dim]);
    // Worth it only if no transpose of whole rows is left.
    SmallVector<int64_t> both = permuted(first.getPerm(), perm);
    if (!isIdentity(both))
      return failure();
    rewriter.replaceOpWithNewOp<npu::ReshapeOp>(op, op.getType(), first.getX());
    return success();
  }
};

/// A matmul reads operands whose last two dims are swapped; a transpose that moves the last dim
/// elsewhere is split into one that keeps rows whole and the swap.
struct TransposeIntoMatmul : OpRewritePattern<npu::MatmulOp> {
  using OpRewritePattern::OpRewritePattern;

  /// The operand without the swap of its last two dims, null when there is none to take.
  static Value withoutSwap(PatternRewriter &rewriter, Value value) {
    auto transpose = value.getDefiningOp<npu::TransposeOp>();
    if (!transpose || transpose.getPerm().size() < 2)
      return {};
    SmallVector<int64_t> perm(transpose.getPerm());
    int64_t last = perm.size() - 1;
    if (perm[last - 1] != last)
      return {};
    std::swap(perm[last], perm[last - 1]);
    return transposeOf(rewriter, transpose.getLoc(), transpose.getX(), perm);
  }

  LogicalResult matchAndRewrite(npu::MatmulOp op, PatternRewriter &rewriter) const override {
    if (op.getPackedN())
      return failure();
    Value lhs = withoutSwap(rewriter, op.getLhs()), rhs = withoutSwap(rewriter, op.getRhs());
    if (!lhs && !rhs)
      return failure();
    rewriter.modifyOpInPlace(op, [&] {
      if (lhs) {
        op.getLhsMutable().assign(lhs);
        op.setTransposeLhs(!op.getTransposeLhs());
      }
      if (rhs) {
        op.getRhsMutable().assign(rhs);
        op.setTransposeRhs(!op.getTransposeRhs());
      }
    });
    return success();
  }
};

} // namespace

void populateTransposePatterns(RewritePatternSet &patterns) {
  MLIRContext *context = patterns.getContext();
  patterns.add<ComposeTransposes>(context, /*benefit=*/5);
  patterns.add<SinkThroughElementwise, SinkThroughConcat, SinkThroughSlice, SinkThroughPad,
               TransposeAboveReshape, TransposeIntoMatmul>(context);
  patterns.add<SinkThroughSoftmax<npu::SoftmaxOp>, SinkThroughSoftmax<npu::LogSoftmaxOp>>(context);
  patterns.add<SinkThroughReduce<npu::ReduceSumOp>, SinkThroughReduce<npu::ReduceMeanOp>,
               SinkThroughReduce<npu::ReduceMaxOp>, SinkThroughReduce<npu::ReduceMinOp>,
               SinkThroughReduce<npu::ReduceProdOp>>(context);
}

} // namespace tessera
