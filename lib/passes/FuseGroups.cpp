// Which operators join into one kernel: may they, should they, and in which order it is tried.
#include "FuseGroups.h"

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Remarks.h"
#include "tessera/dialect/npu/NpuOps.h"

using namespace mlir;

namespace tessera {

using npu::OpFamily;

static OpFamily familyOf(Operation *op) {
  return cast<npu::NpuOpInterface>(op).getFamily();
}
static bool isElementwise(Operation *op) {
  return isa<npu::ElementwiseOpInterface>(op);
}

// Row operators read their first operand along whole rows (or other reduced dims).
static bool isRowOp(Operation *op) {
  return familyOf(op) == OpFamily::Normalization || familyOf(op) == OpFamily::Reduction;
}

bool isKernelMaterial(Operation *op) {
  auto iface = dyn_cast<npu::NpuOpInterface>(op);
  return iface && op->getNumResults() == 1 && iface.getFamily() != OpFamily::View &&
         iface.getFamily() != OpFamily::Constant;
}

static ArrayRef<int64_t> shapeOf(Value value) {
  return cast<RankedTensorType>(value.getType()).getShape();
}

// The dialect broadcasts static ones only, so a dynamic dim equals the dim it meets.
static bool sameShape(Value a, Value b) {
  ArrayRef<int64_t> left = shapeOf(a), right = shapeOf(b);
  if (left.size() != right.size())
    return false;
  for (auto [x, y] : llvm::zip_equal(left, right))
    if (x != y && !(ShapedType::isDynamic(x) && y != 1) && !(ShapedType::isDynamic(y) && x != 1))
      return false;
  return true;
}

FuseGroups::FuseGroups(Block &block, Limits limits) : limits(limits) {
  llvm::DenseMap<Operation *, Attention> attentions = attentionsIn(block);
  llvm::SmallPtrSet<Operation *, 8> inAttention;
  for (const auto &[last, attention] : attentions)
    inAttention.insert(attention.ops.begin(), attention.ops.end());
  for (Operation &op : block) {
    if (!isKernelMaterial(&op))
      continue;
    auto group = std::make_unique<FuseGroup>();
    group->ops.push_back(&op);
    group->anchor = isElementwise(&op) ? nullptr : &op;
    group->scheduled = op.getAttr(kGroupAttr);
    group->closed = inAttention.contains(&op);
    byOp[&op] = group.get();
    groups.push_back(std::move(group));
    if (auto found = attentions.find(&op); found != attentions.end())
      joinAttention(found->second);
    else if (limits.enable && !byOp[&op]->closed)
      growFrom(*byOp[&op]);
  }
  if (limits.enable)
    explain();
}

llvm::DenseMap<Operation *, Attention> FuseGroups::attentionsIn(Block &block) const {
  llvm::DenseMap<Operation *, Attention> found;
  for (Operation &op : block) {
    std::optional<Attention> attention = limits.chip ? matchAttention(&op) : std::nullopt;
    std::optional<AttentionTile> tile =
        attention ? chooseAttentionTile(typesOf(*attention), *limits.chip) : std::nullopt;
    if (!tile)
      continue;
    // Where npu-assign-layouts left its operands as they are, there is no other way for it.
    bool together = limits.enable && llvm::all_of(attention->ops, [&](Operation *part) {
                      return part->getAttr(kGroupAttr) == op.getAttr(kGroupAttr);
                    });
    if (together || tile->way == AttentionWay::inPlace)
      found.try_emplace(&op, std::move(*attention));
  }
  return found;
}

void FuseGroups::joinAttention(const Attention &attention) {
  Operation *last = attention.ops.back();
  FuseGroup *group = byOp[last];
  for (Operation *op : ArrayRef(attention.ops).drop_back())
    join(*byOp[op], *group);
  group->anchor = last;
}

FuseGroup *FuseGroups::groupOf(Value value) {
  Operation *producer = value.getDefiningOp();
  return producer ? byOp.lookup(producer) : nullptr;
}

FuseGroups::Refusal FuseGroups::acceptsFrom(Operation *user, Value value,
                                            const FuseGroup &producer) {
  if (isElementwise(user)) {
    if (sameShape(value, user->getResult(0)))
      return std::nullopt;
    if (producer.anchor)
      return "the result is broadcast, and would be made again for each tile";
    return std::nullopt;
  }
  if (!isRowOp(user))
    return "operand of a " + user->getName().stripDialect().str() +
           ", whose tiles would make it again";
  if (producer.anchor)
    return "two operators of the kernel would set its tiles";
  if (user->getOperand(0) != value || llvm::count(user->getOperands(), value) != 1)
    return "a parameter of a row operator, not its rows";
  return std::nullopt;
}

FuseGroups::Refusal FuseGroups::legality(const FuseGroup &producer, const FuseGroup &consumer) {
  Value value = producer.final()->getResult(0);
  if (producer.scheduled != consumer.scheduled)
    return "the schedule puts them into different kernels";
  if (producer.closed || consumer.closed)
    return "attention is a kernel of its own";
  for (const FuseGroup *group : {&producer, &consumer})
    if (group->anchor && familyOf(group->anchor) == OpFamily::Movement)
      return "data movement is a kernel of its own";
  if (producer.anchor && consumer.anchor)
    return "two operators of the kernel would set its tiles";
  for (Operation *user : value.getUsers()) {
    if (byOp.lookup(user) != &consumer)
      return "the result is used outside too";
    if (Refusal refusal = acceptsFrom(user, value, producer))
      return refusal;
  }
  return std::nullopt;
}

FuseGroups::Refusal FuseGroups::profitability(const FuseGroup &producer,
                                              const FuseGroup &consumer) {
  // A longer kernel saves the same traffic, but spills registers and takes longer to compile.
  if (!producer.scheduled && producer.ops.size() + consumer.ops.size() > limits.maxOps)
    return "the kernel would exceed max-group-ops = " + std::to_string(limits.maxOps);
  return std::nullopt;
}

void FuseGroups::join(FuseGroup &producer, FuseGroup &consumer) {
  for (Operation *op : producer.ops)
    byOp[op] = &consumer;
  SmallVector<Operation *> merged;
  std::merge(producer.ops.begin(), producer.ops.end(), consumer.ops.begin(), consumer.ops.end(),
             std::back_inserter(merged),
             [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
  consumer.ops = std::move(merged);
  consumer.anchor = consumer.anchor ? consumer.anchor : producer.anchor;
  producer.ops.clear();
}

// Of several producers the one that computes most goes first: only one may bring an anchor.
static int weight(const FuseGroup &group) {
  if (!group.anchor)
    return 0;
  OpFamily family = familyOf(group.anchor);
  return family == OpFamily::Contraction || family == OpFamily::Window ? 2 : 1;
}

SmallVector<FuseGroup *> FuseGroups::producersOf(const FuseGroup &group) {
  SmallVector<FuseGroup *> producers;
  for (Operation *op : group.ops)
    for (Value operand : op->getOperands())
      if (FuseGroup *producer = groupOf(operand); producer && producer != &group)
        if (!llvm::is_contained(producers, producer))
          producers.push_back(producer);
  return producers;
}

FuseGroups::Refusal FuseGroups::refusalOf(const FuseGroup &producer, const FuseGroup &consumer) {
  Refusal refusal = legality(producer, consumer);
  return refusal ? refusal : profitability(producer, consumer);
}

void FuseGroups::growFrom(FuseGroup &group) {
  while (true) {
    SmallVector<FuseGroup *> producers = producersOf(group);
    // Later ones first among equals: what they compute is still in the caches.
    llvm::sort(producers, [](FuseGroup *a, FuseGroup *b) {
      if (weight(*a) != weight(*b))
        return weight(*a) > weight(*b);
      return b->final()->isBeforeInBlock(a->final());
    });
    bool joined = false;
    for (FuseGroup *producer : producers) {
      if (!refusalOf(*producer, group)) {
        join(*producer, group);
        joined = true;
        break;
      }
    }
    if (!joined)
      return;
  }
}

void FuseGroups::explain() {
  for (auto &group : groups) {
    for (FuseGroup *producer : producersOf(*group)) {
      Refusal refusal = refusalOf(*producer, *group);
      if (!refusal)
        continue;
      PassingCost cost = costOfPassing(producer->final()->getResult(0), limits.chip);
      remark::missed(group->final()->getLoc(),
                     remark::RemarkOpts::name("not-fused").category("fuse"))
          << remark::add("{0} not fused into {1}", producer->final()->getName().getStringRef(),
                         group->final()->getName().getStringRef())
          << remark::reason("{0}", *refusal) << remark::metric("bytes", cost.bytes)
          << remark::metric("cycles", int64_t(cost.cycles + launchCycles(limits.chip)));
    }
  }
}

LogicalResult FuseGroups::checkSchedule() {
  if (!limits.enable)
    return success();
  llvm::DenseMap<Attribute, FuseGroup *> seen;
  for (FuseGroup *group : all()) {
    if (!group->scheduled)
      continue;
    auto [entry, fresh] = seen.try_emplace(group->scheduled, group);
    if (fresh)
      continue;
    Refusal refusal = "neither uses the other's result";
    for (auto [from, to] : {std::pair(entry->second, group), std::pair(group, entry->second)})
      if (llvm::is_contained(producersOf(*to), from))
        refusal = refusalOf(*from, *to);
    InFlightDiagnostic error = group->final()->emitOpError("cannot be in the kernel ")
                               << group->scheduled << " of the schedule: "
                               << refusal.value_or("another operator of it stands between");
    error.attachNote(entry->second->final()->getLoc()) << "which ends here without it";
    return error;
  }
  return success();
}

SmallVector<FuseGroup *> FuseGroups::all() {
  SmallVector<FuseGroup *> left;
  for (auto &group : groups)
    if (!group->ops.empty())
      left.push_back(group.get());
  return left;
}

} // namespace tessera
