// npu-canonicalize-graph: runs the graph's simplifications to a fixed point. The patterns are in
// Canonicalize*.cpp, by subject; here are the driver and what they share.
#include "CanonicalizeGraph.h"

#include "FoldConstants.h"

#include "mlir/IR/Dominance.h"
#include "mlir/Transforms/CSE.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "tessera/passes/Passes.h"

using namespace mlir;

namespace tessera {
#define GEN_PASS_DEF_NPUCANONICALIZEGRAPH
#include "tessera/passes/Passes.h.inc"

std::optional<int64_t> elementCount(Value value) {
  RankedTensorType type = typeOf(value);
  if (!type.hasStaticShape())
    return std::nullopt;
  return type.getNumElements();
}

bool isReshapeTarget(ArrayRef<int64_t> shape) {
  return llvm::count_if(shape, ShapedType::isDynamic) <= 1;
}

Value reshapeTo(OpBuilder &builder, Location loc, Value value, ArrayRef<int64_t> shape) {
  if (shapeOf(value) == shape)
    return value;
  return npu::ReshapeOp::create(
      builder, loc, RankedTensorType::get(shape, typeOf(value).getElementType()), value);
}

SmallVector<int64_t> permuted(ArrayRef<int64_t> shape, ArrayRef<int64_t> perm) {
  SmallVector<int64_t> result;
  for (int64_t dim : perm)
    result.push_back(shape[dim]);
  return result;
}

SmallVector<int64_t> inverted(ArrayRef<int64_t> perm) {
  SmallVector<int64_t> result(perm.size());
  for (auto [index, dim] : llvm::enumerate(perm))
    result[dim] = index;
  return result;
}

bool isIdentity(ArrayRef<int64_t> perm) {
  return llvm::all_of(llvm::enumerate(perm),
                      [](auto entry) { return entry.value() == int64_t(entry.index()); });
}

Operation *cloneWith(OpBuilder &builder, Operation *op, ValueRange operands,
                     ArrayRef<int64_t> resultShape) {
  Operation *clone = op->clone();
  clone->setOperands(operands);
  Value result = clone->getResult(0);
  result.setType(RankedTensorType::get(resultShape, typeOf(result).getElementType()));
  return builder.insert(clone);
}

namespace {

struct CanonicalizeGraph : impl::NpuCanonicalizeGraphBase<CanonicalizeGraph> {
  using NpuCanonicalizeGraphBase::NpuCanonicalizeGraphBase;

  FrozenRewritePatternSet patterns;

  LogicalResult initialize(MLIRContext *context) override {
    RewritePatternSet set(context);
    populateFoldConstantsPatterns(set);
    populateMovementPatterns(set);
    populateReshapePatterns(set);
    populateTransposePatterns(set);
    populateActivationPatterns(set);
    populateNormPatterns(set);
    populateContractionPatterns(set);
    if (foldWeights)
      populateWeightPatterns(set);
    patterns = std::move(set);
    return success();
  }

  void runOnOperation() override {
    GreedyRewriteConfig config;
    // Constants are folded by evaluating them, once; the driver's own folding adds nothing but the
    // operators' folders.
    config.enableFolding(true).enableConstantCSE(true).setMaxIterations(100);
    DominanceInfo dominance(getOperation());
    // Equal operators become one both before, so that idioms are recognised by their values, and
    // after. A function that keeps changing at the limit is still right, only less simple.
    for (int round = 0; round < 2; ++round) {
      IRRewriter rewriter(&getContext());
      eliminateCommonSubExpressions(rewriter, dominance, getOperation());
      (void)applyPatternsGreedily(getOperation(), patterns, config);
    }
    IRRewriter rewriter(&getContext());
    eliminateCommonSubExpressions(rewriter, dominance, getOperation());
  }
};

} // namespace
} // namespace tessera
