// npu-assign-layouts: gives contraction operands the layout that the chip's matrix unit reads.
#include "Attention.h"
#include "CanonicalizeGraph.h"
#include "Constants.h"
#include "FoldConstants.h"
#include "PassingCost.h"
#include "WholeProducts.h"

#include "mlir/Dialect/Transform/IR/TransformDialect.h"
#include "mlir/IR/Remarks.h"
#include "tessera/dialect/npu/NpuOps.h"
#include "tessera/dialect/tile/ChipSpec.h"
#include "tessera/passes/Passes.h"
#include "tessera/passes/TileCandidates.h"

#include <map>

using namespace mlir;

namespace tessera {
#define GEN_PASS_DEF_NPUASSIGNLAYOUTS
#include "tessera/passes/Passes.h.inc"

namespace {

struct AssignLayouts : impl::NpuAssignLayoutsBase<AssignLayouts> {
  using NpuAssignLayoutsBase::NpuAssignLayoutsBase;

  // Packed operands made so far, so that a shared weight is packed and kept once.
  using Key = std::tuple<const void *, int64_t, int64_t, bool>;
  std::map<Key, Value> packed;
  std::shared_ptr<const tile::ChipSpec> chip;
  /// Whether a schedule comes that may cut any operator into tiles.
  bool scheduled = false;

  /// Columns of a panel; of 8-bit integers also the elements of k that lie together, else 0.
  struct Panel {
    int64_t width, group;
  };

  /// The panels where the unit for these types reads b so.
  std::optional<Panel> panelFor(Value a, Value b, Value result) const {
    Type element = getElementTypeOrSelf(b.getType());
    const tile::Mma *mma = chip->mmaFor(getElementTypeOrSelf(a.getType()), element,
                                        getElementTypeOrSelf(result.getType()));
    if (!mma || mma->b.layout != "panel")
      return std::nullopt;
    // A step of the unit takes one group.
    return Panel{mma->b.panel, npu::packedRank(element) == 4 ? int64_t(mma->k) : 0};
  }

  /// rhs where it is, when it is one whole panel: the same elements in the same order.
  Value asPanel(Value rhs, int64_t panel) {
    auto type = cast<RankedTensorType>(rhs.getType());
    if (!type.hasStaticShape() || type.getShape().back() != panel)
      return {};
    auto shape = llvm::to_vector(type.getShape());
    shape.insert(shape.end() - 2, 1);
    OpBuilder builder(&getContext());
    builder.setInsertionPointAfterValue(rhs);
    remark::passed(rhs.getLoc(), remark::RemarkOpts::name("in-place").category("layout"))
        << remark::add("right operand is a panel of {0} columns as it is", panel);
    return npu::ReshapeOp::create(builder, rhs.getLoc(), type.clone(shape), rhs);
  }

  Value pack(Value rhs, Panel to, bool transpose) {
    int64_t panel = to.width;
    auto constant = rhs.getDefiningOp<npu::ConstantOp>();
    const void *identity = constant ? constant.getValue().getAsOpaquePointer()
                                    : static_cast<const void *>(rhs.getAsOpaquePointer());
    Value &slot = packed[{identity, panel, to.group, transpose}];
    if (slot)
      return slot;
    if (!constant && !transpose && !to.group && (slot = asPanel(rhs, panel)))
      return slot;
    OpBuilder builder(&getContext());
    // First of the function for a constant, so that it dominates every use of an equal one.
    if (constant)
      builder.setInsertionPointToStart(&getOperation().getBody().front());
    else
      builder.setInsertionPointAfterValue(rhs);
    Location loc = rhs.getLoc();
    Value source = constant ? npu::ConstantOp::create(builder, loc, constant.getValue()) : rhs;
    auto op =
        npu::PackRhsOp::create(builder, loc, source, panel, transpose,
                               to.group ? builder.getI64IntegerAttr(to.group) : IntegerAttr());
    slot = op;
    if (constant) {
      if (ElementsAttr value = evaluate(op)) {
        slot = npu::ConstantOp::create(builder, loc, value);
        op.erase();
        source.getDefiningOp()->erase();
      }
    }
    PassingCost cost = costOfPassing(rhs, chip.get());
    remark::passed(loc, remark::RemarkOpts::name("packed").category("layout"))
        << (constant ? remark::add("right operand in panels of {0} columns when compiled; at run "
                                   "time packing would take {1:F0} cycles each run",
                                   panel, cost.cycles)
                     : remark::add("right operand in panels of {0} columns at run time, {1:F0} "
                                   "cycles each run; the matrix unit reads no other layout",
                                   panel, cost.cycles))
        << remark::metric("cycles", int64_t(cost.cycles));
    return slot;
  }

  void assign(npu::MatmulOp op) {
    std::optional<Panel> panel = panelFor(op.getLhs(), op.getRhs(), op.getResult());
    if (!panel || op.getPackedN())
      return;
    int64_t n = cast<RankedTensorType>(op.getType()).getShape().back();
    if (ShapedType::isDynamic(n))
      return;
    if (!scheduled && !op->hasAttr(kTileAttr) && canStayWhole(op, *chip) && shouldStayWhole(op)) {
      remark::passed(op.getLoc(), remark::RemarkOpts::name("whole").category("layout"))
          << "operands as they are: the kernel of a whole product packs what it uses often";
      return;
    }
    // The unit reads a in place, rows of k; a transposed one has to be turned first.
    if (op.getTransposeLhs()) {
      OpBuilder builder(op);
      int64_t rank = cast<RankedTensorType>(op.getLhs().getType()).getRank();
      auto perm = llvm::to_vector(llvm::seq<int64_t>(0, rank));
      std::swap(perm[rank - 1], perm[rank - 2]);
      const Value lhs = op.getLhs();
      op.getLhsMutable().assign(
          keepsOrder(shapeOf(lhs), perm)
              ? reshapeTo(builder, op.getLoc(), lhs, permuted(shapeOf(lhs), perm))
              : npu::TransposeOp::create(builder, op.getLoc(), lhs, perm).getResult());
      op.setTransposeLhs(false);
    }
    op.getRhsMutable().assign(pack(op.getRhs(), *panel, op.getTransposeRhs()));
    op.setTransposeRhs(false);
    op.setPackedN(n);
  }

  void assign(npu::Conv2DOp op) {
    std::optional<Panel> panel = panelFor(op.getInput(), op.getFilter(), op.getResult());
    auto type = cast<RankedTensorType>(op.getFilter().getType());
    if (!panel || op.getPackedN() || op.getGroups() != 1 || !type.hasStaticShape())
      return;
    ArrayRef<int64_t> shape = type.getShape();
    OpBuilder builder(op);
    int64_t kernel[] = {shape[0], shape[1]}, k = shape[0] * shape[1] * shape[2], n = shape[3];
    auto flat = RankedTensorType::get({k, n}, type.getElementType());
    Value matrix;
    if (auto constant = op.getFilter().getDefiningOp<npu::ConstantOp>())
      matrix = npu::ConstantOp::create(builder, constant.getLoc(),
                                       reshapeConstant(constant.getValue(), flat));
    else
      matrix = npu::ReshapeOp::create(builder, op.getLoc(), flat, op.getFilter());
    op.getFilterMutable().assign(pack(matrix, *panel, /*transpose=*/false));
    op.setPackedN(n);
    op.setKernel(kernel);
    if (isOpTriviallyDead(matrix.getDefiningOp()))
      matrix.getDefiningOp()->erase();
  }

  void runOnOperation() override {
    func::FuncOp function = getOperation();
    if (function.isExternal())
      return;
    chip = tile::ChipSpec::of(function);
    if (!chip)
      return signalPassFailure();
    packed.clear();
    auto module = function->getParentOfType<ModuleOp>();
    scheduled = module && module->hasAttr(transform::TransformDialect::kWithNamedSequenceAttrName);
    SmallVector<Operation *> contractions;
    function.walk([&](Operation *op) {
      if (isa<npu::MatmulOp, npu::Conv2DOp>(op) && !op->getParentOfType<npu::KernelOp>())
        contractions.push_back(op);
    });
    // Attention takes its operands as they are.
    llvm::SmallPtrSet<Operation *, 8> inAttention;
    for (Operation *op : contractions)
      if (std::optional<Attention> attention = matchAttention(op);
          attention && chooseAttentionTile(typesOf(*attention), *chip))
        inAttention.insert(attention->ops.begin(), attention->ops.end());
    for (Operation *op : contractions) {
      if (inAttention.contains(op))
        continue;
      if (auto matmul = dyn_cast<npu::MatmulOp>(op))
        assign(matmul);
      else
        assign(cast<npu::Conv2DOp>(op));
    }
    // The unpacked weights are no longer needed.
    for (auto constant : llvm::make_early_inc_range(function.getOps<npu::ConstantOp>()))
      if (constant->use_empty())
        constant.erase();
  }
};

} // namespace
} // namespace tessera
