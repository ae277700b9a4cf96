// Tiles kernel functions: one scf.forall over blocks, producers fused inside.
#include "TileChoice.h"

#include "Attention.h"
#include "WholeProducts.h"

#include "tessera/dialect/npu/NpuDialect.h"
#include "tessera/dialect/npu/NpuOps.h"
#include "tessera/dialect/tile/TileDialect.h"
#include "tessera/passes/Passes.h"
#include "tessera/support/Tuning.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/SCF/Transforms/TileUsingInterface.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Dominance.h"
#include "mlir/IR/Iterators.h"
#include "mlir/IR/Remarks.h"
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

struct TileKernels : impl::NpuTileBase<TileKernels> {
  using NpuTileBase::NpuTileBase;

  /// The record of tuning is read once for all kernels.
  LogicalResult initialize(MLIRContext *context) override {
    if (tuning.empty())
      return success();
    std::string error;
    std::optional<TuningRecord> read = readTuning(tuning, error);
    if (!read)
      return emitError(UnknownLoc::get(context)) << error;
    record = std::make_shared<TuningRecord>(std::move(*read));
    return success();
  }

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
      if (std::optional<AttentionChoice> choice = AttentionChoice::of(typesOf(*attention), chip))
        if (SmallVector<TileCandidate> all = choice->candidates(); !all.empty()) {
          std::optional<TileCandidate> tile = chosen(kernel, *choice, all, chip);
          if (!tile)
            return failure();
          tileAttention(*attention, output, choice->tile(tile->sizes));
          eraseDead(kernel);
          return success();
        }
    if (auto matmul = dyn_cast<npu::MatmulOp>(root.getOperation());
        matmul && !matmul->hasAttr(kTileAttr) && canStayWhole(matmul, chip)) {
      explainWhole(kernel);
      makeWhole(matmul, output);
      eraseDead(kernel);
      return checkFused(kernel);
    }
    if (root.getLoopIteratorTypes().empty()) {
      for (Operation &op : kernel.getBody().front())
        if (op.hasAttr(kTileAttr))
          return op.emitOpError("has ") << kTileAttr << ", but its kernel's result has nothing to "
                                        << "cut: it is computed as one block";
      return wrapWhole(kernel, root, output, rewriter);
    }
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

  /// Tile sizes by loop of the root.
  std::optional<SmallVector<int64_t>> sizesFor(func::FuncOp kernel, TilingInterface root,
                                               const tile::ChipSpec &chip) {
    FailureOr<TileChoice> choice = TileChoice::of(kernel, root, chip);
    if (failed(choice))
      return std::nullopt;
    std::optional<TileCandidate> tile = chosen(kernel, *choice, choice->candidates(), chip);
    if (!tile)
      return std::nullopt;
    return choice->sizePerLoop(tile->sizes);
  }

  /// The schedule's tile, else that of the record, else the best of all. Nothing, with an error,
  /// where none fits.
  template <typename Choice>
  std::optional<TileCandidate> chosen(func::FuncOp kernel, const Choice &choice,
                                      ArrayRef<TileCandidate> all, const tile::ChipSpec &chip) {
    FailureOr<std::optional<TileCandidate>> given = scheduledTile(kernel, choice, all);
    if (failed(given))
      return std::nullopt;
    StringRef reason = "as the schedule says";
    if (!*given) {
      given = recordedTile(kernel, choice, chip);
      reason = "as the record of tuning says";
    }
    if constexpr (std::is_same_v<Choice, TileChoice>)
      if (!*given && all.empty()) {
        given = choice.rowInParts();
        reason = "in parts, since no row fits whole";
        if (!*given) {
          choice.emitNoneFits();
          return std::nullopt;
        }
        kernel->setAttr(kRowsInPartsAttr, UnitAttr::get(kernel.getContext()));
      }
    const TileCandidate &tile = *given ? **given : all.front();
    std::string otherwise = "by the cost function";
    if (record)
      otherwise += ", for the record of tuning has no tile of " + chip.name + " " +
                   tuningKey(kernel) + " that fits";
    explain(kernel, tile, *given ? reason : StringRef(otherwise), all);
    return tile;
  }

  /// The tile that an operator of the kernel carries; failure where it cannot be.
  template <typename Choice>
  FailureOr<std::optional<TileCandidate>> scheduledTile(func::FuncOp kernel, const Choice &choice,
                                                        ArrayRef<TileCandidate> all) {
    std::optional<TileCandidate> tile;
    for (Operation &op : kernel.getBody().front()) {
      Attribute attribute = op.getAttr(kTileAttr);
      if (!attribute)
        continue;
      auto sizes = dyn_cast<DenseI64ArrayAttr>(attribute);
      if (!sizes)
        return op.emitOpError("expected ")
               << kTileAttr << " to be an array of i64, but got " << attribute;
      SmallVector<int64_t> values(sizes.asArrayRef());
      if (std::string problem = choice.problem(values); !problem.empty()) {
        InFlightDiagnostic error = op.emitOpError("cannot have the tile ");
        error << text(sizes.asArrayRef()) << " of the schedule: it " << problem;
        noteWhatFits(error, all);
        return error;
      }
      if (tile && tile->sizes != values)
        return op.emitOpError("has the tile ")
               << text(values) << ", but another operator of its kernel has " << text(tile->sizes);
      double cycles = choice.cycles(values);
      tile = TileCandidate{std::move(values), cycles};
      op.removeAttr(kTileAttr);
    }
    return tile;
  }

  /// Names the best few tiles.
  static void noteWhatFits(InFlightDiagnostic &error, ArrayRef<TileCandidate> all) {
    constexpr size_t kNamed = 3;
    if (all.empty())
      return;
    std::string tiles;
    for (const TileCandidate &tile : all.take_front(kNamed))
      tiles += (tiles.empty() ? "" : ", ") + text(tile.sizes);
    error.attachNote() << "of the " << all.size()
                       << " tiles that fit, the cost function likes best " << tiles;
  }

  /// The tile that the record has for the kernel; one that no longer fits is left aside.
  template <typename Choice>
  std::optional<TileCandidate> recordedTile(func::FuncOp kernel, const Choice &choice,
                                            const tile::ChipSpec &chip) {
    const TunedTile *tuned = record ? record->find(chip.name, tuningKey(kernel)) : nullptr;
    if (!tuned)
      return std::nullopt;
    SmallVector<int64_t> sizes(tuned->sizes.begin(), tuned->sizes.end());
    if (std::string problem = choice.problem(sizes); !problem.empty()) {
      emitWarning(kernel.getLoc())
          << kernel.getName() << " is not cut into " << text(tuned->sizes)
          << " as the record of tuning says: it " << problem
          << "; 'tessera tune' replaces the line "
          << "'tile " << chip.name << " " << tuningKey(kernel) << "' of " << tuning;
      return std::nullopt;
    }
    double cycles = choice.cycles(sizes);
    return TileCandidate{std::move(sizes), cycles};
  }

  static std::string text(ArrayRef<int64_t> sizes) {
    std::string out;
    for (int64_t size : sizes)
      out += (out.empty() ? "" : "x") + std::to_string(size);
    return out;
  }

  /// A remark on the choice, and on the best of the others.
  static void explain(func::FuncOp kernel, const TileCandidate &tile, StringRef reason,
                      ArrayRef<TileCandidate> all) {
    remark::detail::InFlightRemark said = remark::passed(
        kernel.getLoc(),
        remark::RemarkOpts::name("tile-size").category("tile").function(kernel.getName()));
    if (!said)
      return;
    const TileCandidate *other =
        llvm::find_if(all, [&](const TileCandidate &each) { return each.sizes != tile.sizes; });
    std::string next = "no other tile fits";
    if (other != all.end())
      next = llvm::formatv("the best other of {0} is {1}, {2:F0} cycles", all.size(),
                           text(other->sizes), other->cycles);
    said << remark::add("{0} in tiles of {1} {2}: {3:F0} cycles; {4}", kernel.getName(),
                        text(tile.sizes), reason, tile.cycles, next)
         << remark::metric("cycles", int64_t(tile.cycles))
         << remark::metric("runner-up-cycles",
                           int64_t(other == all.end() ? tile.cycles : other->cycles));
  }

  static void explainWhole(func::FuncOp kernel) {
    remark::passed(kernel.getLoc(),
                   remark::RemarkOpts::name("whole").category("tile").function(kernel.getName()))
        << remark::add("{0} is not cut: the library's kernel shares it out by itself",
                       kernel.getName());
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

  std::shared_ptr<const TuningRecord> record;
};

} // namespace
} // namespace tessera
