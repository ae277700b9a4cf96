// Tiles kernel functions: one scf.forall over blocks, producers fused inside.
#include "LoopNests.h"
#include "TileSizes.h"

#include "Attention.h"

#include "tessera/dialect/npu/NpuDialect.h"
#include "tessera/dialect/npu/NpuOps.h"
#include "tessera/dialect/tile/TileDialect.h"
#include "tessera/passes/Passes.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/SCF/Transforms/TileUsingInterface.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Dominance.h"
#include "mlir/IR/Iterators.h"
#include "mlir/Interfaces/TilingInterface.h"
#include "mlir/Transforms/CSE.h"

namespace tessera {
using namespace mlir;
#define GEN_PASS_DEF_NPUTILE
#include "tessera/passes/Passes.h.inc"

namespace {

RankedTensorType typeOf(Value v) {
  return cast<RankedTensorType>(v.getType());
}

/// The contraction a kernel holds, if any; fuse puts at most one into a kernel.
Operation *contractionOf(func::FuncOp kernel) {
  Operation *found = nullptr;
  kernel.walk([&](npu::NpuOpInterface op) {
    if (op.getFamily() == npu::OpFamily::Contraction || isa<npu::Conv2DOp>(op.getOperation()))
      found = op;
  });
  return found;
}

/// What the cost function needs to know of a contraction.
ContractionShape describe(Operation *op, bool epilogue) {
  ContractionShape shape;
  RankedTensorType result = typeOf(op->getResult(0)), lhs = typeOf(op->getOperand(0));
  RankedTensorType rhs = typeOf(op->getOperand(1));
  shape.lhsType = lhs.getElementType();
  shape.rhsType = rhs.getElementType();
  shape.resultType = result.getElementType();
  shape.epilogue = epilogue;
  int64_t rank = result.getRank();
  shape.n = result.getDimSize(rank - 1);
  if (auto matmul = dyn_cast<npu::MatmulOp>(op)) {
    shape.m = result.getDimSize(rank - 2);
    for (int64_t d = 0; d + 2 < rank; ++d)
      shape.batch *= result.getDimSize(d);
    shape.k = lhs.getDimSize(lhs.getRank() - (matmul.getTransposeLhs() ? 2 : 1));
    shape.turnLhs = matmul.getTransposeLhs(), shape.turnRhs = matmul.getTransposeRhs();
    if (matmul.getPackedN())
      shape.panel = rhs.getDimSize(rhs.getRank() - 1);
  } else {
    auto conv = cast<npu::Conv2DOp>(op);
    shape.batch = result.getDimSize(0);
    shape.mStep = result.getDimSize(2);
    shape.m = result.getDimSize(1) * shape.mStep;
    std::array<int64_t, 2> window = conv.getWindow();
    shape.k = window[0] * window[1] * lhs.getDimSize(3);
    shape.lineBytes =
        lhs.getDimSize(2) * lhs.getDimSize(3) * llvm::divideCeil(lhs.getElementTypeBitWidth(), 8);
    shape.lineStride = conv.getStrides()[0];
    shape.lineReach = (window[0] - 1) * conv.getDilations()[0] + 1;
    if (conv.getPackedN())
      shape.panel = rhs.getDimSize(2);
  }
  return shape;
}

/// Bytes a block holds per point of the last operator's iteration space: every value of the kernel
/// counts as if it were cut alike.
double bytesPerPoint(func::FuncOp kernel, ArrayRef<int64_t> extents) {
  double points = 1, bytes = 0;
  for (int64_t extent : extents)
    points *= double(std::max<int64_t>(extent, 1));
  auto add = [&](Value v) {
    if (auto type = dyn_cast<RankedTensorType>(v.getType()))
      if (type.hasStaticShape())
        bytes += double(type.getNumElements()) * type.getElementTypeBitWidth() / 8;
  };
  for (BlockArgument arg : kernel.getArguments())
    if (!arg.use_empty())
      add(arg);
  for (Operation &op : kernel.getBody().front())
    for (Value result : op.getResults())
      add(result);
  return bytes / points;
}

struct TileKernels : impl::NpuTileBase<TileKernels> {
  void runOnOperation() override {
    func::FuncOp kernel = getOperation();
    if (!kernel->hasAttr("tile.kernel") || kernel.isExternal())
      return;
    bool tiled = false;
    kernel.walk([&](scf::ForallOp) { tiled = true; });
    if (tiled)
      return; // entered from a printed file
    std::shared_ptr<const tile::ChipSpec> chip = tile::ChipSpec::of(kernel);
    if (!chip)
      return signalPassFailure();
    auto ret = cast<func::ReturnOp>(kernel.getBody().front().getTerminator());
    for (auto [i, value] : llvm::enumerate(SmallVector<Value>(ret.getOperands())))
      if (failed(tileResult(kernel, value, i, *chip)))
        return signalPassFailure();
  }

  /// Tiles the operator that makes one result; its destination is the output argument.
  LogicalResult tileResult(func::FuncOp kernel, Value value, unsigned index,
                           const tile::ChipSpec &chip) {
    BlockArgument output =
        kernel.getArgument(kernel.getNumArguments() - kernel.getNumResults() + index);
    auto root = value.getDefiningOp<TilingInterface>();
    if (!root)
      return kernel.emitError("result ") << index << " of the kernel cannot be tiled";
    IRRewriter rewriter(root);
    if (std::optional<Attention> attention = matchAttention(root))
      if (tileAttention(*attention, output, chip)) {
        eraseDead(kernel);
        return success();
      }
    if (root.getLoopIteratorTypes().empty())
      return wrapWhole(kernel, root, output, rewriter);
    std::optional<SmallVector<int64_t>> sizes = sizesFor(kernel, root, chip);
    if (!sizes)
      return failure();
    scf::SCFTileAndFuseOptions options;
    SmallVector<OpFoldResult> folds = getAsIndexOpFoldResult(root.getContext(), *sizes);
    options.tilingOptions.setTileSizes(folds).setLoopType(
        scf::SCFTilingOptions::LoopType::ForallOp);
    FailureOr<scf::SCFTileAndFuseResult> result =
        scf::tileConsumerAndFuseProducersUsingSCF(rewriter, root, options);
    if (failed(result) || result->loops.empty())
      return root->emitOpError("cannot be tiled");
    Value replacement = result->replacements.lookup(root->getResult(0));
    rewriter.replaceAllUsesWith(root->getResult(0), replacement);
    auto forall = cast<scf::ForallOp>(result->loops.front());
    forall.getOutputsMutable().assign(output);
    // A producer with two users has been computed for each: equal slices make equal operators.
    DominanceInfo dominance(kernel);
    eliminateCommonSubExpressions(rewriter, dominance, kernel);
    eraseDead(kernel);
    return checkFused(kernel);
  }

  /// A result that no loop runs along (a reduction to one value) is one block of its own.
  LogicalResult wrapWhole(func::FuncOp kernel, Operation *root, BlockArgument output,
                          IRRewriter &rewriter) {
    Location loc = root->getLoc();
    RankedTensorType type = typeOf(output);
    rewriter.setInsertionPointAfter(root);
    auto forall =
        scf::ForallOp::create(rewriter, loc, ArrayRef<OpFoldResult>{rewriter.getIndexAttr(1)},
                              ValueRange{output}, std::nullopt);
    rewriter.replaceUsesWithIf(root->getResult(0), forall.getResult(0),
                               [&](OpOperand &use) { return isa<func::ReturnOp>(use.getOwner()); });
    SmallVector<Operation *> body;
    for (Operation &op : kernel.getBody().front())
      if (&op != forall && !op.hasTrait<OpTrait::IsTerminator>())
        body.push_back(&op);
    for (Operation *op : body)
      op->moveBefore(forall.getTerminator());
    rewriter.setInsertionPointToStart(forall.getTerminator().getBody());
    SmallVector<OpFoldResult> zeros(type.getRank(), rewriter.getIndexAttr(0));
    SmallVector<OpFoldResult> ones(type.getRank(), rewriter.getIndexAttr(1));
    tensor::ParallelInsertSliceOp::create(rewriter, loc, root->getResult(0),
                                          forall.getRegionIterArgs().front(), zeros,
                                          tensor::getMixedSizes(rewriter, loc, output), ones);
    return success();
  }

  /// The loops of an elementwise root along which an operator before it takes all: a softmax or
  /// layer norm its rows. Operators that are broadcast do not set tiles, so ranks are equal.
  static SmallVector<bool> wholeDims(func::FuncOp kernel, Operation *root, size_t loops) {
    SmallVector<bool> whole(loops, false);
    kernel.walk([&](npu::NpuOpInterface op) {
      const npu::OpFamily family = op.getFamily();
      if (op == root ||
          (family != npu::OpFamily::Normalization && family != npu::OpFamily::Reduction))
        return;
      const DimLoops result = loopNest(op).result;
      for (auto [dim, loop] : llvm::enumerate(result))
        if (result.size() == loops && loop == kWhole)
          whole[dim] = true;
    });
    return whole;
  }

  /// Tile sizes by loop of the root.
  std::optional<SmallVector<int64_t>> sizesFor(func::FuncOp kernel, TilingInterface root,
                                               const tile::ChipSpec &chip) {
    OpBuilder builder(root);
    SmallVector<int64_t> extents;
    for (auto [range, type] :
         llvm::zip(root.getIterationDomain(builder), root.getLoopIteratorTypes()))
      if (type == utils::IteratorType::parallel)
        extents.push_back(getConstantIntValue(range.size).value_or(1));
    if (Operation *contraction = contractionOf(kernel))
      return contractionSizes(contraction, root, extents, chip);
    bool window = false, pack = false;
    kernel.walk([&](npu::NpuOpInterface op) {
      window |= op.getFamily() == npu::OpFamily::Window;
      pack |= isa<npu::PackRhsOp>(op.getOperation());
    });
    if (!chip.vectorFor()) {
      kernel.emitError("kernel '")
          << kernel.getName() << "' needs a vector unit, but the file of chip " << chip.name
          << " describes none; 'tessera chips " << chip.name << "' says what it leaves out";
      return std::nullopt;
    }
    // Dims that no loop may cut. A window takes whole rows of one image, whatever consumes them.
    SmallVector<bool> whole = wholeDims(kernel, root, extents.size());
    if (window && extents.size() == 4)
      whole[2] = true;
    double bytes = bytesPerPoint(kernel, extents);
    SmallVector<int64_t> cuttable;
    for (auto [extent, isWhole] : llvm::zip(extents, whole)) {
      if (isWhole)
        bytes *= double(extent);
      else
        cuttable.push_back(extent);
    }
    std::optional<SmallVector<int64_t>> sizes = chooseVectorTile(cuttable, bytes, chip);
    if (!sizes) {
      kernel.emitError("no tile of kernel '")
          << kernel.getName() << "' fits: its smallest needs " << int64_t(bytes)
          << " bytes of the vector unit's memory on chip " << chip.name;
      return std::nullopt;
    }
    if (window)
      sizes->front() = 1;
    for (auto [dim, isWhole] : llvm::enumerate(whole))
      if (isWhole)
        sizes->insert(sizes->begin() + dim, extents[dim]);
    if (pack) // one batch entry at a time
      std::fill(sizes->begin(), sizes->end() - 1, 1);
    return sizePerLoop(*sizes, root);
  }

  std::optional<SmallVector<int64_t>> contractionSizes(Operation *op, TilingInterface root,
                                                       ArrayRef<int64_t> extents,
                                                       const tile::ChipSpec &chip) {
    ContractionShape shape = describe(op, op != root.getOperation());
    if (!chip.mmaFor(shape.lhsType, shape.rhsType)) {
      op->emitOpError("has no matrix unit for ")
          << shape.lhsType << " x " << shape.rhsType << " on chip " << chip.name;
      return std::nullopt;
    }
    if (const tile::Path *path = chip.path(chip.global().name, "l1");
        path && !path->layouts.empty() && !path->allowsLayout("row", "zN") &&
        !chip.mmaFor(shape.lhsType, shape.rhsType)->a.allowsSpace(chip.global().name)) {
      op->emitOpError("needs rows in ")
          << path->from
          << " cut into the matrix unit's blocks on their way to l1, which no path of "
          << "chip " << chip.name << " from " << path->from
          << " to l1 does; choose a chip whose file lists row->zN there";
      return std::nullopt;
    }
    std::optional<MatrixTile> tile = chooseMatrixTile(shape, chip);
    if (!tile) {
      op->emitOpError("has no block that fits the memories of chip ") << chip.name;
      return std::nullopt;
    }
    SmallVector<int64_t> sizes(extents.size(), 1);
    if (isa<npu::Conv2DOp>(op)) { // loops: image, output row, features (an epilogue adds columns)
      sizes[1] = std::max<int64_t>(tile->m / shape.mStep, 1);
      if (sizes.size() == 4)
        sizes[2] = extents[2];
      sizes.back() = tile->n;
    } else {
      sizes[sizes.size() - 2] = tile->m;
      sizes.back() = tile->n;
    }
    for (auto [size, extent] : llvm::zip(sizes, extents))
      size = std::min(size, std::max<int64_t>(extent, 1));
    return sizePerLoop(sizes, root);
  }

  /// One size per loop; reductions are not cut (0).
  SmallVector<int64_t> sizePerLoop(SmallVector<int64_t> sizes, TilingInterface root) {
    sizes.resize(root.getLoopIteratorTypes().size(), 0);
    return sizes;
  }

  void eraseDead(func::FuncOp kernel) {
    bool changed = true;
    while (changed) {
      changed = false;
      kernel.walk<WalkOrder::PostOrder, mlir::ReverseIterator>([&](Operation *op) {
        if (isOpTriviallyDead(op)) {
          op->erase();
          changed = true;
        }
      });
    }
  }

  /// Every operator has moved into the tile, or the kernel was grouped wrongly.
  LogicalResult checkFused(func::FuncOp kernel) {
    for (Operation &op : kernel.getBody().front())
      if (isa<npu::NpuOpInterface>(op) && !op.hasTrait<OpTrait::ConstantLike>())
        return op.emitOpError("was grouped into kernel '")
               << kernel.getName() << "' but cannot be computed tile by tile with it";
    return success();
  }
};

} // namespace
} // namespace tessera
