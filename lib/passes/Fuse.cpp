// npu-fuse: turns groups of operators into npu.kernel regions. The grouping is in FuseGroups.cpp.
#include "CausalMasks.h"
#include "Constants.h"
#include "FuseGroups.h"

#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Remarks.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "tessera/dialect/npu/NpuOps.h"
#include "tessera/passes/Passes.h"
#include "tessera/passes/TileCandidates.h"

using namespace mlir;

namespace tessera {
#define GEN_PASS_DEF_NPUFUSE
#include "tessera/passes/Passes.h.inc"

namespace {

// A constant that costs nothing to have in each kernel.
constexpr int64_t kClonedBytes = 16;
// Names list this many operators and count the rest.
constexpr size_t kNamedOps = 6;

bool isClonedConstant(Value value) {
  auto constant = value.getDefiningOp<npu::ConstantOp>();
  if (!constant)
    return false;
  if (constant.getValue().isSplat())
    return true;
  std::optional<ConstantView> view = ConstantView::of(constant.getValue());
  return view && tensorBytes(view->getType()) <= kClonedBytes;
}

std::string nameOf(const FuseGroup &group) {
  std::string name;
  for (Operation *op : ArrayRef(group.ops).take_front(kNamedOps))
    name += (name.empty() ? "" : "_") + op->getName().stripDialect().str();
  if (group.ops.size() > kNamedOps)
    name += "_and_" + std::to_string(group.ops.size() - kNamedOps);
  return name;
}

/// Values that the group reads but does not make, each once.
SmallVector<Value> inputsOf(const FuseGroup &group) {
  llvm::SetVector<Value> inputs;
  llvm::SmallPtrSet<Operation *, 8> inside(group.ops.begin(), group.ops.end());
  for (Operation *op : group.ops)
    for (Value operand : op->getOperands())
      if (!inside.contains(operand.getDefiningOp()))
        inputs.insert(operand);
  return inputs.takeVector();
}

/// A remark on what the kernel's operators would cost apart.
void explain(const FuseGroup &group, Location loc, const tile::ChipSpec *chip) {
  if (group.ops.size() < 2)
    return;
  PassingCost apart{0, double(group.ops.size() - 1) * launchCycles(chip)};
  for (Operation *op : ArrayRef(group.ops).drop_back()) {
    PassingCost one = costOfPassing(op->getResult(0), chip);
    apart.bytes += one.bytes;
    apart.cycles += one.cycles;
  }
  remark::passed(loc, remark::RemarkOpts::name("fused").category("fuse"))
      << remark::add("{0} operators in one kernel{1}: {2}; apart they would move {3} bytes more "
                     "and take {4:F0} cycles more",
                     group.ops.size(), group.scheduled ? " as the schedule says" : "",
                     nameOf(group), apart.bytes, apart.cycles)
      << remark::metric("bytes", apart.bytes) << remark::metric("cycles", int64_t(apart.cycles));
}

/// Attention's kernel will not see what its mask is made of; before any kernel is made, it shows.
void markCausal(const FuseGroup &group) {
  std::optional<Attention> attention = group.closed ? matchAttention(group.final()) : std::nullopt;
  std::optional<int64_t> reach =
      attention && attention->mask ? causalReach(attention->mask) : std::nullopt;
  if (!reach)
    return;
  for (Operation *op : attention->ops)
    if (isa<npu::AddOp>(op))
      op->setAttr(kCausalAttr, Builder(op->getContext()).getI64IntegerAttr(*reach));
}

void makeKernel(const FuseGroup &group, const tile::ChipSpec *chip) {
  Operation *last = group.final();
  OpBuilder builder(last);
  SmallVector<Value> operands, cloned;
  for (Value input : inputsOf(group))
    (isClonedConstant(input) ? cloned : operands).push_back(input);
  SmallVector<Location> locs;
  for (Operation *op : group.ops)
    locs.push_back(op->getLoc());
  auto kernel = npu::KernelOp::create(builder, builder.getFusedLoc(locs), last->getResultTypes(),
                                      operands, builder.getStringAttr(nameOf(group)));
  Block *block = kernel.getBlock();
  IRMapping mapping;
  mapping.map(operands, block->getArguments());
  builder.setInsertionPointToEnd(block);
  for (Value constant : cloned)
    builder.clone(*constant.getDefiningOp(), mapping);
  for (Operation *op : group.ops)
    builder.clone(*op, mapping)->removeAttr(kGroupAttr);
  npu::YieldOp::create(builder, last->getLoc(), mapping.lookup(last->getResult(0)));
  last->replaceAllUsesWith(kernel);
  explain(group, kernel.getLoc(), chip);
  for (Operation *op : llvm::reverse(group.ops))
    op->erase();
}

/// Without fusion each operator is a kernel, whatever a schedule says.
void warnOfGroups(Block &block) {
  for (Operation &op : block)
    if (op.hasAttr(kGroupAttr)) {
      op.emitWarning("'") << op.getName() << "' op has " << kGroupAttr
                          << ", but nothing is fused; leave out --unfused";
      return;
    }
}

/// What a schedule asks of operators that no kernel has taken in.
void warnOfRest(Block &block) {
  for (Operation &op : block)
    for (StringRef name : {StringRef(kGroupAttr), StringRef(kTileAttr)})
      if (op.hasAttr(name) && !isa<npu::KernelOp>(op)) {
        op.emitWarning("'") << op.getName() << "' op has " << name
                            << ", but is part of no kernel: views and constants are not "
                            << "computed, so they are neither grouped nor tiled";
        op.removeAttr(name);
      }
}

struct Fuse : impl::NpuFuseBase<Fuse> {
  using NpuFuseBase::NpuFuseBase;

  void runOnOperation() override {
    SmallVector<Block *> blocks;
    getOperation().walk<WalkOrder::PreOrder>([&](Operation *op) {
      if (isa<npu::KernelOp>(op))
        return WalkResult::skip();
      for (Region &region : op->getRegions())
        for (Block &block : region)
          blocks.push_back(&block);
      return WalkResult::advance();
    });
    std::shared_ptr<const tile::ChipSpec> chip;
    if (auto module = getOperation()->getParentOfType<ModuleOp>();
        module && module->hasAttr(tile::ChipSpec::kAttrName))
      chip = tile::ChipSpec::of(module);
    for (Block *block : blocks) {
      eraseDead(*block);
      FuseGroups groups(*block, {enable, maxGroupOps, chip.get()});
      if (failed(groups.checkSchedule()))
        return signalPassFailure();
      if (!enable)
        warnOfGroups(*block);
      for (FuseGroup *group : groups.all())
        markCausal(*group);
      for (FuseGroup *group : groups.all())
        makeKernel(*group, chip.get());
      warnOfRest(*block);
      eraseDead(*block); // constants that only kernels used, which have copies now
    }
  }

  static void eraseDead(Block &block) {
    for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block)))
      if (isa<npu::NpuOpInterface>(op) && isOpTriviallyDead(&op))
        op.erase();
  }
};

} // namespace
} // namespace tessera
