// Verifiers that ask the chip description.
#include "ChipVerify.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "tessera/dialect/tile/ChipSpec.h"
#include "tessera/dialect/tile/PipeNames.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;

namespace tessera::tile {

using Chip = std::shared_ptr<const ChipSpec>;

/// Null where there is none to ask; a malformed one has been reported on the module.
static Chip chipOf(Operation *op) {
  return ChipSpec::isSet(op) ? ChipSpec::of(op) : nullptr;
}

static StringRef spaceOf(Value buffer) {
  return tile::spaceOf(cast<BaseMemRefType>(buffer.getType()));
}

static Type elementOf(Value buffer) {
  return cast<BaseMemRefType>(buffer.getType()).getElementType();
}

template <typename Range> static std::string named(const Range &names) {
  return llvm::join(names, ", ");
}

/// Every buffer names a memory of the chip.
static LogicalResult verifyMemories(Operation *op, const ChipSpec &chip) {
  for (Value operand : op->getOperands()) {
    if (!isa<BaseMemRefType>(operand.getType()) || chip.memory(spaceOf(operand)))
      continue;
    return op->emitOpError("expected a memory of chip ")
           << chip.name << " (" << chip.memoryNames() << "), but got " << spaceOf(operand);
  }
  return success();
}

static const Path *pathFor(Operation *op, const ChipSpec &chip, Value source, Value target) {
  StringRef from = spaceOf(source), to = spaceOf(target);
  const Path *path = chip.path(from, to);
  if (!path)
    op->emitOpError("expected a path of chip ")
        << chip.name << ", but it has none from " << from << " to " << to;
  return path;
}

/// The changes of layout, in the chip files' names, that a copy may stand for: which of them it is
/// depends on whether the matrix or its transpose is meant.
static ArrayRef<std::pair<StringRef, StringRef>> changesOf(CopyLayout layout) {
  using Change = std::pair<StringRef, StringRef>;
  // Blocks that lie row by row are seen column by column through their strides.
  static const Change nd2nd[] = {{"row", "row"}},
                      nd2nz[] = {{"row", "zN"}, {"col", "nZ"}, {"row", "zZ"}};
  static const Change nz2nd[] = {{"zN", "row"}, {"zZ", "row"}},
                      nz2nz[] = {{"zN", "zN"}, {"nZ", "nZ"}, {"zZ", "zZ"}};
  static const Change nz2zz[] = {{"zN", "zZ"}}, nz2zzT[] = {{"nZ", "zZ"}};
  static const Change nz2nzT[] = {{"zN", "nZ"}, {"nZ", "zN"}};
  switch (layout) {
  case CopyLayout::nd2nd:
    return nd2nd;
  case CopyLayout::nd2nz:
    return nd2nz;
  case CopyLayout::nz2nd:
    return nz2nd;
  case CopyLayout::nz2nz:
    return nz2nz;
  case CopyLayout::nz2zz:
    return nz2zz;
  case CopyLayout::nz2zzT:
    return nz2zzT;
  case CopyLayout::nz2nzT:
    return nz2nzT;
  }
  llvm_unreachable("every layout is listed");
}

LogicalResult verifyOnChip(CopyOp op) {
  Chip chip = chipOf(op);
  if (!chip)
    return success();
  if (failed(verifyMemories(op, *chip)))
    return failure();
  const Path *path = pathFor(op, *chip, op.getSource(), op.getTarget());
  if (!path)
    return failure();
  if (path->layouts.empty() || llvm::any_of(changesOf(op.getLayout()), [&](auto change) {
        return path->allowsLayout(change.first, change.second);
      }))
    return success();
  std::vector<std::string> allowed;
  for (const LayoutChange &change : path->layouts)
    allowed.push_back(change.from + "->" + change.to);
  return op.emitOpError("expected a layout that the path from ")
         << path->from << " to " << path->to << " of chip " << chip->name << " takes ("
         << named(allowed) << "), but got " << stringifyCopyLayout(op.getLayout());
}

LogicalResult verifyOnChip(Im2colOp op) {
  Chip chip = chipOf(op);
  if (!chip)
    return success();
  return success(succeeded(verifyMemories(op, *chip)) &&
                 pathFor(op, *chip, op.getSource(), op.getTarget()));
}

/// One operand of the matrix unit: where it is, and in how many dims its layout is written.
static LogicalResult verifyOperand(MmaOp op, StringRef name, Value buffer, const MmaOperand &taken,
                                   const ChipSpec &chip) {
  if (!taken.allowsSpace(spaceOf(buffer)))
    return op.emitOpError("expected ") << name << " in " << named(taken.spaces) << " on chip "
                                       << chip.name << ", but got " << spaceOf(buffer);
  int64_t rank = cast<MemRefType>(buffer.getType()).getRank();
  bool bytes = elementOf(buffer).isInteger(8); // whose panels have groups of k
  int64_t expected = taken.layout == "row" ? 2 : taken.layout == "panel" && !bytes ? 3 : 4;
  if (rank != expected)
    return op.emitOpError("expected ")
           << name << " of rank " << expected << ", in layout " << taken.layout << " of chip "
           << chip.name << ", but got rank " << rank;
  return success();
}

LogicalResult verifyOnChip(MmaOp op) {
  Chip chip = chipOf(op);
  if (!chip)
    return success();
  if (failed(verifyMemories(op, *chip)))
    return failure();
  Type a = elementOf(op.getLhs()), b = elementOf(op.getRhs()), c = elementOf(op.getAccumulator());
  const Mma *unit = chip->mmaFor(a, b, c);
  if (!unit)
    return op.emitOpError("expected types that the matrix unit of chip ")
           << chip->name << " takes, but got " << a << " x " << b << " into " << c;
  return success(succeeded(verifyOperand(op, "lhs", op.getLhs(), unit->a, *chip)) &&
                 succeeded(verifyOperand(op, "rhs", op.getRhs(), unit->b, *chip)) &&
                 succeeded(verifyOperand(op, "accumulator", op.getAccumulator(), unit->c, *chip)));
}

LogicalResult verifyOnChip(FixpipeOp op) {
  Chip chip = chipOf(op);
  if (!chip)
    return success();
  if (!chip->fixpipe)
    return op.emitOpError("expected a chip with a fixpipe, but ") << chip->name << " has none";
  if (failed(verifyMemories(op, *chip)))
    return failure();
  const Fixpipe &fixpipe = *chip->fixpipe;
  if (spaceOf(op.getSource()) != fixpipe.from)
    return op.emitOpError("expected source in ")
           << fixpipe.from << " on chip " << chip->name << ", but got " << spaceOf(op.getSource());
  if (!fixpipe.allowsTarget(spaceOf(op.getTarget())))
    return op.emitOpError("expected target in ") << named(fixpipe.to) << " on chip " << chip->name
                                                 << ", but got " << spaceOf(op.getTarget());
  for (auto [asked, does] :
       {std::pair(op.getRelu(), "relu"),
        std::pair(elementOf(op.getSource()) != elementOf(op.getTarget()), "cast")})
    if (asked && !fixpipe.allows(does))
      return op.emitOpError("expected what the fixpipe of chip ")
             << chip->name << " does (" << named(fixpipe.ops) << "), but got " << does;
  return success();
}

LogicalResult verifyVectorOnChip(Operation *op) {
  if (isa<WindowOp>(op)) {
    auto kernel = op->getParentOfType<FunctionOpInterface>();
    if (!kernel || !kernel->hasAttr("tile.blocks"))
      return success();
  }
  Chip chip = chipOf(op);
  if (!chip)
    return success();
  if (failed(verifyMemories(op, *chip)))
    return failure();
  StringRef name = op->getName().stripDialect();
  for (const VectorUnit &unit : chip->vector) {
    bool reaches = llvm::all_of(op->getOperands(), [&](Value operand) {
      return !isa<BaseMemRefType>(operand.getType()) || unit.allowsSpace(spaceOf(operand));
    });
    if (reaches && unit.has(name))
      return success();
  }
  const VectorUnit *unit = chip->vectorFor();
  if (!unit)
    return op->emitOpError("expected a chip with a vector unit, but ") << chip->name << " has none";
  for (Value operand : op->getOperands())
    if (isa<BaseMemRefType>(operand.getType()) && !unit->allowsSpace(spaceOf(operand)))
      return op->emitOpError("expected buffers that the vector unit of chip ")
             << chip->name << " reaches (" << named(unit->spaces) << "), but got one in "
             << spaceOf(operand);
  return op->emitOpError("expected what the vector unit of chip ")
         << chip->name << " has, but it lacks " << name;
}

LogicalResult verifyPipeOnChip(Operation *op, StringRef pipe) {
  Chip chip = chipOf(op);
  if (!chip || !pipesNamed(pipe, *chip).empty())
    return success();
  std::vector<std::string> names;
  for (const Pipe &one : chip->pipes)
    names.push_back(one.name);
  return op->emitOpError("expected a pipe of chip ")
         << chip->name << " (" << named(names) << "), but got " << pipe;
}

LogicalResult verifyEventOnChip(Operation *op, int64_t id) {
  Chip chip = chipOf(op);
  if (!chip)
    return success();
  if (!chip->sync)
    return op->emitOpError("expected a chip with events, but ") << chip->name << " has none";
  if (id >= chip->sync->eventIds)
    return op->emitOpError("expected an id below ")
           << chip->sync->eventIds.value << " on chip " << chip->name << ", but got " << id;
  return success();
}

LogicalResult verifyFlagOnChip(Operation *op, int64_t mode, int64_t id) {
  Chip chip = chipOf(op);
  if (!chip)
    return success();
  if (!chip->sync || chip->sync->crossIds == 0)
    return op->emitOpError("expected a chip with flags between cores, but ")
           << chip->name << " has none";
  static constexpr StringRef kModes[] = {"all_of_kind", "vectors_of_cube", "cube_with_vectors"};
  if (!llvm::is_contained(chip->sync->modes, kModes[mode]))
    return op->emitOpError("expected a mode of chip ")
           << chip->name << " (" << named(chip->sync->modes) << "), but got " << mode << ", "
           << kModes[mode];
  if (id >= chip->sync->crossIds)
    return op->emitOpError("expected an id below ")
           << chip->sync->crossIds.value << " on chip " << chip->name << ", but got " << id;
  return success();
}

LogicalResult verifyAddressOnChip(Operation *op, int64_t offset) {
  Chip chip = chipOf(op);
  auto type =
      op->getNumResults() == 1 ? dyn_cast<MemRefType>(op->getResult(0).getType()) : MemRefType();
  if (!chip || !type || !isa<memref::AllocOp>(op))
    return success();
  StringRef space = tile::spaceOf(type);
  const Memory *memory = chip->memory(space);
  if (!memory)
    return op->emitOpError("expected a memory of chip ")
           << chip->name << " (" << chip->memoryNames() << "), but got " << space;
  if (!type.hasStaticShape())
    return op->emitOpError("expected a static shape for a buffer with an address, but got ")
           << type;
  if (offset < 0 || offset % std::max<int64_t>(memory->align, 1) != 0)
    return op->emitOpError("expected an offset in ")
           << space << " of chip " << chip->name << " that is a multiple of " << memory->align.value
           << ", but got " << offset;
  int64_t bytes =
      type.getNumElements() * int64_t(llvm::divideCeil(type.getElementTypeBitWidth(), 8));
  // A CPU's scratch is a share of a cache: more than that is slow, not wrong.
  if (!chip->isCpu() && !memory->onChip() && offset + bytes > memory->capacity())
    return op->emitOpError("expected a buffer within the ")
           << memory->capacity() << " bytes of " << space << " on chip " << chip->name
           << ", but it ends at " << offset + bytes;
  return success();
}

} // namespace tessera::tile
