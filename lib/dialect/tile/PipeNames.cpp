// Pipes of operations, and their names.
#include "tessera/dialect/tile/PipeNames.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Interfaces/ViewLikeInterface.h"
#include "tessera/dialect/tile/TileDialect.h"

namespace tessera::tile {
using namespace mlir;

/// The kinds of core that have a pipe; a file with one kind of core need not name it.
static SmallVector<StringRef, 2> coresOf(const Pipe &pipe, const ChipSpec &chip) {
  SmallVector<StringRef, 2> kinds;
  for (const Core &core : chip.cores)
    if (pipe.cores.empty() || llvm::is_contained(pipe.cores, core.kind))
      kinds.push_back(core.kind);
  return kinds;
}

SmallVector<PipeId, 2> pipesNamed(StringRef name, const ChipSpec &chip) {
  auto [kind, rest] = name.split('.');
  const bool qualified = !rest.empty();
  int64_t instance = 0;
  const StringRef bare = kind.rtrim("0123456789");
  if (qualified && bare.size() < kind.size() && kind.substr(bare.size()).getAsInteger(10, instance))
    return {};
  kind = bare;
  SmallVector<PipeId, 2> found;
  if (const Pipe *pipe = chip.pipe(qualified ? rest : name))
    for (StringRef core : coresOf(*pipe, chip))
      if (!qualified || core == kind)
        found.push_back({core, pipe->name, instance});
  return found;
}

std::string nameOf(PipeId id, const ChipSpec &chip) {
  if (id.instance > 0)
    return (id.core + Twine(id.instance) + "." + id.pipe).str();
  return pipesNamed(id.pipe, chip).size() > 1 ? (id.core + "." + id.pipe).str() : id.pipe.str();
}

static PipeId idOf(StringRef core, StringRef pipe, const ChipSpec &chip) {
  if (core.empty() && chip.cores.size() == 1)
    core = chip.cores.front().kind;
  return {core, pipe};
}

static std::optional<PipeId> moverOf(Value from, Value to, const ChipSpec &chip) {
  const Path *path = chip.path(spaceOf(cast<BaseMemRefType>(from.getType())),
                               spaceOf(cast<BaseMemRefType>(to.getType())));
  if (!path)
    return std::nullopt;
  return idOf(path->core, path->pipe, chip);
}

static std::optional<PipeId> vectorPipe(const ChipSpec &chip) {
  const VectorUnit *unit = chip.vectorFor();
  if (!unit)
    return std::nullopt;
  return idOf(unit->core, unit->pipe, chip);
}

/// A memory that the vector unit does not reach is cleared by the pipe that fills it.
static std::optional<PipeId> fillPipe(FillOp fill, const ChipSpec &chip) {
  StringRef space = spaceOf(cast<BaseMemRefType>(fill.getTarget().getType()));
  const VectorUnit *unit = chip.vectorFor();
  if (unit && !unit->allowsSpace(space))
    for (const Path &path : chip.paths)
      if (path.to == space)
        return idOf(path.core, path.pipe, chip);
  return vectorPipe(chip);
}

/// Which of the equal cores of a group works on a buffer, by `tile.core` of its allocation.
static int64_t instanceOf(Value buffer) {
  while (Operation *op = buffer.getDefiningOp()) {
    if (auto view = dyn_cast<ViewLikeOpInterface>(op)) {
      buffer = view.getViewSource();
      continue;
    }
    auto core = op->getAttrOfType<IntegerAttr>("tile.core");
    return core ? core.getInt() : 0;
  }
  return 0;
}

static std::optional<PipeId> kindOfPipe(Operation *op, const ChipSpec &chip);

std::optional<PipeId> pipeOf(Operation *op, const ChipSpec &chip) {
  std::optional<PipeId> id = kindOfPipe(op, chip);
  if (id && chip.cores.size() > 1 && id->core == chip.vectorCore())
    for (Value operand : op->getOperands())
      if (isa<BaseMemRefType>(operand.getType()))
        id->instance = std::max(id->instance, instanceOf(operand));
  return id;
}

static std::optional<PipeId> kindOfPipe(Operation *op, const ChipSpec &chip) {
  if (auto copy = dyn_cast<CopyOp>(op))
    return moverOf(copy.getSource(), copy.getTarget(), chip);
  if (auto gather = dyn_cast<Im2colOp>(op))
    return moverOf(gather.getSource(), gather.getTarget(), chip);
  if (auto drain = dyn_cast<FixpipeOp>(op))
    return moverOf(drain.getSource(), drain.getTarget(), chip);
  if (auto fill = dyn_cast<FillOp>(op))
    return fillPipe(fill, chip);
  // Kernels of a CPU.
  if (auto product = dyn_cast<MatmulOp>(op);
      isa<AttentionOp>(op) || (product && product.getWhole())) {
    Type element = cast<ShapedType>(op->getOperand(0).getType()).getElementType();
    const Mma *unit = chip.isCpu() ? chip.mmaFor(element, element) : nullptr;
    return unit ? std::optional(idOf(unit->core, unit->pipe, chip)) : std::nullopt;
  }
  if (auto mma = dyn_cast<MmaOp>(op)) {
    auto element = [](Value v) { return cast<BaseMemRefType>(v.getType()).getElementType(); };
    Type a = element(mma.getLhs()), b = element(mma.getRhs());
    const Mma *unit = chip.mmaFor(a, b, element(mma.getAccumulator()));
    if (!unit)
      unit = chip.mmaFor(a, b);
    if (!unit)
      return std::nullopt;
    return idOf(unit->core, unit->pipe, chip);
  }
  if (isa<VectorOp, RowReduceOp, WindowOp, PackOp>(op))
    return vectorPipe(chip);
  return std::nullopt;
}

bool isSync(Operation *op) {
  return isa<PipeBarrierOp, SetEventOp, WaitEventOp, CrossSetOp, CrossWaitOp>(op);
}

std::optional<std::pair<PipeId, PipeId>> syncPipes(Operation *op, const ChipSpec &chip) {
  StringRef from, to;
  if (auto set = dyn_cast<SetEventOp>(op))
    from = set.getFrom(), to = set.getTo();
  else if (auto wait = dyn_cast<WaitEventOp>(op))
    from = wait.getFrom(), to = wait.getTo();
  else if (auto barrier = dyn_cast<PipeBarrierOp>(op))
    from = to = barrier.getPipe();
  else if (auto set = dyn_cast<CrossSetOp>(op))
    from = to = set.getPipe();
  else if (auto wait = dyn_cast<CrossWaitOp>(op))
    from = to = wait.getPipe();
  else
    return std::nullopt;
  SmallVector<std::pair<PipeId, PipeId>, 2> pairs;
  for (PipeId a : pipesNamed(from, chip))
    for (PipeId b : pipesNamed(to, chip))
      if (a.core == b.core && a.instance == b.instance)
        pairs.push_back({a, b});
  if (pairs.size() > 1) {
    auto kernel = op->getParentOfType<func::FuncOp>();
    auto cores = kernel ? kernel->getAttrOfType<CoreKindAttr>("tile.cores") : CoreKindAttr();
    const CoreKind kind = cores ? cores.getValue() : CoreKind::mix;
    if (kind != CoreKind::mix)
      llvm::erase_if(pairs, [&](const auto &pair) {
        return pair.first.core !=
               (kind == CoreKind::vector ? chip.vectorCore() : chip.matrixCore());
      });
  }
  if (pairs.size() != 1)
    return std::nullopt;
  return pairs.front();
}

} // namespace tessera::tile
