// npu-canonicalize-graph: runs the graph's simplifications to a fixed point. The patterns are in
// Canonicalize*.cpp, by subject; here are the driver and what they share.
#include "CanonicalizeGraph.h"

#include "FoldConstants.h"
#include "FuseGroups.h"

#include "mlir/IR/Dominance.h"
#include "mlir/Transforms/CSE.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "tessera/passes/Passes.h"
#include "tessera/passes/TileCandidates.h"

#include <map>

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
  // A reshape of a reshape would hide from the patterns what it is of.
  for (auto reshape = value.getDefiningOp<npu::ReshapeOp>();
       reshape && typeOf(reshape.getX()).hasStaticShape() && !ShapedType::isDynamicShape(shape);
       reshape = value.getDefiningOp<npu::ReshapeOp>())
    value = reshape.getX();
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

bool keepsOrder(ArrayRef<int64_t> shape, ArrayRef<int64_t> perm) {
  int64_t previous = -1;
  for (int64_t dim : perm) {
    if (shape[dim] == 1)
      continue;
    if (dim < previous)
      return false;
    previous = dim;
  }
  return true;
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

constexpr int64_t kMaxIterations = 100;
constexpr int64_t kRewritesPerOp = 100;

struct CanonicalizeGraph : impl::NpuCanonicalizeGraphBase<CanonicalizeGraph> {
  using NpuCanonicalizeGraphBase::NpuCanonicalizeGraphBase;

  FrozenRewritePatternSet naming, everything;

  LogicalResult initialize(MLIRContext *context) override {
    RewritePatternSet names(context), all(context);
    for (RewritePatternSet *set : {&names, &all}) {
      populateFoldConstantsPatterns(*set);
      populateEmptyPatterns(*set);
      populateMovementPatterns(*set);
      populateActivationPatterns(*set);
      populateNormPatterns(*set);
      populateMaskPatterns(*set);
    }
    populateSlicePatterns(all);
    populateReshapePatterns(all);
    populateTransposePatterns(all);
    populateContractionPatterns(all);
    if (foldWeights)
      populateWeightPatterns(all);
    naming = std::move(names);
    everything = std::move(all);
    return success();
  }

  using Requests = std::map<std::pair<std::string, const void *>, std::pair<Location, int>>;

  /// How many operators of each place carry what a schedule puts on them.
  Requests requests() {
    Requests found;
    getOperation().walk([&](Operation *op) {
      for (StringRef name : {StringRef(kGroupAttr), StringRef(kTileAttr)})
        if (op->hasAttr(name)) {
          const void *place = op->getLoc().getAsOpaquePointer();
          ++found.try_emplace({name.str(), place}, op->getLoc(), 0).first->second.second;
        }
    });
    return found;
  }

  void runOnOperation() override {
    const Requests before = requests();
    simplify();
    const Requests after = requests();
    for (const auto &[key, request] : before) {
      auto left = after.find(key);
      if (left == after.end() || left->second.second < request.second)
        emitWarning(request.first)
            << key.first << " is lost: the operator has been simplified into others; a transform-"
            << "dialect schedule in the file sees what these are";
    }
  }

  void simplify() {
    // Each pattern makes progress, but no proof covers all of them together: a graph that kept
    // changing would stop here, right, only less simple than it could be.
    int64_t count = 0;
    bool hasKernels = false;
    getOperation().walk([&](Operation *op) {
      ++count;
      hasKernels |= isa<npu::KernelOp>(op);
    });
    GreedyRewriteConfig config;
    config.setMaxIterations(kMaxIterations).setMaxNumRewrites(kRewritesPerOp * count);
    config.setUseTopDownTraversal(true);
    DominanceInfo dominance(getOperation());
    IRRewriter rewriter(&getContext());
    // Idioms are named first: movement that goes up or down through them would tear them apart.
    // Equal operators become one before each step, because idioms are recognised by their values.
    for (const FrozenRewritePatternSet *patterns : {&naming, &everything, &everything}) {
      eliminateCommonSubExpressions(rewriter, dominance, getOperation());
      // Of a whole function the driver would also see what is in kernels.
      if (hasKernels)
        (void)applyOpPatternsGreedily(outsideKernels(), *patterns, config);
      else
        (void)applyPatternsGreedily(getOperation(), *patterns, config);
    }
    eliminateCommonSubExpressions(rewriter, dominance, getOperation());
  }

  /// All operators but those that are in kernels already: a kernel's result cannot become a view.
  SmallVector<Operation *> outsideKernels() {
    SmallVector<Operation *> found;
    getOperation().getBody().walk<WalkOrder::PreOrder>([&](Operation *op) {
      found.push_back(op);
      return isa<npu::KernelOp>(op) ? WalkResult::skip() : WalkResult::advance();
    });
    return found;
  }
};

} // namespace
} // namespace tessera
